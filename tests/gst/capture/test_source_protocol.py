"""The analysis pipeline with sources that it does not know: the protocol Source is all that it uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest

from pipeline.errors import ForesightError, SourceError
from pipeline.gst.capture.analysis_pipeline import AnalysisPipeline
from pipeline.gst.capture.sound_delays import SoundDelays
from pipeline.gst.capture.source import StreamCallback
from pipeline.gst.capture.stream_joiner import StreamTargets, join_streams
from pipeline.gst.core.elements import chain, ghost, make, make_appsink, static_pad
from pipeline.gst.runtime import Gst
from pipeline.timebase import Nanoseconds

WAIT_S = 20.0


class Scripted:
    """A test pattern that records the calls it gets; it is lost from running time 1000 ns on."""

    is_live = False
    dropped = 3
    refused: ClassVar = {"before a keyframe": 2}
    outages = 1
    clock_drift_ppm = -40.0
    stated_frames = None

    def __init__(self, name: str, *, has_own_pipelines: bool = False) -> None:
        self.name = name
        self.has_own_pipelines = has_own_pipelines
        self.notes = (f"{name} was offline",)
        self.asked: list[str] = []
        self.base_ns: int | None = None
        self.on_failure: Callable[[ForesightError], object] = lambda _error: None
        picture = make("videotestsrc")
        self.element = Gst.Bin.new(None)
        chain(self.element, picture)
        self._pad = ghost(self.element, static_pad(picture, "src"), "video_0")

    def is_lost_at(self, time_ns: Nanoseconds) -> bool:
        return time_ns >= 1000

    def watch(self, on_stream: StreamCallback, on_complete: Callable[[], None]) -> None:
        on_stream(self._pad)
        on_complete()

    def start(self, base_ns: int, on_failure: Callable[[ForesightError], object]) -> None:
        self.asked.append("start")
        self.base_ns, self.on_failure = base_ns, on_failure

    def leave(self) -> None:
        self.asked.append("leave")

    def close(self) -> None:
        self.asked.append("close")


def analysis_of(*sources: Scripted) -> AnalysisPipeline:
    """Each source's video goes to an appsink of its own; samples are left there."""
    pipeline = Gst.Pipeline.new("analysis")
    pipeline.use_clock(Gst.SystemClock.obtain())
    sinks = [make_appsink(f"video_sink_{index}") for index in range(len(sources))]
    sound = make_appsink("audio_sink")
    analysis = AnalysisPipeline(pipeline, list(sources), sinks, sound, None)
    for sink in sinks:
        sink.connect("new-sample", lambda sink: (sink.pull_sample(), Gst.FlowReturn.OK)[1])
        pipeline.add(sink)
    entries = [static_pad(sink, "sink") for sink in sinks]
    analysis.video_enters(entries)
    delays = SoundDelays(None, entries, analysis.connections)
    targets = StreamTargets(
        entries, sound, True, None, None, analysis.sound_found, analysis.streams_complete, delays
    )
    join_streams(pipeline, sources, targets)
    return analysis


def test_a_source_is_started_left_and_closed_in_order() -> None:
    source = Scripted("camera")
    analysis = analysis_of(source)
    analysis.start()
    analysis.wait_ready(WAIT_S)
    assert source.asked == ["start"]
    analysis.finish()
    assert source.asked == ["start", "leave"]
    analysis.stop()
    assert source.asked[2:] == ["leave", "close"]


def test_notes_and_dropped_frames_of_all_sources_are_combined() -> None:
    analysis = analysis_of(Scripted("left"), Scripted("right"))
    assert analysis.notes == ("left was offline", "right was offline")
    assert analysis.refused_at_source == {"before a keyframe": 4}
    assert (analysis.dropped_at_source, analysis.camera_outages) == (6, 2)
    assert analysis.clock_drift_ppm == -40
    assert analysis.lost_cameras(Nanoseconds(999)) == []
    assert analysis.lost_cameras(Nanoseconds(1000)) == ["left", "right"]


@pytest.mark.parametrize("has_own_pipelines", [True, False])
def test_a_sources_own_pipelines_get_the_running_time_before_the_start(has_own_pipelines: bool) -> None:
    before_ns = Gst.SystemClock.obtain().get_time()
    source = Scripted("camera", has_own_pipelines=has_own_pipelines)
    analysis = analysis_of(source)
    analysis.start()
    analysis.wait_ready(WAIT_S)
    assert (analysis.pipeline.get_start_time() == Gst.CLOCK_TIME_NONE) is has_own_pipelines
    assert source.base_ns is not None
    if has_own_pipelines:
        assert before_ns <= source.base_ns == analysis.pipeline.get_base_time()
    analysis.stop()


def test_losing_one_of_two_sources_is_reported_and_losing_the_last_ends_the_capture() -> None:
    failures: list[ForesightError] = []
    lost: list[int] = []
    left, right = Scripted("left"), Scripted("right")
    analysis = analysis_of(left, right)
    analysis.on_error(failures.append)
    analysis.on_camera_lost(lambda index, _error: lost.append(index))
    analysis.start()
    analysis.wait_ready(WAIT_S)
    right.on_failure(SourceError("right: nobody answers"))
    assert (lost, failures) == ([1], [])
    left.on_failure(SourceError("left: nobody answers"))
    assert [str(error) for error in failures] == ["left: nobody answers"]
    analysis.stop()
