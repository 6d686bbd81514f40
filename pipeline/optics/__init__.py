"""Optics, free of threads and GStreamer: lenses, rigs, views, the renderer and calibration."""
