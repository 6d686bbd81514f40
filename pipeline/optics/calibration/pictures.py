"""Typed wrappers of the OpenCV operations that calibration needs."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.calibration.footage import Picture

Floats = NDArray[np.float32]
_Pixel = TypeVar("_Pixel", np.uint8, np.float32)


def grey(picture: Picture) -> Floats:
    """The brightness of a BGR image, 0 to 255, float32."""
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)


def blur(picture: NDArray[_Pixel], sigma_px: float) -> NDArray[_Pixel]:
    """The image smoothed by a Gaussian of this standard deviation."""
    return cv2.GaussianBlur(picture, (0, 0), sigma_px).astype(picture.dtype, copy=False)


def sample(picture: NDArray[_Pixel], at: Floats, *, cubic: bool = False) -> Floats:
    """The image's values at pixels (rows, columns, 2), interpolated; black outside it."""
    how = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    columns, rows = np.ascontiguousarray(at[..., 0]), np.ascontiguousarray(at[..., 1])
    return cv2.remap(picture, columns, rows, how).astype(np.float32, copy=False)


def shrunk(picture: Picture, factor: int) -> Picture:
    """The image downscaled by averaging squares of `factor` pixels."""
    size = (picture.shape[1] // factor, picture.shape[0] // factor)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
