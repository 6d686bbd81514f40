"""What calibration is given of one camera: its still background and a run of small pictures of what moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import CalibrationError

Picture = NDArray[np.uint8]

_BAND_ROWS = 128


@dataclass(frozen=True, slots=True)
class Footage:
    """One fixed camera's few seconds.

    ``background``: BGR, shape (height, width, 3), with what moves taken out. ``motion``: brightness of every
    consecutive frame, shape (frames, rows, columns), shrunk by one whole factor; at least one frame.
    ``frame_rate`` in frames a second.
    """

    name: str
    background: Picture
    motion: Picture
    frame_rate: float

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the camera's picture."""
        return self.background.shape[1], self.background.shape[0]


def median_background(pictures: Sequence[Picture]) -> Picture:
    """The median of pictures of one shape, pixel by pixel: what stands still in more than half of them.

    Raises CalibrationError when there is no picture. Pure; any thread; works in bands to stay in the cache.
    """
    if not pictures:
        raise CalibrationError("the footage holds no picture; give films of a second or more")
    middle = len(pictures) // 2
    background = np.empty_like(pictures[0])
    for top in range(0, len(background), _BAND_ROWS):
        band = np.stack([picture[top : top + _BAND_ROWS] for picture in pictures])
        background[top : top + _BAND_ROWS] = np.partition(band, middle, axis=0)[middle]
    return background
