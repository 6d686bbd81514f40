"""The sound meter: levels of known sounds, silence, clipping, in every format that sound may have."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.gst.core.elements import chain, make, static_pad
from pipeline.gst.core.pcm import PcmFormat, Sound
from pipeline.gst.playback.sound_meter import LEAST_DBFS, LevelMeter, SoundMeter
from pipeline.gst.runtime import Gst

RATE_HZ = 48_000


def tone(peak: float, seconds: float = 1.0) -> Sound:
    """One channel of a tone of 1 kHz."""
    return peak * np.sin(2 * np.pi * 1000 * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)[:, None]


def test_a_tone_has_its_peak_and_its_mean_in_each_channel() -> None:
    meter = LevelMeter(RATE_HZ, 2)
    meter.add(np.hstack([tone(0.5), tone(0.05)]))
    assert meter.levels.peak_dbfs == pytest.approx([-6.0, -26.0], abs=0.1)
    assert meter.levels.rms_dbfs == pytest.approx([-9.0, -29.0], abs=0.1)
    assert (meter.levels.silent_s, meter.levels.clips) == (0, False)


def test_however_the_sound_is_cut_into_pieces_the_levels_are_the_same() -> None:
    sound, whole, pieces = tone(0.3, 2.0), LevelMeter(RATE_HZ, 1), LevelMeter(RATE_HZ, 1)
    whole.add(sound)
    random = np.random.default_rng(3)
    while len(sound):
        count = int(random.integers(0, 3000))
        pieces.add(sound[:count])
        sound = sound[count:]
    assert pieces.levels == whole.levels


def test_silence_is_counted_until_something_is_heard() -> None:
    meter = LevelMeter(RATE_HZ, 2)
    for second in range(1, 13):
        meter.add(np.hstack([tone(0.0009), tone(0.0)]))
        assert meter.levels.silent_s == second
    meter.add(np.hstack([tone(0.0, 0.2), tone(0.01, 0.2)]))
    assert meter.levels.silent_s == 0


def test_digital_silence_has_the_least_level() -> None:
    meter = LevelMeter(RATE_HZ, 1)
    meter.add(tone(0.0))
    assert (meter.levels.peak_dbfs, meter.levels.rms_dbfs) == ([LEAST_DBFS], [LEAST_DBFS])


def test_samples_cut_off_at_full_scale_are_clipping_for_five_seconds() -> None:
    meter = LevelMeter(RATE_HZ, 1)
    meter.add(np.clip(tone(1.5, 0.1), -1, 1))
    assert meter.levels.clips
    meter.add(tone(0.5, 4.9))
    assert meter.levels.clips
    meter.add(tone(0.5, 0.2))
    assert not meter.levels.clips


@pytest.mark.parametrize("cut", [1, 2])
def test_one_sample_at_full_scale_is_no_clipping_and_three_across_two_pieces_are(cut: int) -> None:
    meter = LevelMeter(RATE_HZ, 1)
    alone = np.zeros((4800, 1))
    alone[100] = alone[200] = alone[201] = 1.0
    meter.add(alone)
    assert not meter.levels.clips
    three = np.zeros((4800, 1))
    three[1000:1003] = -1.0
    meter.add(three[: 1000 + cut])
    meter.add(three[1000 + cut :])
    assert meter.levels.clips


@pytest.mark.parametrize(
    "name", ["U8", "S16LE", "S16BE", "U16LE", "S24LE", "S24BE", "S24_32LE", "S32LE", "F32LE", "F64BE"]
)
def test_full_scale_is_0_dbfs_in_every_format(name: str) -> None:
    pcm = PcmFormat(name, RATE_HZ, 1)
    sound = pcm.decode(pcm.encode(tone(0.5) * pcm.full_scale)) / pcm.full_scale
    meter = LevelMeter(RATE_HZ, 1)
    meter.add(sound)
    assert meter.levels.peak_dbfs == pytest.approx([-6.0], abs=0.2)


def test_what_passes_a_pad_is_measured() -> None:
    pipeline = Gst.Pipeline.new(None)
    source = make("audiotestsrc", None, num_buffers=100, volume=0.25)
    caps = Gst.Caps.from_string("audio/x-raw,format=S16LE,rate=48000,channels=2")
    sink = make("fakesink", None, sync=False)
    chain(pipeline, source, make("audioconvert"), make("capsfilter", None, caps=caps), sink)
    meter = SoundMeter(static_pad(sink, "sink"))
    assert meter.levels is None
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR
    )
    pipeline.set_state(Gst.State.NULL)
    assert message is not None
    assert message.type == Gst.MessageType.EOS
    levels = meter.levels
    assert levels is not None
    assert levels.peak_dbfs == pytest.approx([-12.0, -12.0], abs=0.2)
