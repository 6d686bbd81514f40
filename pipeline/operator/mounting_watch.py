"""MountingWatch: looks at live cameras while they are set up, and tries again and again whether they make a rig."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType

import numpy as np

from pipeline.analysis.sway_watch import FrozenPicture
from pipeline.errors import CalibrationError, RigError, SourceError
from pipeline.gst.capture.frame_tap import FrameTap, open_taps
from pipeline.gst.capture.recent_footage import RecentFootage, footage_of
from pipeline.gst.core.frame_rate import caps_fps
from pipeline.gst.core.frames import FrameLayout
from pipeline.gst.runtime import Gst
from pipeline.media.source_spec import SourceSpec
from pipeline.optics.angles import Array
from pipeline.optics.calibration.calibrate import Calibration, calibrate_and_judge
from pipeline.optics.calibration.footage import refuse_still
from pipeline.optics.calibration.mounting import Mounting, mounting_of, roll_of
from pipeline.optics.calibration.picture_faults import Luma, picture_faults
from pipeline.optics.calibration.verdict import Grade
from pipeline.optics.lens import Lens
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.sway_meter import SwayMeter
from pipeline.timebase import NS_PER_S, Nanoseconds

STEADY_S = 4.0
"""A camera that stood still for so long is calibrated."""

AGAIN_S, AGAIN_IF_GOOD_S = 5.0, 60.0
"""The pause after an attempt, at least; it is at least as long as the attempt was, too."""

ANSWER_S = 15.0
"""A source that sends nothing for so long has failed."""

NICE = 10
_MORE_S = 1.0
_POLL_S = 0.02
_SWAY_S = 3.0
_MOVED_DEG, _LOST_S = 0.5, 1.0
_MEASURE_EVERY_S = 0.1


class _NotWantedError(Exception):
    """The attempt is not wanted any more."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One camera: what is wrong with its picture, how far it sways in degrees (None: not known yet), and its tilt
    and roll by the newest rig (positive: upward; its right end too low), None without one."""

    name: str
    faults: tuple[str, ...]
    sway_deg: float | None
    tilt_deg: float | None = None
    roll_deg: float | None = None


@dataclass(frozen=True, slots=True)
class MountingState:
    """What is known now. ``verdict``: of the newest attempt since a camera was moved, None before it; ``reasons``:
    why it is not better; ``steady_s``: for how long all cameras have stood still, up to ten seconds; ``stage``: of
    the attempt in progress, empty between attempts."""

    cameras: tuple[Watched, ...]
    steady_s: float
    stage: str = ""
    verdict: Grade | None = None
    reasons: tuple[str, ...] = ()
    mounting: Mounting | None = None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """An attempt's verdict, and its rig unless it was refused. `moves`: how often cameras had been moved by then;
    `seconds`: of footage that it saw."""

    moves: int
    seconds: float
    verdict: Grade
    reasons: tuple[str, ...]
    rig: Rig | None = None
    mounting: Mounting | None = None


class _Camera:
    """What one camera shows and how it sways; under the watch's lock."""

    def __init__(self, name: str) -> None:
        self.recent = RecentFootage(name)
        self.luma: Luma | None = None
        self.lens: Lens | None = None
        self._frozen = FrozenPicture()
        self.is_frozen = False
        self.is_lost = False
        """Whether its last frame is repeated, because it is offline."""
        self._meter: SwayMeter | None = None
        self._turns: list[tuple[Nanoseconds, Array]] = []
        self._measured_ns = Nanoseconds(0)
        self._seen_ns: Nanoseconds | None = None
        """When the backdrop was seen last; None if there is nothing to go by, as in a plain picture."""

    def measure(self, luma: Luma, time_ns: Nanoseconds) -> bool:
        """Take note of a frame; returns whether the camera was moved, so that everything begins anew."""
        self.is_frozen = self._frozen.look(luma, time_ns)
        if self._meter is None:
            lens = self.lens or Rig.assume(luma.shape[1], luma.shape[0]).cameras[0].lens
            self._meter, self._turns, self._seen_ns = SwayMeter(lens), [], None
        elif time_ns - self._measured_ns < _MEASURE_EVERY_S * NS_PER_S:
            return False
        self._measured_ns = time_ns
        self.luma = luma.copy()
        fit = self._meter.measure(luma)
        if fit is not None:
            self._seen_ns = time_ns
            self._turns.append((time_ns, np.degrees(fit.vector[:3])))
        while self._turns and time_ns - self._turns[0][0] > _SWAY_S * NS_PER_S:
            self._turns.pop(0)
        moved = self._seen_ns is not None and time_ns - self._seen_ns > _LOST_S * NS_PER_S
        if len(self._turns) > 2:
            moved |= float(np.linalg.norm(self._middle())) > _MOVED_DEG
        if moved:
            self._meter = None
        return moved

    def learn(self, lens: Lens) -> None:
        """Measure the sway by the lens that was found, from the next frame on."""
        if self.lens is None:
            self._meter = None
        self.lens = lens

    @property
    def sway_deg(self) -> float | None:
        """How far the camera was from its middle at most in the last seconds; None while that is not known."""
        if len(self._turns) < 5:
            return None
        off = np.linalg.norm(np.stack([turn for _, turn in self._turns]) - self._middle(), axis=1)
        return float(off.max())

    def _middle(self) -> Array:
        middle: Array = np.median(np.stack([turn for _, turn in self._turns]), axis=0)
        return middle


class MountingWatch:
    """Two threads: one reads the sources, one calibrates what they show, at a low priority. A context manager.

    `state` and `rig` may be called from any thread. What moves a camera clears what was known. The lock guards
    what the threads share; computing is done outside it.
    """

    def __init__(self, sources: Sequence[SourceSpec]) -> None:
        self._sources = tuple(sources)
        self._lock = threading.Lock()
        self._cameras: list[_Camera] = []
        self._moves = 0
        self._attempt: _Attempt | None = None
        self._stage = ""
        self._error: Exception | None = None
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._done = threading.Event()
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True)
            for name, work in (("watch", self._read), ("calibrate", self._calibrate))
        ]

    def __enter__(self) -> MountingWatch:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._threads[0].join(10.0)
        self._threads[1].join(2.0)  # the attempt in progress ends with the process, if it takes longer

    def wait(self, timeout_s: float) -> bool:
        """Block for so long; returns whether the sources have ended and the last attempt is made.

        Raises SourceError when a source has failed.
        """
        done = self._done.wait(timeout_s)
        if self._error is not None:
            raise self._error
        return done

    def state(self) -> MountingState:
        """What is known now; takes some hundredths of a second a camera."""
        with self._lock:
            attempt = self._attempt
            steady_s = min((camera.recent.seconds for camera in self._cameras), default=0.0)
            known = [
                (camera.recent.name, camera.luma, camera.is_frozen, camera.is_lost, camera.sway_deg)
                for camera in self._cameras
            ]
        rig = None if attempt is None else attempt.rig
        cameras = []
        for i, (name, luma, is_frozen, is_lost, sway_deg) in enumerate(known):
            faults = ["is offline"] if is_lost else [] if luma is None else picture_faults(luma)
            if is_frozen and not faults:
                faults.append("sends the same picture again and again")
            watched = Watched(name, tuple(faults), sway_deg)
            if rig is not None:
                camera = rig.cameras[i]
                watched = replace(watched, tilt_deg=camera.tilt_deg, roll_deg=roll_of(camera))
            cameras.append(watched)
        state = MountingState(tuple(cameras), steady_s, self._stage)
        if attempt is None:
            return state
        return replace(state, verdict=attempt.verdict, reasons=attempt.reasons, mounting=attempt.mounting)

    def rig(self) -> Rig | None:
        """The rig of the newest verdict, if that is good and no camera was moved since."""
        attempt = self._attempt
        return None if attempt is None or attempt.verdict != "good" else attempt.rig

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do a thread's work; its error ends the watch."""
        try:
            work()
        except Exception as error:  # noqa: BLE001  # raised again by `wait`
            self._error = error
            self._stopping.set()
            self._done.set()

    # --- reading --------------------------------------------------------------------------------------------

    def _read(self) -> None:
        with open_taps(self._sources, paced=True) as taps:
            with self._lock:
                self._cameras = [_Camera(tap.name) for tap in taps]
            heard_s = [time.monotonic()] * len(taps)
            while not self._stopping.is_set() and not any(tap.has_ended for tap in taps):
                for i, tap in enumerate(taps):
                    sample = tap.poll(_POLL_S)
                    if sample is not None:
                        heard_s[i] = time.monotonic()
                        self._look(i, tap, sample)
                    elif time.monotonic() - heard_s[i] > ANSWER_S and not tap.has_ended:
                        raise tap.silence(ANSWER_S)
        if not self._stopping.is_set():
            for tap, camera in zip(taps, self._cameras, strict=True):
                if camera.luma is None:
                    raise SourceError(f"{tap.name}: sent no video; does it hold video?")
        self._ended.set()

    def _look(self, i: int, tap: FrameTap, sample: Gst.Sample) -> None:
        buffer, caps, segment = sample.get_buffer(), sample.get_caps(), sample.get_segment()
        if buffer is None or caps is None:
            raise SourceError(f"{tap.name}: sends data that is not video")
        time_ns = Nanoseconds(segment.to_running_time(Gst.Format.TIME, buffer.pts))
        is_lost = tap.is_lost_at(time_ns)
        with FrameLayout.of(caps).map(buffer) as frame, self._lock:
            camera = self._cameras[i]
            camera.is_lost = is_lost
            if is_lost:
                return
            if camera.measure(frame.luma, time_ns):
                self._moves += 1
                self._attempt = None
                for one in self._cameras:
                    one.recent.clear()
            camera.recent.add(frame, time_ns, caps_fps(caps))

    # --- calibrating ----------------------------------------------------------------------------------------

    def _calibrate(self) -> None:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while not self._stopping.is_set():
            ended = self._ended.wait(0.2)
            with self._lock:
                moves = self._moves
                steady_s = min((camera.recent.seconds for camera in self._cameras), default=0.0)
                recent = [camera.recent.copy() for camera in self._cameras] if steady_s > 0 else []
            wanted = steady_s >= (0.0 if ended else STEADY_S)
            last = self._attempt
            if last is not None and ended:  # only if more footage may tell more
                wanted = last.verdict != "good" and steady_s > last.seconds + _MORE_S
            if recent and wanted:
                self._try(recent, moves, steady_s, may_stop=not ended)
            if ended:
                self._done.set()
                return

    def _try(self, recent: list[RecentFootage], moves: int, steady_s: float, *, may_stop: bool) -> None:
        """One attempt, then a pause that a new position of the cameras cuts short."""
        began_s = time.monotonic()
        self._stage = "looking at the footage"

        def still_wanted(stage: str) -> None:
            self._stage = stage
            if self._stopping.is_set() or self._moves != moves:
                raise _NotWantedError

        try:
            footage = footage_of(recent)
            refuse_still(footage)
            attempt = _judged(calibrate_and_judge(footage, still_wanted), moves, steady_s)
        except (CalibrationError, RigError) as error:
            attempt = _Attempt(moves, steady_s, "refused", (str(error),))
        except _NotWantedError:
            return
        finally:
            self._stage = ""
        with self._lock:
            if self._moves != moves:
                return
            self._attempt = attempt
            if attempt.rig is not None:
                for camera, own in zip(self._cameras, attempt.rig.cameras, strict=True):
                    camera.learn(own.lens)
        took_s = time.monotonic() - began_s
        pause_s = max(AGAIN_IF_GOOD_S if attempt.verdict == "good" else AGAIN_S, took_s)
        until_s = time.monotonic() + pause_s
        while may_stop and time.monotonic() < until_s and self._moves == moves:
            if self._stopping.wait(0.2) or self._ended.is_set():
                return


def _judged(found: Calibration, moves: int, steady_s: float) -> _Attempt:
    """What an attempt found. A rig that is refused tells nothing about the cameras."""
    verdict = found.verdict
    if verdict.grade == "refused":
        return _Attempt(moves, steady_s, "refused", verdict.reasons)
    return _Attempt(moves, steady_s, verdict.grade, verdict.reasons, found.rig, mounting_of(found.rig))
