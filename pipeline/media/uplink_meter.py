"""UplinkMeter: how much of a stream's video arrives, and how much waits, over the last seconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from pipeline.media.bitrate_law import UplinkReading
from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds

KEPT_NS = 4 * NS_PER_S
ARRIVES_NS = 2 * NS_PER_S
"""The bit rate that arrives is the mean of so long."""
STANDS_NS = NS_PER_S
"""What has waited all of this time waits because less is taken than is sent; less long, it is a large frame."""
PATHS = 2.0
"""So many round trips on an idle network hold what is on its way, and does not wait."""


@dataclass(frozen=True, slots=True)
class UplinkSample:
    """The counters of one connection at one moment."""

    time_ns: Nanoseconds
    video_bytes: int
    """Encoded video that it was given so far."""
    sound_bytes: int
    arrived_bytes: int
    """What its server has acknowledged; where that is not known, what the system has accepted."""
    waiting_ns: int
    """How much video waits for its turn to be sent."""
    waiting_bytes: int
    """The same in bytes."""
    unacknowledged_bytes: int = 0
    """What was sent and is not acknowledged."""
    round_trip_s: float = 0.0
    """The shortest round trip so far."""
    packets: int = 0
    """What was sent in packets, if that is known, and how many were lost or given up."""
    lost_packets: int = 0


class UplinkMeter:
    """Keeps the samples of one connection for some seconds. Pure; one thread."""

    def __init__(self) -> None:
        self._samples: deque[UplinkSample] = deque()
        self._waits: deque[tuple[int, float, float]] = deque()

    def add(self, sample: UplinkSample) -> UplinkReading:
        """Take the newest sample; returns what the samples of the last seconds say."""
        samples, now_ns = self._samples, sample.time_ns
        samples.append(sample)
        while now_ns - samples[0].time_ns > KEPT_NS:
            samples.popleft()
        sent_kbps = _kbps(self._since(KEPT_NS), sample, "video_bytes") + self.sound_kbps
        queued_bytes = sample.waiting_bytes + self._stuck_bytes(sample)
        waiting_s = ns_to_seconds(sample.waiting_ns)
        if sent_kbps > 0:
            waiting_s += self._stuck_bytes(sample) * 8 / 1000 / sent_kbps
        self._waits.append((now_ns, waiting_s, queued_bytes * 8 / 1000))
        while now_ns - self._waits[0][0] > STANDS_NS:
            self._waits.popleft()
        return UplinkReading(
            min(wait[1] for wait in self._waits),
            min(wait[2] for wait in self._waits),
            self.arrives_kbps,
            self._lost_share,
        )

    @property
    def waiting_s(self) -> float:
        """How much video waits now, in seconds."""
        return self._waits[-1][1] if self._waits else 0.0

    @property
    def arrives_kbps(self) -> float:
        """The video bit rate that arrives, in kbit/s: all that arrives, without the sound."""
        if not self._samples:
            return 0.0
        arrives_kbps = _kbps(self._since(ARRIVES_NS), self._samples[-1], "arrived_bytes")
        return max(arrives_kbps - self.sound_kbps, 0.0)

    @property
    def sound_kbps(self) -> float:
        """The bit rate of the sound that is sent, in kbit/s."""
        return _kbps(self._since(KEPT_NS), self._samples[-1], "sound_bytes") if self._samples else 0.0

    @property
    def _lost_share(self) -> float:
        """The share of the packets that were lost in the last second."""
        before, now = self._since(STANDS_NS), self._samples[-1]
        packets, lost = now.packets - before.packets, now.lost_packets - before.lost_packets
        return min(max(lost / packets, 0.0), 1.0) if packets > 0 else 0.0

    def _stuck_bytes(self, sample: UplinkSample) -> int:
        """What is not acknowledged, without what is on its way on an idle network."""
        before = self._since(ARRIVES_NS)
        on_the_way = _kbps(before, sample, "arrived_bytes") / 8 * 1000 * PATHS * sample.round_trip_s
        return max(round(sample.unacknowledged_bytes - on_the_way), 0)

    def _since(self, span_ns: int) -> UplinkSample:
        """The oldest sample of the last `span_ns`."""
        newest_ns = self._samples[-1].time_ns
        return next(one for one in self._samples if newest_ns - one.time_ns <= span_ns)


def _kbps(before: UplinkSample, now: UplinkSample, counter: str) -> float:
    passed_ns = now.time_ns - before.time_ns
    if passed_ns <= 0:
        return 0.0
    more: int = getattr(now, counter) - getattr(before, counter)
    return max(more, 0) * 8 * (NS_PER_S / 1000) / passed_ns
