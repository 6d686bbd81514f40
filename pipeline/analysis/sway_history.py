"""SwayHistory: every camera's turn by running time; the analysis writes it, the delayed side reads it."""

from __future__ import annotations

import math
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.optics.angles import Array
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.turn import NO_TURN, Turns, matrix_of
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds, seconds_to_ns

SETTLE_S = 6.0
"""A camera's place is its average direction in this first part of the run: it was calibrated swaying, too."""

SMOOTH_NS = 120 * NS_PER_MS
"""The turn at a time is fitted to the measurements from so long before to so long after."""

LEAST_PX = 0.4
"""A camera that never leaves its place by more than this, in pixels of its image, stands still."""

LEAST_FRAMES = 3
"""So many frames in a row must leave the place."""

EARLIER_NS = 500 * NS_PER_MS
"""The turn is applied from this long before the sway was first seen."""

HOLD_NS = 500 * NS_PER_MS
"""The detector takes the last turn for this long if a camera is lost."""

POSES_KEPT = 500
"""For so many frames the detector may be behind."""

STATE_NS = 5 * NS_PER_S
"""The present sway is the largest of this last part."""


@dataclass(frozen=True, slots=True)
class CameraSway:
    """How much one camera sways."""

    camera: str
    """The camera's name in the rig."""
    now_deg: float
    """The largest turn from its place in the last `STATE_NS`, in degrees."""
    worst_deg: float
    """The largest turn so far, in degrees."""
    is_steadied: bool
    """Whether its video is turned back; a camera that stands still is left as it is."""
    is_lost: bool
    """Whether too little of the backdrop is seen: it is covered, or looks elsewhere."""
    lost_frames: int
    """Frames in which that was so."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectorPose:
    """How the cameras stand in a frame, for a detector that compares it with the first one."""

    since_first: Turns | None
    """The turns since the first frame."""
    first: Turns | None
    """How the cameras were turned from their places in the first frame, as far as the places are known."""

    @property
    def from_place(self) -> Turns | None:
        """The turns from the cameras' places."""
        if self.since_first is None or self.first is None:
            return None
        return tuple(
            None if turn is None or first is None else turn @ first
            for turn, first in zip(self.since_first, self.first, strict=True)
        )


PoseSource = Callable[[Nanoseconds], DetectorPose]
"""Tells a detector how the cameras stand in the frame of a running time."""

STANDING = DetectorPose(None, None)
"""Every camera stands still."""


def standing(_time_ns: Nanoseconds) -> DetectorPose:
    """The pose of cameras whose sway is not measured."""
    return STANDING


class _Camera:
    """One camera's measurements. The history's lock guards it."""

    def __init__(self, px_per_rad: float) -> None:
        self.least_rad = LEAST_PX / px_per_rad
        self.times: list[int] = []
        self.vectors: list[Array] = []
        self.place = NO_TURN
        self.is_settled = False
        self.sways_from_ns: int | None = None
        self.away = 0
        self.worst_rad = 0.0
        self.lost_frames = 0
        self.is_lost = False


class SwayHistory:
    """The turns of a rig's cameras over the known window.

    One thread calls `add`, in order of time; any thread calls the others. Only `wait_known` blocks.
    """

    def __init__(self, rig: Rig, span_s: float, settle_s: float = SETTLE_S) -> None:
        """``span_s``: how long measurements are kept, counted from the newest."""
        self._span_ns, self._settle_ns = seconds_to_ns(span_s), seconds_to_ns(settle_s)
        # Guards everything below.
        self._changed = threading.Condition(threading.Lock())
        self._cameras = [_Camera(camera.lens.focal_px) for camera in rig.cameras]
        self._names = [camera.name for camera in rig.cameras]
        self._first_ns: int | None = None
        self._known_ns: float = -math.inf
        self._poses: dict[int, DetectorPose] = {}

    def add(self, time_ns: Nanoseconds, turns: Sequence[Array | None]) -> None:
        """Store the cameras' turns since the first frame: rotation vectors in radians, None where unknown.

        A time that does not follow the last one begins anew, with the cameras' places as they were.
        """
        with self._changed:
            if self._first_ns is None:
                self._first_ns = time_ns
            if time_ns <= self._known_ns:
                self._poses.clear()
                for camera in self._cameras:
                    camera.times.clear()
                    camera.vectors.clear()
            for camera, vector in zip(self._cameras, turns, strict=True):
                self._add(camera, time_ns, vector)
            self._poses[time_ns] = self._newest(time_ns)
            if len(self._poses) > POSES_KEPT:
                del self._poses[next(iter(self._poses))]
            self._known_ns = time_ns
            self._changed.notify_all()

    def finish(self) -> None:
        """Nothing more is measured; wakes every waiter. Idempotent."""
        with self._changed:
            self._known_ns = math.inf
            self._changed.notify_all()

    def wait_known(self, time_ns: int, timeout_s: float | None = None) -> bool:
        """Block until all that `turns_at(time_ns)` needs is measured, or `finish`; False after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._known_ns >= time_ns + SMOOTH_NS, timeout_s)

    def turns_at(self, time_ns: int) -> Turns | None:
        """How far each camera is turned from its place at `time_ns`; None if none is.

        Each turn is fitted to the measurements around it, before and after.
        """
        with self._changed:
            return self._turns([self._smooth(camera, time_ns) for camera in self._cameras])

    def pose_at(self, time_ns: int) -> DetectorPose:
        """What a detector that gets the frame of `time_ns` should know: the newest measurement up to then.

        It does not depend on what is measured later, so that a run repeats bit by bit.
        """
        with self._changed:
            if time_ns in self._poses:
                return self._poses[time_ns]
            return next((self._poses[at] for at in reversed(self._poses) if at <= time_ns), STANDING)

    @property
    def sways(self) -> bool:
        """Whether any camera has left its place."""
        return any(camera.sways_from_ns is not None for camera in self._cameras)

    @property
    def is_restless(self) -> bool:
        """Whether any camera sways, or was off its place when last measured: then every frame counts."""
        return self.sways or any(camera.away for camera in self._cameras)

    def state(self) -> list[CameraSway]:
        """How much each camera sways."""
        with self._changed:
            return [self._state(*each) for each in zip(self._names, self._cameras, strict=True)]

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: which cameras moved, and by how much."""
        return tuple(
            f"camera {each.camera} moved by up to {each.worst_deg:.2f} degrees; its video is steadied"
            for each in self.state()
            if each.is_steadied
        )

    # The caller holds the lock.

    def _add(self, camera: _Camera, time_ns: int, vector: Array | None) -> None:
        camera.is_lost = vector is None
        if vector is None:
            camera.lost_frames += 1
            camera.away = 0
            return
        camera.times.append(time_ns)
        camera.vectors.append(vector)
        self._settle(camera)
        away_rad = float(np.linalg.norm(vector - camera.place))
        camera.worst_rad = max(camera.worst_rad, away_rad)
        camera.away = camera.away + 1 if away_rad > camera.least_rad else 0
        if camera.away == LEAST_FRAMES and camera.sways_from_ns is None:
            camera.sways_from_ns = camera.times[-LEAST_FRAMES] - EARLIER_NS
        old = bisect_left(camera.times, time_ns - self._span_ns)
        if old > len(camera.times) // 2:  # seldom, since it moves the rest
            del camera.times[:old], camera.vectors[:old]

    def _settle(self, camera: _Camera) -> None:
        """Take the average of the first part as the camera's place.

        Weighted by a Hann window: a sway of any frequency from 0.3 Hz on averages out, also in a broken period.
        """
        if camera.is_settled or self._first_ns is None:
            return
        times = np.array(camera.times, np.float64)
        length = max(times[-1] - times[0], 1.0)
        camera.is_settled = times[-1] - self._first_ns >= self._settle_ns
        weights = 1e-6 + np.sin(np.pi * (times - times[0]) / length) ** 2
        camera.place = np.average(camera.vectors, axis=0, weights=weights)

    def _newest(self, time_ns: int) -> DetectorPose:
        """The pose of the cameras at the newest time."""
        swaying = [
            camera.sways_from_ns is not None and bool(camera.times) and time_ns - camera.times[-1] < HOLD_NS
            for camera in self._cameras
        ]
        if not any(swaying):
            return STANDING
        turns = [
            matrix_of(camera.vectors[-1]) if sways else None
            for camera, sways in zip(self._cameras, swaying, strict=True)
        ]
        return DetectorPose(tuple(turns), tuple(matrix_of(camera.place).T for camera in self._cameras))

    def _smooth(self, camera: _Camera, time_ns: int) -> Array | None:
        if camera.sways_from_ns is None or time_ns < camera.sways_from_ns or not camera.times:
            return None
        vector = _fitted(camera, time_ns)
        return matrix_of(vector) @ matrix_of(camera.place).T

    @staticmethod
    def _turns(turns: list[Array | None]) -> Turns | None:
        return None if all(turn is None for turn in turns) else tuple(turns)

    def _state(self, name: str, camera: _Camera) -> CameraSway:
        recent = camera.vectors[bisect_left(camera.times, self._known_ns - STATE_NS) :] or camera.vectors[-1:]
        now_rad = max((float(np.linalg.norm(vector - camera.place)) for vector in recent), default=0.0)
        return CameraSway(
            name,
            math.degrees(now_rad),
            math.degrees(camera.worst_rad),
            camera.sways_from_ns is not None,
            camera.is_lost,
            camera.lost_frames,
        )


def _fitted(camera: _Camera, time_ns: int) -> Array:
    """The rotation vector at `time_ns`: a parabola through the measurements around it, or what bridges a gap."""
    first = bisect_left(camera.times, time_ns - SMOOTH_NS)
    last = bisect_right(camera.times, time_ns + SMOOTH_NS)
    times, vectors = camera.times[first:last], camera.vectors[first:last]
    if len(times) >= 5 and times[0] < time_ns < times[-1]:
        at = (np.array(times, np.float64) - time_ns) / SMOOTH_NS
        weights = np.sqrt(np.maximum(1 - np.abs(at) ** 3, 0) ** 3)  # tricube (Cleveland 1979)
        powers = np.stack([np.ones_like(at), at, at * at], axis=-1)
        fitted, *_ = np.linalg.lstsq(
            powers * weights[:, None], np.array(vectors) * weights[:, None], rcond=None
        )
        vector: Array = fitted[0]
        return vector
    return np.array([np.interp(time_ns, camera.times, axis) for axis in np.transpose(camera.vectors)])
