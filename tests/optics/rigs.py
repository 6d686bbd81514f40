"""Rigs and drawn scenes for the optics tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.frame import Frame
from pipeline.optics.lens import CylindricalLens, EquirectangularLens, FisheyeLens
from pipeline.optics.rig import Blend, Camera, Pitch, Rig
from pipeline.optics.surface import Surface


def two_cameras(gains: bool = False) -> Rig:
    """Two fisheyes half a metre apart over a ground, overlapping by some 15 degrees."""
    lens = FisheyeLens((1024, 576), 700.0, (520.0, 300.0), (-0.065, -0.005))
    left = Camera("left", lens, -32.0, -8.0, 5.0, (-0.25, -0.02, 0.01))
    right = Camera("right", lens, 33.0, -8.0, -5.0, (0.25, 0.02, -0.01), frame_offset=-4)
    if gains:
        left = Camera(left.name, lens, -32.0, -8.0, 5.0, left.position_m, (0.93, 1.01, 1.07))
    surface = Surface("ground-capped", 7.5, 90.0)
    return Rig((left, right), surface, Blend((0.0,), 1.0), Pitch(105.0, 68.0, (1.0, 44.0), 2.0))


def sphere(width: int = 1024) -> Rig:
    """One camera that sees 360 degrees and both poles."""
    focal_px = width / (2 * np.pi)
    return Rig(
        (
            Camera(
                "sphere",
                EquirectangularLens((width, width // 2), focal_px, ((width - 1) / 2, (width / 2 - 1) / 2)),
            ),
        )
    )


def panorama(width: int = 1600, height: int = 600) -> Rig:
    """One cylindrical panorama, 150 degrees wide."""
    lens = CylindricalLens((width, height), width / np.radians(150), ((width - 1) / 2, height / 3))
    return Rig((Camera("panorama", lens),))


def paint(rig: Rig, luma: Callable[[Array, Array], Array], u: int = 128, v: int = 128) -> Frame:
    """The rig frame of a scene whose brightness is a function of yaw and tilt; the colour is uniform."""
    width, height = rig.frame_size
    frame = Frame.empty("NV12", width, height)
    frame.planes[1][...] = (u, v)
    for i in range(len(rig.cameras)):
        region = rig.region(i)
        x, y = np.meshgrid(np.arange(region.width), np.arange(region.height))
        values = luma(*rig.pixels_to_angles(i, np.stack([x, y], axis=-1)))
        painted: NDArray[np.uint8] = np.clip(np.rint(np.nan_to_num(values, nan=16.0)), 16, 235).astype(
            np.uint8
        )
        frame.luma[region.y : region.y + region.height, : region.width] = painted
    return frame
