"""A scoreboard with a running clock on a 1080p stream: processor time per frame, against the stream without it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.harness import Row, main
from pipeline.graphics.content import scoreboard_values
from pipeline.graphics.placement import box_in
from pipeline.graphics.template import Template
from pipeline.gst.core.elements import chain, link, make
from pipeline.gst.graphics.graphics_element import GraphicsElement, Shown
from pipeline.gst.runtime import Gst, GstVideo
from pipeline.scoring import Clock, MatchScore, Team, load_sport, scoreboard_text

WIDTH, HEIGHT, FPS = 1920, 1080, 25
FRAMES, ROUNDS = 500, 3
GOAL_MS = 1.5

MakeElement = Callable[[], Any]


def scoreboard() -> Any:
    """Our element, with a scoreboard that changes once a second."""
    template, sport = Template.load("scoreboard"), load_sport("football")
    teams, clock = (Team("SV Grün", colour="#1b7f3b"), Team("FC Blau", colour="#0b2a6f")), Clock(0, True)

    def shown_at(time_ns: int) -> list[Shown]:
        text = scoreboard_text(sport, *teams, MatchScore(2, 1), clock, time_ns)
        return [Shown(template, scoreboard_values(text))]

    return GraphicsElement(shown_at)


def overlay_composition() -> Any:
    """GStreamer's own overlay, with a picture of the scoreboard's size that never changes."""
    box = box_in(Template.load("scoreboard"), WIDTH, HEIGHT)
    pixels = Gst.Buffer.new_wrapped(bytes((40, 40, 40, 200)) * (box.width * box.height))
    GstVideo.buffer_add_video_meta(
        pixels, GstVideo.VideoFrameFlags.NONE, GstVideo.VideoFormat.BGRA, box.width, box.height
    )
    flags = GstVideo.VideoOverlayFormatFlags.PREMULTIPLIED_ALPHA
    rectangle = GstVideo.VideoOverlayRectangle.new_raw(pixels, *box, flags)
    composition = GstVideo.VideoOverlayComposition.new(rectangle)
    element = make("overlaycomposition")
    element.connect("draw", lambda _element, _sample: composition)
    return element


def processor_ms(pixel_format: str, make_element: MakeElement) -> float:
    """Processor time per frame of a stream through a tee, with the element in one of its two branches."""
    pipeline = Gst.Pipeline.new(None)
    shape, tee = make("capsfilter"), make("tee")
    caps = f"video/x-raw,format={pixel_format},width={WIDTH},height={HEIGHT},framerate={FPS}/1"
    shape.set_property("caps", Gst.Caps.from_string(caps))
    chain(pipeline, make("videotestsrc", num_buffers=FRAMES, pattern="black"), shape, tee)
    for element in (make_element(), make("identity")):
        queue = make("queue", None, max_size_buffers=2)
        chain(pipeline, queue, element, make("fakesink", None, sync=False))
        link(tee, queue)
    begin = time.process_time()
    pipeline.set_state(Gst.State.PLAYING)
    pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    spent = time.process_time() - begin
    pipeline.set_state(Gst.State.NULL)
    return spent / FRAMES * 1e3


def run() -> Sequence[Row]:
    """Medians of rounds in turn; a graphic's cost is what the stream costs with it, less what it costs without."""
    rows = []
    for pixel_format in ("I420", "NV12"):
        ways: dict[str, MakeElement] = {
            "plain": lambda: make("identity"),
            "scoreboard": scoreboard,
            "overlaycomposition": overlay_composition,
        }
        spent: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                spent[name].append(processor_ms(pixel_format, way))
        plain, ours, theirs = (statistics.median(spent[name]) for name in ways)
        cost, rival = ours - plain, theirs - plain
        rows.append(Row(f"{pixel_format}, plain", plain, "ms"))
        rows.append(Row(f"{pixel_format}, with a scoreboard", ours, "ms", "plain", ours / plain))
        rows.append(
            Row(
                f"{pixel_format}, cost of the scoreboard",
                cost,
                "ms",
                goal=f"<= {GOAL_MS} ms",
                met=cost <= GOAL_MS,
            )
        )
        rows.append(
            Row(f"{pixel_format}, cost of overlaycomposition", rival, "ms", "the scoreboard", rival / cost)
        )
    return rows


if __name__ == "__main__":
    main(run)
