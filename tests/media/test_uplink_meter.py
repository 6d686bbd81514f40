"""What the counters of a connection say of the last seconds."""

from __future__ import annotations

import pytest

from pipeline.media.uplink_meter import UplinkMeter, UplinkSample
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds


def _sample(time_ms: int, **values: float) -> UplinkSample:
    """A second has 125,000 bytes of video and 20,000 of sound, all of which arrive, but for `values`."""
    video, sound = 125 * time_ms, 20 * time_ms
    usual: dict[str, float] = {
        "video_bytes": video,
        "sound_bytes": sound,
        "arrived_bytes": video + sound,
        "waiting_ns": 0,
        "waiting_bytes": 0,
    }
    return UplinkSample(time_ns=Nanoseconds(time_ms * NS_PER_MS), **(usual | values))  # type: ignore[arg-type]


def test_the_bit_rate_that_arrives_is_that_of_the_video() -> None:
    meter = UplinkMeter()
    for time_ms in range(0, 5000, 250):
        reading = meter.add(_sample(time_ms))
    assert reading.arrives_kbps == pytest.approx(1000)
    assert (reading.waiting_s, reading.waiting_kbit, reading.lost_share) == (0, 0, 0)


def test_before_the_second_sample_nothing_is_known() -> None:
    meter = UplinkMeter()
    assert (meter.arrives_kbps, meter.sound_kbps, meter.waiting_s) == (0, 0, 0)
    assert meter.add(_sample(0)).arrives_kbps == 0


def test_a_large_frame_does_not_count_as_waiting_and_a_queue_that_stands_does() -> None:
    meter = UplinkMeter()
    for time_ms in range(0, 4000, 250):
        is_large = time_ms % 1000 == 0
        reading = meter.add(_sample(time_ms, waiting_ns=2 * NS_PER_S * is_large))
        assert reading.waiting_s == (2 if time_ms == 0 else 0)
    for time_ms in range(4000, 6000, 250):
        reading = meter.add(_sample(time_ms, waiting_ns=NS_PER_S, waiting_bytes=125_000))
    assert (reading.waiting_s, reading.waiting_kbit) == (1, 1000)


def test_what_the_socket_holds_waits_but_for_what_is_on_its_way() -> None:
    near, far = UplinkMeter(), UplinkMeter()
    for time_ms in range(0, 5000, 250):
        held = near.add(_sample(time_ms, unacknowledged_bytes=145_000))
        on_its_way = far.add(_sample(time_ms, unacknowledged_bytes=145_000, round_trip_s=0.6))
    assert held.waiting_s == pytest.approx(1, rel=0.01)
    assert held.waiting_kbit == pytest.approx(1160)
    assert on_its_way.waiting_s == 0


def test_packets_that_were_lost_in_the_last_second_count() -> None:
    meter = UplinkMeter()
    for time_ms in range(0, 3000, 250):
        reading = meter.add(_sample(time_ms, packets=time_ms, lost_packets=time_ms / 5))
    assert reading.lost_share == pytest.approx(0.2)
    for time_ms in range(3000, 5000, 250):
        reading = meter.add(_sample(time_ms, packets=time_ms, lost_packets=3000 / 5))
    assert reading.lost_share == 0
