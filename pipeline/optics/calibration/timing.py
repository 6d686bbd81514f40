"""The time offset between two cameras in frames: the shift for which both see motion at the same positions.

Moving objects change the brightness at their position on the ground; in directions that both cameras see, the two
sequences of changes are the same but for a shift in time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import CalibrationError
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.pictures import Floats, blur, sample
from pipeline.optics.rig import Rig

LONGEST_S = 3.0

_STEP_DEG = 0.15
_FEWEST_DIRECTIONS, _MOST_DIRECTIONS = 500, 20_000
_BELOW_DEG, _ABOVE_DEG = -25.0, 0.5
"""Only motion on the ground counts: players, not clouds and trees."""

_LEAST_CORRELATION = 0.1
_LEAST_CHANGE, _BUSY, _ELSEWHERE = 12.0, 0.6, 0.05
"""Cameras that both see such a change, in brightness levels, in this share of the frames were not filmed at the
same time if no shift correlates more than this."""

_LEAST_LEAD = 1.15
"""The least ratio of the best shift's correlation to that of any shift three frames or more away."""


def frame_offset(rig: Rig, a: int, b: int, footage: tuple[Footage, ...]) -> int | None:
    """The n for which frame n of b shows the same moment as frame 0 of a; None if motion does not show it.

    Cameras of different rates are compared at the lower one. Raises CalibrationError if what moves in one moves
    nowhere in the other.
    """
    directions = _shared_directions(rig, a, b)
    if directions is None:
        return None
    rate = min(footage[a].frame_rate, footage[b].frame_rate)
    (of_a, busy_a), (of_b, busy_b) = (_changes(rig, i, footage[i], rate, *directions) for i in (a, b))
    correlation = of_a @ of_b.T
    # At least half of the shorter sequence is compared: a few frames can agree by chance.
    longest = min(int(LONGEST_S * rate), min(correlation.shape) // 2)
    shifts = np.arange(-longest, longest + 1)
    if len(shifts) < 3:
        return None
    means = np.array([np.diagonal(correlation, shift).mean() for shift in shifts])
    best = int(np.argmax(means))
    others = means[np.abs(shifts - shifts[best]) >= 3]
    if longest >= rate and min(busy_a, busy_b) > _BUSY and means[best] < _ELSEWHERE:
        raise CalibrationError(
            f"what moves in {footage[a].name} does not move in {footage[b].name} within {longest / rate:.0f} s: "
            "they were not filmed at the same time; give films of the same moments"
        )
    clear = means[best] > _LEAST_CORRELATION and (not len(others) or means[best] > _LEAST_LEAD * others.max())
    return round(int(shifts[best]) * footage[b].frame_rate / rate) if clear else None


def _shared_directions(rig: Rig, a: int, b: int) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Yaw and tilt in degrees, (n,) each, of the grid directions that both cameras see."""
    reach = rig.coverage()
    yaw, tilt = np.meshgrid(
        np.arange(reach.yaw_min_deg, reach.yaw_max_deg, _STEP_DEG),
        np.arange(_BELOW_DEG, _ABOVE_DEG, _STEP_DEG),
    )
    seen = rig.seen_by(yaw, tilt)
    both = seen[..., a] & seen[..., b]
    if both.sum() < _FEWEST_DIRECTIONS:
        return None
    thin = 1 + int(both.sum()) // _MOST_DIRECTIONS
    return yaw[both][::thin], tilt[both][::thin]


def _changes(
    rig: Rig, i: int, footage: Footage, rate: float, yaw: NDArray[np.float64], tilt: NDArray[np.float64]
) -> tuple[Floats, float]:
    """The change of brightness in each direction from frame to frame at a rate, (frames - 1, directions), rows of
    unit length, and the share of the frames in which something moves."""
    pixels = rig.angles_to_pixels(i, yaw, tilt)
    shrink = footage.size_px[0] / footage.motion.shape[2]
    at = ((pixels + 0.5) / shrink - 0.5).astype(np.float32)[:, None]
    times = np.arange(0, len(footage.motion) - 0.5, footage.frame_rate / rate)
    samples = [sample(blur(picture, 1.0), at) for picture in footage.motion[np.rint(times).astype(int)]]
    brightness = np.stack(samples)[..., 0]
    changes = np.abs(np.diff(brightness, axis=0))
    busy = float(np.mean(changes.max(axis=1, initial=0.0) > _LEAST_CHANGE)) if len(changes) else 0.0
    changes -= changes.mean(axis=0)
    changes -= changes.mean(axis=1, keepdims=True)
    unit: Floats = changes / np.maximum(np.linalg.norm(changes, axis=1, keepdims=True), 1e-6)
    return unit, busy
