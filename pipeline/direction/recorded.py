"""RecordedPath: shows again the path that another run has shown."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

from pipeline.direction.camera_path import PathState
from pipeline.direction.paths import HEADER
from pipeline.direction.unsteered import Unsteered
from pipeline.errors import ConfigError
from pipeline.optics.view import View
from pipeline.timebase import LARGEST_TIME_S, NS_PER_MS, NS_PER_S, Nanoseconds, seconds_to_ns

ROUNDING_NS = NS_PER_MS
"""A frame may lie so far from the time at which it was shown, because files round times."""

_HEADER = ",".join(HEADER)
WIDEST_DEG = 179.0

Row = tuple[int, View]


class RecordedPath(Unsteered):
    """A CameraPath whose views are known: at a recorded time exactly, between two in proportion. Any thread.

    It cannot be steered.
    """

    _why_not = "the path was recorded; there is no camera to take over"

    def __init__(self, rows: Sequence[Row]) -> None:
        """`rows`: times in ns of running time, rising, and views. Raises ConfigError if there is none."""
        if not rows:
            raise ConfigError("a recorded path needs at least one row")
        self._times = [time_ns for time_ns, _view in rows]
        self._views = [view for _time_ns, view in rows]
        self._newest_ns = 0

    @classmethod
    def load(cls, path: Path) -> RecordedPath:
        """Read a path CSV. A last line without an end is passed over: its run was killed. Blocks on the disk.

        Raises ConfigError naming the line.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"cannot read {path}: {error}") from error
        header, *lines = text.splitlines(keepends=True) or [""]
        if header.strip() != _HEADER:
            raise ConfigError(f"{path} is no path: its first line is not {_HEADER}")
        rows: dict[int, View] = {}
        for number, line in enumerate(lines, 2):
            if not line.endswith("\n"):
                break
            try:
                time_s, yaw_deg, tilt_deg, hfov_deg = map(float, line.split(","))
                if not all(map(math.isfinite, (time_s, yaw_deg, tilt_deg, hfov_deg))):
                    raise ValueError(line)
                if abs(time_s) > LARGEST_TIME_S or not 0 < hfov_deg <= WIDEST_DEG:
                    raise ValueError(line)
            except ValueError:
                raise ConfigError(f"{path}, line {number}: not a row of {_HEADER}") from None
            rows[seconds_to_ns(time_s)] = View(yaw_deg, tilt_deg, hfov_deg)
        if not rows:
            raise ConfigError(f"{path} holds no view; plan the path anew with: --set recorded.path=")
        return cls(sorted(rows.items(), key=lambda row: row[0]))

    def view_at(self, time_ns: int) -> View:
        """The view at a running time; before the first and after the last row, theirs."""
        self._newest_ns = time_ns
        return self._at(time_ns)

    def plan(self, t0_ns: int, t1_ns: int) -> list[tuple[int, View]]:
        """The views in [t0_ns, t1_ns], one every 0.2 s."""
        end_ns = min(t1_ns, self._times[-1])
        return [(time_ns, self._at(time_ns)) for time_ns in range(t0_ns, end_ns + 1, NS_PER_S // 5)]

    @property
    def state(self) -> PathState:
        """A recorded path plans nothing."""
        return PathState("recorded path", 0.0, 0, 0, Nanoseconds(self._newest_ns))

    def _at(self, time_ns: int) -> View:
        after = bisect_left(self._times, time_ns)
        near = [place for place in (after - 1, after) if 0 <= place < len(self._times)]
        nearest = min(near, key=lambda place: abs(self._times[place] - time_ns))
        if len(near) < 2 or abs(self._times[nearest] - time_ns) <= ROUNDING_NS:
            return self._views[nearest]
        begin_ns, end_ns = self._times[near[0]], self._times[near[1]]
        before, then = self._views[near[0]], self._views[near[1]]
        share = (time_ns - begin_ns) / (end_ns - begin_ns)
        return View(
            before.yaw_deg + share * (then.yaw_deg - before.yaw_deg),
            before.tilt_deg + share * (then.tilt_deg - before.tilt_deg),
            before.hfov_deg + share * (then.hfov_deg - before.hfov_deg),
        )
