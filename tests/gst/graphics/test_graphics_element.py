"""Graphics on a stream: at the frame of their time, not one before or after; the other branches stay clean."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.graphics.template import Template
from pipeline.gst.core.elements import chain, link, make, make_appsink
from pipeline.gst.core.frames import FrameLayout
from pipeline.gst.graphics.graphics_element import GraphicsElement, Shown, ShownAt
from pipeline.gst.runtime import Gst

SQUARE = Template(
    b'<svg xmlns="http://www.w3.org/2000/svg" width="540" height="540" data-margin="0">'
    b'<rect width="540" height="540" data-fill="colour" data-if="colour"/></svg>',
    "square",
)
FRAME_NS = Gst.SECOND // 25


def grey(level: int) -> list[Shown]:
    return [Shown(SQUARE, {"colour": f"#{level:02x}{level:02x}{level:02x}"})]


def play(shown_at: ShownAt, caps: str = "format=I420", frames: int = 30) -> tuple[list[np.ndarray], ...]:
    """The luma of each frame behind the element, and of each frame of a branch beside it."""
    pipeline = Gst.Pipeline.new(None)
    source = make("videotestsrc", num_buffers=frames, pattern="black", timestamp_offset=7 * FRAME_NS)
    shape, tee = make("capsfilter"), make("tee")
    whole = f"video/x-raw,width=64,height=36,framerate=25/1,{caps}"
    shape.set_property("caps", Gst.Caps.from_string(whole))
    chain(pipeline, source, shape, tee)
    element = GraphicsElement(shown_at)
    sinks = []
    for steps in ([make("queue"), element], [make("queue")]):
        sink = make_appsink(f"out{len(sinks)}")
        sink.set_property("emit-signals", False)
        sink.set_property("max-buffers", 0)
        sink.set_property("wait-on-eos", False)
        chain(pipeline, *steps, sink)
        link(tee, steps[0])
        sinks.append(sink)
    pipeline.set_state(Gst.State.PLAYING)
    taken = []
    for sink in sinks:
        lumas = []
        while (sample := sink.try_pull_sample(5 * Gst.SECOND)) is not None:
            with FrameLayout.of(sample.get_caps()).map(sample.get_buffer()) as frame:
                lumas.append(frame.luma.copy())
        taken.append(lumas)
    pipeline.set_state(Gst.State.NULL)
    assert [len(lumas) for lumas in taken] == [frames, frames]
    return tuple(taken)


@pytest.mark.parametrize("pixel_format", ["I420", "NV12"])
def test_each_frame_shows_the_state_of_its_own_time_and_the_other_branch_none(pixel_format: str) -> None:
    levels = [int(level) for level in np.random.default_rng(3).integers(1, 220, 30)]

    def shown_at(time_ns: int) -> list[Shown]:
        frame = time_ns // FRAME_NS - 7
        return [] if frame % 5 == 4 else grey(levels[frame])  # now and then nothing

    shown, clean = play(shown_at, f"format={pixel_format}")
    for frame, (luma, level) in enumerate(zip(shown, levels, strict=True)):
        expected = 16 if frame % 5 == 4 else round(16 + 219 * level / 255)
        assert abs(int(luma[5, 5]) - expected) <= 1, frame
        assert luma[25, 40] == 16
    assert all((luma == 16).all() for luma in clean)


def test_the_range_of_the_video_counts() -> None:
    full, _ = play(lambda _time: grey(255), "format=I420,colorimetry=1:3:5:1", frames=1)
    assert full[0][5, 5] == 255


def test_graphics_that_fail_do_not_stop_the_video(caplog: pytest.LogCaptureFixture) -> None:
    def fail_sometimes(time_ns: int) -> list[Shown]:
        frame = time_ns // FRAME_NS - 7
        return grey(255) if frame % 3 else [*grey(255), Shown(SQUARE, {"colour": "#" + 1 // 0 * "0"})]

    shown, _ = play(fail_sometimes)
    assert [int(luma[5, 5]) for luma in shown] == [16 if frame % 3 == 0 else 235 for frame in range(30)]
    assert caplog.text.count("a frame has no graphics: ZeroDivisionError") == 1
