"""Seamless noise textures for turf, sky and trees."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from pipeline.match.colour import Picture

_SIDE = 512


@lru_cache(maxsize=16)
def noise(seed: int, roughness: float) -> Picture:
    """A tile (512, 512) of noise with mean 0 and standard deviation 1 that repeats seamlessly.

    Its spectrum decreases with frequency to the power of `roughness`: 0 is white noise, 2 looks like clouds.
    """
    white = np.random.default_rng(seed).standard_normal((_SIDE, _SIDE))
    frequency = np.hypot(np.fft.fftfreq(_SIDE)[:, None], np.fft.rfftfreq(_SIDE)[None]) * _SIDE
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(white) / frequency**roughness
    spectrum[0, 0] = 0.0
    tile = np.fft.irfft2(spectrum, s=(_SIDE, _SIDE))
    scaled: Picture = (tile / tile.std()).astype(np.float32)
    return scaled


def sample(tile: Picture, x: Picture, y: Picture) -> Picture:
    """The values of the repeated tile at `x`, `y`, in units of the tile's size; shape as `x`."""
    # remap wraps around only for coordinates near the border, so they are wrapped into the tile first.
    columns = ((x - np.floor(x)) * _SIDE).astype(np.float32)
    rows = ((y - np.floor(y)) * _SIDE).astype(np.float32)
    return np.asarray(
        cv2.remap(tile, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32
    )
