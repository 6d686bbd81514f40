"""Streams that are at different times when their output is stopped end at one running time."""

from __future__ import annotations

import threading

import pytest

from pipeline.gst.core.connections import Connections
from pipeline.gst.output.common_end import CommonEnd
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_MS

LIMIT_S = 5.0


class Stream:
    """A pad that gets buffers of `lasts_ms` in order, and notes up to where they were let through."""

    def __init__(self, name: str, lasts_ms: int) -> None:
        self.pad = Gst.Pad.new(name, Gst.PadDirection.SINK)
        self.end_ms = 0
        self._next_ms, self._lasts_ms = 0, lasts_ms
        self.pad.set_chain_function_full(self._take)
        self.pad.set_active(True)
        self.pad.send_event(Gst.Event.new_stream_start(name))
        segment = Gst.Segment()
        segment.init(Gst.Format.TIME)
        self.pad.send_event(Gst.Event.new_segment(segment))

    def send_until(self, until_ms: int) -> None:
        while self._next_ms < until_ms:
            buffer = Gst.Buffer.new_wrapped(b"x")
            buffer.pts, buffer.duration = self._next_ms * NS_PER_MS, self._lasts_ms * NS_PER_MS
            self._next_ms += self._lasts_ms
            self.pad.chain(buffer)

    def _take(self, _pad: Gst.Pad, _parent: object, buffer: Gst.Buffer) -> Gst.FlowReturn:
        self.end_ms = (buffer.pts + buffer.duration) // NS_PER_MS
        return Gst.FlowReturn.OK


@pytest.mark.parametrize(("video_ms", "sound_ms"), [(1000, 900), (1000, 400), (900, 1100), (1000, 1000)])
def test_the_stream_that_lags_catches_up_and_the_other_one_waits(video_ms: int, sound_ms: int) -> None:
    video, sound = Stream("video", 40), Stream("audio", 20)
    common_end = CommonEnd([video.pad, sound.pad], Connections())
    video.send_until(video_ms)
    sound.send_until(sound_ms)
    has_ended: list[bool] = []
    stopping = threading.Thread(target=lambda: has_ended.append(common_end.reach(LIMIT_S)))
    stopping.start()
    end_ms = max(video.end_ms, sound.end_ms)
    while not common_end.is_ending:
        stopping.join(0.001)
    for stream in (video, sound):
        stream.send_until(2000)
    stopping.join()
    assert has_ended == [True]
    assert abs(video.end_ms - end_ms) <= 20
    assert abs(sound.end_ms - end_ms) <= 10


def test_a_stream_that_has_ended_is_not_waited_for_and_one_that_stands_still_not_for_long() -> None:
    video, sound = Stream("video", 40), Stream("audio", 20)
    common_end = CommonEnd([video.pad, sound.pad], Connections())
    video.send_until(1000)
    sound.send_until(500)
    assert not common_end.reach(0.01)
    sound.pad.send_event(Gst.Event.new_eos())
    assert common_end.reach(LIMIT_S)


def test_an_output_that_got_nothing_ends_at_once() -> None:
    assert CommonEnd([Stream("video", 40).pad], Connections()).reach(LIMIT_S)
