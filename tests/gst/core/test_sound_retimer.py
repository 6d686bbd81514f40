"""Raw sound that follows corrected times: whole, in time, and without a sound of its own."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.gst.core.pcm import PcmFormat, Sound
from pipeline.gst.core.sound_retimer import HALF, SoundRetimer
from pipeline.gst.runtime import Gst

S = 1_000_000_000
RATE_HZ = 48_000
CHUNK = 480
SCALES = {"U8": 100, "S8": 100, "F32LE": 0.5, "F64LE": 0.5, "F32BE": 0.5}


def caps_of(name: str, *, layout: str = "interleaved", channels: int = 2) -> Gst.Caps:
    mask = ",channel-mask=(bitmask)0x3" if channels == 2 else ""
    return Gst.Caps.from_string(
        f"audio/x-raw,format={name},rate={RATE_HZ},channels={channels},layout={layout}{mask}"
    )


class Stream:
    """A sound stream through a retimer: what went in, and what came out."""

    def __init__(self, name: str = "F32LE") -> None:
        self.caps = caps_of(name)
        pcm = PcmFormat.of(self.caps)
        assert pcm is not None
        self.pcm = pcm
        self.retimer = SoundRetimer(pcm)
        self.segment = Gst.Segment()
        self.segment.init(Gst.Format.TIME)
        self.sound: list[Sound] = []
        self.times_ns: list[tuple[int, int]] = []

    def take(self, sound: Sound, time_ns: int, correction_ns: int) -> None:
        buffer = Gst.Buffer.new_wrapped(self.pcm.encode(sound))
        buffer.pts, buffer.duration = time_ns, len(sound) * S // RATE_HZ
        made = self.retimer.retime(
            Gst.Sample.new(buffer, self.caps, self.segment, None), time_ns, correction_ns
        )
        if made is None:
            return
        new = made[0].get_buffer()
        assert new.pts == made[1]
        self.times_ns.append((new.pts, new.pts + new.duration))
        self.sound.append(self.pcm.decode(new.extract_dup(0, new.get_size())))

    @property
    def made(self) -> Sound:
        return np.concatenate(self.sound)


def tone(frequency_hz: float, count: int, scale: float, begin: int = 0) -> Sound:
    wave = scale * np.sin(2 * np.pi * frequency_hz * (begin + np.arange(count)) / RATE_HZ)
    return np.stack([wave, -wave], axis=1)


FORMATS = [
    f"{kind}{end}"
    for kind in ("S16", "U16", "S24", "S24_32", "S32", "U32", "F32", "F64")
    for end in ("LE", "BE")
    if f"{kind}{end}" not in ("U16BE", "U32BE")
]


@pytest.mark.parametrize("name", ["S8", "U8", *FORMATS])
def test_every_format_is_read_and_written_as_it_was(name: str) -> None:
    pcm = PcmFormat.of(caps_of(name))
    assert pcm is not None
    scale = SCALES.get(name, 30_000)
    data = pcm.encode(tone(1000, 480, scale))
    assert pcm.encode(pcm.decode(data)) == data
    assert np.allclose(pcm.decode(data), tone(1000, 480, scale), atol=0.5 if name[0] != "F" else 1e-6)
    assert pcm.decode(data + b"x").shape == (480, 2)


@pytest.mark.parametrize("text", ["audio/mpeg", caps_of("S16LE", layout="non-interleaved").to_string()])
def test_what_is_not_raw_interleaved_sound_is_not_read(text: str) -> None:
    assert PcmFormat.of(Gst.Caps.from_string(text)) is None
    assert PcmFormat.of(None) is None


@pytest.mark.parametrize("name", ["F32LE", "S16LE", "S24LE"])
@pytest.mark.parametrize("rate", [1e-3, -1e-3, 1e-4])
def test_the_sound_is_whole_and_lasts_as_long_as_its_time(name: str, rate: float) -> None:
    stream = Stream(name)
    for number in range(200):
        time_ns = number * CHUNK * S // RATE_HZ
        sound = tone(1000, CHUNK, SCALES.get(name, 30_000), number * CHUNK)
        stream.take(sound, time_ns, round(time_ns * rate))
    for (_, end_ns), (begin_ns, _) in zip(stream.times_ns, stream.times_ns[1:], strict=False):
        assert abs(begin_ns - end_ns) <= 1
    wanted_ns = 2 * S * (1 + rate) - HALF * S / RATE_HZ
    assert stream.times_ns[-1][1] == pytest.approx(wanted_ns, abs=50_000)
    assert len(stream.made) == pytest.approx(wanted_ns * RATE_HZ / S, abs=3)


@pytest.mark.parametrize("frequency_hz", [100, 1000, 8000, 15_000])
def test_a_tone_stays_a_tone(frequency_hz: int) -> None:
    """Beside it there is nothing, neither steps between the chunks nor a mirrored tone: 65 dB."""
    stream = Stream()
    for number in range(200):
        time_ns = number * CHUNK * S // RATE_HZ
        stream.take(tone(frequency_hz, CHUNK, 0.5, number * CHUNK), time_ns, round(time_ns * 1e-3))
    made = stream.made[CHUNK * 100 : CHUNK * 190, 0] * np.hanning(CHUNK * 90)
    spectrum = np.abs(np.fft.rfft(made)) ** 2
    peak = int(np.argmax(spectrum))
    assert peak * RATE_HZ / len(made) == pytest.approx(frequency_hz / 1.001, abs=2)
    beside = spectrum.copy()
    beside[max(peak - 12, 0) : peak + 13] = 0
    assert 10 * np.log10(beside.sum() / spectrum.sum()) < -65


def test_sound_after_a_gap_begins_where_it_belongs() -> None:
    stream = Stream()
    for number in range(10):
        time_ns = number * 10_000_000 + (3 * S if number >= 5 else 0)
        stream.take(tone(1000, CHUNK, 0.5), time_ns, 700_000_000)
    assert stream.times_ns[0][0] == 700_000_000
    assert stream.times_ns[5][0] == 3 * S + 750_000_000


def test_a_correction_that_begins_makes_no_step() -> None:
    stream = Stream()
    stream.take(tone(1000, CHUNK, 0.5), S, 80_000)
    assert stream.times_ns[0][0] == S, "where the chunk before it ended"


def test_what_is_too_short_is_kept_for_the_next_chunk() -> None:
    stream = Stream()
    for number in range(6):
        stream.take(tone(1000, 10, 0.5, number * 10), number * 10 * S // RATE_HZ, 1000)
    assert len(stream.made) == 60 - HALF
