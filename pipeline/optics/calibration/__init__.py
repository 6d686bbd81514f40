"""Calibration: computes a rig from footage alone. Start reading in ``calibrate.py``."""

from pipeline.optics.calibration.calibrate import Calibration, calibrate
from pipeline.optics.calibration.footage import Footage, median_background

__all__ = ["Calibration", "Footage", "calibrate", "median_background"]
