"""The built-in match as a GStreamer source: every frame and sample once, paced when live, quick to stop."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from pipeline.gst.capture.match_source import MatchSource, match_source
from pipeline.gst.runtime import Gst, GstVideo
from pipeline.match.match import Match
from pipeline.match.settings import MatchSettings
from pipeline.match.sound import RATE_HZ
from pipeline.match.sync import find_clicks, find_flashes
from pipeline.optics.frame import Frame

TINY = MatchSettings(seed=2, width=322, height=108)
WAIT_S = 30


@dataclass
class Run:
    """A match that is played into two handoffs."""

    source: MatchSource
    pipeline: Gst.Pipeline = field(default_factory=lambda: Gst.Pipeline.new(None))
    frames: list[tuple[int, int, float]] = field(default_factory=list)
    late_ns: list[int] = field(default_factory=list)
    sound: list[bytes] = field(default_factory=list)
    sound_times: list[tuple[int, int]] = field(default_factory=list)
    enough: threading.Event = field(default_factory=threading.Event)
    hold: threading.Event | None = None

    def __post_init__(self) -> None:
        self.pipeline.add(self.source)
        for name, take in (("video", self._frame), ("audio", self._chunk)):
            sink = Gst.ElementFactory.make("fakesink")
            sink.set_property("signal-handoffs", True)
            sink.connect("handoff", take)
            self.pipeline.add(sink)
            self.source.get_static_pad(name).link(sink.get_static_pad("sink"))

    def _frame(self, _sink: Gst.Element, buffer: Gst.Buffer, pad: Gst.Pad) -> None:
        info = GstVideo.VideoInfo.new_from_caps(pad.get_current_caps())
        with buffer.map(Gst.MapFlags.READ) as mapped:
            frame = Frame.from_bytes(
                mapped.data, "NV12", info.width, info.height, tuple(info.stride[:2]), tuple(info.offset[:2])
            )
            mean = float(frame.luma.mean())
        clock = self.pipeline.get_clock()
        if clock is not None:
            self.late_ns.append(clock.get_time() - self.pipeline.get_base_time() - buffer.pts)
        self.frames.append((buffer.pts, buffer.duration, mean))
        if len(self.frames) >= 5:
            self.enough.set()
            if self.hold is not None:
                self.hold.wait(WAIT_S)

    def _chunk(self, _sink: Gst.Element, buffer: Gst.Buffer, _pad: Gst.Pad) -> None:
        self.sound_times.append((buffer.pts, buffer.duration))
        self.sound.append(buffer.extract_dup(0, buffer.get_size()))

    def play_to_the_end(self) -> None:
        self.pipeline.set_state(Gst.State.PLAYING)
        message = self.pipeline.get_bus().timed_pop_filtered(
            WAIT_S * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR
        )
        self.pipeline.set_state(Gst.State.NULL)
        assert message is not None
        assert message.type == Gst.MessageType.EOS

    def samples(self) -> np.ndarray:
        return np.frombuffer(b"".join(self.sound), np.int16).reshape(-1, 2)


def test_offline_every_frame_and_sample_comes_once_in_order() -> None:
    run = Run(match_source(TINY, duration_s=3.25))
    run.play_to_the_end()
    assert [pts for pts, _, _ in run.frames] == [round(index * 1e9 / 30) for index in range(98)]
    ends = [pts + duration for pts, duration, _ in run.frames]
    assert ends[:-1] == [pts for pts, _, _ in run.frames][1:]
    assert len(run.samples()) == round(3.25 * RATE_HZ)
    starts = [pts for pts, _ in run.sound_times]
    assert starts == [round(index * 960 * 1e9 / RATE_HZ) for index in range(len(starts))]


def test_flashes_and_clicks_have_the_same_running_time() -> None:
    run = Run(match_source(TINY, duration_s=4.5))
    run.play_to_the_end()
    times = [pts / 1e9 for pts, _, _ in run.frames]
    flashes = find_flashes(times, [mean for _, _, mean in run.frames])
    clicks = find_clicks(run.samples(), RATE_HZ)
    assert flashes == pytest.approx([1.0, 2.0, 3.0, 4.0])
    assert clicks == pytest.approx(flashes, abs=1e-4)


def test_frames_equal_those_of_the_match_also_with_padded_rows() -> None:
    """322 is not a multiple of four, so GStreamer pads the rows."""
    run = Run(match_source(TINY, duration_s=0.5))
    run.play_to_the_end()
    match, out = Match(TINY), Frame.empty("NV12", TINY.width, TINY.height)
    for index, (_, _, mean) in enumerate(run.frames):
        match.render(index, out)
        assert mean == pytest.approx(float(out.luma.mean()))


def test_a_second_start_plays_the_match_from_its_beginning() -> None:
    run = Run(match_source(TINY, duration_s=0.4))
    run.play_to_the_end()
    first = list(run.frames)
    run.frames.clear()
    run.play_to_the_end()
    assert run.frames == first


def test_live_is_paced_by_the_clock_and_reports_itself_live() -> None:
    run = Run(match_source(TINY, live=True, duration_s=0.6))
    query = Gst.Query.new_latency()
    run.pipeline.set_state(Gst.State.PAUSED)
    run.pipeline.get_state(WAIT_S * Gst.SECOND)
    assert run.source.get_static_pad("video").query(query)
    live, least_ns, _ = query.parse_latency()
    run.play_to_the_end()
    assert live
    assert least_ns == round(1e9 / 30) - 1 or least_ns == round(1e9 / 30)
    start_ns = run.source.start_ns
    assert start_ns is not None
    indices = [round((pts - start_ns) * 30 / 1e9) for pts, _, _ in run.frames]
    assert [pts for pts, _, _ in run.frames] == [start_ns + round(index * 1e9 / 30) for index in indices]
    assert indices == sorted(set(indices))
    assert indices[-1] - len(indices) + 1 <= run.source.dropped
    # No frame is early, whatever the machine's load.
    assert min(run.late_ns) >= -1_000_000
    assert run.sound_times[0][0] == start_ns
    assert len(run.samples()) == round(0.6 * RATE_HZ)


def test_live_a_stalled_consumer_causes_counted_drops_and_no_backlog() -> None:
    hold = threading.Event()
    run = Run(match_source(TINY, live=True, duration_s=None), hold=hold)
    run.pipeline.set_state(Gst.State.PLAYING)
    assert run.enough.wait(WAIT_S)
    clock, base_ns = run.pipeline.get_clock(), run.pipeline.get_base_time()
    target_ns = clock.get_time() + 1_600_000_000
    Gst.Clock.id_wait(clock.new_single_shot_id(target_ns))
    before = len(run.frames)
    run.hold = None
    hold.set()
    again = threading.Event()

    def took(_sink: Gst.Element, buffer: Gst.Buffer, _pad: Gst.Pad) -> None:
        if buffer.pts >= target_ns - base_ns:
            again.set()

    sink = run.source.get_static_pad("video").get_peer().get_parent_element()
    sink.connect("handoff", took)
    assert again.wait(WAIT_S)
    run.pipeline.set_state(Gst.State.NULL)
    assert run.source.dropped >= 40
    # The frame that was ready and the one in the air are from the time of the stall, and what is bridged.
    stale = [pts for pts, _, _ in run.frames[before:] if pts < target_ns - base_ns]
    assert len(stale) <= 4


class FailingMatch(Match):
    """A match whose fourth frame cannot be drawn."""

    def render(self, frame_index: int, out: Frame) -> None:
        if frame_index == 3:
            raise MemoryError("no room for a frame")
        super().render(frame_index, out)


def test_a_frame_that_cannot_be_drawn_ends_the_stream_with_an_error() -> None:
    run = Run(match_source(TINY, duration_s=1.0, make_match=FailingMatch))
    run.pipeline.set_state(Gst.State.PLAYING)
    message = run.pipeline.get_bus().timed_pop_filtered(WAIT_S * Gst.SECOND, Gst.MessageType.ERROR)
    run.pipeline.set_state(Gst.State.NULL)
    assert message is not None
    assert len(run.frames) <= 4


@pytest.mark.parametrize("state", [Gst.State.READY, Gst.State.PAUSED, Gst.State.PLAYING])
@pytest.mark.parametrize("live", [False, True])
def test_it_stops_from_any_state(state: Gst.State, live: bool) -> None:
    run = Run(match_source(TINY, live=live))
    run.pipeline.set_state(state)
    if state == Gst.State.PLAYING:
        assert run.enough.wait(WAIT_S)
    done = threading.Event()

    def stop() -> None:
        run.pipeline.set_state(Gst.State.NULL)
        done.set()

    threading.Thread(target=stop, name="stopper", daemon=True).start()
    assert done.wait(WAIT_S)
