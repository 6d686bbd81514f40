"""The bit rate of encoders that are playing: those that can change it do, to what was asked for."""

from __future__ import annotations

import pytest

from pipeline.gst.core.elements import chain, find_property, make, static_pad
from pipeline.gst.encode.bitrate import bitrate_kbps, can_change_bitrate, set_bitrate
from pipeline.gst.encode.encoders import choose_video_encoder
from pipeline.gst.runtime import Gst

FPS, FRAMES = 25, 150
CAPS = "video/x-raw,format=I420,width=320,height=180,framerate=25/1"


def _encoded_kbps(name: str, codec: str, from_kbps: int, to_kbps: int) -> tuple[float, float]:
    """What noise is encoded at: before the change, after half of the frames, and after it."""
    pipeline = Gst.Pipeline.new(None)
    encoder = choose_video_encoder(
        codec, bitrate_kbps=from_kbps, keyframe_interval_s=1, framerate=FPS, low_latency=True, name=name
    )
    assert bitrate_kbps(encoder) == from_kbps
    assert can_change_bitrate(encoder)
    sizes: list[int] = []
    entered = 0

    def enter(_pad: Gst.Pad, _info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        nonlocal entered
        entered += 1
        if entered == FRAMES // 2:
            set_bitrate(encoder, to_kbps)
        return Gst.PadProbeReturn.OK

    def leave(_pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        buffer = info.get_buffer()
        assert buffer is not None
        sizes.append(buffer.get_size())
        return Gst.PadProbeReturn.OK

    shape = make("capsfilter", None, caps=Gst.Caps.from_string(CAPS))
    source = make("videotestsrc", None, pattern="snow", num_buffers=FRAMES)
    chain(pipeline, source, shape, encoder, make("fakesink", None, sync=False))
    static_pad(encoder, "sink").add_probe(Gst.PadProbeType.BUFFER, enter)
    static_pad(encoder, "src").add_probe(Gst.PadProbeType.BUFFER, leave)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        120 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR
    )
    pipeline.set_state(Gst.State.NULL)
    assert message is not None
    assert message.type == Gst.MessageType.EOS
    assert bitrate_kbps(encoder) == to_kbps
    before, after = sizes[FPS : FRAMES // 2], sizes[FRAMES // 2 + FPS :]
    kbps = 8 * FPS / 1000
    return sum(before) / len(before) * kbps, sum(after) / len(after) * kbps


@pytest.mark.parametrize(
    ("name", "codec", "high", "low"),
    [("x264enc", "h264", 1000, 300), ("openh264enc", "h264", 8000, 4500)],
)
def test_a_playing_encoder_gets_slower_and_faster(name: str, codec: str, high: int, low: int) -> None:
    if Gst.ElementFactory.find(name) is None:
        pytest.skip(f"{name} is not installed")
    assert _encoded_kbps(name, codec, high, low) == pytest.approx((high, low), rel=0.3)
    assert _encoded_kbps(name, codec, low, high) == pytest.approx((low, high), rel=0.3)


def test_an_encoder_that_would_never_end_is_not_asked() -> None:
    encoder = make("x265enc")
    assert find_property(encoder, "bitrate") is not None
    assert not can_change_bitrate(encoder)


def test_an_encoder_without_a_bit_rate_cannot_change_it() -> None:
    encoder = make("jpegenc")
    assert not can_change_bitrate(encoder)
    assert bitrate_kbps(encoder) == 0
