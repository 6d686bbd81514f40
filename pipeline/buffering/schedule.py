"""When playback starts, what is due now and how far playback may be fed ahead. Pure; times are
arguments.
"""

from __future__ import annotations

from pipeline.timebase import NS_PER_MS, NS_PER_S

KEEP_BEHIND_NS = NS_PER_S // 2
"""How much stays in the window behind the playhead."""
START_LEAD_NS = 100 * NS_PER_MS
"""Playback is started this long before its first sample is due, which is what a pipeline takes to start."""
FILL_TOLERANCE_NS = 5 * NS_PER_MS
"""Rounding of timestamps: 63 frames of 33 333 333 ns are 2.1 s."""


class Schedule:
    """Maps the clock to the timeline: a sample of time t is due when the clock shows `base_ns + t`.

    With `clocked` false there is no such moment: a sample may leave once `delay_ns` of future is known
    beyond it.
    """

    __slots__ = ("base_ns", "clocked", "cushion_ns", "delay_ns")

    def __init__(self, delay_ns: int, cushion_ns: int, *, clocked: bool) -> None:
        self.delay_ns = delay_ns
        self.cushion_ns = min(cushion_ns, delay_ns // 2)
        self.clocked = clocked
        self.base_ns: int | None = None

    @property
    def lead_ns(self) -> int:
        """How long before its first sample is due playback is started."""
        return min(START_LEAD_NS, self.delay_ns // 2)

    def start(
        self, now_ns: int, first_ns: int, span_ns: int, origin_ns: int | None, *, ended: bool
    ) -> int | None:
        """The base time to start playback with now, or None while it is too early.

        first_ns: time of the first sample to play. span_ns: how much is stored from there on. origin_ns:
        what the clock showed at time 0 of the source, None when its samples come faster or slower than
        the clock. ended: no sample comes any more, so what there is will do.
        """
        if origin_ns is not None:
            base_ns = origin_ns + self.delay_ns
            if now_ns >= base_ns + first_ns - self.lead_ns:
                return base_ns
        if ended or (origin_ns is None and span_ns + FILL_TOLERANCE_NS >= self.delay_ns):
            return now_ns + self.lead_ns - first_ns
        return None

    def playhead_ns(self, now_ns: int) -> int | None:
        """The time that is due now; None before the start and without a clock."""
        return None if self.base_ns is None or not self.clocked else now_ns - self.base_ns

    def horizon_ns(self, now_ns: int) -> int:
        """Samples up to this time may be handed to playback now (after the start, with a clock)."""
        return now_ns - (self.base_ns or 0) + self.cushion_ns
