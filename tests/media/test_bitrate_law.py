"""The law by which a stream's bit rate follows its uplink, in simulated uplinks of many kinds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.media.bitrate_law import BitrateBounds, BitrateLaw, UplinkReading
from pipeline.media.uplink_meter import UplinkMeter, UplinkSample
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds

FRAME_MS = 40
FRAMES_A_KEYFRAME = 50
SOUND_KBPS = 160
MEASURED_EVERY = 6
"""Frames."""

kbps = st.integers(100, 20_000)


@dataclass(frozen=True)
class Moment:
    """One measurement of a simulated stream."""

    time_s: float
    kbps: int
    backlog_s: float


def stream(
    capacity_kbps: Callable[[float], float],
    bounds: BitrateBounds,
    seconds: float,
    keyframe_share: float = 4.0,
) -> list[Moment]:
    """Encode frames at what the law says, and send them in order through an uplink that takes `capacity_kbps`."""
    law, meter = BitrateLaw(bounds), UplinkMeter()
    waiting: deque[list[float]] = deque()
    video = sound = arrived = 0.0
    moments = []
    for frame in range(round(seconds * 1000 / FRAME_MS)):
        now_ms = frame * FRAME_MS
        is_key = frame % FRAMES_A_KEYFRAME == 0
        share = keyframe_share if is_key else (FRAMES_A_KEYFRAME - keyframe_share) / (FRAMES_A_KEYFRAME - 1)
        bits = law.kbps * FRAME_MS * share
        video, sound = video + bits, sound + SOUND_KBPS * FRAME_MS
        waiting += [[bits, FRAME_MS], [SOUND_KBPS * FRAME_MS, 0]]
        left = capacity_kbps(now_ms / 1000) * FRAME_MS
        while left > 0 and waiting:
            taken = min(left, waiting[0][0])
            waiting[0][0] -= taken
            left, arrived = left - taken, arrived + taken
            if waiting[0][0] < 1:
                waiting.popleft()
        if frame % MEASURED_EVERY == 0:
            waits_ms = sum(one[1] for one in waiting)
            now_ns = Nanoseconds(now_ms * NS_PER_MS)
            sample = UplinkSample(
                now_ns,
                int(video / 8),
                int(sound / 8),
                int(arrived / 8),
                int(waits_ms * NS_PER_MS),
                int(sum(one[0] for one in waiting) / 8),
            )
            law.step(now_ns, meter.add(sample))
            moments.append(Moment(now_ms / 1000, law.kbps, waits_ms / 1000))
    return moments


def between(moments: list[Moment], begin_s: float, end_s: float) -> list[Moment]:
    return [one for one in moments if begin_s <= one.time_s < end_s]


@given(
    st.lists(
        st.builds(
            UplinkReading,
            st.floats(0, 100),
            st.floats(0, 1e6),
            st.floats(0, 1e6),
            st.floats(0, 1),
        ),
        max_size=200,
    ),
    kbps,
    kbps,
    st.integers(1, 2000),
)
def test_whatever_is_measured_the_bit_rate_stays_between_its_bounds(
    readings: list[UplinkReading], floor_kbps: int, ceiling_kbps: int, step_ms: int
) -> None:
    bounds = BitrateBounds.within(floor_kbps, ceiling_kbps)
    law = BitrateLaw(bounds)
    for number, reading in enumerate(readings):
        now_ns = Nanoseconds(number * step_ms * NS_PER_MS)
        assert bounds.floor_kbps <= law.step(now_ns, reading) <= bounds.ceiling_kbps
        if number % 17 == 16:
            assert bounds.floor_kbps <= law.fall(now_ns) <= bounds.ceiling_kbps


def test_a_floor_above_the_ceiling_is_the_ceiling() -> None:
    assert BitrateBounds.within(500, 300) == BitrateBounds(300, 300)


@given(st.integers(1000, 12_000), st.floats(1.15, 3.0), st.floats(1.0, 8.0))
def test_an_uplink_that_takes_all_is_left_alone(
    ceiling_kbps: int, spare: float, keyframe_share: float
) -> None:
    capacity_kbps = spare * ceiling_kbps + SOUND_KBPS
    moments = stream(lambda _s: capacity_kbps, BitrateBounds(500, ceiling_kbps), 60, keyframe_share)
    assert {one.kbps for one in moments} == {ceiling_kbps}


@given(st.integers(2000, 12_000), st.floats(0.15, 0.85))
def test_a_constant_uplink_is_met_and_left_alone_most_of_the_time(ceiling_kbps: int, share: float) -> None:
    capacity_kbps = share * ceiling_kbps
    moments = stream(lambda _s: capacity_kbps + SOUND_KBPS, BitrateBounds(100, ceiling_kbps), 180)
    settled = between(moments, 60, 180)
    mean_kbps = sum(one.kbps for one in settled) / len(settled)
    assert 0.7 * capacity_kbps < mean_kbps < 1.05 * capacity_kbps
    assert max(one.kbps for one in settled) < capacity_kbps + 0.3 * ceiling_kbps
    assert min(one.kbps for one in settled) > 0.4 * capacity_kbps
    falls = sum(after.kbps < before.kbps for before, after in pairwise(settled))
    assert falls <= 2 * 3 * 120 / 15  # at most three for each of two tries in half a minute
    assert max(one.backlog_s for one in settled) < 10


@given(st.integers(2000, 12_000), st.floats(0.1, 0.6))
def test_it_falls_within_five_seconds_of_a_throttle_and_returns_within_thirty_of_its_end(
    ceiling_kbps: int, share: float
) -> None:
    def capacity_kbps(time_s: float) -> float:
        return share * ceiling_kbps + SOUND_KBPS if 20 <= time_s < 80 else 1.2 * ceiling_kbps + SOUND_KBPS

    moments = stream(capacity_kbps, BitrateBounds(100, ceiling_kbps), 111)
    assert {one.kbps for one in between(moments, 0, 20)} == {ceiling_kbps}
    assert min(one.kbps for one in between(moments, 20, 25)) < 0.6 * ceiling_kbps
    assert {one.kbps for one in between(moments, 110, 111)} == {ceiling_kbps}


def test_a_link_that_loses_packets_is_sent_less() -> None:
    law = BitrateLaw(BitrateBounds(500, 4000))
    lossy = UplinkReading(0.0, 0.0, 2500.0, lost_share=0.3)
    assert law.step(Nanoseconds(0), lossy) == round(0.9 * 2500)
    few = UplinkReading(0.0, 0.0, 2000.0, lost_share=0.02)
    assert law.step(Nanoseconds(20 * NS_PER_S), few) > 0.9 * 2500


def test_between_clear_and_behind_nothing_changes() -> None:
    law = BitrateLaw(BitrateBounds(500, 4000))
    behind, between_both = UplinkReading(2.0, 4000.0, 1000.0), UplinkReading(0.45, 400.0, 1000.0)
    fallen_kbps = law.step(Nanoseconds(0), behind)
    assert fallen_kbps < 4000
    for second in range(1, 120):
        assert law.step(Nanoseconds(second * NS_PER_S), between_both) == fallen_kbps


def test_what_waits_is_given_time_to_be_sent_before_the_next_fall() -> None:
    law = BitrateLaw(BitrateBounds(100, 4000))
    first_kbps = law.step(Nanoseconds(0), UplinkReading(2.0, 8000.0, 2000.0))
    for quarter in range(1, 40):
        draining = UplinkReading(2.0, 8000.0 - 150 * quarter, 2000.0)
        assert law.step(Nanoseconds(quarter * NS_PER_S // 4), draining) == first_kbps


def test_a_connection_that_was_given_up_begins_with_half() -> None:
    law = BitrateLaw(BitrateBounds(100, 4000))
    assert law.fall(Nanoseconds(0)) == 2000
    assert law.fall(Nanoseconds(NS_PER_S)) == 1000


@pytest.mark.parametrize("pause_s", [1, 3])
def test_a_network_that_stands_still_for_a_moment_costs_half_a_minute_at_most(pause_s: int) -> None:
    def capacity_kbps(time_s: float) -> float:
        return 0.0 if 20 <= time_s < 20 + pause_s else 6000.0

    moments = stream(capacity_kbps, BitrateBounds(500, 4000), 60)
    assert {one.kbps for one in between(moments, 20 + pause_s + 32, 60)} == {4000}
