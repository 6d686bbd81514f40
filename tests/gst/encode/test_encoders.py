"""The chosen encoder works and is configured as asked; a wrong choice is told what is allowed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import oaconvolve

from pipeline.errors import ConfigError, MissingDependencyError
from pipeline.gst.core.elements import chain, make, make_appsink
from pipeline.gst.core.stereo import make_stereo_mixer
from pipeline.gst.encode.encoders import Candidate, candidates, choose_audio_encoder, choose_video_encoder
from pipeline.gst.runtime import Gst
from pipeline.match.sync import click, find_clicks
from tests import videos


def _play(pipeline: Gst.Pipeline) -> None:
    """Run to the end of the stream, without an error."""
    pipeline.set_state(Gst.State.PLAYING)
    kinds = Gst.MessageType.EOS | Gst.MessageType.ERROR
    message = pipeline.get_bus().timed_pop_filtered(20 * Gst.SECOND, kinds)
    pipeline.set_state(Gst.State.NULL)
    assert message is not None
    assert message.type == Gst.MessageType.EOS


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("low_latency", [True, False])
def test_each_encoder_encodes(codec: str, low_latency: bool) -> None:
    encoder = choose_video_encoder(
        codec, bitrate_kbps=500, keyframe_interval_s=1 / 6, framerate=30, low_latency=low_latency
    )
    pipeline = Gst.Pipeline.new(None)
    sink = make("fakesink", "sink", sync=False)
    chain(pipeline, make("videotestsrc", num_buffers=11), make("videoconvert"), encoder, sink)
    keyframes = []

    def count(_pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        buffer = info.get_buffer()
        assert buffer is not None
        keyframes.append(not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT))
        return Gst.PadProbeReturn.OK

    pad = sink.get_static_pad("sink")
    assert pad is not None
    pad.add_probe(Gst.PadProbeType.BUFFER, count)
    _play(pipeline)
    assert len(keyframes) == 11
    assert sum(keyframes) == 3


def test_bitrates_reach_the_encoder() -> None:
    encoder = choose_video_encoder(
        "h264", bitrate_kbps=1234, keyframe_interval_s=2, framerate=25, low_latency=False, name="x264enc"
    )
    assert encoder.get_property("bitrate") == 1234
    assert choose_audio_encoder("opus", 96).get_property("bitrate") == 96_000


def test_clicks_in_crowd_noise_survive_encoding(tmp_path: Path) -> None:
    rate, count = videos.RATE_HZ, 120
    crowd = np.random.default_rng(2).normal(0, 0.03, (75 * rate, 2))
    sound = oaconvolve(crowd, np.hanning(9)[:, None] / 1.73, "same", axes=0)
    one = 0.5 * click(rate)
    for number in range(count):
        begin = round((1 + 0.611 * number) * rate)
        sound[begin : begin + len(one)] += one[:, None]
    raw, video = tmp_path / "sound.raw", tmp_path / "sound.mka"
    raw.write_bytes(sound.astype(np.float32).tobytes())
    pipeline = Gst.Pipeline.new(None)
    form = {"format": "pcm", "pcm_format": "f32le", "sample_rate": rate, "num_channels": 2}
    take = [make("filesrc", location=str(raw)), make("rawaudioparse", **form), make("audioconvert")]
    write = [make("aacparse"), make("matroskamux"), make("filesink", location=str(video))]
    chain(pipeline, *take, choose_audio_encoder("aac", 128), *write)
    _play(pipeline)
    assert len(find_clicks(videos.sound(video), rate)) == count


@pytest.mark.parametrize("codec", ["aac", "opus"])
def test_sides_that_have_nothing_in_common_keep_their_power(codec: str, tmp_path: Path) -> None:
    video = tmp_path / "sound.mka"
    pipeline = Gst.Pipeline.new(None)
    mix = make("audiointerleave", "mix")
    steps = [*make_stereo_mixer(), make("audioconvert"), choose_audio_encoder(codec, 128)]
    chain(
        pipeline,
        mix,
        *steps,
        make(f"{codec}parse"),
        make("matroskamux"),
        make("filesink", location=str(video)),
    )
    for hz in (220, 440):
        tone = make("audiotestsrc", None, freq=hz, volume=0.1, num_buffers=80, samplesperbuffer=1024)
        shape = make("capsfilter", None, caps=Gst.Caps.from_string("audio/x-raw,format=F32LE,rate=48000"))
        chain(pipeline, tone, shape)
        shape.link(mix)
    _play(pipeline)
    sound = videos.sound(video)[4800:-9600]
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    hz_of = np.fft.rfftfreq(len(sound), 1 / videos.RATE_HZ)
    left, right = (power[np.abs(hz_of - hz) < 20].sum() for hz in (220, 440))
    assert left == pytest.approx(right, rel=0.05)
    assert power.sum() - left - right < power.sum() / 100


def test_an_encoder_without_its_plugin_is_listed_with_the_reason() -> None:
    found = {candidate.name: candidate for candidate in candidates("h264")}
    assert found["x264enc"] == Candidate("x264enc", True, "works")
    unusable = [candidate for candidate in found.values() if not candidate.usable]
    assert all("not installed" in one.reason or "cannot be opened" in one.reason for one in unusable)


def test_an_impossible_choice_is_told_what_is_allowed() -> None:
    with pytest.raises(ConfigError, match="allowed: h264, h265"):
        choose_video_encoder("divx", bitrate_kbps=1, keyframe_interval_s=1, low_latency=True)
    with pytest.raises(ConfigError, match="allowed: nvh264enc"):
        choose_video_encoder("h264", bitrate_kbps=1, keyframe_interval_s=1, low_latency=True, name="x265enc")
    with pytest.raises(ConfigError, match="allowed: aac, opus"):
        choose_audio_encoder("mp3", 1)


def test_a_machine_without_encoders_is_told_what_to_install() -> None:
    with pytest.raises(MissingDependencyError, match="install gstreamer1"):
        choose_audio_encoder("aac", 128, {"aac": {"nosuchenc": {}}})


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_every_keyframe_has_the_headers_that_a_decoder_needs(codec: str, tmp_path: Path) -> None:
    encoder = choose_video_encoder(
        codec, bitrate_kbps=500, keyframe_interval_s=0.4, framerate=25, low_latency=True
    )
    source, appsink = make("videotestsrc", None, num_buffers=30), make_appsink("encoded")
    appsink.set_property("caps", Gst.Caps.from_string(f"video/x-{codec},stream-format=byte-stream"))
    shape = make("capsfilter", None, caps=Gst.Caps.from_string("video/x-raw,format=I420,framerate=25/1"))
    pipeline = Gst.Pipeline.new("encode")
    chain(pipeline, source, shape, encoder, appsink)
    pipeline.set_state(Gst.State.PLAYING)
    buffers = []
    while (sample := appsink.try_pull_sample(20 * Gst.SECOND)) is not None:
        buffers.append(sample.get_buffer())
    pipeline.set_state(Gst.State.NULL)
    keys = [index for index, one in enumerate(buffers) if not one.has_flags(Gst.BufferFlags.DELTA_UNIT)]
    late = tmp_path / f"late.{codec}"
    late.write_bytes(b"".join(one.extract_dup(0, one.get_size()) for one in buffers[keys[1] :]))
    assert len(buffers) == 30
    assert len(videos.pictures(late, 320, 240)) == 30 - keys[1]
