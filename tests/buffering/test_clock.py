"""Hours with a source whose clock is not ours: picture and sound through a whole delay line, on a test clock.

A day of it is in `tests/soak`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from pipeline.buffering.line import DelayLine
from pipeline.buffering.schedule import Schedule
from pipeline.buffering.window import Entry
from tests.buffering.clocks import (
    JITTERS,
    S,
    SimulatedClock,
    bursts,
    changing,
    constant,
    temperature,
)
from tests.faults.record import Area, fault

MS = 1_000_000
FRAME_NS = 33 * MS
EVERY_NS = S // 2
DELAY_NS = 2 * S
LENGTH_NS = 4 * S


@dataclass
class Played:
    """What playback was given: the least and the most delay of each stream, and how far they were apart."""

    line: DelayLine
    delays_ns: dict[str, list[int]] = field(default_factory=lambda: {"video": [], "audio": []})
    first_ns: dict[str, int] = field(default_factory=dict)
    last_ns: dict[str, int] = field(default_factory=dict)
    skew_ns: int = 0
    longest: int = 0

    def take(self, name: str, delay_ns: int) -> None:
        known = self.delays_ns[name]
        self.delays_ns[name] = [min([delay_ns, *known]), max([delay_ns, *known])]
        self.first_ns.setdefault(name, delay_ns)
        self.last_ns[name] = delay_ns
        if len(self.last_ns) == 2:
            self.skew_ns = max(self.skew_ns, abs(self.last_ns["video"] - self.last_ns["audio"]))

    def moved_ns(self, name: str) -> int:
        least_ns, most_ns = self.delays_ns[name]
        return most_ns - least_ns


def play(
    video: SimulatedClock,
    audio: SimulatedClock,
    hours: float,
    *,
    begins_anew: Callable[[int], int] = lambda _captured_ns: 0,
) -> Played:
    """begins_anew: what is taken from a timestamp, by the time of its capture."""
    line = DelayLine(
        Schedule(DELAY_NS, S // 10, clocked=True), duration_ns=LENGTH_NS, stall_ns=60 * S, max_bytes=None
    )
    clocks = {"video": video, "audio": audio}
    every_ns = round(video.step_s * S)
    for name in clocks:
        line.add_stream(name, nominal_ns=every_ns, leads=name == "video")
    line.begin()
    played, now_ns = Played(line), 0
    for arrival_ns, name, captured_ns, stamp_ns in heapq.merge(
        *(_in_order(name, clock, hours) for name, clock in clocks.items())
    ):
        while now_ns + every_ns <= arrival_ns:
            now_ns += every_ns
            _step(played, now_ns)
        stream = line.streams[name]
        verdict, order_ns = line.place(stream, stamp_ns - begins_anew(captured_ns), every_ns, arrival_ns)
        if not verdict.accepted:
            continue
        line.append(stream, Entry(order_ns, order_ns, order_ns + every_ns, 10, True, captured_ns))
    return played


def _in_order(name: str, clock: SimulatedClock, hours: float) -> Iterator[tuple[int, str, int, int]]:
    latest_ns = 0
    for captured_ns, arrival_ns, stamp_ns in clock.samples(hours):
        latest_ns = max(latest_ns, arrival_ns)
        yield latest_ns, name, captured_ns, stamp_ns


def _step(played: Played, now_ns: int) -> None:
    line = played.line
    step = line.step(now_ns, None, {"video": S, "audio": S})
    assert not step.stalled
    for send in step.sends:
        for entry in send.entries:
            due_ns = (line.schedule.base_ns or 0) + entry.order_ns + send.shift_ns
            played.take(send.stream.name, due_ns - entry.sample)
    played.longest = max(played.longest, len(line.streams["video"].window))


def pair(
    rate: Callable[[float], float], jitter: Callable[..., float], step_s: float = 0.5
) -> tuple[SimulatedClock, SimulatedClock]:
    """A picture and its sound, by one clock, each with jitter of its own."""
    return SimulatedClock(rate, jitter, step_s, seed=3), SimulatedClock(rate, jitter, step_s, seed=4)


DRIFT = fault(
    Area.CAMERAS,
    "a camera's clock is fast or slow, by up to 0.1 %",
    seen="the delay stays within a frame, sound with its picture; a note once half a second was corrected",
)


@DRIFT
@pytest.mark.parametrize(
    ("rate", "hours", "step_s"), [(1e-3, 3.0, 1.0), (-1e-3, 1.0, 0.5), (1e-4, 1.0, 0.5), (-1e-4, 1.0, 0.5)]
)
def test_hours_with_a_steady_drift(rate: float, hours: float, step_s: float) -> None:
    played = play(*pair(constant(rate), bursts, step_s), hours)
    for name, stream in played.line.streams.items():
        assert played.moved_ns(name) <= FRAME_NS
        counters = stream.counters
        assert counters.dropped == counters.skipped == counters.repeated == counters.late == 0
        assert counters.received == counters.sent + stream.unsent
    assert played.skew_ns <= 3 * MS
    assert played.longest * step_s <= DELAY_NS / S + 2
    assert played.line.schedule.delay_ns == DELAY_NS, "what is shown is what is true"


@pytest.mark.parametrize(("rate", "most_ns"), [(temperature, FRAME_NS), (changing, 3 * FRAME_NS // 2)])
def test_a_rate_that_changes(rate: Callable[[float], float], most_ns: int) -> None:
    """By steps it takes longer to find out, with 200 ms of jitter."""
    played = play(*pair(rate, JITTERS["uniform"]), 1.0)
    assert played.moved_ns("video") <= most_ns
    assert played.skew_ns <= 3 * MS
    assert not any(stream.counters.dropped for stream in played.line.streams.values())


def test_outages_in_which_the_clock_goes_on() -> None:
    clocks = pair(constant(1e-3), bursts)
    for clock in clocks:
        clock.absent = lambda time_s: time_s > 900 and time_s % 900 < 50
    played = play(*clocks, 0.8)
    assert played.moved_ns("video") <= FRAME_NS
    assert played.moved_ns("audio") <= FRAME_NS


@pytest.mark.parametrize("rate", [0.0, 1e-3])
def test_a_source_that_begins_anew_every_ten_minutes(rate: float) -> None:
    """Each time its place is off by the jitter of a sample or two, and that does not add up."""
    played = play(
        *pair(constant(rate), bursts), 1.0, begins_anew=lambda captured_ns: captured_ns // (600 * S) * 600 * S
    )
    assert played.line.streams["video"].counters.restarts == 5
    assert played.moved_ns("video") <= 500 * MS
    for name in ("video", "audio"):
        assert played.last_ns[name] == pytest.approx(played.first_ns[name], abs=FRAME_NS)


def test_sound_without_a_picture_has_a_clock_too() -> None:
    video, audio = pair(constant(1e-3), bursts)
    video.absent = lambda time_s: True
    played = play(video, audio, 0.5)
    assert played.moved_ns("audio") <= FRAME_NS


def test_a_source_that_can_wait_has_no_clock() -> None:
    line = DelayLine(
        Schedule(DELAY_NS, S // 10, clocked=True), duration_ns=LENGTH_NS, stall_ns=S, max_bytes=None
    )
    stream = line.add_stream("video", nominal_ns=EVERY_NS, leads=True)
    stream.has_own_clock = False
    for _, arrival_ns, stamp_ns in SimulatedClock(constant(-1e-3)).samples(1.0):
        assert line.place(stream, stamp_ns, EVERY_NS, arrival_ns)[1] == stamp_ns
