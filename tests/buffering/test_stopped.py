"""A process that is stopped for a while (SIGSTOP, a machine asleep), before playback starts and after.

The delay that is shown is the delay that is, whatever the source did meanwhile, and no stall is raised.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import pytest

from pipeline.buffering.line import DelayLine
from pipeline.buffering.schedule import START_LEAD_NS, Schedule
from pipeline.buffering.step import State
from pipeline.buffering.window import Entry
from tests.buffering.lines import CHUNK_NS, FRAME_NS, MS, ROOM, S
from tests.faults.record import Area, fault

DELAY_NS = 7 * S
ORIGIN_NS = -3 * S
DRAIN_NS = MS
"""What was kept while the process was stopped comes at one sample each millisecond."""

EVERY_NS = {"video": FRAME_NS, "audio": CHUNK_NS}
Sample = tuple[int, str, int, int]
"""When it comes, its stream, when it was captured by our clock, its timestamp."""


def samples(name: str, kind: str, begin_ns: int, length_ns: int) -> Iterator[Sample]:
    """What a source sends to a process that is stopped at `begin_ns` for `length_ns`.

    stamped, lost: nothing of that time comes. kept: it all comes at once afterwards. waited: the source was
    stopped too, and its time goes on where it stood.
    """
    end_ns, free_ns = begin_ns + length_ns, 0
    for captured_ns in range(0, end_ns + 9 * S, EVERY_NS[name]):
        arrival_ns, stamp_ns = captured_ns, captured_ns
        if begin_ns <= captured_ns < end_ns:
            if kind != "kept":
                continue
            arrival_ns = end_ns
        elif captured_ns >= end_ns and kind == "waited":
            stamp_ns -= length_ns
        arrival_ns = free_ns = max(arrival_ns, free_ns + DRAIN_NS)
        yield arrival_ns, name, captured_ns, stamp_ns - ORIGIN_NS


def play(kinds: dict[str, str], begin_ns: int, length_ns: int, *, has_origin: bool) -> tuple[DelayLine, int]:
    """Play the samples to the end; returns the line, and what the newest frame's delay is in truth."""
    line = DelayLine(
        Schedule(DELAY_NS, S // 2, clocked=True), duration_ns=10 * S, stall_ns=5 * S, max_bytes=None
    )
    for name, every_ns in EVERY_NS.items():
        line.add_stream(name, nominal_ns=every_ns, leads=name == "video")
    line.begin()
    wait_ns = next_ns = captured_ns = order_ns = 0
    for arrival_ns, name, at_ns, stamp_ns in heapq.merge(
        *(samples(name, kind, begin_ns, length_ns) for name, kind in kinds.items())
    ):
        while next_ns <= arrival_ns:
            if not begin_ns <= next_ns < begin_ns + length_ns:
                is_fresh = (
                    next_ns - ORIGIN_NS - line.shared_time.newest_ns < DELAY_NS
                )  # see Endpoints.origin_ns
                step = line.step(next_ns, ORIGIN_NS if has_origin and is_fresh else None, ROOM)
                assert not step.stalled
                wait_ns = step.wait_ns
            next_ns += max(wait_ns, 5 * MS)
        stream = line.streams[name]
        verdict, order_ns = line.place(stream, stamp_ns, stream.nominal_ns, arrival_ns)
        if verdict.accepted:
            line.append(stream, Entry(order_ns, order_ns, order_ns + stream.nominal_ns, 10, True, at_ns))
        captured_ns = at_ns
    return line, (line.schedule.base_ns or 0) + order_ns - captured_ns


KINDS = [
    ("stamped", "stamped", True),
    ("stamped", "kept", True),
    ("kept", "kept", True),
    ("kept", "kept", False),
    ("lost", "lost", False),
    ("lost", "kept", False),
]


STOPPED = fault(
    Area.MACHINE,
    "the process is stopped and goes on while the window still fills",
    seen="the run begins with the delay that is set; no stall",
    lost="what the sources could not keep, and what is older than the delay",
)


@STOPPED
@pytest.mark.parametrize("length_ns", [2 * S, 20 * S])
@pytest.mark.parametrize(("video", "audio", "has_origin"), KINDS)
@pytest.mark.parametrize("begin_ns", [S // 5, 6400 * MS, 8 * S])
def test_the_delay_that_is_shown_is_the_delay_that_is(
    video: str, audio: str, has_origin: bool, begin_ns: int, length_ns: int
) -> None:
    line, delay_ns = play({"video": video, "audio": audio}, begin_ns, length_ns, has_origin=has_origin)
    assert line.state is State.PLAYING
    assert delay_ns == pytest.approx(DELAY_NS, abs=0 if has_origin else START_LEAD_NS)
    assert line.schedule.delay_ns == DELAY_NS


@STOPPED
@pytest.mark.parametrize("begin_ns", [S // 5, 6400 * MS])
def test_playback_begins_a_delay_behind_a_source_that_was_stopped_too(begin_ns: int) -> None:
    line, delay_ns = play({"video": "waited", "audio": "waited"}, begin_ns, 10 * S, has_origin=False)
    assert line.state is State.PLAYING
    assert delay_ns == pytest.approx(DELAY_NS, abs=START_LEAD_NS)
