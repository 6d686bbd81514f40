"""The states of a run: they only move forward, one thread stops it, and reading them changes nothing."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.run.lifetime import Lifetime
from pipeline.run.parts import RunParts
from pipeline.run.progress import Progress
from pipeline.run.resource_usage import RATE_SPAN_NS, Rate
from pipeline.run.run_reporter import RunReporter
from pipeline.run.run_state import NEXT, RunState
from pipeline.run.shown import Shown
from pipeline.run.wiring import make_buffer_manager
from pipeline.settings import Settings
from pipeline.timebase import NS_PER_MS, NS_PER_S

ORDER = list(RunState)


def small_run(folder: Path) -> Settings:
    return Settings.parse(
        {
            "sources": ["match?size=720x240&fps=25"],
            "outputs": [str(folder / "match.mp4")],
            "size": "320x180",
            "live": False,
            "delay_s": 1.0,
            "detector": {"kind": "none"},
        }
    )


def test_every_state_leads_forward_and_to_the_end() -> None:
    assert list(NEXT) == ORDER
    for before, after in NEXT.items():
        assert all(ORDER.index(one) > ORDER.index(before) for one in after)
        assert RunState.DONE in after or before is RunState.DONE
        assert RunState.DRAINING in after or before in (RunState.DRAINING, RunState.DONE)


@given(st.lists(st.sampled_from(ORDER)))
def test_any_sequence_of_requests_follows_the_table(asked: list[RunState]) -> None:
    lifetime = Lifetime()
    state = RunState.STARTING
    for to in asked:
        may_follow = to in NEXT[state]
        assert lifetime.advance(to) is may_follow
        state = to if may_follow else state
        assert lifetime.state is state


def test_only_one_of_many_threads_stops_the_run() -> None:
    lifetime = Lifetime()
    together = threading.Barrier(8)
    firsts: list[bool] = []

    def stop() -> None:
        together.wait(10)
        firsts.append(lifetime.advance(RunState.DRAINING))

    threads = [threading.Thread(target=stop) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(firsts) == [False] * 7 + [True]
    assert lifetime.state is RunState.DRAINING


@pytest.mark.parametrize("line", range(1, 6))
def test_a_signal_handler_may_stop_the_run_at_any_line_of_its_thread(line: int) -> None:
    lifetime = Lifetime()
    lines = 0

    def interrupt(_frame: FrameType, event: str, _arg: object) -> Callable[..., Any]:
        nonlocal lines
        lines += event == "line"
        if event == "line" and lines == line:
            lifetime.advance(RunState.DRAINING)
        return interrupt

    before = sys.gettrace()
    sys.settrace(lambda frame, *_: interrupt if frame.f_code is Lifetime.advance.__code__ else None)
    try:
        lifetime.advance(RunState.BUFFERING)
    finally:
        sys.settrace(before)
    assert lines >= line
    assert lifetime.state is RunState.DRAINING


@given(st.lists(st.tuples(st.integers(1, 3 * NS_PER_S), st.integers(0, 1000)), min_size=2))
def test_a_rate_covers_the_last_second_or_the_last_two_samples(steps: list[tuple[int, int]]) -> None:
    rate = Rate()
    samples = [(0, 0)]
    for elapsed_ns, grown in steps:
        now_ns, count = samples[-1]
        samples.append((now_ns + elapsed_ns, count + grown))
    for now_ns, count in samples:
        rate.sample(now_ns, count)
    now_ns, count = samples[-1]
    long_ago = [one for one in samples if now_ns - one[0] >= RATE_SPAN_NS]
    begin_ns, begin = long_ago[-1] if long_ago else samples[0]
    assert rate.per_second == (count - begin) * NS_PER_S / (now_ns - begin_ns)


def test_a_steady_counter_has_its_rate_from_the_second_sample_and_a_stopped_one_soon_has_zero() -> None:
    rate = Rate()
    rate.sample(0, 0)
    assert rate.per_second == 0
    for tick in range(1, 20):
        rate.sample(tick * 250 * NS_PER_MS, 25 * tick)
        assert rate.per_second == 100
    for tick in range(20, 25):
        rate.sample(tick * 250 * NS_PER_MS, 25 * 19)
    assert rate.per_second == 0


def test_reading_the_progress_does_not_change_the_rates(tmp_path: Path) -> None:
    settings = small_run(tmp_path)
    reporter = RunReporter(settings, make_buffer_manager(settings), RunParts(), Shown())
    reporter.sample(0)
    reporter.sample(1)  # one nanosecond later: processor time in between counts as a rate
    first = reporter.progress(RunState.STARTING)
    sum(range(1_000_000))
    assert reporter.progress(RunState.STARTING).cpu_percent == first.cpu_percent
    reporter.sample(NS_PER_S)
    assert reporter.progress(RunState.STARTING).cpu_percent != first.cpu_percent


def test_a_stopped_run_drains_until_it_is_done_also_while_it_is_read(tmp_path: Path) -> None:
    run = PanoramaWithVirtualCamera(small_run(tmp_path))
    assert run.progress().state == "starting"
    shown: list[str] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.001):
            shown.append(run.progress().state)

    watcher = threading.Thread(target=look)

    def on_progress(progress: Progress) -> None:
        if progress.state == "playing" and not watcher.is_alive():
            run.stop()
            watcher.start()
        elif watcher.is_alive():
            assert progress.state == "draining"

    try:
        run.run(on_progress)
    finally:
        over.set()
        watcher.join(10)
    assert set(shown) <= {"draining", "done"}
    assert "draining" in shown
    assert run.progress().state == "done"
