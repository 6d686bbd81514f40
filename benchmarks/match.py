"""The built-in match against GStreamer's own test source, in one run: processor time per frame of 2880x960.

    foresight bench match            or: python -m benchmarks.match [--json FILE]

CPU of the whole process per frame, video and sound, as fast as a fakesink accepts them; the least of three turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from fractions import Fraction

import cv2

from benchmarks.harness import Row, main
from pipeline.gst.capture.match_source import match_source
from pipeline.gst.runtime import Gst
from pipeline.match.play import TICK_S, Play
from pipeline.match.settings import MatchSettings
from pipeline.match.stadium import paint_stadium
from pipeline.match.venue import Venue

FRAMES = 300
SETTINGS = MatchSettings()


def cpu_ms_per_frame(pipeline: Gst.Pipeline) -> float:
    """Play to the end; returns the process's CPU time per frame, in ms, from PAUSED on."""
    pipeline.set_state(Gst.State.PAUSED)
    pipeline.get_state(Gst.CLOCK_TIME_NONE)
    begin = time.process_time()
    pipeline.set_state(Gst.State.PLAYING)
    pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    used_s = time.process_time() - begin
    pipeline.set_state(Gst.State.NULL)
    return used_s * 1e3 / FRAMES


def the_match() -> Gst.Pipeline:
    """The match into fakesinks."""
    pipeline = Gst.Pipeline.new(None)
    source = match_source(SETTINGS, duration_s=float(Fraction(FRAMES) / SETTINGS.fps))
    pipeline.add(source)
    for pad in source.pads:
        sink = Gst.ElementFactory.make("fakesink")
        pipeline.add(sink)
        pad.link(sink.get_static_pad("sink"))
    return pipeline


def tone_and_bars(pattern: str) -> Callable[[], Gst.Pipeline]:
    """GStreamer's test video and tone into fakesinks."""
    caps = f"video/x-raw,format=NV12,width={SETTINGS.width},height={SETTINGS.height},framerate=30/1"
    text = (
        f"videotestsrc pattern={pattern} num-buffers={FRAMES} ! {caps} ! fakesink "
        f"audiotestsrc num-buffers={FRAMES} samplesperbuffer=1600 ! audio/x-raw,rate=48000 ! fakesink"
    )
    return lambda: Gst.parse_launch(text)


def run() -> Sequence[Row]:
    """A frame of the match against a frame of videotestsrc; drawing the stadium; ten minutes of play."""
    cv2.setNumThreads(1)
    makers = {"match": the_match, "smpte": tone_and_bars("smpte"), "snow": tone_and_bars("snow")}
    turns = [{name: cpu_ms_per_frame(make()) for name, make in makers.items()} for _ in range(3)]
    cost = {name: min(turn[name] for turn in turns) for name in makers}
    begin = time.process_time()
    paint_stadium.__wrapped__(Venue.of(SETTINGS))
    painted_s = time.process_time() - begin
    begin, play = time.process_time(), Play(SETTINGS.seed)
    for tick in range(round(600 / TICK_S)):
        play.at(tick * TICK_S)
    played_s = time.process_time() - begin
    goal, met = "at most 12 ms", cost["match"] <= 12.0
    return [
        Row("videotestsrc smpte", cost["smpte"], "ms/frame"),
        Row("videotestsrc snow", cost["snow"], "ms/frame"),
        Row(
            "match", cost["match"], "ms/frame", "videotestsrc smpte", cost["match"] / cost["smpte"], goal, met
        ),
        Row("painting the stadium, once", painted_s, "s"),
        Row("ten minutes of play", played_s, "s"),
    ]


if __name__ == "__main__":
    main(run)
