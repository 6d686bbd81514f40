"""How much waits for a disk: what the source sent, not the time that passed between."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.gst.core.elements import chain, make, static_pad
from pipeline.gst.output.backlog import LONGEST_STEP_NS, Backlog, ContentLength
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_MS, NS_PER_S

FRAME_NS = 40 * NS_PER_MS


@given(st.lists(st.integers(1, LONGEST_STEP_NS), max_size=50), st.integers(0, 10**15))
def test_without_gaps_the_length_is_the_time_between_first_and_last(steps: list[int], begin_ns: int) -> None:
    length = ContentLength()
    for time_ns in accumulate(steps, initial=begin_ns):
        length.add(time_ns)
    assert length.length_ns == sum(steps)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=50))
def test_no_jump_counts_for_more_than_a_step_and_no_order_counts_twice(times_ns: list[int]) -> None:
    length = ContentLength()
    for time_ns in times_ns:
        length.add(time_ns)
    rises = sum(later > max(times_ns[:index]) for index, later in enumerate(times_ns) if index)
    assert length.length_ns <= min(rises * LONGEST_STEP_NS, max(times_ns) - times_ns[0])


def given_up_at(times_ns: Iterable[int], limit_ns: int) -> int | None:
    """Which frame exceeds the limit when the disk takes nothing after the first one; None if none does."""
    pipeline, queue, disk = Gst.Pipeline.new(None), make("queue"), make("fakesink")
    for bound in ("max-size-buffers", "max-size-bytes", "max-size-time"):
        queue.set_property(bound, 0)
    chain(pipeline, queue, disk)
    exceeded: list[int] = []
    Backlog(queue, limit_ns, lambda: exceeded.append(number))
    pipeline.set_state(Gst.State.PAUSED)  # the sink holds its first buffer for ever
    entry, segment = static_pad(queue, "sink"), Gst.Segment()
    segment.init(Gst.Format.TIME)
    entry.send_event(Gst.Event.new_stream_start("video"))
    entry.send_event(Gst.Event.new_segment(segment))
    for number, time_ns in enumerate(times_ns):  # noqa: B007  (read above)
        frame = Gst.Buffer.new_wrapped(b"frame")
        frame.pts = time_ns
        entry.chain(frame)
    pipeline.set_state(Gst.State.NULL)
    assert len(exceeded) < 2
    return exceeded[0] if exceeded else None


def test_a_disk_that_takes_nothing_is_given_up_at_the_limit() -> None:
    times_ns = [number * FRAME_NS for number in range(100)]
    assert given_up_at(times_ns, 2 * NS_PER_S) == pytest.approx(
        51, abs=1
    )  # the sink's first frame may have left
    assert given_up_at(times_ns, 4 * NS_PER_S) is None


@pytest.mark.parametrize("gap_s", [5, 12, 3600])
def test_a_gap_while_frames_wait_is_no_backlog(gap_s: int) -> None:
    times_ns = [number * FRAME_NS + gap_s * NS_PER_S * (number >= 10) for number in range(100)]
    assert given_up_at(times_ns, 10 * NS_PER_S) is None
