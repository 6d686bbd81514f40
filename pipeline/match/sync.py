"""Sync marks: their times in video and sound of the match, and how to find them in any recording.

At every full second, from 1 s on, one frame is brighter by FLASH_LIFT everywhere (and a small square in the lower
left corner of the panorama turns white), and a click starts with that frame.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

FLASH_LIFT: Final = 6
"""The increase of luma (16..235) in a marked frame."""
CLICK_S: Final = 0.004
_CLICK_FROM_HZ, _CLICK_TO_HZ = 3000.0, 9000.0
_NEIGHBOURS = 4
_LEAST_LIFT = 0.4 * FLASH_LIFT
_LEAST_CORRELATION = 0.45
_LEAST_GAP_S = 0.5


def mark_time(second: int, fps: Fraction) -> Fraction:
    """The time in seconds of the mark of a full second: the first frame not before it."""
    return Fraction(math.ceil(second * fps)) / fps


def is_marked(frame_index: int, fps: Fraction) -> bool:
    """Whether a frame has the flash."""
    second = math.floor(frame_index / fps)
    return second >= 1 and math.ceil(second * fps) == frame_index


def click(rate_hz: int) -> Array:
    """The samples (N,) of the click at a sample rate, with a peak of about 1: a rising chirp under a half sine.

    Its first sample is at the time of the mark.
    """
    time_s = np.arange(round(CLICK_S * rate_hz)) / rate_hz
    sweep = _CLICK_FROM_HZ * time_s + (_CLICK_TO_HZ - _CLICK_FROM_HZ) * time_s**2 / (2 * CLICK_S)
    samples: Array = np.sin(2 * np.pi * sweep) * np.sin(np.pi * time_s / CLICK_S)
    return samples


def find_flashes(times_s: ArrayLike, mean_luma: ArrayLike) -> Array:
    """The times of the frames with a flash, given the time and mean luma of all frames, both (N,).

    A flash is a single frame brighter than the median of its neighbours; a slow change, as a pan over brighter
    ground, is not a flash. Works for any view of the match, also re-encoded. Pure; any thread.
    """
    times, luma = np.asarray(times_s, np.float64), np.asarray(mean_luma, np.float64)
    if luma.size < 3:
        return np.empty(0)
    padded = np.pad(luma, _NEIGHBOURS, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1)
    others = np.delete(windows, _NEIGHBOURS, axis=1)
    lift = luma - np.median(others, axis=1)
    flashes: Array = times[
        (lift > _LEAST_LIFT) & (luma >= others[:, _NEIGHBOURS - 1 : _NEIGHBOURS + 1].max(axis=1))
    ]
    return flashes


def find_clicks(samples: ArrayLike, rate_hz: int) -> Array:
    """The times of clicks in seconds from the first sample; `samples` is (N,) or (N, channels) at any scale.

    A matched filter: the normalised correlation of the sound with the click has its peak at the click's first
    sample at any level, also after lossy coding. Pure; any thread.
    """
    from scipy.signal import oaconvolve  # takes half a second to import, and only measurements need it

    sound = np.asarray(samples, np.float64)
    mono = sound.mean(axis=1) if sound.ndim == 2 else sound
    template = click(rate_hz)
    if mono.size < 2 * template.size:
        return np.empty(0)
    # The crowd is loud below the click's band and would weaken the correlation.
    mono = _without_lows(mono, rate_hz)
    template = _without_lows(np.pad(template, template.size), rate_hz)
    lead = template.size // 3
    match = oaconvolve(mono, template[::-1], "full")[template.size - 1 :]
    energy = oaconvolve(mono**2, np.ones(template.size), "full")[template.size - 1 :]
    floor = 1e-9 * max(float(energy.max()), 1e-12)
    correlation = match / np.sqrt(np.maximum(energy, floor) * float(template @ template))
    return (_peaks(correlation, round(_LEAST_GAP_S * rate_hz)) + lead) / rate_hz


def _without_lows(samples: Array, rate_hz: int) -> Array:
    """The samples after a high-pass filter without delay: smoothing over 0.4 ms, subtracted twice."""
    width = max(3, round(0.0004 * rate_hz) | 1)
    smooth = np.hanning(width + 2)[1:-1]
    smooth /= smooth.sum()
    for _ in range(2):
        samples = samples - np.convolve(samples, smooth, "same")
    return samples


def _peaks(correlation: Array, gap: int) -> NDArray[np.intp]:
    """Indices of the highest points above the threshold, at least `gap` apart."""
    found: list[int] = []
    candidates = np.flatnonzero(correlation > _LEAST_CORRELATION)
    for index in candidates:
        if found and index - found[-1] < gap:
            if correlation[index] > correlation[found[-1]]:
                found[-1] = int(index)
        else:
            found.append(int(index))
    return np.array(found, np.intp)
