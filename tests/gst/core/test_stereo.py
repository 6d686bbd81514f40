"""The mix of any number of channels down to stereo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.gst.core.elements import chain, make, make_appsrc
from pipeline.gst.core.stereo import make_stereo_mixer, mix_matrix
from pipeline.gst.runtime import Gst, GstApp, GstAudio
from tests.faults.record import Area, fault
from tests.gst.core.convert import converted

PLACES = [place.value_nick for place in GstAudio.AudioChannelPosition.__enum_values__.values()]
LEVEL = 0.5


def tone(channels: int, mask: int | None, loud: int, rate: int = 48_000) -> Gst.Sample:
    """10 ms in which only the channel `loud` is at LEVEL; `mask`: where the channels are, 0 for nowhere."""
    data = np.zeros((rate // 100, channels), np.float32)
    data[:, loud] = LEVEL
    return sample_of(data, rate, "" if mask is None else f",channel-mask=(bitmask){mask:#x}")


def sample_of(data: NDArray[np.float32], rate: int, places: str) -> Gst.Sample:
    """10 ms of sound, shape (frames, channels); `places`: further caps."""
    channels = data.shape[1]
    buffer = Gst.Buffer.new_wrapped(data.tobytes())
    buffer.pts, buffer.duration = 0, 10 * Gst.MSECOND
    caps = f"audio/x-raw,format=F32LE,layout=interleaved,rate={rate},channels={channels}{places}"
    segment = Gst.Segment()
    segment.init(Gst.Format.TIME)
    return Gst.Sample.new(buffer, Gst.Caps.from_string(caps), segment, None)


def mixed(sample: Gst.Sample, channels: int = 2) -> NDArray[np.float32]:
    data = converted(sample, f"audio/x-raw,format=F32LE,channels={channels}", *make_stereo_mixer())
    return np.frombuffer(data, np.float32).reshape(-1, channels)


@fault(
    Area.CAMERAS,
    "sound of more than two channels, with or without positions",
    seen="stereo, mixed from all of them",
)
@pytest.mark.parametrize("channels", [2, 3, 4, 5, 6, 7, 8, 16, 32])
def test_channels_without_positions_are_pairs_and_none_is_lost(channels: int) -> None:
    for loud in {0, 1, 2 % channels, channels - 2, channels - 1}:
        sides = mixed(tone(channels, 0, loud)).mean(axis=0)
        assert sides[loud % 2] == pytest.approx(LEVEL / ((channels + 1) // 2), rel=0.01)
        assert sides[1 - loud % 2] == 0


@pytest.mark.parametrize("mask", [0x33, 0x37, 0x3F, 0x60F, 0x63F, 0xC3F, 0x103, 0xC, 0x7, 0x303F0FF])
def test_channels_with_positions_are_mixed_by_them_and_none_is_lost(mask: int) -> None:
    for loud, bit in enumerate(bit for bit in range(28) if mask >> bit & 1):
        left, right = mixed(tone(mask.bit_count(), mask, loud)).mean(axis=0)
        place = PLACES[bit + 3]
        assert (left > 0.01, right > 0.01) == ("right" not in place, "left" not in place), place


@pytest.mark.parametrize(("channels", "mask"), [(1, None), (1, 0), (1, 4), (2, None), (2, 3)])
def test_mono_and_stereo_pass_unchanged(channels: int, mask: int | None) -> None:
    for loud in range(channels):
        sides = mixed(tone(channels, mask, loud), channels)
        assert np.abs(sides - LEVEL * (np.arange(channels) == loud)).max() < 1e-8


@pytest.mark.parametrize(
    ("rate", "kept"), [(8000, 8000), (48_000, 48_000), (96_000, 48_000), (192_000, 48_000)]
)
def test_no_rate_is_above_48_khz(rate: int, kept: int) -> None:
    assert len(mixed(tone(2, 3, 0, rate))) == pytest.approx(kept // 100, abs=20)


@given(st.lists(st.sampled_from(PLACES), min_size=2, max_size=64))
def test_no_mix_can_clip_and_every_channel_is_in_it(places: list[str]) -> None:
    rows = np.array(mix_matrix(places))
    assert rows.shape == (2, len(places))
    assert (rows >= 0).all()
    assert rows.sum(axis=1).max() == pytest.approx(1)
    assert (rows.max(axis=0) > 0).all()


def test_what_comes_in_another_format_later_is_converted_to_the_first() -> None:
    pipeline = Gst.Pipeline.new(None)
    appsrc, sink = make_appsrc("in"), make("appsink", "out", sync=False)
    assert isinstance(sink, GstApp.AppSink)
    chain(pipeline, appsrc, make("queue"), *make_stereo_mixer(), make("tee"), sink)
    pipeline.set_state(Gst.State.PLAYING)
    try:
        for sample in (tone(6, 0x3F, 0), tone(4, 0, 1, 44_100), tone(1, None, 0, 8000), tone(2, None, 1)):
            appsrc.push_sample(sample)
        appsrc.end_of_stream()
        pulled = []
        while (sample := sink.try_pull_sample(5 * Gst.SECOND)) is not None:
            pulled.append(sample)
        assert pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR) is None
    finally:
        pipeline.set_state(Gst.State.NULL)
    assert len({sample.get_caps().to_string() for sample in pulled}) == 1
    assert "channels=(int)2" in pulled[0].get_caps().to_string()
    frames = sum(sample.get_buffer().get_size() for sample in pulled) // 8
    assert frames == pytest.approx(4 * 480, abs=50)


@fault(
    Area.CAMERAS,
    "sound of floats that are no numbers or far beyond full scale",
    seen="nothing; it is cut off at full scale, and the film can be played",
    lost="that sound",
)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, -1.5, 0.25])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_only_numbers_within_full_scale_come_out(value: float, channels: int) -> None:
    frames = np.full((480, channels), value, np.float32)
    sample = sample_of(frames, 48_000, ",channel-mask=(bitmask)0" if channels > 2 else "")
    data = converted(sample, "audio/x-raw", *make_stereo_mixer())
    sides = np.frombuffer(data, np.int32).reshape(-1, min(channels, 2)) / 2**31
    assert len(sides) == 480
    assert np.abs(sides).max() == pytest.approx(0.25 if value == 0.25 else 1)


@pytest.mark.parametrize("form", ["S8", "U8", "S16LE", "S16BE", "S24LE", "S24_32BE", "U16LE", "S32BE"])
def test_whole_numbers_pass_as_they_are(form: str) -> None:
    plain = tone(2, 3, 0)
    data = converted(plain, f"audio/x-raw,format={form}")
    buffer = Gst.Buffer.new_wrapped(data)
    buffer.pts, buffer.duration = 0, 10 * Gst.MSECOND
    caps = Gst.Caps.from_string(f"audio/x-raw,format={form},layout=interleaved,rate=48000,channels=2")
    sample = Gst.Sample.new(buffer, caps, plain.get_segment(), None)
    assert converted(sample, f"audio/x-raw,format={form}", *make_stereo_mixer()) == data
