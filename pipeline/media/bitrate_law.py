"""BitrateLaw: what bit rate a stream is encoded at, so that its server takes all of it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds

BEHIND_S = 0.6
"""When this much video has waited for a whole second, less is taken than is sent."""
CLEAR_S = 0.3
"""Below this, everything is taken. In between nothing is changed."""
LOSSES = 0.1
"""When this share of the packets is lost, less is taken than is sent."""
SETTLE_NS = 2 * NS_PER_S
"""A lower bit rate is judged after this: what was encoded before has to go out first."""
DRAIN_S = 8.0
"""In about this time a lower bit rate sends what waits."""
LEAST_SHARE, MOST_SHARE = 0.5, 0.9
"""Of the bit rate that arrives, what is encoded while the rest sends what waits."""
MOST_FALL = 3
"""It falls to a third at once at most: a network that stands still for a second may be as good as before."""
NEAR_SHARE = 0.92
"""Up to this share of what arrived at the last fall, the bit rate rises at once."""
PROBE_AFTER_NS = 10 * NS_PER_S
"""So long after a fall it stays there, before it tries for more."""
FIRST_STEP, STEP = 1 / 64, 1 / 16
"""By this share of the ceiling it rises in a second, first and at most."""
DOUBLES_IN_S = 2.0
"""A try begins with the first step, which doubles in this time."""


@dataclass(frozen=True, slots=True)
class BitrateBounds:
    """Between which video bit rates a stream stays, in kbit/s; `floor_kbps` is at most `ceiling_kbps`."""

    floor_kbps: int
    ceiling_kbps: int

    @classmethod
    def within(cls, floor_kbps: int, ceiling_kbps: int) -> BitrateBounds:
        """The bounds; a floor above the ceiling is the ceiling."""
        return cls(min(floor_kbps, ceiling_kbps), ceiling_kbps)


@dataclass(frozen=True, slots=True)
class UplinkReading:
    """How a stream's server takes what it is sent, by what was measured in the last seconds."""

    waiting_s: float
    """How much video has waited all of the last second, in seconds."""
    waiting_kbit: float
    """The same in kbit."""
    arrives_kbps: float
    """The video bit rate that the server takes."""
    lost_share: float = 0.0
    """The share of the packets that were lost on the way, 0 to 1."""

    @property
    def is_behind(self) -> bool:
        """Whether less is taken than is sent."""
        return self.waiting_s > BEHIND_S or self.lost_share > LOSSES

    @property
    def is_clear(self) -> bool:
        """Whether everything is taken."""
        return self.waiting_s < CLEAR_S and self.lost_share < LOSSES / 2


class BitrateLaw:
    """Lowers a bit rate at once when a server takes less than it is sent, and raises it in steps. Pure.

    Additive increase, multiplicative decrease (Chiu and Jain, 1989), with the bit rate that arrives as the measure
    of the decrease. After a fall the bit rate waits near what arrived, then tries for more, slowly at first: a
    constant uplink is left alone most of the time, and one that has recovered is back at the ceiling within half a
    minute. One thread.
    """

    def __init__(self, bounds: BitrateBounds) -> None:
        self.bounds = bounds
        self._kbps = float(bounds.ceiling_kbps)
        self._judged_ns: int | None = None
        """When it fell last, or was last found to be low enough."""
        self._fell_ns: int | None = None
        self._waiting_kbit = 0.0
        """What waited when it was judged."""
        self._arrived_kbps = 0.0
        """What arrived when it fell last."""
        self._now_ns: int | None = None

    @property
    def kbps(self) -> int:
        """The bit rate to encode at, in kbit/s."""
        return round(self._kbps)

    def step(self, now_ns: Nanoseconds, reading: UplinkReading) -> int:
        """The bit rate from now on, in kbit/s. `now_ns`: a clock of any origin; call it some times a second."""
        passed_s = 0.0 if self._now_ns is None else ns_to_seconds(min(now_ns - self._now_ns, NS_PER_S))
        self._now_ns = now_ns
        if reading.is_behind:
            self._judge(now_ns, reading)
        elif reading.is_clear and self._kbps < self.bounds.ceiling_kbps:
            self._rise(now_ns, passed_s)
        return self.kbps

    def fall(self, now_ns: Nanoseconds) -> int:
        """The bit rate after the connection was given up because it was too slow: half."""
        self._fall(now_ns, self._kbps / 2, self._kbps / 2)
        return self.kbps

    def _judge(self, now_ns: int, reading: UplinkReading) -> None:
        if self._judged_ns is not None and now_ns - self._judged_ns < SETTLE_NS:
            return
        has_fallen = self._judged_ns is not None and now_ns - self._judged_ns < 2 * SETTLE_NS
        if has_fallen and reading.waiting_kbit < 0.95 * self._waiting_kbit and reading.lost_share <= LOSSES:
            self._judged_ns, self._waiting_kbit = now_ns, reading.waiting_kbit  # it is low enough already
            return
        arrives_kbps = min(reading.arrives_kbps, self._kbps)
        delay_s = reading.waiting_kbit / max(arrives_kbps, 1.0)
        share = min(max(1 - delay_s / DRAIN_S, LEAST_SHARE), MOST_SHARE)
        self._waiting_kbit = reading.waiting_kbit
        kbps = max(share * arrives_kbps, self._kbps / MOST_FALL)
        self._fall(now_ns, kbps, max(arrives_kbps, kbps))

    def _fall(self, now_ns: int, kbps: float, arrived_kbps: float) -> None:
        self._kbps = max(min(kbps, MOST_SHARE * self._kbps), self.bounds.floor_kbps)
        self._judged_ns = self._fell_ns = now_ns
        self._arrived_kbps = arrived_kbps

    def _rise(self, now_ns: int, passed_s: float) -> None:
        ceiling_kbps = self.bounds.ceiling_kbps
        since_ns = now_ns - (self._fell_ns or 0)
        step = STEP
        near_kbps = NEAR_SHARE * self._arrived_kbps
        if self._fell_ns is not None and self._kbps >= near_kbps:
            if since_ns < PROBE_AFTER_NS:
                return
            tried_s = ns_to_seconds(since_ns - PROBE_AFTER_NS)
            step = min(FIRST_STEP * 2 ** min(tried_s / DOUBLES_IN_S, 10.0), STEP)
            near_kbps = ceiling_kbps
        elif self._fell_ns is None:
            near_kbps = ceiling_kbps
        elif since_ns < SETTLE_NS:
            return
        self._kbps = min(
            self._kbps + step * ceiling_kbps * passed_s, max(near_kbps, self._kbps), ceiling_kbps
        )
        if self._kbps >= ceiling_kbps:
            self._fell_ns = self._judged_ns = None
