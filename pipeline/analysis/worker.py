"""DetectorWorker: runs one detector in one thread, and never lets it delay the video."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.analysis.admission import admitted
from pipeline.analysis.detector import Detection, DetectionSet, Detector, Shirt
from pipeline.analysis.timeline import NOTHING_KNOWN_NS, Timeline
from pipeline.analysis.worker_statistics import Condition, WorkerStatistics
from pipeline.foreign_code import Contained, describe
from pipeline.optics.frame import Frame
from pipeline.timebase import Nanoseconds, ns_to_seconds, seconds_to_ns

LIVE_WAITING_FRAMES = 2
"""The number of frames that wait for the detector live; the next one drops the oldest of them."""

OFFLINE_WAITING_FRAMES = 4
"""The number of frames that wait for the detector offline before `DetectorWorker.offer` blocks."""

ERRORS_IN_A_ROW = 5
"""After this many consecutive errors the failure policy applies."""

REST_S = 10.0
"""A resting detector is tried again after this much video time."""

HANG_S = 30.0
"""A detector that has not answered for this long hangs; offline runs then no longer wait for it."""

END_S = 3.0
"""At the end of a run a frame is waited for this long, or for twice the detector's slowest answer so far."""

CLOSE_S = 2.0
"""How long to wait for a detector to close."""

NOTICE_S = 1.0
"""An end that waits longer than this for the detector says so."""

FailurePolicy = Literal["rest", "disable"]
"""After `ERRORS_IN_A_ROW`: ``rest`` for `REST_S` of video time, then try again; or ``disable`` permanently."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """A frame on its way to the detector."""

    frame: Frame
    time_ns: Nanoseconds
    release: Callable[[], object]
    offered_s: float


class DetectorWorker:
    """Runs a detector at its own rate in its own thread, and writes its detections to the timeline.

    One thread calls `offer`, the one that delivers frames; any thread may call the other methods. Live, `offer`
    never blocks: if the detector is behind, the oldest waiting frame is dropped and counted. Offline, `offer`
    blocks until there is room, so that no frame is lost and every run analyses the same frames.

    The detector may fail. After an exception it receives the next frame, and after `ERRORS_IN_A_ROW` the failure
    policy applies; a detector that hangs is no longer waited for. The timeline counts frames that will never be
    analysed as known, so that nobody waits for them.
    """

    def __init__(
        self,
        detector: Detector,
        timeline: Timeline,
        live: bool = True,
        on_error: Callable[[str], object] | None = None,
        policy: FailurePolicy = "rest",
        hang_s: float = HANG_S,
        end_s: float = END_S,
        now_s: Callable[[], float] = time.monotonic,
        read_shirts: Callable[[Frame, Sequence[Detection]], tuple[Shirt | None, ...]] | None = None,
    ) -> None:
        """Start the thread. ``on_error`` receives one line whenever the detector starts to fail or recovers.

        The worker's thread calls it, or the offering thread if the detector hangs. It must not raise.
        ``read_shirts(frame, detections)`` is called after each answer, on the worker's thread.
        """
        self._detector = detector
        self._name, self._rate_hz = detector.name, detector.rate_hz
        self._timeline = timeline
        self._live = live
        self._on_error = on_error
        self._policy = policy
        self._hang_s, self._end_s = hang_s, end_s
        self._slowest_s = 0.0
        self._ending_since_s: float | None = None
        self._now_s = now_s
        self._read_shirts = read_shirts
        self._room = LIVE_WAITING_FRAMES if live else OFFLINE_WAITING_FRAMES
        # Guards everything below. Lock order: this one, then the timeline's. The detector, `release`, `on_error`
        # and the log are called without it.
        self._changed = threading.Condition(threading.Lock())
        self._queue: deque[_Job] = deque()
        self._busy: _Job | None = None
        self._busy_since_s = 0.0
        self._hanging = self._disabled = self._finishing = self._stopping = self._ended = False
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
        """Offer a frame to the worker; True if it is queued for the detector.

        ``release()`` is called exactly once, from this thread or the worker's, when the frame's memory is no longer
        needed. Live, this never blocks; offline it blocks until there is room (woken by the detector's result, by
        `stop`, or at the latest after ``hang_s``). Times normally increase; a step back is accepted.
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
            self._report_progress()
            self._changed.notify_all()
        for lost in given_up:
            lost.release()
        if began_to_hang:
            self._report(f"has not answered for {self._limit_s():g} s; the run continues without it")
        return job not in given_up

    def drain(self) -> None:
        """Prepare for the end: from now on wait for each frame for ``end_s``, not ``hang_s``. Any thread."""
        with self._changed:
            if self._ending_since_s is None:
                self._ending_since_s = self._now_s()
            self._changed.notify_all()

    def finish(self) -> None:
        """End the input: offline, analyse the waiting frames; live, drop them; then finish the timeline.

        Blocks until the detector is done or hangs (see `drain`), or until `stop`. Idempotent; must not be called
        from the detector.
        """
        self.drain()
        with self._changed:
            self._finishing = True
            given_up = self._drop_queue() if self._live else []
            self._changed.notify_all()
            is_quick = self._changed.wait_for(self._is_over, min(NOTICE_S, self._end_s / 2))
        if not is_quick:
            self._report(f"is still busy; the end waits for up to {self._limit_s():g} s for each frame")
        self._close(given_up + self._wait_for_end(), CLOSE_S if self._ended else 0)

    def stop(self, timeout_s: float = CLOSE_S) -> None:
        """Drop the waiting frames and end the thread; waits at most ``timeout_s`` for a busy detector.

        Idempotent; any thread, including the detector's own. The timeline is finished in any case.
        """
        with self._changed:
            self._stopping = True
            given_up = self._drop_queue()
            self._changed.notify_all()
        self._close(given_up, timeout_s)

    def statistics(self) -> WorkerStatistics:
        """A snapshot of the counters."""
        with self._changed:
            return WorkerStatistics(
                detector=self._name,
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

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: how often the detector failed, and why the last time."""
        state = self.statistics()
        if not state.errors:
            return ()
        asked = state.errors + state.detected
        return (f"detector {state.detector} failed on {state.errors} of {asked} frames: {state.last_error}",)

    def __repr__(self) -> str:
        state = self.statistics()
        return f"<DetectorWorker {state.detector} {state.condition}, {state.detected} of {state.seen} frames>"

    # -- the thread that offers ------------------------------------------------------------------------

    def _is_due(self, time_ns: Nanoseconds) -> bool:
        """Count a frame; True if it is the first in its time slot of the detector's rate."""
        rate_hz = self._rate_hz
        slot = math.floor(ns_to_seconds(time_ns) * rate_hz) if 0 < rate_hz < math.inf else time_ns
        with self._changed:
            self._seen += 1
            self._newest_ns = max(self._newest_ns, time_ns)
            idle = self._disabled or time_ns < self._rest_until_ns
            if slot == self._last_slot or idle:
                self._skipped += 1
                self._report_progress()
                return False
            self._last_slot = slot
            return True

    def _must_wait(self) -> bool:
        """Whether the offering thread must wait for room. The caller holds the lock."""
        full = len(self._queue) >= self._room
        return full and not (self._live or self._hanging or self._stopping or self._finishing)

    def _patience_s(self) -> float | None:
        """The seconds until the detector counts as hanging, None if idle. The caller holds the lock."""
        if self._busy is None:
            return None
        since_s = max(self._busy_since_s, self._ending_since_s or self._busy_since_s)
        return max(0.0, since_s + self._limit_s() - self._now_s())

    def _limit_s(self) -> float:
        """A detector that does not answer for so long hangs."""
        if self._ending_since_s is None:
            return self._hang_s
        return min(self._hang_s, max(self._end_s, 2 * self._slowest_s))

    def _notice_hang(self) -> bool:
        """Mark the detector as hanging if its time is up; True if it was not before. The caller holds the lock."""
        if self._hanging or self._busy is None or self._patience_s():
            return False
        self._hanging = True
        return True

    # -- the detector's thread -------------------------------------------------------------------------

    def _run(self) -> None:
        """Process frames until the worker ends, then close the detector."""
        while (job := self._next()) is not None:
            seen: DetectionSet | None = None
            with Contained() as call:
                answer = self._detector.detect(job.frame, job.time_ns)
                if answer is not None:
                    found = admitted(answer)
                    shirts = () if self._read_shirts is None else self._read_shirts(job.frame, found)
                    seen = DetectionSet(job.time_ns, found, shirts)
            job.release()
            if seen is not None:
                self._timeline.add(seen)
            news, given_up = self._record(job, call.error)
            for lost in given_up:
                lost.release()
            if news:
                self._report(news, call.error)
        self._timeline.finish(self._name)
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        with Contained() as call:
            self._detector.close()
        if call.error is not None:
            self._report(f"failed to close: {describe(call.error)}", call.error)

    def _next(self) -> _Job | None:
        """Wait for the next frame; None if the worker must end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._stopping or self._finishing)
            if self._stopping or not self._queue:
                return None
            self._busy = self._queue.popleft()
            self._busy_since_s = self._now_s()
            self._changed.notify_all()
            return self._busy

    def _record(self, job: _Job, error: BaseException | None) -> tuple[str, list[_Job]]:
        """Record a result or an error; returns the news to report, if any, and the dropped frames."""
        with self._changed:
            now_s = self._now_s()
            self._busy = None
            self._busy_s += now_s - self._busy_since_s
            self._slowest_s = max(self._slowest_s, now_s - self._busy_since_s)
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
                self._last_error = describe(error)
                news = self._apply_policy(job.time_ns)
                if self._errors_in_a_row >= ERRORS_IN_A_ROW:
                    given_up = self._drop_queue()
            self._report_progress()
            self._changed.notify_all()
        return news, given_up

    def _apply_policy(self, time_ns: Nanoseconds) -> str:
        """Apply the failure policy after an error at `time_ns`; returns the news. The caller holds the lock."""
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

    def _report_progress(self) -> None:
        """Report to the timeline how far frames are analysed or dropped. The caller holds the lock."""
        pending = self._queue[0] if self._queue else None
        if self._busy is not None and not self._hanging:
            pending = self._busy
        known_ns = self._newest_ns if pending is None else Nanoseconds(pending.time_ns - 1)
        self._timeline.mark_known(known_ns, self._name)

    def _drop_queue(self) -> list[_Job]:
        """Empty the queue. The caller holds the lock and releases the frames after giving it up."""
        given_up = list(self._queue)
        self._queue.clear()
        self._dropped += len(given_up)
        return given_up

    def _is_over(self) -> bool:
        """Whether nothing is left to wait for."""
        return self._ended or self._stopping or self._hanging

    def _wait_for_end(self) -> list[_Job]:
        """Wait until the detector is done or hangs; returns the frames that are dropped because it hangs."""
        began_to_hang = False
        with self._changed:
            while not self._is_over():
                began_to_hang = not self._changed.wait(self._patience_s()) and self._notice_hang()
            given_up = self._drop_queue() if self._hanging else []
        if began_to_hang:
            self._report(f"has not answered for {self._limit_s():g} s; the run ends without it")
        return given_up

    def _close(self, given_up: list[_Job], timeout_s: float) -> None:
        """Release the dropped frames, wait for the thread, and finish the timeline even if the thread hangs."""
        for job in given_up:
            job.release()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)
        self._timeline.finish(self._name)

    def _condition(self) -> Condition:
        """The worker's condition. The caller holds the lock."""
        if self._stopping or self._finishing:
            return "finished"
        if self._hanging:
            return "hanging"
        if self._disabled:
            return "disabled"
        return "resting" if self._newest_ns < self._rest_until_ns else "working"

    def _report(self, news: str, error: BaseException | None = None) -> None:
        """Log a line about the detector and pass it to ``on_error``. The caller holds no lock."""
        line = f"detector {self._name} {news}"
        _logger.warning(line, exc_info=error if _logger.isEnabledFor(logging.DEBUG) else None)
        if self._on_error is not None:
            self._on_error(line)
