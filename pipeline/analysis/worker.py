"""The DetectorWorker: one thread that asks one detector, and never lets it hold the picture back."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from pipeline.analysis.detector import DetectionSet, Detector
from pipeline.analysis.timeline import NOTHING_KNOWN_NS, Timeline
from pipeline.optics.frame import Frame
from pipeline.timebase import Nanoseconds, ns_to_seconds, seconds_to_ns

LIVE_WAITING_FRAMES = 2
"""Live, so many frames wait while the detector is at work; the next one drops the oldest of them."""

OFFLINE_WAITING_FRAMES = 4
"""Offline, so many frames wait before `DetectorWorker.offer` blocks."""

ERRORS_IN_A_ROW = 5
"""After so many errors in a row the failure policy takes hold."""

REST_S = 10.0
"""How much film passes before a detector that rests is tried again."""

HANG_S = 30.0
"""A detector that has not answered for so long hangs: offline, nobody waits for it any more."""

FailurePolicy = Literal["rest", "disable"]
"""After `ERRORS_IN_A_ROW`: ``rest`` for `REST_S` of film, then try again; or ``disable`` for good."""

Condition = Literal["working", "resting", "disabled", "hanging", "finished"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerStatistics:
    """A snapshot of a worker."""

    detector: str
    """The detector's name."""
    condition: Condition
    """What the worker does with the next frame: only ``working`` looks at it."""
    seen: int
    """Frames offered."""
    detected: int
    """Frames that the detector answered."""
    skipped: int
    """Frames that the detector's rate did not ask for, or that came while it rested or was disabled."""
    dropped: int
    """Frames that were due but not looked at: the detector was behind, or the worker was stopped."""
    waiting: int
    """Frames in the queue now."""
    errors: int
    """Frames on which the detector raised."""
    last_error: str
    """The last error's class and message, or nothing."""
    lag_s: float
    """From the offer of the frame last answered to its answer, in wall-clock seconds."""
    busy_s: float
    """Wall-clock seconds spent inside the detector."""


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """A frame on its way to the detector."""

    frame: Frame
    time_ns: Nanoseconds
    release: Callable[[], object]
    offered_s: float


class _Outcome:
    """What a call of foreign code came to; as a context manager it keeps the exception it meets.

    Only a detector's own code runs inside it: whatever it raises is data here, for the film must go on.
    KeyboardInterrupt and SystemExit pass.
    """

    def __init__(self) -> None:
        self.seen: DetectionSet | None = None
        self.error: BaseException | None = None

    def __enter__(self) -> _Outcome:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.error = error
        return isinstance(error, Exception)


class DetectorWorker:
    """Feeds a detector at its own rate from its own thread and writes what it sees into the timeline.

    `offer` is called by one thread, the one that delivers frames; every other method by any. Live,
    `offer` never blocks: a detector that is behind loses the oldest waiting frame, which is counted.
    Offline it blocks until there is room, so that nothing is lost and every run sees the same frames.

    The detector may fail. One that raises is asked again at the next frame, and after `ERRORS_IN_A_ROW`
    the failure policy decides; one that hangs is no longer waited for; the timeline stays honest about
    what will never be known, so that nobody waits for it either.
    """

    def __init__(
        self,
        detector: Detector,
        timeline: Timeline,
        live: bool = True,
        on_error: Callable[[str], object] | None = None,
        policy: FailurePolicy = "rest",
        hang_s: float = HANG_S,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the thread. ``on_error`` gets one line whenever the detector starts to fail or recovers.

        It is called from the worker's thread or, when the detector hangs, from the one that offers,
        and must not raise.
        """
        self._detector = detector
        self._timeline = timeline
        self._live = live
        self._on_error = on_error
        self._policy = policy
        self._hang_s = hang_s
        self._now_s = now_s
        self._room = LIVE_WAITING_FRAMES if live else OFFLINE_WAITING_FRAMES
        # Guards all below. Lock order: this one, then the timeline's. The detector, `release`, `on_error`
        # and the log are called without it.
        self._changed = threading.Condition(threading.Lock())
        self._queue: deque[_Job] = deque()
        self._busy: _Job | None = None
        self._busy_since_s = 0.0
        self._hanging = self._disabled = self._finishing = self._stopping = False
        self._rest_until_ns = NOTHING_KNOWN_NS
        self._errors_in_a_row = 0
        self._last_slot: int | None = None
        self._newest_ns = NOTHING_KNOWN_NS
        self._seen = self._detected = self._skipped = self._dropped = self._errors = 0
        self._last_error = ""
        self._lag_s = self._busy_s = 0.0
        timeline.open_writer(detector.name)
        self._thread = threading.Thread(target=self._run, name=f"detector-{detector.name}", daemon=True)
        self._thread.start()

    def offer(self, frame: Frame, time_ns: Nanoseconds, release: Callable[[], object] = lambda: None) -> bool:
        """Show the worker a frame; True when the detector will be asked about it.

        ``release()`` is called exactly once, from this thread or the worker's, when the frame's memory is
        no longer needed. Live never blocks; offline blocks until there is room (woken by the detector's
        answer, `stop`, or at the latest after ``hang_s``). Times normally grow; a step back is taken.
        """
        if not self._is_due(time_ns):
            release()
            return False
        job = _Job(frame, time_ns, release, self._now_s())
        given_up: list[_Job] = []
        began_to_hang = False
        with self._changed:
            while self._must_wait() and not began_to_hang:
                began_to_hang = not self._changed.wait(self._patience_s()) and self._notice_hang()
            began_to_hang = began_to_hang or self._notice_hang()
            if self._stopping or self._finishing:
                given_up.append(job)
            else:
                if len(self._queue) >= self._room:
                    given_up.append(self._queue.popleft())
                self._queue.append(job)
            self._dropped += len(given_up)
            self._tell_progress()
            self._changed.notify_all()
        for lost in given_up:
            lost.release()
        if began_to_hang:
            self._report(f"has not answered for {self._hang_s:g} s; the film goes on without it")
        return job not in given_up

    def finish(self, timeout_s: float | None = None) -> None:
        """No frame will follow: offline look at what waits, live drop it, then finish the timeline.

        Blocks until the detector has answered, at most ``timeout_s`` (default ``hang_s``) per frame
        that waits. Idempotent; not to be called from the detector.
        """
        with self._changed:
            self._finishing = True
            given_up = self._give_up_queue() if self._live else []
            waiting = len(self._queue) + 1
            self._changed.notify_all()
        self._close(given_up, (self._hang_s if timeout_s is None else timeout_s) * waiting)

    def stop(self, timeout_s: float = 2.0) -> None:
        """Drop what waits and end the thread; a detector at work is waited for at most ``timeout_s``.

        Idempotent, from any thread, the detector's own included. The timeline is finished in any case.
        """
        with self._changed:
            self._stopping = True
            given_up = self._give_up_queue()
            self._changed.notify_all()
        self._close(given_up, timeout_s)

    def statistics(self) -> WorkerStatistics:
        """A snapshot of the counters."""
        with self._changed:
            return WorkerStatistics(
                detector=self._detector.name,
                condition=self._condition(),
                seen=self._seen,
                detected=self._detected,
                skipped=self._skipped,
                dropped=self._dropped,
                waiting=len(self._queue),
                errors=self._errors,
                last_error=self._last_error,
                lag_s=self._lag_s,
                busy_s=self._busy_s,
            )

    def __repr__(self) -> str:
        state = self.statistics()
        return f"<DetectorWorker {state.detector} {state.condition}, {state.detected} of {state.seen} frames>"

    # -- the thread that offers ------------------------------------------------------------------------

    def _is_due(self, time_ns: Nanoseconds) -> bool:
        """Count a frame in, and say whether it is the first of its slot of the detector's rate."""
        rate_hz = self._detector.rate_hz
        slot = math.floor(ns_to_seconds(time_ns) * rate_hz) if 0 < rate_hz < math.inf else time_ns
        with self._changed:
            self._seen += 1
            self._newest_ns = max(self._newest_ns, time_ns)
            idle = self._disabled or time_ns < self._rest_until_ns
            if slot == self._last_slot or idle:
                self._skipped += 1
                self._tell_progress()
                return False
            self._last_slot = slot
            return True

    def _must_wait(self) -> bool:
        """Whether the offering thread has to wait for room; the lock is held."""
        full = len(self._queue) >= self._room
        return full and not (self._live or self._hanging or self._stopping or self._finishing)

    def _patience_s(self) -> float | None:
        """How much longer the answer may take before the detector hangs; the lock is held."""
        if self._busy is None:
            return None
        return max(0.0, self._busy_since_s + self._hang_s - self._now_s())

    def _notice_hang(self) -> bool:
        """Set the detector down as hanging when its time is up; True when that is news. The lock is held."""
        if self._hanging or self._busy is None or self._patience_s():
            return False
        self._hanging = True
        return True

    # -- the detector's thread -------------------------------------------------------------------------

    def _run(self) -> None:
        """Take frames as they come until told to end, then close the detector."""
        while (job := self._next()) is not None:
            with _Outcome() as outcome:
                seen = self._detector.detect(job.frame, job.time_ns)
                outcome.seen = None if seen is None else DetectionSet(job.time_ns, tuple(seen))
            job.release()
            if outcome.seen is not None:
                self._timeline.add(outcome.seen)
            news, given_up = self._settle(job, outcome.error)
            for lost in given_up:
                lost.release()
            if news:
                self._report(news, outcome.error)
        self._timeline.finish(self._detector.name)
        with _Outcome() as outcome:
            self._detector.close()
        if outcome.error is not None:
            self._report(f"failed to close: {_one_line(outcome.error)}", outcome.error)

    def _next(self) -> _Job | None:
        """Wait for the next frame; None when the worker is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._stopping or self._finishing)
            if self._stopping or not self._queue:
                return None
            self._busy = self._queue.popleft()
            self._busy_since_s = self._now_s()
            self._changed.notify_all()
            return self._busy

    def _settle(self, job: _Job, error: BaseException | None) -> tuple[str, list[_Job]]:
        """Count an answer or an error: what is to be told about it, if anything, and the frames given up."""
        with self._changed:
            now_s = self._now_s()
            self._busy = None
            self._busy_s += now_s - self._busy_since_s
            failing = self._hanging or self._errors_in_a_row >= ERRORS_IN_A_ROW
            self._hanging = False
            given_up: list[_Job] = []
            if error is None:
                news = "answers again" if failing else ""
                self._detected += 1
                self._lag_s = now_s - job.offered_s
                self._errors_in_a_row = 0
            else:
                self._errors += 1
                self._errors_in_a_row += 1
                self._last_error = _one_line(error)
                news = self._apply_policy(job.time_ns)
                if self._errors_in_a_row >= ERRORS_IN_A_ROW:
                    given_up = self._give_up_queue()
            self._tell_progress()
            self._changed.notify_all()
        return news, given_up

    def _apply_policy(self, time_ns: Nanoseconds) -> str:
        """Decide what follows from an error at `time_ns`; what is to be told. The lock is held."""
        if self._errors_in_a_row == 1:
            return f"failed: {self._last_error}"
        if self._errors_in_a_row < ERRORS_IN_A_ROW:
            return ""
        if self._policy == "disable":
            self._disabled = True
            return f"failed {ERRORS_IN_A_ROW} times in a row and is switched off: {self._last_error}"
        self._rest_until_ns = Nanoseconds(time_ns + seconds_to_ns(REST_S))
        if self._errors_in_a_row > ERRORS_IN_A_ROW:
            return ""
        return f"failed {ERRORS_IN_A_ROW} times in a row and rests for {REST_S:g} s: {self._last_error}"

    # -- both ------------------------------------------------------------------------------------------

    def _tell_progress(self) -> None:
        """Tell the timeline how far everything is analysed or given up; the lock is held."""
        pending = self._queue[0] if self._queue else None
        if self._busy is not None and not self._hanging:
            pending = self._busy
        known_ns = self._newest_ns if pending is None else Nanoseconds(pending.time_ns - 1)
        self._timeline.mark_known(known_ns, self._detector.name)

    def _give_up_queue(self) -> list[_Job]:
        """Empty the queue; the caller releases the frames without the lock, which is held here."""
        given_up = list(self._queue)
        self._queue.clear()
        self._dropped += len(given_up)
        return given_up

    def _close(self, given_up: list[_Job], timeout_s: float) -> None:
        """Release, wait for the thread, and finish the timeline whether or not it came back."""
        for job in given_up:
            job.release()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)
        self._timeline.finish(self._detector.name)

    def _condition(self) -> Condition:
        """What the worker is up to; the lock is held."""
        if self._stopping or self._finishing:
            return "finished"
        if self._hanging:
            return "hanging"
        if self._disabled:
            return "disabled"
        return "resting" if self._newest_ns < self._rest_until_ns else "working"

    def _report(self, news: str, error: BaseException | None = None) -> None:
        """Log a line about the detector and hand it to ``on_error``; no lock is held."""
        line = f"detector {self._detector.name} {news}"
        _logger.warning(line, exc_info=error if _logger.isEnabledFor(logging.DEBUG) else None)
        if self._on_error is not None:
            self._on_error(line)


def _one_line(error: BaseException) -> str:
    """An exception's class and message on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
