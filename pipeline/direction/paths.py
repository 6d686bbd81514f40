"""Path CSV files: one view per frame; and the frame times of a path."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from pipeline.errors import ConfigError, OutputError
from pipeline.optics.view import View
from pipeline.timebase import NS_PER_S, ns_to_seconds

HEADER = ("time_s", "yaw_deg", "pitch_deg", "hfov_deg")

MOST_FRAMES = 10_000_000
"""The most frames of a path: 24 hours at 100 frames a second."""

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1.0, 240.0
USUAL_RATES_HZ = (
    10.0,
    12.5,
    15.0,
    20.0,
    24000 / 1001,
    24.0,
    25.0,
    30000 / 1001,
    30.0,
    48.0,
    50.0,
    60000 / 1001,
    60.0,
    100.0,
    120.0,
)


def write_path(path: Path, views: Iterable[tuple[int, View]]) -> int:
    """Write rows of ``time_s,yaw_deg,pitch_deg,hfov_deg`` with 9 decimals; returns their number.

    `views` are pairs of running time in nanoseconds and view. Any thread; blocks on the disk. Raises OutputError if
    the file cannot be written.
    """
    count = 0
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADER)
            for time_ns, view in views:
                values = (ns_to_seconds(time_ns), view.yaw_deg, view.tilt_deg, view.hfov_deg)
                writer.writerow([f"{number:.9f}" for number in values])
                count += 1
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); name another file") from error
    return count


def frame_times_ns(track_times_ns: Sequence[int], rate_hz: float | None = None) -> list[int]:
    """The times of the output frames in nanoseconds, from a track's first time to its last.

    The default rate is the track's own: the inverse of the median step, rounded to a common frame rate if one is
    near. Raises ConfigError for a rate outside 1..240 Hz and for more than MOST_FRAMES frames.
    """
    if rate_hz is None:
        rate_hz = _own_rate_hz(track_times_ns)
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise ConfigError(f"the rate must be {LOWEST_RATE_HZ:g} to {HIGHEST_RATE_HZ:g} Hz, not {rate_hz} Hz")
    first_ns, last_ns = track_times_ns[0], track_times_ns[-1]
    # A tolerance of a thousandth of a frame: times in a CSV are rounded, and the last frame must not be lost.
    count = int((last_ns - first_ns) / NS_PER_S * rate_hz + 1e-3) + 1
    if count > MOST_FRAMES:
        raise ConfigError(
            f"the track lasts {(last_ns - first_ns) / NS_PER_S:g} s, which is {count} frames at {rate_hz:g} Hz; "
            f"allowed: {MOST_FRAMES}; check the times of its first and last rows"
        )
    return [first_ns + round(i * NS_PER_S / rate_hz) for i in range(count)]


def _own_rate_hz(times_ns: Sequence[int]) -> float:
    steps = sorted(b - a for a, b in pairwise(times_ns))
    if not steps:
        return 25.0
    rate = NS_PER_S / steps[len(steps) // 2]
    nearest = min(USUAL_RATES_HZ, key=lambda usual: abs(usual - rate))
    if abs(nearest - rate) < 0.01 * rate:
        return nearest
    return min(max(rate, LOWEST_RATE_HZ), HIGHEST_RATE_HZ)
