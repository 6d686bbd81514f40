"""Footage: the input of calibration for one camera, a static background and small consecutive frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import CalibrationError
from pipeline.optics.outline import Outline, inside

Picture = NDArray[np.uint8]

_BAND_ROWS = 128
_BLACK = 14
_STILL = 5
"""The most that a still picture's brightness changes: compression is not even."""


@dataclass(frozen=True, slots=True)
class Footage:
    """A few seconds of one fixed camera.

    ``background``: BGR, shape (height, width, 3), without moving objects. ``motion``: brightness of consecutive
    frames, shape (frames, rows, columns), downscaled by an integer factor; at least one frame. ``frame_rate`` in
    frames per second. ``outline_px``: the outline of the picture if it has a black border (``black.py``).
    """

    name: str
    background: Picture
    motion: Picture
    frame_rate: float
    outline_px: Outline = ()

    @property
    def picture(self) -> NDArray[np.bool_]:
        """The mask (height, width) of what is picture, black borders excluded."""
        return inside(self.outline_px, self.size_px)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the camera's image in pixels."""
        return self.background.shape[1], self.background.shape[0]


def refuse_still(footage: Sequence[Footage]) -> None:
    """Raise CalibrationError for footage whose frames are all the same: a photo, or a camera that hangs."""
    for part in footage:
        if part.background.max() <= _BLACK:
            raise CalibrationError(f"{part.name} shows nothing but black; is the camera's cover off?")
        smooth = [cv2.blur(frame, (3, 3)) for frame in part.motion]
        if np.ptp(np.stack(smooth), axis=0).max() <= _STILL:
            raise CalibrationError(
                f"{part.name} shows one still picture: nothing in it moves; give a film, or check the camera"
            )


def median_background(pictures: Sequence[Picture]) -> Picture:
    """The pixel-wise median of images of one shape: what stands still in more than half of them.

    Raises CalibrationError if there is no image. Pure; any thread; works in bands to stay in the cache.
    """
    if not pictures:
        raise CalibrationError("the footage contains no frame; give a second of video or more")
    middle = len(pictures) // 2
    background = np.empty_like(pictures[0])
    for top in range(0, len(background), _BAND_ROWS):
        band = np.stack([picture[top : top + _BAND_ROWS] for picture in pictures])
        background[top : top + _BAND_ROWS] = np.partition(band, middle, axis=0)[middle]
    return background
