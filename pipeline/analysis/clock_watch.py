"""ClockWatch: follows the clock of each camera but the first, by what moves where two cameras see it.

Two seconds of both cameras are compared every second. The filter of the measurements knows the offset within a
tenth of a frame after four seconds of play at the seam; while nothing moves there, the last rate is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.camera_clocks import CameraClocks
from pipeline.analysis.clock_lag import Floats, lag_of
from pipeline.analysis.clock_tracker import ClockState, ClockTracker
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.optics.seam_points import SeamPoints
from pipeline.optics.stabilisation.pose import Poses
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds, ns_to_seconds

NEAR_DEG, BODY_M, GRAIN_DEG, MOST = 8.0, 0.9, 0.11, 2000
"""Where it looks: that near the seam, at half a player's height, in grains of this size, at so many points."""

WINDOW_S, EVERY_S = 2.0, 1.0
LEAST_STEP_NS = 27 * NS_PER_MS
"""Frames that follow faster are left out: what moves moves too little from one to the next."""

GAP = 2.5
"""A step of so many frames is a gap; the window begins anew after it."""

KEPT_AFTER_S = 20.0
"""A clock that was not measured for this long is told to be kept as it was."""

LEAST_TOLD_RATE, LEAST_TOLD_S = 100e-6, 0.03

Floats64 = NDArray[np.float64]

ClockStatus = Literal["first", "unseen", "measuring", "followed", "kept"]
"""`first`: the others follow it; `unseen`: it has no other camera beside it that sees the same; `measuring`: too
little has moved so far; `kept`: it was followed, and too little moves now."""


@dataclass(frozen=True, slots=True)
class ClockHealth:
    """What is known of one camera's clock."""

    status: ClockStatus
    offset_ms: float
    """How much later than its times say its frames are shown now."""
    drift_ppm: float
    """By how many millionths it is fast (negative: slow) compared with the first camera's."""


@dataclass(slots=True)
class _Pair:
    camera: int
    other: int
    points: SeamPoints
    tracker: ClockTracker = field(default_factory=ClockTracker)
    times_ns: deque[int] = field(default_factory=deque)
    seen: tuple[deque[Floats], deque[Floats]] = field(default_factory=lambda: (deque(), deque()))
    own_ns: tuple[deque[int], deque[int]] = field(default_factory=lambda: (deque(), deque()))
    next_ns: int = 0
    measured_ns: int | None = None
    is_told_kept: bool = False

    def clear(self) -> None:
        for each in (self.times_ns, *self.seen, *self.own_ns):
            each.clear()


def watched_pairs(rig: Rig) -> list[tuple[int, int]]:
    """Each camera but the first, and the neighbour by which it is measured, from the first one outwards."""
    order = rig.left_to_right
    at = order.index(0)
    to_left = list(pairwise(reversed(order[: at + 1])))
    to_right = list(pairwise(order[at:]))
    return [(camera, other) for other, camera in (*to_left, *to_right)]


class ClockWatch:
    """Measures the cameras' clocks and writes them to `clocks`. One thread calls `look`; any may call `health`."""

    def __init__(
        self,
        rig: Rig,
        clocks: CameraClocks,
        on_told: Callable[[str], object] = lambda _line: None,
        on_learned: Callable[[Nanoseconds, str, ClockState], object] = lambda _time_ns, _name, _state: None,
    ) -> None:
        """``on_told(line)`` when something is to be said of a clock, ``on_learned(time, camera, state)`` with each
        new state; on the thread of `look`."""
        self._names = [camera.name for camera in rig.cameras]
        self._clocks, self._on_told, self._on_learned = clocks, on_told, on_learned
        made = [
            _Pair(
                camera,
                other,
                SeamPoints(
                    rig, (other, camera), near_deg=NEAR_DEG, above_m=BODY_M, grain_deg=GRAIN_DEG, most=MOST
                ),
            )
            for camera, other in watched_pairs(rig)
        ]
        self._pairs = [pair for pair in made if pair.points.is_enough]
        self._last_ns: int | None = None
        self._began_ns = 0

    def look(self, frame: Frame, time_ns: Nanoseconds, poses: Poses | None = None) -> None:
        """Look at the rig frame of this running time; about a millisecond for each seam."""
        last_ns = self._last_ns
        if self._clocks.is_recalled:
            return
        if last_ns is None or time_ns <= last_ns:
            self._began_ns = time_ns
            for pair in self._pairs:
                pair.clear()
                pair.next_ns = time_ns + round(WINDOW_S * NS_PER_S)
        elif time_ns - last_ns < LEAST_STEP_NS:
            return
        self._last_ns = time_ns
        for pair in self._pairs:
            self.take(pair, time_ns, *pair.points.luma(frame, poses))

    def take(self, pair: _Pair, time_ns: Nanoseconds, first: Floats, second: Floats) -> None:
        """Take what the two cameras of a pair show at `time_ns`, (points,) each."""
        pair.times_ns.append(time_ns)
        for k, (camera, samples) in enumerate(((pair.other, first), (pair.camera, second))):
            pair.seen[k].append(samples)
            pair.own_ns[k].append(self._clocks.time_of(camera, time_ns))
        while time_ns - pair.times_ns[0] > WINDOW_S * NS_PER_S:
            for each in (pair.times_ns, *pair.seen, *pair.own_ns):
                each.popleft()
        if time_ns >= pair.next_ns:
            pair.next_ns += round(EVERY_S * NS_PER_S)
            if pair.next_ns <= time_ns:
                pair.next_ns = time_ns + round(EVERY_S * NS_PER_S)
            self._measure(pair)

    def health(self) -> list[ClockHealth]:
        """What is known of each camera's clock."""
        found = [ClockHealth("first" if i == 0 else "unseen", 0.0, 0.0) for i in range(len(self._names))]
        for pair in self._pairs:
            state = pair.tracker.state
            if state is None:
                found[pair.camera] = ClockHealth("measuring", 0.0, 0.0)
                continue
            status: ClockStatus = "kept" if self._is_kept(pair) else "followed"
            found[pair.camera] = ClockHealth(
                status,
                round(self._now_s(pair, state) * 1e3, 2),
                round(-state.rate * 1e6, 1) + 0.0,
            )
        return found

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: how far the clocks have parted."""
        lines = []
        for pair in self._pairs:
            state = pair.tracker.state
            if state is not None and abs(self._now_s(pair, state)) >= LEAST_TOLD_S:
                lines.append(self._words(pair, state))
        return tuple(lines)

    def _words(self, pair: _Pair, state: ClockState) -> str:
        name, first = self._names[pair.camera], self._names[0]
        off_ms = -self._now_s(pair, state) * 1e3
        runs = f" and {'gains' if state.rate < 0 else 'loses'} {abs(state.rate) * 1e6:.0f} ms in 1000 s"
        return (
            f"the clock of {name} is {abs(off_ms):.0f} ms {'ahead of' if off_ms > 0 else 'behind'} that of {first}"
            f"{runs if abs(state.rate) >= LEAST_TOLD_RATE else ''}; its frames are shown by the clock of {first}"
        )

    def _now_s(self, pair: _Pair, state: ClockState) -> float:
        return state.offset_s + state.rate * ns_to_seconds((self._last_ns or 0) - state.time_ns)

    def _is_kept(self, pair: _Pair) -> bool:
        measured_ns = self._began_ns if pair.measured_ns is None else pair.measured_ns
        return (self._last_ns or 0) - measured_ns > KEPT_AFTER_S * NS_PER_S

    def _measure(self, pair: _Pair) -> None:
        measured = self._offset_s(pair)
        if measured is None:
            self._tell_kept(pair)
            return
        time_ns, offset_s = measured
        if not pair.tracker.add(time_ns, offset_s):
            self._tell_kept(pair)
            return
        pair.measured_ns, pair.is_told_kept = time_ns, False
        state = pair.tracker.state
        if state is None:
            return
        self._clocks.learned(
            pair.camera, state.time_ns, state.offset_s, state.rate, state.rate if state.is_rate_known else 0.0
        )
        self._on_learned(Nanoseconds(state.time_ns), self._names[pair.camera], state)

    def _tell_kept(self, pair: _Pair) -> None:
        state = pair.tracker.state
        if state is not None and self._is_kept(pair) and not pair.is_told_kept:
            pair.is_told_kept = True
            if abs(self._now_s(pair, state)) >= LEAST_TOLD_S:
                self._on_told(
                    f"too little moves where {self._names[pair.camera]} and {self._names[pair.other]} both look: "
                    "their clocks are taken to part as before"
                )

    def _offset_s(self, pair: _Pair) -> tuple[int, float] | None:
        """The middle of the window and the offset that it shows; None if it shows none."""
        times = np.array(pair.times_ns, np.int64)
        steps = np.diff(times)
        if len(steps) < WINDOW_S * NS_PER_S / (4 * NS_PER_S / 25):
            return None
        step_ns = float(np.median(steps))
        if steps.max() > GAP * step_ns:
            return None
        grid = np.arange(int((times[-1] - times[0]) / step_ns) + 1) * np.float64(step_ns)
        shifts = [self._shifts(times, pair.own_ns[k]) for k in (0, 1)]
        first, second = (
            _resampled((times - times[0]).astype(np.float64), shifts[k], np.array(pair.seen[k]), grid)
            for k in (0, 1)
        )
        lag = lag_of(first, second)
        if lag is None:
            return None
        own_ns = pair.own_ns[0]
        meant = np.mean([self._clocks.correction_ns(pair.other, own) for own in own_ns])
        off_ns = shifts[1].mean() - lag.frames * step_ns - (shifts[0].mean() - meant)
        return int(times.mean()), float(off_ns) / NS_PER_S

    @staticmethod
    def _shifts(times: NDArray[np.int64], own_ns: deque[int]) -> Floats64:
        """How much later than its own time each frame of the window was shown, in nanoseconds."""
        return (times - np.array(own_ns, np.int64)).astype(np.float64)


def _resampled(times: Floats64, shifts: Floats64, seen: Floats, grid: Floats64) -> Floats:
    """What was seen (frames, points) at the moments that `grid` would show if all frames were shifted alike."""
    moments, kept = np.unique(times - shifts + shifts.mean(), return_index=True)
    places = np.interp(grid, moments, np.arange(len(kept)))
    lower = np.minimum(places.astype(int), len(kept) - 1)
    upper = np.minimum(lower + 1, len(kept) - 1)
    part = (places - lower).astype(np.float32)[:, None]
    part[np.abs(part) < 1e-3] = 0.0
    part[part > 1 - 1e-3] = 1.0
    mixed: Floats = seen[kept][lower] * (1 - part) + seen[kept][upper] * part
    return mixed
