"""The notice of a camera outage, drawn on the frame."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from pipeline.optics.frame import Frame, PixelFormat
from pipeline.optics.overlay import draw_notice
from pipeline.optics.view import View
from pipeline.run.overlay import NoticePainter
from pipeline.timebase import NS_PER_S, Nanoseconds


def grey(pixel_format: PixelFormat, width: int = 640, height: int = 360) -> Frame:
    frame = Frame.empty(pixel_format, width, height)
    for plane in frame.planes:
        plane[...] = 100
    return frame


@pytest.mark.parametrize("pixel_format", get_args(PixelFormat))
def test_the_notice_is_white_text_on_a_black_band_at_the_top(pixel_format: PixelFormat) -> None:
    frame = grey(pixel_format)
    draw_notice(frame, ["camera lost: rtsp://***@camera/1", "camera lost: srt://caméra"])
    band = frame.luma[:60]
    assert band.min() == 16
    for line in (band[:30], band[30:]):
        assert 0.02 < (line > 200).mean() < 0.3
    assert np.all(frame.luma[60:] == 100)
    for plane in frame.planes[1:]:
        assert np.all(plane[:30] == 128)
        assert np.all(plane[30:] == 100)


def test_a_long_notice_is_written_smaller() -> None:
    frame = grey("NV12", 320, 180)
    draw_notice(frame, ["camera lost: rtsp://" + "long." * 40])
    columns = np.flatnonzero((frame.luma[:16] > 60).any(axis=0))
    assert columns[0] > 2
    assert columns[-1] < 317


def test_the_notice_is_drawn_at_the_capture_time_of_the_outage() -> None:
    def lost(time_ns: Nanoseconds) -> list[str]:
        return ["camera"] if time_ns == 3 * NS_PER_S else []

    painter = NoticePainter(lost, lambda playback_ns: playback_ns - 7 * NS_PER_S)
    frame = grey("I420")
    painter(frame, View(0, 0, 60), Nanoseconds(3 * NS_PER_S))
    assert np.all(frame.luma == 100)
    painter(frame, View(0, 0, 60), Nanoseconds(10 * NS_PER_S))
    assert frame.luma.min() == 16
