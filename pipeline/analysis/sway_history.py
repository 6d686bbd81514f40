"""SwayHistory: every camera's pose by running time; the analysis writes it, the delayed side reads it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipeline.analysis.bumps import Bump
from pipeline.analysis.camera_health import (
    LEAST_SWAY_DEG,
    LOST_WORDS,
    CameraHealth,
    Lost,
    Status,
    bump_words,
    health_line,
    named,
)
from pipeline.analysis.camera_record import SMOOTH_NS, CameraRecord
from pipeline.analysis.learned import LearnedFrame, learned_line
from pipeline.optics.angles import Array
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.backdrop import Sight
from pipeline.optics.stabilisation.fit import Mount
from pipeline.optics.stabilisation.pose import NO_CHANGE, Pose, Poses
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds, ns_to_seconds, seconds_to_ns

SETTLE_S = 6.0
"""A camera's place is its average pose in this first part of the run: it was calibrated swaying, too."""

HOLD_NS = 500 * NS_PER_MS
"""The detector takes the last pose for this long if a camera is lost, then its average one."""

LOST_NS = NS_PER_S
"""A camera whose backdrop is not seen for this long is told to be lost."""

POSES_KEPT = 500
"""For so many frames the detector may be behind."""

MOST_TOLD = 20
"""So much is told of each camera in the report; a flag before the lens would fill it."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectorPose:
    """How the cameras stand in a frame, for a detector that compares it with the first one."""

    from_place: Poses | None
    """How they stand compared with their places."""
    first: Poses | None
    """How they stood in the first frame compared with their places, as far as the places are known."""


PoseSource = Callable[[Nanoseconds], DetectorPose]
"""Tells a detector how the cameras stand in the frame of a running time."""

STANDING = DetectorPose(None, None)
"""Every camera stands at its place."""


def standing(_time_ns: Nanoseconds) -> DetectorPose:
    """The pose of cameras whose sway is not measured."""
    return STANDING


def mount_of(rig: Rig, i: int) -> Mount:
    """How camera `i` is mounted. On a surface at infinity its height is not measured."""
    camera = rig.cameras[i]
    surface = None if rig.surface.kind == "infinity" else rig.surface
    return Mount(camera.lens, camera.rotation, camera.position_m, surface)


@dataclass(slots=True)
class _Watched:
    """One camera in the history."""

    name: str
    record: CameraRecord
    last_bump: str | None = None
    bumps: int = 0
    sight: Sight = "seen"
    lost_frames: int = 0
    lost_from_ns: int | None = None
    is_told_lost: bool = False
    told: int = 0


class SwayHistory:
    """The poses of a rig's cameras over the known window, and what happened to the cameras.

    One thread calls `add`, in order of time; any thread calls the others. Only `wait_known` blocks.
    """

    def __init__(
        self,
        rig: Rig,
        span_s: float,
        settle_s: float = SETTLE_S,
        *,
        on_told: Callable[[str], object] = lambda _line: None,
        on_bump: Callable[[Nanoseconds, Poses], object] = lambda _time_ns, _stands: None,
        on_learned: Callable[[str], object] | None = None,
        live: bool = False,
    ) -> None:
        """``span_s``: how long measurements are kept, counted from the newest.

        ``on_told(line)`` is called on the thread of `add` when something happened to a camera, and ``on_bump(now,
        how the cameras stand)`` when one was bumped, and ``on_learned(line)`` with each
        frame's line for `recall`. ``live``: moments are told by the clock on the wall, otherwise
        by the time since the first frame.
        """
        self._span_ns = seconds_to_ns(span_s)
        self._on_told, self._on_bump, self._on_learned, self._live = on_told, on_bump, on_learned, live
        # Guards everything below.
        self._changed = threading.Condition(threading.Lock())
        self._cameras = [
            _Watched(camera.name, CameraRecord(mount_of(rig, i), seconds_to_ns(settle_s)))
            for i, camera in enumerate(rig.cameras)
        ]
        self._first_ns: int | None = None
        self._written_ns = -1
        self._shift_ns = 0
        """The running time of the first frame, if what is known was learned in another run."""
        self.is_recalled = False
        """Whether what is known was learned in another run; then nothing is measured."""
        self._newest_ns: Nanoseconds | None = None
        self._known_ns: float = -math.inf
        self._poses: dict[int, DetectorPose] = {}

    def add(
        self,
        time_ns: Nanoseconds,
        vectors: Sequence[Array | None],
        sights: Sequence[Sight] | None = None,
        readouts_ns: Sequence[float] | None = None,
    ) -> None:
        """Store the cameras' pose vectors since the first frame, None where unknown, what they show, and how long
        they read a picture out, 0 where unknown.

        A time that does not follow the last one begins anew, with the cameras' places as they were.
        """
        lines: list[str] = []
        was_bumped = False
        with self._changed:
            if self._first_ns is None:
                self._first_ns = time_ns
            first_ns = self._first_ns
            if time_ns <= self._known_ns:
                self._poses.clear()
                for camera in self._cameras:
                    camera.record.begin_anew()
                    camera.lost_from_ns = None
            for i, (camera, vector) in enumerate(zip(self._cameras, vectors, strict=True)):
                camera.sight = "seen" if sights is None else sights[i]
                lines += self._seen_or_lost(camera, time_ns, vector)
                if readouts_ns is not None and readouts_ns[i]:
                    lines += self._reads_out(camera, readouts_ns[i])
                bump = None if vector is None else camera.record.add(time_ns, vector, self._span_ns)
                if bump is not None:
                    lines += self._bumped(camera, bump)
                    was_bumped = True
            self._poses[time_ns] = self._newest(time_ns)
            if len(self._poses) > POSES_KEPT:
                del self._poses[next(iter(self._poses))]
            self._known_ns = self._newest_ns = time_ns
            self._changed.notify_all()
        for line in lines:
            self._on_told(line)
        if self._on_learned is not None and time_ns - first_ns > self._written_ns:
            self._written_ns = time_ns - first_ns
            names = [camera.name for camera in self._cameras]
            readouts_ns = readouts_ns or [0.0] * len(vectors)
            self._on_learned(learned_line(self._written_ns, names, vectors, readouts_ns))
        if was_bumped:
            self._on_bump(time_ns, self.stands())

    def recall(self, frames: Iterable[LearnedFrame]) -> None:
        """Learn again, before the run, what another run of the same film learned; then only `begin` follows."""
        for frame in frames:
            self.add(frame.time_ns, frame.vectors, None, frame.readouts_ns)
        with self._changed:
            self.is_recalled, self._known_ns = True, -math.inf
            for camera in self._cameras:
                if camera.record.moves_from_ns is not None:
                    camera.record.moves_from_ns = 0  # from the first frame on

    def begin(self, time_ns: Nanoseconds) -> None:
        """The first frame came at this running time; what was recalled counts from there."""
        if self.is_recalled:
            with self._changed:
                self._shift_ns, self._known_ns = time_ns, math.inf
                self._changed.notify_all()

    def finish(self) -> None:
        """Nothing more is measured; wakes every waiter. Idempotent."""
        with self._changed:
            self._known_ns = math.inf
            self._changed.notify_all()

    def wait_known(self, time_ns: int, timeout_s: float | None = None) -> bool:
        """Block until all that `poses_at(time_ns)` needs is measured, or `finish`; False after `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._known_ns >= time_ns + SMOOTH_NS, timeout_s)

    def poses_at(self, time_ns: int) -> Poses | None:
        """How each camera stands at `time_ns` compared with its place; None if all stand there.

        Each pose is fitted to the measurements around it, before and after.
        """
        with self._changed:
            poses = self._poses_at(time_ns - self._shift_ns)
        return None if all(pose is None for pose in poses) else poses

    def pose_at(self, time_ns: int) -> DetectorPose:
        """What a detector that gets the frame of `time_ns` should know: the newest measurement up to then.

        It does not depend on what is measured later, so that a run repeats bit by bit.
        """
        with self._changed:
            if self.is_recalled:
                poses = self._poses_at(time_ns - self._shift_ns)
                return (
                    STANDING
                    if all(pose is None for pose in poses)
                    else DetectorPose(poses, self._poses_at(0))
                )
            if time_ns in self._poses:
                return self._poses[time_ns]
            return next((self._poses[at] for at in reversed(self._poses) if at <= time_ns), STANDING)

    def stands(self) -> Poses:
        """How each camera stands on average now, compared with its place."""
        with self._changed:
            return tuple(Pose.between(each.record.stand, each.record.place) for each in self._cameras)

    @property
    def newest_ns(self) -> Nanoseconds | None:
        """The running time of the newest measurement; None before the first."""
        with self._changed:
            return self._newest_ns

    @property
    def sways(self) -> bool:
        """Whether any camera has left its place."""
        return any(camera.record.moves_from_ns is not None for camera in self._cameras)

    @property
    def is_restless(self) -> bool:
        """Whether any camera sways, is lost, or was off its place when last measured: then every frame counts."""
        return self.sways or any(camera.record.away or camera.lost_from_ns for camera in self._cameras)

    def state(self) -> list[CameraHealth]:
        """What is known of each camera."""
        with self._changed:
            return [self._state(camera) for camera in self._cameras]

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: which cameras swayed, and by how much."""
        return tuple(
            f"{named(each.camera)} swayed by up to {each.worst_deg:.2f} degrees; its video is steadied"
            for each in self.state()
            if each.is_steadied and each.worst_deg >= LEAST_SWAY_DEG
        )

    # The caller holds the lock.

    def _poses_at(self, time_ns: int) -> Poses:
        return tuple(camera.record.pose_at(time_ns) for camera in self._cameras)

    def _seen_or_lost(self, camera: _Watched, time_ns: Nanoseconds, vector: Array | None) -> list[str]:
        """What is to be told of a camera whose backdrop is not seen any more, or again."""
        if camera.sight == "seen":
            was_told, camera.is_told_lost, camera.lost_from_ns = camera.is_told_lost, False, None
            return self._line(camera, f"is seen again at {self._moment(time_ns)}") if was_told else []
        if vector is None:
            camera.lost_frames += 1
            camera.record.away = 0
        if camera.lost_from_ns is None:
            camera.lost_from_ns = time_ns
        if camera.is_told_lost or time_ns - camera.lost_from_ns < LOST_NS:
            return []
        camera.is_told_lost = True
        what = LOST_WORDS[self._sight(camera)]
        return self._line(camera, f"{what} (since {self._moment(camera.lost_from_ns)})")

    @staticmethod
    def _sight(camera: _Watched) -> Lost:
        return "elsewhere" if camera.sight == "seen" else camera.sight

    def _reads_out(self, camera: _Watched, readout_ns: float) -> list[str]:
        is_news, camera.record.readout_ns = camera.record.readout_ns == 0.0, readout_ns
        if not is_news:
            return []
        return self._line(
            camera,
            f"reads a picture out in {abs(readout_ns) / NS_PER_MS:.0f} ms; what that bends is corrected",
        )

    def _bumped(self, camera: _Watched, bump: Bump) -> list[str]:
        did = bump_words(bump, camera.record.off_rad)
        camera.bumps += 1
        camera.last_bump = f"{did} at {self._moment(bump.time_ns)}"
        if did.startswith("was"):
            camera.last_bump += " and is corrected"
        return self._line(camera, camera.last_bump)

    @staticmethod
    def _line(camera: _Watched, said: str) -> list[str]:
        camera.told += 1
        if camera.told > MOST_TOLD:
            return []
        end = "; no more is told of it" if camera.told == MOST_TOLD else ""
        return [f"{named(camera.name)} {said}{end}"]

    def _moment(self, time_ns: int) -> str:
        """A moment for the user; the analysis is never far behind the clock on the wall."""
        if self._live:
            return time.strftime("%H:%M:%S")
        seconds = int(ns_to_seconds(time_ns - (self._first_ns or 0)))
        return f"{seconds // 60}:{seconds % 60:02d}"

    def _newest(self, time_ns: Nanoseconds) -> DetectorPose:
        """The pose of the cameras at the newest time."""
        records = [camera.record for camera in self._cameras]
        if all(record.moves_from_ns is None for record in records):
            return STANDING
        return DetectorPose(
            tuple(self._pose_now(record, time_ns) for record in records),
            tuple(
                None if record.moves_from_ns is None else Pose.between(NO_CHANGE, record.place)
                for record in records
            ),
        )

    @staticmethod
    def _pose_now(record: CameraRecord, time_ns: Nanoseconds) -> Pose | None:
        if record.moves_from_ns is None:
            return None
        is_known = bool(record.times) and time_ns - record.times[-1] < HOLD_NS
        return Pose.between(record.vectors[-1] if is_known else record.stand, record.place)

    def _state(self, camera: _Watched) -> CameraHealth:
        record = camera.record
        now_deg = math.degrees(record.now_rad)
        is_steadied = record.moves_from_ns is not None
        status: Status = "sways" if is_steadied and now_deg >= LEAST_SWAY_DEG else "ok"
        if camera.is_told_lost:
            status = self._sight(camera)
        return CameraHealth(
            camera=camera.name,
            status=status,
            told=health_line(status, now_deg, camera.last_bump),
            now_deg=now_deg,
            worst_deg=math.degrees(record.worst_rad),
            off_deg=math.degrees(record.off_rad) if is_steadied else 0.0,
            bumps=camera.bumps,
            readout_ms=record.readout_ns / NS_PER_MS,
            is_steadied=is_steadied,
            is_lost=camera.lost_from_ns is not None,
            lost_frames=camera.lost_frames,
        )
