"""Covered frames in a stream: every frame that overlaps the time, none before or after, and none by mistake."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.graphics.cover import CARD_LUMA, Cover
from pipeline.gst.core.elements import chain, make, make_appsink
from pipeline.gst.core.frames import FrameLayout
from pipeline.gst.playback.cover_element import CoverAt, CoverElement
from pipeline.gst.runtime import Gst

FRAME_NS = Gst.SECOND // 25
FIRST = 7
FRAMES = 20


def play(
    cover_at: CoverAt, pixel_format: str = "I420", size: str = "width=640,height=360"
) -> list[np.ndarray]:
    """The luma of each frame behind the element; the frames are snow."""
    pipeline = Gst.Pipeline.new(None)
    source = make("videotestsrc", num_buffers=FRAMES, pattern="snow", timestamp_offset=FIRST * FRAME_NS)
    shape, sink = make("capsfilter"), make_appsink("out")
    shape.set_property(
        "caps", Gst.Caps.from_string(f"video/x-raw,format={pixel_format},{size},framerate=25/1")
    )
    for name, value in {"emit-signals": False, "max-buffers": 0, "wait-on-eos": False}.items():
        sink.set_property(name, value)
    chain(pipeline, source, shape, CoverElement(cover_at), sink)
    pipeline.set_state(Gst.State.PLAYING)
    lumas = []
    while (sample := sink.try_pull_sample(5 * Gst.SECOND)) is not None:
        with FrameLayout.of(sample.get_caps()).map(sample.get_buffer()) as frame:
            lumas.append(frame.luma.copy())
    pipeline.set_state(Gst.State.NULL)
    assert len(lumas) == FRAMES
    return lumas


def is_covered(luma: np.ndarray) -> bool:
    return bool(np.abs(np.diff(luma.astype(int), axis=1)).mean() < 5)


@pytest.mark.parametrize("pixel_format", ["I420", "NV12"])
@pytest.mark.parametrize("how", ["blur", "card"])
def test_every_frame_that_overlaps_the_time_is_covered_and_no_other(pixel_format: str, how: str) -> None:
    span_ns = (FIRST + 5) * FRAME_NS + 1, (FIRST + 9) * FRAME_NS  # from inside frame 5 to the end of frame 8
    cover = Cover("blur" if how == "blur" else "card")

    def cover_at(begin_ns: int, end_ns: int) -> Cover | None:
        return cover if begin_ns < span_ns[1] and span_ns[0] < end_ns else None

    lumas = play(cover_at, pixel_format)
    assert [index for index, luma in enumerate(lumas) if is_covered(luma)] == [5, 6, 7, 8]


def test_a_card_says_its_text() -> None:
    luma = play(lambda _begin, _end: Cover("card", "One moment"))[-1]
    assert luma.max() > 200
    assert (luma[:120] == CARD_LUMA).all()


def test_a_frame_of_which_nothing_can_be_known_is_covered(caplog: pytest.LogCaptureFixture) -> None:
    def fail_sometimes(begin_ns: int, _end_ns: int) -> Cover | None:
        if (begin_ns // FRAME_NS - FIRST) % 3 == 0:
            raise ZeroDivisionError
        return None

    lumas = play(fail_sometimes)
    assert [is_covered(luma) for luma in lumas] == [index % 3 == 0 for index in range(FRAMES)]
    assert caplog.text.count("a frame is covered with a plain card: ZeroDivisionError") == 1
