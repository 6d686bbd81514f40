"""What a source can do to its stream, with real elements: each event has a verdict, a counter and an outcome."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.gst.runtime import Gst
from tests.buffering.pipes import WAIT_S, Pipes

MS = 1_000_000
FRAME_NS = 40 * MS
RAW = "video/x-raw,format=GRAY8,width=4,height=4,framerate=25/1"
SOURCE = " ".join(
    f"appsrc name={name}_in format=time handle-segment-change=true "
    f"! appsink name={name} emit-signals=true sync=false async=false"
    for name in ("video", "audio")
)
SINK = (
    "appsrc name=video_src ! fakesink name=video_out sync=false signal-handoffs=true "
    "appsrc name=audio_src ! fakesink name=audio_out sync=false signal-handoffs=true"
)


class Source:
    """Pushes to the source's appsrcs by hand."""

    def __init__(self, pipes: Pipes) -> None:
        self.pipes = pipes
        self.segment = segment()

    def push(
        self,
        pts_ns: int | None,
        *,
        duration_ns: int | None = FRAME_NS,
        caps: str = RAW,
        stream: str = "video",
        segment: Any = None,
        flags: Any = None,
    ) -> None:
        buffer = Gst.Buffer.new_wrapped(bytes(16))
        if pts_ns is not None:
            buffer.pts = pts_ns
        if duration_ns is not None:
            buffer.duration = duration_ns
        if flags is not None:
            buffer.set_flags(flags)
        sample = Gst.Sample.new(buffer, Gst.Caps.from_string(caps), segment or self.segment, None)
        assert self._appsrc(stream).push_sample(sample) == Gst.FlowReturn.OK

    def push_many(self, count: int, first_ns: int = 0, **more: Any) -> None:
        for number in range(count):
            self.push(first_ns + number * FRAME_NS, **more)

    def gap(self, begin_ns: int, duration_ns: int, stream: str) -> None:
        assert self._appsrc(stream).send_event(Gst.Event.new_gap(begin_ns, duration_ns))

    def end(self, *streams: str) -> None:
        for stream in streams or ("video", "audio"):
            self._appsrc(stream).end_of_stream()

    def _appsrc(self, stream: str) -> Any:
        return self.pipes.analysis.get_by_name(f"{stream}_in")


def segment(*, start_ns: int = 0, base_ns: int = 0, stop_ns: int | None = None) -> Any:
    made = Gst.Segment()
    made.init(Gst.Format.TIME)
    made.start, made.base = start_ns, base_ns
    if stop_ns is not None:
        made.stop = stop_ns
    return made


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    with Pipes(SOURCE, SINK, live=False, delay=0.2) as pipes:
        for name in ("video", "audio"):
            pipes.analysis.get_by_name(f"{name}_in").set_automatic_eos(False)
        pipes.play()
        yield pipes


@pytest.fixture
def source(pipes: Pipes) -> Source:
    return Source(pipes)


def counted(pipes: Pipes, counter: str, stream: str = "video") -> int:
    return int(getattr(pipes.manager.statistics().streams[stream], counter))


def steps(values: list[int]) -> list[int]:
    return [b - a for a, b in itertools.pairwise(values)]


def test_a_caps_change_is_passed_on_at_its_frame(pipes: Pipes, source: Source) -> None:
    big = RAW.replace("width=4", "width=8")
    source.push_many(5)
    source.push_many(5, 5 * FRAME_NS, caps=big)
    source.push_many(5, 10 * FRAME_NS)
    source.end()
    pipes.wait_eos()
    widths = [
        Gst.Caps.from_string(caps).get_structure(0).get_value("width") for caps in pipes.shown["video"].caps
    ]
    assert widths == [4] * 5 + [8] * 5 + [4] * 5
    assert counted(pipes, "caps_changes") == 2


def test_a_segment_that_does_not_begin_at_zero_keeps_its_running_time(pipes: Pipes, source: Source) -> None:
    source.segment = segment(start_ns=3600 * Gst.SECOND, stop_ns=3601 * Gst.SECOND)
    source.push_many(10, 3600 * Gst.SECOND)
    source.segment = segment(start_ns=50 * Gst.SECOND, base_ns=10 * FRAME_NS)
    source.push_many(10, 50 * Gst.SECOND)
    source.end()
    pipes.wait_eos()
    assert pipes.shown["video"].running_ns == [number * FRAME_NS for number in range(20)]
    assert pipes.shown["video"].pts_ns[0] == 3600 * Gst.SECOND, "timestamps are unchanged"
    assert counted(pipes, "segments") == 1


def test_after_a_restart_the_source_continues_without_a_jump_and_in_sync(
    pipes: Pipes, source: Source
) -> None:
    for _ in range(2):
        for number in range(50):
            source.push(number * FRAME_NS)
            source.push(number * FRAME_NS + 7 * MS, stream="audio")
    source.end()
    pipes.wait_eos()
    video, audio = pipes.shown["video"].running_ns, pipes.shown["audio"].running_ns
    assert steps(video[:50]) == [FRAME_NS] * 49
    assert steps(video[50:]) == [FRAME_NS] * 49
    assert 0 < video[50] - video[49] <= 2 * FRAME_NS
    assert [a - v for v, a in zip(video, audio, strict=True)] == [7 * MS] * 100, "sound and video in sync"
    assert counted(pipes, "restarts") == counted(pipes, "restarts", "audio") == 1


def test_samples_without_timestamps_follow_the_previous_one(pipes: Pipes, source: Source) -> None:
    source.push(0)
    for _ in range(9):
        source.push(None)
    source.end()
    pipes.wait_eos()
    assert pipes.shown["video"].running_ns == [number * FRAME_NS for number in range(10)]
    assert counted(pipes, "untimed") == 9


def test_a_missing_duration_is_estimated(pipes: Pipes, source: Source) -> None:
    source.push(0, duration_ns=None)
    source.push(None, duration_ns=None)
    source.end()
    pipes.wait_eos()
    assert pipes.shown["video"].running_ns == [0, round(1e9 / 30)]


def test_duplicate_and_backward_timestamps_are_refused_and_counted(pipes: Pipes, source: Source) -> None:
    for pts_ns in (0, FRAME_NS, FRAME_NS, 2 * FRAME_NS, FRAME_NS, 3 * FRAME_NS):
        source.push(pts_ns)
    source.end()
    pipes.wait_eos()
    assert pipes.shown["video"].running_ns == [0, FRAME_NS, 2 * FRAME_NS, 3 * FRAME_NS]
    assert counted(pipes, "duplicate") == 1
    assert counted(pipes, "backward") == 1
    assert counted(pipes, "received") == 6


def test_a_gap_event_of_the_source_is_passed_on(pipes: Pipes, source: Source) -> None:
    gaps: list[tuple[int, int]] = []

    def note(_pad: Any, info: Any) -> Any:
        event = info.get_event()
        if event.type is Gst.EventType.GAP:
            gaps.append(tuple(event.parse_gap()))
        return Gst.PadProbeReturn.OK

    pad = pipes.playback.get_by_name("audio_out").get_static_pad("sink")
    pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, note)
    source.push_many(2, stream="audio", caps="audio/x-test")
    source.gap(2 * FRAME_NS, 20 * FRAME_NS, "audio")
    source.push_many(30)
    source.push_many(8, 22 * FRAME_NS, stream="audio", caps="audio/x-test")
    source.end()
    pipes.wait_eos()
    assert counted(pipes, "source_gaps", "audio") == 1
    assert len(pipes.shown["audio"].running_ns) == 10
    assert len(pipes.shown["video"].running_ns) == 30


@pytest.mark.parametrize(("early", "late"), [("audio", "video"), ("video", "audio")])
def test_the_end_of_one_stream_does_not_end_the_other(
    pipes: Pipes, source: Source, early: str, late: str
) -> None:
    source.push_many(3, stream=early)
    source.push_many(3, stream=late)
    source.end(early)
    source.push_many(40, 3 * FRAME_NS, stream=late)
    source.end(late)
    pipes.wait_eos()
    assert len(pipes.shown[early].pts_ns) == 3
    assert len(pipes.shown[late].pts_ns) == 43


def test_a_stream_that_never_starts_does_not_block_the_other(pipes: Pipes, source: Source) -> None:
    source.push_many(400)
    pipes.wait_shown("video", 300)
    source.end("video")
    pipes.wait_eos()
    assert len(pipes.shown["video"].pts_ns) == 400


def test_a_stream_that_starts_late_is_played_from_its_start(pipes: Pipes, source: Source) -> None:
    source.push_many(20)
    source.push_many(10, 15 * FRAME_NS, stream="audio")
    source.push_many(20, 20 * FRAME_NS)
    source.end()
    pipes.wait_eos()
    assert pipes.shown["audio"].running_ns == [number * FRAME_NS for number in range(15, 25)]
    assert len(pipes.shown["video"].running_ns) == 40


def test_a_flush_is_counted_and_the_stream_continues(pipes: Pipes, source: Source) -> None:
    source.push_many(30)
    manager = pipes.manager
    with manager._engine.change:
        assert manager._engine.change.wait_for(lambda: counted(pipes, "received") == 30, WAIT_S)
    pad = pipes.analysis.get_by_name("video").get_static_pad("sink")
    assert pad.send_event(Gst.Event.new_flush_start())
    assert pad.send_event(Gst.Event.new_flush_stop(True))
    pipes.analysis.get_by_name("video_in").set_state(Gst.State.READY)
    pipes.analysis.get_by_name("video_in").set_state(Gst.State.PLAYING)
    source.push_many(10)
    source.end()
    pipes.wait_eos()
    assert counted(pipes, "flushes") == 1
    assert counted(pipes, "restarts") == 1
    assert len(pipes.shown["video"].running_ns) == 40
    assert steps(pipes.shown["video"].running_ns) == [FRAME_NS] * 39


def test_a_discontinuity_keeps_its_flag(pipes: Pipes, source: Source) -> None:
    flags: list[bool] = []

    def note(_pad: Any, info: Any) -> Any:
        flags.append(info.get_buffer().has_flags(Gst.BufferFlags.DISCONT))
        return Gst.PadProbeReturn.OK

    pipes.playback.get_by_name("video_out").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, note)
    source.push_many(3)
    source.push(20 * FRAME_NS, flags=Gst.BufferFlags.DISCONT)
    source.end()
    pipes.wait_eos()
    assert flags[1:] == [False, False, True]
    assert counted(pipes, "discontinuities") == 2, "the first buffer of a stream is one too"


def test_a_jump_of_a_live_source_does_not_stop_playback() -> None:
    live = SOURCE.replace("format=time", "format=time is-live=true")
    with Pipes(live, SINK, delay=0.2, cushion=0.05) as pipes:
        source = Source(pipes)
        pipes.play()
        source.push_many(5)
        source.push_many(5, 3600 * Gst.SECOND)
        source.end("video")
        pipes.wait_eos()
        assert counted(pipes, "jumps") == 1
        assert len(pipes.shown["video"].running_ns) == 10


def test_memory_with_a_caps_feature_passes_unchanged() -> None:
    """Nothing maps the buffers: mapping fails here, as with a GPU's memory."""
    caps = RAW.replace("video/x-raw,", "video/x-raw(memory:NVMM),")
    with Pipes(SOURCE, SINK, live=False, delay=0.2) as pipes:
        source = Source(pipes)
        pipes.play()
        source.push_many(10, caps=caps)
        source.end()
        pipes.wait_eos()
        assert all("memory:NVMM" in shown for shown in pipes.shown["video"].caps)
        assert len(pipes.shown["video"].caps) == 10
