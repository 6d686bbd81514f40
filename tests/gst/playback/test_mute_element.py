"""Muted sound: silent to the sample, with a ramp inside; every bit outside is what it was."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.gst.core.elements import chain, make_appsink, make_appsrc
from pipeline.gst.core.pcm import PcmFormat
from pipeline.gst.playback.mute_element import RAMP_NS, MutedAt, MuteElement, gains
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_S

RATE_HZ, CHUNK, CHUNKS = 48_000, 480, 20
RAMP = RAMP_NS * RATE_HZ // NS_PER_S


def sent(name: str, level: float = 100.0) -> tuple[PcmFormat, bytes]:
    """Two channels of loud, random sound."""
    pcm = PcmFormat(name, RATE_HZ, 2)
    random = np.random.default_rng(1).integers(1, int(level), (CHUNK * CHUNKS, 2))
    return pcm, pcm.encode(random.astype(np.float64))


def play(pcm: PcmFormat, data: bytes, muted_at: MutedAt) -> bytes:
    """What comes out of the element for chunks of 10 ms from running time 0 on."""
    caps = f"audio/x-raw,format={pcm.name},rate={pcm.rate_hz},channels={pcm.channels},layout=interleaved"
    pipeline = Gst.Pipeline.new(None)
    source, sink = make_appsrc("in", Gst.Caps.from_string(caps)), make_appsink("out")
    for name, value in {"emit-signals": False, "max-buffers": 0, "wait-on-eos": False}.items():
        sink.set_property(name, value)
    chain(pipeline, source, MuteElement(muted_at), sink)
    pipeline.set_state(Gst.State.PLAYING)
    size = CHUNK * pcm.frame_bytes
    for index in range(CHUNKS):
        buffer = Gst.Buffer.new_wrapped(data[index * size : (index + 1) * size])
        buffer.pts, buffer.duration = index * NS_PER_S // 100, NS_PER_S // 100
        source.push_buffer(buffer)
    source.end_of_stream()
    taken = []
    while (sample := sink.try_pull_sample(5 * Gst.SECOND)) is not None:
        buffer = sample.get_buffer()
        taken.append(buffer.extract_dup(0, buffer.get_size()))
    pipeline.set_state(Gst.State.NULL)
    return b"".join(taken)


def _stretch(first: int, last: int | None) -> MutedAt:
    """From one sample up to, not including, another."""
    span_ns = first * NS_PER_S // RATE_HZ, None if last is None else last * NS_PER_S // RATE_HZ
    return lambda _begin, end: [span_ns] if span_ns[0] < end else []


@pytest.mark.parametrize("name", ["U8", "S16LE", "S24LE", "S24_32LE", "S32BE", "U16LE"])
def test_it_is_silent_to_the_sample_and_every_bit_outside_stays(name: str) -> None:
    pcm, data = sent(name)
    first, last = 1003, 5017
    got = play(pcm, data, _stretch(first, last))
    size = pcm.frame_bytes
    assert got[: first * size] == data[: first * size]
    assert got[last * size :] == data[last * size :]
    sound = pcm.decode(got)
    assert not sound[first + RAMP + 1 : last - RAMP - 1].any()
    assert (np.abs(sound) <= np.abs(pcm.decode(data))).all()
    assert sound[first + RAMP // 2].any(), "it fades"


def test_without_an_end_it_is_silent_to_the_end() -> None:
    pcm, data = sent("S16LE")
    sound = pcm.decode(play(pcm, data, _stretch(2000, None)))
    assert not sound[2000 + RAMP :].any()
    assert (sound[:2000] == pcm.decode(data)[:2000]).all()


def test_sound_of_which_nothing_can_be_known_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    def fail_once(begin_ns: int, _end_ns: int) -> list[tuple[int, int | None]]:
        if begin_ns == NS_PER_S // 10:
            raise ZeroDivisionError
        return []

    pcm, data = sent("S16LE")
    sound, was = pcm.decode(play(pcm, data, fail_once)), pcm.decode(data)
    silent = np.s_[10 * CHUNK : 11 * CHUNK]
    assert not sound[silent].any()
    was[silent] = 0
    assert (sound == was).all()
    assert "sound is muted: ZeroDivisionError" in caplog.text


def test_several_stretches_in_one_buffer_and_short_ones() -> None:
    def at(index: int) -> int:
        return index * NS_PER_S // RATE_HZ

    found: NDArray[np.float64] = gains([(at(100), at(200)), (at(2000), at(2004))], 0, 4800, RATE_HZ)
    assert (found[:100] == 1).all()
    assert (found[126:174] == 0).all()
    assert (found[200:2000] == 1).all()
    assert found[2002] == 0
    assert (found[2004:] == 1).all()
