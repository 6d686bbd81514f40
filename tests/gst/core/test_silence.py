"""Silence in every raw audio format."""

from __future__ import annotations

import struct

import pytest

from pipeline.gst.core.silence import silence
from pipeline.gst.runtime import Gst, GstAudio
from pipeline.timebase import NS_PER_MS, NS_PER_S
from tests.faults.record import Area, fault
from tests.gst.core.convert import converted

FORMATS = [GstAudio.AudioFormat.to_string(kind) for kind in GstAudio.audio_formats_raw()]


def caps_of(name: str, channels: int, layout: str = "interleaved") -> Gst.Caps:
    return Gst.Caps.from_string(
        f"audio/x-raw,format={name},rate=44100,channels={channels},layout={layout},channel-mask=(bitmask)0x0"
    )


@fault(
    Area.CAMERAS, "a hole in sound of whatever raw format", seen="silence in that format", lost="that sound"
)
@pytest.mark.parametrize("layout", ["interleaved", "non-interleaved"])
@pytest.mark.parametrize("name", FORMATS)
def test_every_raw_format_of_gstreamer_has_silence_that_its_own_converter_reads_as_zero(
    name: str, layout: str
) -> None:
    caps = caps_of(name, 3, layout)
    sample = silence(caps, 5 * NS_PER_S, 5 * NS_PER_S + 20 * NS_PER_MS)
    assert sample is not None
    assert sample.get_caps().is_equal(caps)
    assert (sample.get_buffer().pts, sample.get_buffer().duration) == (5 * NS_PER_S, 20 * NS_PER_MS)
    data = converted(sample, "audio/x-raw,format=F64LE,layout=interleaved")
    values = struct.unpack(f"<{len(data) // 8}d", data)
    assert len(values) == 3 * 882
    assert not any(values)


@pytest.mark.parametrize(
    "text",
    ["audio/mpeg,mpegversion=4", "video/x-raw,format=I420", "audio/x-raw,rate=48000,channels=2", "ANY"],
)
def test_what_is_no_raw_sound_has_no_silence(text: str) -> None:
    assert silence(Gst.Caps.from_string(text), 0, NS_PER_S) is None


def test_a_time_shorter_than_a_sample_has_no_silence() -> None:
    assert silence(caps_of("U8", 1), 0, 1000) is None
