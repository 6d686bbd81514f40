"""Grain: the noise of the camera's sensor, another in every frame, the same for the same seed and frame."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.match.settings import MatchSettings
from pipeline.optics.frame import Frame

_SPARE_PX: Final = 128
"""The tile of noise is larger than the frame by this; each frame takes it from another corner."""
_COLOUR_SHARE: Final = 0.5
"""The noise of colour compared with that of brightness."""


class Grain:
    """Adds noise to NV12 frames of a match's size. One thread at a time."""

    def __init__(self, settings: MatchSettings) -> None:
        self._seed = settings.seed
        random = np.random.default_rng(self._seed)
        height, width = settings.height + _SPARE_PX, settings.width + _SPARE_PX
        self._luma = _levels(random.normal(0.0, settings.noise, (height, width)))
        half = ((height + _SPARE_PX) // 2, (width + _SPARE_PX) // 2, 2)
        self._chroma = _levels(random.normal(0.0, _COLOUR_SHARE * settings.noise, half))

    def add(self, frame_index: int, out: Frame) -> None:
        """Add this frame's noise, in place."""
        random = np.random.default_rng((self._seed, frame_index))
        top, left = random.integers(0, _SPARE_PX, 2).tolist()
        for plane, tile in zip(out.planes, (self._luma, self._chroma), strict=True):
            rows, columns = plane.shape[:2]
            cv2.add(plane, tile[top : top + rows, left : left + columns], plane, dtype=cv2.CV_8U)


def _levels(values: NDArray[np.float64]) -> NDArray[np.int16]:
    return np.rint(values).astype(np.int16)
