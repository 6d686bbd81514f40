"""The watch over the stages: which one is to blame, from when on, and what is no fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.interpreter.processor_wait import ProcessorWait
from pipeline.run.limits import StageLimits
from pipeline.run.stage_watch import Reading, StageWatch
from pipeline.run.stage_watchdog import StageWatchdog, advice
from pipeline.timebase import NS_PER_S

NOTICE_S, LONGEST_S, TICKS_HZ = 5, 17, 2
CHAIN = ("source a", "source b", "window", "view", "encoder", "output v.mkv")


def readings(tick: int, *, working: Sequence[str], busy: Sequence[str]) -> list[Reading]:
    """The chain at `tick`: who has work, and who of them makes progress."""
    return [Reading(stage, tick if stage in busy else 0, stage in working, LONGEST_S) for stage in CHAIN]


def watched(read: Callable[[int], Sequence[Reading]], seconds: float) -> list[tuple[float, str, bool]]:
    """The watch's answers: seconds, stage, whether it is stuck."""
    watch = StageWatch(NOTICE_S * NS_PER_S)
    found = []
    for tick in range(round(seconds * TICKS_HZ) + 1):
        for one in watch.update(tick * NS_PER_S // TICKS_HZ, read(tick)):
            found.append((tick / TICKS_HZ, one.stage, one.is_stuck))
    return found


@pytest.mark.parametrize(
    ("working", "busy", "blamed"),
    [
        (CHAIN, CHAIN, None),
        ((), (), None),
        (("source a", "source b"), ("source b",), "source a"),
        (("source a", "source b"), (), "source b"),  # and then source a
        (("source a", "source b", "window"), ("source a", "source b"), "window"),
        (("source a", "source b", "window", "view"), ("source a", "source b"), "view"),
        (("source a", "source b", "window", "view", "encoder"), (), "encoder"),
        (CHAIN, (), "output v.mkv"),
        (("view",), ("view",), None),
        (("window", "view", "encoder"), ("encoder",), "view"),
    ],
)
def test_the_last_stage_with_work_is_to_blame(
    working: Sequence[str], busy: Sequence[str], blamed: str | None
) -> None:
    found = watched(lambda tick: readings(tick, working=working, busy=busy), LONGEST_S)
    assert {stage for _, stage, _ in found} == ({blamed} if blamed else set())
    if blamed:
        assert found[0] == (NOTICE_S, blamed, False)
        assert [one for one in found if one[2]] == [(LONGEST_S, blamed, True)]


def test_one_frame_in_time_is_progress() -> None:
    def read(tick: int) -> list[Reading]:
        return [Reading("view", tick // (TICKS_HZ * 4), True, LONGEST_S)]  # one frame in four seconds

    assert watched(read, 120) == []


def test_a_stage_that_gets_work_after_a_rest_has_its_time() -> None:
    def read(tick: int) -> list[Reading]:
        return [Reading("view", 0, tick >= 100, LONGEST_S)]  # paused for 50 s

    assert watched(read, 60)[0][0] == 50 + NOTICE_S - 1 / TICKS_HZ


def test_what_the_video_does_not_depend_on_is_named_beside_the_rest() -> None:
    def read(tick: int) -> list[Reading]:
        return [
            Reading("source", 0, True, LONGEST_S),
            Reading("detector", 0, True, None, is_aside=True),
            Reading("view", tick, True, LONGEST_S),
        ]

    found = watched(read, LONGEST_S)
    assert {(stage, stuck) for _, stage, stuck in found} == {
        ("source", False),
        ("source", True),
        ("detector", False),
    }


def test_time_in_which_the_process_did_not_run_does_not_count() -> None:
    watch = StageWatch(NOTICE_S * NS_PER_S)
    reading = [Reading("source", 0, True, LONGEST_S)]
    for now_s in (0, 1, 2, 3600, 3601, 3602):
        assert watch.update(now_s * NS_PER_S, reading) == ()
    found = watch.update(3603 * NS_PER_S, reading)
    assert [(one.stage, one.for_s) for one in found] == [("source", 5)]


def test_time_in_which_others_had_the_processor_does_not_count() -> None:
    run = Run()
    run.readings = [Reading("detector motion", 0, True, LONGEST_S)]
    run.go_on(0, 240, starved=0.98)
    assert run.notes == run.stuck == []
    run.go_on(240, 240 + NOTICE_S + 1)
    assert len(run.notes) == 1, "with a processor it has no excuse"
    run.go_on(240 + NOTICE_S + 1, 240 + LONGEST_S + 1, starved=0.01)
    assert len(run.stuck) == 1


def test_a_stall_has_its_culprit_before_the_notice() -> None:
    watch = StageWatch(NOTICE_S * NS_PER_S)
    assert watch.culprit() is None
    for tick in range(3):
        watch.update(tick * NS_PER_S // TICKS_HZ, readings(tick, working=CHAIN[:4], busy=CHAIN[:2]))
    assert watch.culprit() == "view"
    watch.update(2 * NS_PER_S, readings(9, working=CHAIN[:4], busy=CHAIN))
    assert watch.culprit() is None


@given(st.lists(st.lists(st.sampled_from(CHAIN), max_size=6), min_size=1, max_size=80))
def test_nothing_is_blamed_that_made_progress_or_had_no_work(working: list[list[str]]) -> None:
    watch = StageWatch(NOTICE_S * NS_PER_S)
    for tick, names in enumerate(working):
        found = watch.update(tick * NS_PER_S // TICKS_HZ, readings(0, working=names, busy=()))
        recent = working[max(0, tick - NOTICE_S * TICKS_HZ + 1) : tick + 1]
        for one in found:
            assert all(one.stage in names for names in recent)
        assert len(found) <= 1


class Run:
    """What a watchdog tells."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.notes: list[str] = []
        self.stuck: list[tuple[str, float]] = []
        self.waits_ns = {"1": 0, "2": 0}
        limits = StageLimits(notice_s=NOTICE_S)
        self.watchdog = StageWatchdog(
            lambda: self.readings,
            self.notes.append,
            lambda stage, for_s: self.stuck.append((stage, for_s)),
            limits,
            ProcessorWait(lambda: self.waits_ns),
        )

    def go_on(self, from_s: int, to_s: int, *, starved: float = 0.0) -> None:
        """starved: the share of the time in which a thread waits for a processor."""
        for tick in range(from_s * TICKS_HZ, to_s * TICKS_HZ):
            self.waits_ns["2"] += round(starved * NS_PER_S / TICKS_HZ)
            self.watchdog.update(tick * NS_PER_S // TICKS_HZ)


def test_each_standstill_is_told_once_and_ends_the_run_once() -> None:
    run = Run()
    run.readings = [Reading("output v.mkv", 0, True, LONGEST_S)]
    run.go_on(0, NOTICE_S)
    assert (run.watchdog.standing, run.notes) == ((), [])
    run.go_on(NOTICE_S, 60)
    assert run.watchdog.standing == ("output v.mkv",)
    assert run.notes == [
        "the output v.mkv stands still: no progress for 5 s; check the disk or the network of this output"
    ]
    assert run.stuck == [("output v.mkv", LONGEST_S)]
    run.readings = [Reading("output v.mkv", 1, True, LONGEST_S)]
    run.go_on(60, 62)
    assert run.watchdog.standing == ()


@pytest.mark.parametrize("stage", ["source x", "decoder of x", "detector x", "encoder", "output x", "view"])
def test_every_stage_has_advice(stage: str) -> None:
    assert advice(stage)
