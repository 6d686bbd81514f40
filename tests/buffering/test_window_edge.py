"""No pause, seek or change of delay, however long, ends playback: a live line simulated in steps of a frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.buffering import transport
from pipeline.buffering.line import DelayLine
from pipeline.buffering.schedule import Schedule
from pipeline.buffering.step import State
from pipeline.buffering.window import Entry
from tests.buffering.lines import CHUNK_NS, FRAME_NS, MS, S
from tests.faults.record import Area, fault

LONG_PAUSE = fault(
    Area.DETECTION,
    "a pause longer than the window, or replays beyond its oldest frame",
    seen="playback goes on with the oldest that can still be shown; the frames between are counted",
    lost="those frames",
)

CUSHION_NS = 500 * MS
SAMPLE_BYTES = 1000
BYTES_A_SECOND = SAMPLE_BYTES * (S // FRAME_NS + S // CHUNK_NS)


@dataclass
class Live:
    """A live source of frames and sound, a line, and a playback that shows each sample when it is due."""

    duration_s: float
    delay_s: float
    keep_behind_s: float
    keyframe_every: int = 1
    max_bytes: int | None = None
    cushion_ns: int = CUSHION_NS
    """0: samples are sent when they are due, as to a file."""
    now_ns: int = 0
    shown: list[tuple[int, int]] = field(default_factory=list)
    """Each frame sent: its captured time, and playback's running time."""

    def __post_init__(self) -> None:
        schedule = Schedule(round(self.delay_s * S), CUSHION_NS, clocked=True)
        schedule.cushion_ns = min(schedule.cushion_ns, self.cushion_ns)
        self.line = DelayLine(
            schedule,
            duration_ns=round(self.duration_s * S),
            stall_ns=2 * S,
            max_bytes=self.max_bytes,
            keep_behind_ns=round(self.keep_behind_s * S),
        )
        self.line.add_stream("video", nominal_ns=FRAME_NS, leads=True)
        self.line.add_stream("audio", nominal_ns=CHUNK_NS, leads=False).divisible = True
        self.line.begin()
        self.stalls = 0

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * S / FRAME_NS)):
            self.now_ns += FRAME_NS
            self._capture("video", FRAME_NS, self.now_ns // FRAME_NS % self.keyframe_every == 0)
            for half in (0, CHUNK_NS):
                self._capture("audio", CHUNK_NS, keyframe=True, back_ns=half)
            step = self.line.step(self.now_ns, 0, self._rooms())
            self.stalls += step.stalled
            for send in step.sends:
                if send.stream.name == "video":
                    self.shown += [(entry.time_ns, entry.time_ns + send.shift_ns) for entry in send.entries]

    def _capture(self, name: str, length_ns: int, keyframe: bool, back_ns: int = 0) -> None:
        stream = self.line.streams[name]
        verdict, order_ns = self.line.place(stream, self.now_ns - length_ns - back_ns, length_ns, self.now_ns)
        if verdict.accepted:
            self.line.append(
                stream, Entry(order_ns, order_ns, order_ns + length_ns, SAMPLE_BYTES, keyframe, None)
            )

    def _rooms(self) -> dict[str, int]:
        schedule, rooms = self.line.schedule, {}
        clock_ns = self.now_ns if schedule.paused_ns is None else schedule.paused_ns
        for name, stream in self.line.streams.items():
            queued_until_ns = (stream.announced_until_ns or 0) + schedule.shift_ns + (schedule.base_ns or 0)
            rooms[name] = 2 * CUSHION_NS - max(queued_until_ns - clock_ns, 0)
        return rooms

    @property
    def position_ns(self) -> int:
        """The captured time that playback gets next."""
        position_ns = self.line.streams["video"].announced_until_ns
        assert position_ns is not None
        return position_ns

    @property
    def dropped(self) -> int:
        return self.line.streams["video"].counters.dropped

    def expect_every_frame(self, seconds: float = 4.0) -> None:
        """For so long no frame is lost, doubled or late, and playback's time goes on without a hole."""
        before, dropped = len(self.shown), self.dropped
        self.run(seconds)
        assert self.dropped == dropped
        captured, played = zip(*self.shown[max(before - 1, 0) :], strict=True)
        steps = {after - ahead for ahead, after in pairwise(played)}
        assert steps == {FRAME_NS}, "playback's time has a hole"
        assert {after - ahead for ahead, after in pairwise(captured[1:])} <= {FRAME_NS}
        assert len(captured) - 1 >= round(seconds * S / FRAME_NS) - 1
        assert self.stalls == 0


def playing(*given: float, **more: int | None) -> Live:
    live = Live(*given, **more)  # type: ignore[arg-type]
    live.run(given[0] + 3)
    assert live.line.state is State.PLAYING
    return live


@LONG_PAUSE
def test_a_pause_longer_than_the_window_goes_on_with_the_oldest_that_can_be_shown() -> None:
    live = playing(10.5, 5, 5)
    live.line.schedule.pause(live.now_ns)
    live.run(12)
    transport.resume(live.line, live.now_ns)
    live.expect_every_frame(20)


@LONG_PAUSE
@pytest.mark.parametrize("keyframe_every", [1, 25, 100])
def test_back_again_and_again_ends_at_the_oldest_and_never_goes_forward(keyframe_every: int) -> None:
    live = playing(10.5, 5, 5, keyframe_every=keyframe_every)
    for _ in range(6):
        before_ns = live.position_ns
        reached_ns = transport.seek(live.line, before_ns - 3 * S)
        assert reached_ns is not None
        assert reached_ns <= before_ns
        assert reached_ns == live.position_ns
        live.expect_every_frame(1)


MOVES = st.one_of(
    st.tuples(st.just("run"), st.floats(0.04, 4)),
    st.tuples(st.just("pause"), st.floats(0.04, 20)),
    st.tuples(st.just("back"), st.floats(0, 30)),
    st.tuples(st.just("ahead"), st.floats(0, 30)),
    st.tuples(st.just("delay"), st.floats(0.5, 12)),
)


@LONG_PAUSE
@settings(max_examples=25)
@given(
    duration_s=st.floats(2, 8),
    part=st.floats(0.55, 1),
    keep_behind_s=st.floats(0.1, 8),
    keyframe_every=st.sampled_from([1, 1, 12, 50]),
    max_bytes=st.sampled_from([None, None, 400_000]),
    cushion_ns=st.sampled_from([CUSHION_NS, 0]),
    moves=st.lists(MOVES, max_size=6),
)
def test_whatever_is_done_playback_goes_on(
    duration_s: float,
    part: float,
    keep_behind_s: float,
    keyframe_every: int,
    max_bytes: int | None,
    cushion_ns: int,
    moves: list[tuple[str, float]],
) -> None:
    group_s = keyframe_every * FRAME_NS / S
    assume(max_bytes is None or duration_s * part + 2 * group_s < max_bytes / BYTES_A_SECOND)
    more = {"keyframe_every": keyframe_every, "max_bytes": max_bytes, "cushion_ns": cushion_ns}
    live = playing(duration_s, duration_s * part, keep_behind_s, **more)
    for move, seconds in moves:
        before_ns = live.position_ns
        if move == "run":
            live.run(seconds)
        elif move == "pause":
            live.line.schedule.pause(live.now_ns)
            live.run(seconds)
            transport.resume(live.line, live.now_ns)
        elif move == "delay":
            transport.set_delay(live.line, round(min(seconds, duration_s) * S))
        else:
            sign = -1 if move == "back" else 1
            reached_ns = transport.seek(live.line, before_ns + sign * round(seconds * S))
            assert reached_ns == live.position_ns
            assert reached_ns is not None
            assert reached_ns <= before_ns if move == "back" else reached_ns >= before_ns
        live.run(1)  # what playback has already, and a seek that lands amid a group of pictures
        live.expect_every_frame()
