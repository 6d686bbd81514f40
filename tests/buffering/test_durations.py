"""How the default durations add up: the numbers in docs/buffer.md, with a test clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import BufferManager
from pipeline.buffering.line import DelayLine
from tests.buffering.lines import MS, S, run, store

FRAME_NS = round(S / 30)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "buffer.md"


class Playing:
    """The default delay line with a live source at 30 fps, and what it did."""

    def __init__(self) -> None:
        self.line: DelayLine = BufferManager()._line
        self.line.begin()
        self.line.streams["audio"].ended = True
        self.video = self.line.streams["video"]
        self.now_ns = 0
        self.frames = 0
        self.started_ns = self.base_ns = 0

    def run_until(self, end_ns: int) -> None:
        while self.now_ns < end_ns:
            self.now_ns += 10 * MS
            while self.frames * FRAME_NS <= self.now_ns:
                store(self.line, "video", self.frames * FRAME_NS, self.now_ns)
                self.frames += 1
            step = run(self.line, self.now_ns, {"video": S}, origin_ns=0)
            if step.start_base_ns is not None:
                self.started_ns, self.base_ns = self.now_ns, step.start_base_ns


@pytest.fixture
def playing() -> Playing:
    made = Playing()
    made.run_until(10 * S)
    return made


def test_playback_is_started_a_cushion_before_the_first_frame_is_due(playing: Playing) -> None:
    assert playing.base_ns == 2100 * MS, "shown 2.1 s after its capture"
    assert playing.started_ns == pytest.approx(1600 * MS, abs=10 * MS)


def test_the_window_holds_keep_behind_plus_the_delay_and_the_cushion_is_sent(playing: Playing) -> None:
    playhead_ns, video = playing.line.playhead_ns(playing.now_ns), playing.video
    assert playhead_ns == 7900 * MS
    oldest_ns = video.window[video.window.start].time_ns
    assert playhead_ns - oldest_ns == pytest.approx(500 * MS, abs=FRAME_NS)
    assert video.newest_ns is not None
    assert video.newest_ns - playhead_ns == pytest.approx(2100 * MS, abs=FRAME_NS)
    assert video.ahead_ns == pytest.approx(1600 * MS, abs=2 * FRAME_NS)
    assert video.stored_ns == pytest.approx(2600 * MS, abs=2 * FRAME_NS)


def test_during_a_pause_the_window_fills_before_frames_are_dropped(playing: Playing) -> None:
    playing.line.schedule.pause(playing.now_ns)
    playing.run_until(16300 * MS)
    assert playing.video.counters.dropped == 0
    assert playing.video.stored_ns == pytest.approx(8 * S, abs=FRAME_NS)
    playing.run_until(16600 * MS)
    assert playing.video.counters.dropped > 0
    assert playing.video.stored_ns == pytest.approx(8 * S, abs=FRAME_NS)


def test_before_playback_starts_the_window_holds_the_buffer_duration() -> None:
    line = BufferManager()._line
    for number in range(30 * 10):
        store(line, "video", number * FRAME_NS, number * FRAME_NS)
    assert line.streams["video"].stored_ns == pytest.approx(7 * S, abs=FRAME_NS)


def test_the_page_has_these_numbers() -> None:
    text = PAGE.read_text("utf-8")
    for number in ("delay 2.1 s", "buffer_duration 7 s", "= 2.6 s", "at most 8 s", "1.6 s", "6.4 s"):
        assert number in text
