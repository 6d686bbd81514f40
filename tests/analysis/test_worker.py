"""Tests of the detector worker in lockstep with a detector: rate, drops, waiting, failures, end."""

from __future__ import annotations

import threading

import pytest

from pipeline.analysis.detector import Detector
from pipeline.analysis.timeline import NOTHING_KNOWN_NS, Timeline
from pipeline.analysis.worker import (
    ERRORS_IN_A_ROW,
    LIVE_WAITING_FRAMES,
    OFFLINE_WAITING_FRAMES,
    REST_S,
    DetectorWorker,
)
from tests.analysis.fakes import BALL, FRAME, WAIT_S, EasyDetector, HandDetector, Releases, ms


class Reports:
    """Collects what the worker reports about its detector; a test may wait for the next line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._came = threading.Condition()

    def __call__(self, line: str) -> None:
        with self._came:
            self.lines.append(line)
            self._came.notify_all()

    def wait(self, count: int) -> list[str]:
        with self._came:
            assert self._came.wait_for(lambda: len(self.lines) >= count, WAIT_S), self.lines
            return self.lines


def make(
    detector: Detector, live: bool = True, **options: object
) -> tuple[DetectorWorker, Timeline, Releases, Reports]:
    timeline = Timeline(span_s=1e6)
    reports = Reports()
    worker = DetectorWorker(detector, timeline, live, reports, **options)  # type: ignore[arg-type]
    return worker, timeline, Releases(), reports


def offer(worker: DetectorWorker, releases: Releases, time_ms: int) -> bool:
    return worker.offer(FRAME, ms(time_ms), releases.of(ms(time_ms)))


def test_the_thread_is_named_after_its_detector() -> None:
    worker, *_ = make(EasyDetector())
    assert "detector-easy" in {thread.name for thread in threading.enumerate()}
    worker.stop()


@pytest.mark.parametrize(
    ("rate_hz", "asked_ms"),
    [
        (0.0, list(range(0, 1000, 40))),
        (float("inf"), list(range(0, 1000, 40))),
        (100.0, list(range(0, 1000, 40))),
        (12.5, list(range(0, 1000, 80))),
        (10.0, [0, 120, 200, 320, 400, 520, 600, 720, 800, 920]),
        (1.0, [0]),
    ],
)
def test_the_rate_is_measured_in_running_time(rate_hz: float, asked_ms: list[int]) -> None:
    detector = EasyDetector(rate_hz)
    worker, timeline, releases, _ = make(detector, live=False)
    for time_ms in range(0, 1000, 40):
        offer(worker, releases, time_ms)
    worker.finish()
    assert detector.asked == [ms(time_ms) for time_ms in asked_ms]
    assert [entry.time_ns for entry in timeline.all()] == detector.asked
    assert releases.all_once()
    state = worker.statistics()
    assert (state.seen, state.detected, state.dropped) == (25, len(asked_ms), 0)
    assert state.skipped == 25 - len(asked_ms)


def test_a_frame_that_is_not_due_is_released_before_offer_returns() -> None:
    worker, _, releases, _ = make(EasyDetector(rate_hz=1.0))
    offer(worker, releases, 0)
    assert not offer(worker, releases, 40)
    assert releases.counts[ms(40)] == 1
    worker.stop()


def test_live_the_oldest_waiting_frame_is_dropped_and_counted() -> None:
    detector = HandDetector()
    worker, timeline, releases, _ = make(detector)
    offer(worker, releases, 0)
    detector.wait_asked()
    waiting = [offer(worker, releases, 40 * index) for index in range(1, LIVE_WAITING_FRAMES + 3)]
    assert all(waiting)
    assert [releases.counts[ms(40 * index)] for index in (1, 2, 3)] == [1, 1, 0]
    assert worker.statistics().dropped == 2
    for expected_ms in (0, 120, 160):
        detector.answer()
        if expected_ms < 160:
            assert detector.wait_asked() == ms({0: 120, 120: 160}[expected_ms])
    worker.finish()
    assert [entry.time_ns for entry in timeline.all()] == [0, ms(120), ms(160)]
    assert releases.all_once()


def test_known_until_covers_exactly_what_is_analysed_or_skipped() -> None:
    detector = HandDetector(rate_hz=12.5)
    worker, timeline, releases, _ = make(detector)
    offer(worker, releases, 0)
    detector.wait_asked()
    offer(worker, releases, 40)
    assert timeline.known_until_ns < 0
    offer(worker, releases, 80)
    detector.answer()
    detector.wait_asked()
    assert timeline.known_until_ns == ms(80) - 1
    offer(worker, releases, 120)
    assert timeline.known_until_ns == ms(80) - 1
    detector.answer()
    assert timeline.wait_known(ms(120), WAIT_S)
    assert timeline.known_until_ns == ms(120)
    worker.stop()
    assert timeline.finished


def test_nothing_is_known_before_the_first_frame() -> None:
    worker, timeline, *_ = make(EasyDetector())
    assert timeline.known_until_ns == NOTHING_KNOWN_NS
    worker.stop()


def test_offline_offer_waits_for_space_and_nothing_is_dropped() -> None:
    detector = HandDetector()
    worker, timeline, releases, _ = make(detector, live=False)
    offer(worker, releases, 0)
    detector.wait_asked()
    for index in range(1, OFFLINE_WAITING_FRAMES + 1):
        offer(worker, releases, index)
    last = OFFLINE_WAITING_FRAMES + 1
    blocked = threading.Thread(target=offer, args=(worker, releases, last))
    blocked.start()
    blocked.join(0.05)
    assert blocked.is_alive()
    detector.answer()
    blocked.join(WAIT_S)
    assert not blocked.is_alive()
    for _ in range(last):
        detector.wait_asked()
        detector.answer()
    worker.finish()
    assert [entry.time_ns for entry in timeline.all()] == [ms(index) for index in range(last + 1)]
    assert worker.statistics().dropped == 0
    assert releases.all_once()


def test_finish_offline_analyses_the_waiting_frames() -> None:
    detector = EasyDetector()
    worker, timeline, releases, _ = make(detector, live=False)
    for index in range(4):
        offer(worker, releases, index)
    worker.finish()
    worker.finish()
    assert len(timeline.all()) == 4
    assert timeline.finished
    assert not offer(worker, releases, 9)
    assert releases.all_once()


def test_none_is_not_stored_but_an_empty_result_is() -> None:
    detector = HandDetector()
    worker, timeline, releases, _ = make(detector, live=False)
    for index, answer in enumerate((None, (), (BALL,))):
        offer(worker, releases, index)
        detector.answer(answer)
    worker.finish()
    assert [(entry.time_ns, len(entry.detections)) for entry in timeline.all()] == [(ms(1), 0), (ms(2), 1)]


def test_a_detector_that_raises_is_reported_once_and_called_again() -> None:
    detector = HandDetector()
    worker, timeline, releases, reports = make(detector, live=False)
    for index, answer in enumerate([ValueError("no\nlens"), ValueError("again"), (BALL,)]):
        offer(worker, releases, index)
        detector.wait_asked()
        detector.answer(answer)
    worker.finish()
    assert reports.lines == ["detector hand failed: ValueError: no lens"]
    assert [entry.time_ns for entry in timeline.all()] == [ms(2)]
    state = worker.statistics()
    assert (state.errors, state.detected, state.last_error) == (2, 1, "ValueError: again")
    assert releases.all_once()
    assert detector.closed == 1


def test_a_result_that_is_no_list_is_an_error_of_the_detector() -> None:
    detector = HandDetector()
    worker, _, releases, reports = make(detector, live=False)
    offer(worker, releases, 0)
    detector.answer(3)  # type: ignore[arg-type]
    worker.finish()
    assert "it answered 3 instead of a list of Detection" in reports.lines[0]
    assert releases.all_once()


def fail_in_a_row(worker: DetectorWorker, detector: EasyDetector, releases: Releases) -> None:
    for index in range(ERRORS_IN_A_ROW):
        offer(worker, releases, 40 * index)
        assert worker._timeline.wait_known(ms(40 * index), WAIT_S)
    assert len(detector.asked) == ERRORS_IN_A_ROW


def test_a_detector_that_keeps_raising_rests_and_is_retried() -> None:
    detector = EasyDetector(error=RuntimeError("broken"))
    worker, timeline, releases, reports = make(detector, live=False)
    fail_in_a_row(worker, detector, releases)
    last_ms = 40 * (ERRORS_IN_A_ROW - 1)
    assert worker.statistics().condition == "resting"
    assert not offer(worker, releases, last_ms + int(REST_S * 1000) - 1)
    assert timeline.known_until_ns == ms(last_ms + int(REST_S * 1000) - 1)
    detector.error = None
    assert offer(worker, releases, last_ms + int(REST_S * 1000))
    assert timeline.wait_known(ms(last_ms + int(REST_S * 1000)), WAIT_S)
    assert worker.statistics().condition == "working"
    worker.finish()
    assert [line.split("easy ")[1].split(":")[0] for line in reports.wait(3)] == [
        "failed",
        "failed 5 times in a row and rests for 10 s",
        "answers again",
    ]
    assert releases.all_once()


def test_a_detector_that_keeps_raising_is_disabled_if_so_configured() -> None:
    detector = EasyDetector(error=RuntimeError("broken"))
    worker, timeline, releases, reports = make(detector, live=False, policy="disable")
    fail_in_a_row(worker, detector, releases)
    assert not offer(worker, releases, 3_600_000)
    assert worker.statistics().condition == "disabled"
    assert timeline.known_until_ns == ms(3_600_000)
    worker.finish()
    assert "switched off" in reports.lines[-1]
    assert len(detector.asked) == ERRORS_IN_A_ROW
    assert releases.all_once()


def test_offline_a_detector_that_hangs_is_no_longer_waited_for() -> None:
    detector = HandDetector()
    worker, timeline, releases, reports = make(detector, live=False, hang_s=0.05)
    offer(worker, releases, 0)
    detector.wait_asked()
    for index in range(1, 20):
        offer(worker, releases, index)
    assert reports.lines == ["detector hand has not answered for 0.05 s; the run continues without it"]
    state = worker.statistics()
    assert state.condition == "hanging"
    assert state.dropped == 19 - OFFLINE_WAITING_FRAMES
    assert timeline.known_until_ns == ms(20 - OFFLINE_WAITING_FRAMES) - 1
    detector.answer()
    assert detector.wait_asked() == ms(20 - OFFLINE_WAITING_FRAMES)
    assert reports.wait(2)[1] == "detector hand answers again"
    assert timeline.between(0, 0), "a late result still counts"
    worker.stop(timeout_s=0)
    assert timeline.finished
    detector.answer()
    worker.stop(timeout_s=WAIT_S)
    assert releases.all_once()


def test_live_a_detector_that_hangs_holds_only_one_frame() -> None:
    detector = HandDetector()
    worker, timeline, releases, _ = make(detector)
    offer(worker, releases, 0)
    detector.wait_asked()
    for index in range(1, 100):
        offer(worker, releases, index)
    held = [time_ns for time_ns, count in releases.counts.items() if count == 0]
    assert len(held) == 1 + LIVE_WAITING_FRAMES
    worker.stop(timeout_s=0)
    worker.stop(timeout_s=0)
    assert timeline.finished
    assert [time_ns for time_ns, count in releases.counts.items() if count == 0] == [0]
    detector.answer()
    worker.stop(timeout_s=WAIT_S)
    assert releases.all_once()
    assert detector.closed == 1


def test_stop_releases_a_thread_that_waits_for_space() -> None:
    detector = HandDetector()
    worker, _, releases, _ = make(detector, live=False)
    offer(worker, releases, 0)
    detector.wait_asked()
    for index in range(1, OFFLINE_WAITING_FRAMES + 1):
        offer(worker, releases, index)
    blocked = threading.Thread(target=offer, args=(worker, releases, 100))
    blocked.start()
    worker.stop(timeout_s=0)
    blocked.join(WAIT_S)
    assert not blocked.is_alive()
    detector.answer()
    worker.stop(timeout_s=WAIT_S)
    assert releases.all_once()


def test_stop_called_by_the_detector_returns() -> None:
    class StopsItself(EasyDetector):
        worker: DetectorWorker

        def detect(self, frame: object, time_ns: object) -> tuple[()]:  # type: ignore[override]
            self.worker.stop()
            return ()

    detector = StopsItself()
    worker, timeline, releases, _ = make(detector)
    detector.worker = worker
    offer(worker, releases, 0)
    worker.stop(WAIT_S)
    assert timeline.finished
    assert releases.all_once()


def test_the_repr_shows_the_state() -> None:
    worker, _, releases, _ = make(EasyDetector(), live=False)
    offer(worker, releases, 0)
    worker.finish()
    assert repr(worker) == "<DetectorWorker easy finished, 1 of 1 frames>"
