"""How much waits for a disk: what the source sent, not the time that passed between."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.gst.core.elements import chain, make, static_pad
from pipeline.gst.output.backlog import LONGEST_STEP_NS, Backlog, ContentLength
from pipeline.gst.output.file import write_file
from pipeline.gst.runtime import Gst
from pipeline.media.output_spec import FileSpec
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


def begin(entry: Gst.Pad, caps: str | None = None) -> None:
    """Begin a stream from time 0 on at this sink pad."""
    segment = Gst.Segment()
    segment.init(Gst.Format.TIME)
    entry.send_event(Gst.Event.new_stream_start(entry.name))
    if caps is not None:
        entry.send_event(Gst.Event.new_caps(Gst.Caps.from_string(caps)))
    entry.send_event(Gst.Event.new_segment(segment))


def send(entry: Gst.Pad, time_ns: int) -> None:
    """Send a buffer of this time into this sink pad."""
    buffer = Gst.Buffer.new_wrapped(b"frame")
    buffer.pts = time_ns
    entry.chain(buffer)


def given_up_at(times_ns: Iterable[int], limit_ns: int) -> int | None:
    """Which frame exceeds the limit when the disk takes nothing after the first one; None if none does."""
    pipeline, queue, disk = Gst.Pipeline.new(None), make("queue"), make("fakesink")
    for bound in ("max-size-buffers", "max-size-bytes", "max-size-time"):
        queue.set_property(bound, 0)
    chain(pipeline, queue, disk)
    exceeded: list[int] = []
    Backlog(queue, limit_ns, lambda: exceeded.append(number))
    pipeline.set_state(Gst.State.PAUSED)  # the sink holds its first buffer for ever
    entry = static_pad(queue, "sink")
    begin(entry)
    for number, time_ns in enumerate(times_ns):  # noqa: B007  (read above)
        send(entry, time_ns)
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


def test_sound_that_waits_for_video_tells_nothing_of_the_disk(tmp_path: Path) -> None:
    """After a time in which the process was stopped: all its sound comes at once, and its late video never."""
    output = write_file(FileSpec.parse(tmp_path / "video.mkv"), video_codec="h264", audio_codec="aac")
    output.buffer_slow_disk(1.0)
    pipeline = Gst.Pipeline.new(None)
    pipeline.add(output.element)
    pipeline.set_state(Gst.State.PLAYING)
    video, sound = (static_pad(output.element, kind) for kind in ("video", "audio"))
    begin(video, "video/x-h264,stream-format=byte-stream,alignment=au")
    begin(sound, "audio/mpeg,mpegversion=4,stream-format=raw,channels=2,rate=48000,codec_data=(buffer)1190")
    for number in range(200):
        send(sound, number * FRAME_NS)
    error = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert error is None
