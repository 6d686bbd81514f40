"""A stream that ends before its source does: exact to the frame, and what still arrives is no failure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.gst.core.duration_limit import DurationLimit
from pipeline.gst.core.elements import chain, ghost, make, static_pad
from pipeline.gst.runtime import Gst

FRAME_NS = 40_000_000


class Line:
    """A source pad to push through, the ghost pad of a bin as sources have it, and a counting sink."""

    def __init__(self) -> None:
        self.pipeline, source = Gst.Pipeline.new(None), Gst.Bin.new(None)
        identity, self.sink = make("identity"), make("fakesink", None, sync=False, signal_handoffs=True)
        self.times_ns: list[int] = []
        self.sink.connect("handoff", lambda _sink, buffer, _pad: self.times_ns.append(buffer.pts))
        self.sink.set_property("async", False)
        source.add(identity)
        self.shown = ghost(source, static_pad(identity, "src"), "src")
        chain(self.pipeline, source, self.sink)
        self.pad = Gst.Pad.new("test", Gst.PadDirection.SRC)
        self.pad.link(ghost(source, static_pad(identity, "sink"), "sink"))
        self.pipeline.set_state(Gst.State.PLAYING)
        self.pad.set_active(True)
        segment = Gst.Segment()
        segment.init(Gst.Format.TIME)
        self.pad.push_event(Gst.Event.new_stream_start("line"))
        self.pad.push_event(Gst.Event.new_segment(segment))

    def push(self, number: int) -> Gst.FlowReturn:
        """Frame `number`, with tags before it, as demuxers send them late."""
        tags = Gst.TagList.new_empty()
        tags.add_value(Gst.TagMergeMode.REPLACE, Gst.TAG_TITLE, f"frame {number}")
        self.pad.push_event(Gst.Event.new_tag(tags))
        buffer = Gst.Buffer.new_allocate(None, 8, None)
        buffer.pts, buffer.duration = number * FRAME_NS, FRAME_NS
        return self.pad.push(buffer)

    def has_ended(self) -> bool:
        return static_pad(self.sink, "sink").get_sticky_event(Gst.EventType.EOS, 0) is not None


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.pipeline.set_state(Gst.State.NULL)


def test_a_stream_ends_at_the_exact_frame_and_its_source_gets_eos(line: Line) -> None:
    DurationLimit(line.shown, 5 * FRAME_NS)
    flows = [line.push(number) for number in range(9)]
    assert flows == [Gst.FlowReturn.OK] * 5 + [Gst.FlowReturn.EOS] * 4
    assert line.times_ns == [number * FRAME_NS for number in range(5)]
    assert line.has_ended()


def test_an_ended_stream_refuses_further_buffers(line: Line) -> None:
    assert line.push(0) == Gst.FlowReturn.OK
    static_pad(line.sink, "sink").send_event(Gst.Event.new_eos())
    assert line.has_ended()
    assert [line.push(number) for number in (1, 2)] == [Gst.FlowReturn.EOS] * 2
    assert line.times_ns == [0]
