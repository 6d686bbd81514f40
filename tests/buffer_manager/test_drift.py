"""A source with a clock of its own, through a BufferManager: what playback is handed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pipeline import BufferManager
from pipeline.gst.core.samples import running_time_ns
from pipeline.gst.runtime import Gst

S = 1_000_000_000
FRAME_NS = S // 25
CHUNK_NS = S // 25
CHUNK = 1920
VIDEO = "video/x-raw,format=GRAY8,width=4,height=4,framerate=25/1"
AUDIO = "audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved"
SECONDS = 50


class Source:
    """A simulated appsink: hands out one sample at a time, stamped by a clock that runs at 1 + `rate`."""

    def __init__(self, caps: str, rate: float, content: Callable[[int], bytes]) -> None:
        self.caps = Gst.Caps.from_string(caps)
        self.segment = Gst.Segment()
        self.segment.init(Gst.Format.TIME)
        self.rate = rate
        self.content = content
        self.number = 0

    def try_pull_sample(self, _timeout_ns: int) -> Any:
        buffer = Gst.Buffer.new_wrapped(self.content(self.number))
        buffer.pts = round(self.number * FRAME_NS * (1 + self.rate))
        buffer.duration = FRAME_NS
        self.number += 1
        return Gst.Sample.new(buffer, self.caps, self.segment, None)


class Clock:
    """Ours, moved by hand."""

    now_ns = 0

    def get_time(self) -> int:
        return self.now_ns


def tone(number: int) -> bytes:
    places = np.arange(number * CHUNK, (number + 1) * CHUNK)
    return (10_000 * np.sin(2 * np.pi * 440 * places / 48_000)).astype("<i2").tobytes()


def handed_over(rate: float, audio_caps: str = AUDIO) -> tuple[BufferManager, dict[str, list[Any]]]:
    """The entries that playback is given, by the simulated clock."""
    manager, clock = BufferManager(delay=2.0), Clock()
    engine, line = manager._engine, manager._line
    engine.clock = clock
    line.begin()
    video, audio = Source(VIDEO, rate, lambda _number: bytes(16)), Source(audio_caps, rate, tone)
    entries: dict[str, list[Any]] = {"video": [], "audio": []}
    for number in range(SECONDS * 25):
        clock.now_ns = number * FRAME_NS
        manager.on_new_sample(video)
        manager.on_new_audio_sample(audio)
        step = line.step(clock.now_ns, None, {"video": S, "audio": S})
        for send in step.sends:
            entries[send.stream.name] += send.entries
    return manager, entries


def shown_ns(entry: Any) -> int | None:
    return running_time_ns(entry.sample.get_segment(), entry.sample.get_buffer().pts)


@pytest.mark.parametrize("rate", [1e-3, -1e-3])
def test_picture_and_sound_keep_their_delay(rate: float) -> None:
    manager, entries = handed_over(rate)
    for name, found in entries.items():
        late_ns = [entry.time_ns - number * FRAME_NS for number, entry in enumerate(found)]
        assert max(late_ns) - min(late_ns) < 20_000_000, name
        assert all(shown_ns(entry) == entry.time_ns for entry in found), name
    statistics = manager.statistics()
    assert statistics.clock_drift_ppm == pytest.approx(rate * 1e6, rel=0.1)
    assert statistics.clock_correction_s == pytest.approx(-rate * SECONDS, abs=0.012)
    assert statistics.delay_s == 2.0
    assert statistics.dropped == 0


def test_raw_sound_has_neither_holes_nor_steps() -> None:
    _, entries = handed_over(1e-3)
    joined = []
    for earlier, later in zip(entries["audio"], entries["audio"][1:], strict=False):
        ends_ns = earlier.sample.get_buffer().pts + earlier.sample.get_buffer().duration
        off_ns = abs(later.sample.get_buffer().pts - ends_ns)
        assert off_ns <= 1e-3 * CHUNK_NS + 1, "the source's own, before its drift is known"
    for entry in entries["audio"]:
        buffer = entry.sample.get_buffer()
        joined.append(np.frombuffer(buffer.extract_dup(0, buffer.get_size()), "<i2").astype(int))
    steepest = 10_000 * 2 * np.pi * 440 / 48_000
    assert np.max(np.abs(np.diff(np.concatenate(joined)))) < 1.1 * steepest
    assert len({entry.sample.get_segment().base for entry in entries["audio"]}) == 1


def test_without_drift_playback_is_handed_what_came() -> None:
    manager, entries = handed_over(0.0)
    assert [entry.time_ns for entry in entries["audio"]] == [
        number * CHUNK_NS for number in range(len(entries["audio"]))
    ]
    buffers = [entry.sample.get_buffer() for entry in entries["audio"]]
    assert all(buffer.extract_dup(0, 3840) == tone(number) for number, buffer in enumerate(buffers))
    assert manager.statistics().clock_drift_ppm == manager.statistics().clock_correction_s == 0


def test_compressed_sound_is_only_stamped_anew() -> None:
    _, entries = handed_over(1e-3, "audio/mpeg,mpegversion=4,rate=48000,channels=1")
    for number, entry in enumerate(entries["audio"]):
        assert entry.sample.get_buffer().extract_dup(0, 3840) == tone(number)
        assert shown_ns(entry) == entry.time_ns
        assert abs(entry.time_ns - entries["video"][0].time_ns - number * FRAME_NS) < 20_000_000


@pytest.mark.parametrize("rate", [0.05, -0.05, 3.0])
def test_what_no_clock_does_is_handed_over_as_it_came(rate: float) -> None:
    manager, _ = handed_over(rate)
    assert manager.statistics().clock_correction_s == 0
