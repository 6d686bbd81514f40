"""The clock and the playhead: when playback starts, what is due now, what a change of delay does. Pure."""

from __future__ import annotations

from pipeline.timebase import NS_PER_MS, NS_PER_S

KEEP_BEHIND_NS = NS_PER_S // 2
"""How much stays in the window behind the playhead, unless more is asked for."""
START_LEAD_NS = 100 * NS_PER_MS
"""Playback is started at least this long before its first sample is due: what a pipeline takes to start."""
FILL_TOLERANCE_NS = 5 * NS_PER_MS
"""Rounding of timestamps: 63 frames of 33 333 333 ns are 2.1 s."""
REMEMBERED_CUTS = 8
"""More than can be between what is sent and what is shown."""


class Schedule:
    """Maps the clock to playback's running time, and that to the shared time of what was captured.

    Playback shows its running time r when the clock shows `base_ns + r`. Until the first cut (a seek or a change
    of delay) r is the capture's running time; from a cut on it is the capture's plus `shift_ns`. With `clocked`
    false nothing is due at any moment: a sample may leave once `delay_ns` of future is known beyond it.
    """

    __slots__ = (
        "_cuts",
        "base_ns",
        "clocked",
        "cushion_ns",
        "delay_ns",
        "early_ns",
        "landing_ns",
        "may_pause",
        "paused_ns",
    )

    def __init__(self, delay_ns: int, cushion_ns: int, *, clocked: bool) -> None:
        self.delay_ns = delay_ns
        self.cushion_ns = min(cushion_ns, delay_ns // 2)
        self.landing_ns = self.cushion_ns
        """How far a seek stays from what leaves the window next; stays where `cushion_ns` becomes 0 for a file."""
        self.clocked = clocked
        self.base_ns: int | None = None
        self.paused_ns: int | None = None
        self.may_pause = True
        """Whether a pause may begin: not while what is left is played out."""
        self.early_ns = 0
        """How much of a source that was faster than the clock has been skipped."""
        self._cuts: list[tuple[int, int]] = [(0, 0)]  # from this running time of playback on, this shift

    def reset(self) -> None:
        """Back to before the start."""
        self.base_ns = self.paused_ns = None
        self.may_pause = True
        self.early_ns = 0
        self._cuts = [(0, 0)]

    def shorten(self, delay_ns: int) -> None:
        """Before the start: play at most `delay_ns` behind, because the window holds no more."""
        self.delay_ns = min(self.delay_ns, delay_ns)
        self.cushion_ns = min(self.cushion_ns, self.delay_ns // 2)
        self.landing_ns = min(self.landing_ns, self.delay_ns // 2)

    @property
    def lead_ns(self) -> int:
        """How long before its first sample is due playback is started at the least."""
        return min(START_LEAD_NS, self.delay_ns // 2)

    @property
    def run_ahead_ns(self) -> int:
        """How far producers without a clock run ahead of playback."""
        return self.delay_ns + self.cushion_ns

    @property
    def shift_ns(self) -> int:
        """What is added to the running time of the samples that are sent now."""
        return self._cuts[-1][1]

    def start(
        self, now_ns: int, first_ns: int, span_ns: int, origin_ns: int | None, *, ended: bool
    ) -> int | None:
        """The base time to start playback with now, or None while it is too early.

        first_ns: time of the first sample to play. span_ns: how much is stored from there on. origin_ns: what the
        clock showed at time 0 of the source, None when its samples come faster or slower than the clock.
        ended: no sample comes any more, so what there is will do.
        """
        if origin_ns is not None:
            base_ns = origin_ns + self.delay_ns
            if now_ns >= base_ns + first_ns - max(self.lead_ns, self.cushion_ns):
                return base_ns
        if ended or (origin_ns is None and span_ns + FILL_TOLERANCE_NS >= self.delay_ns):
            return now_ns + self.lead_ns - first_ns
        return None

    def playhead_ns(self, now_ns: int) -> int | None:
        """The captured time that is due now; None before the start and without a clock."""
        if self.base_ns is None or not self.clocked:
            return None
        return self.captured_ns(self._playback_ns(now_ns))

    def coming_playhead_ns(self, now_ns: int) -> int:
        """The captured time that would be due now, had the last cut been there already."""
        return self._playback_ns(now_ns) - self.shift_ns

    def horizon_ns(self, now_ns: int) -> int:
        """Samples captured up to this time may be handed to playback now (after the start, with a clock)."""
        return self.coming_playhead_ns(now_ns) + self.cushion_ns

    def captured_ns(self, playback_ns: int) -> int:
        """The captured time that playback shows at its running time `playback_ns`."""
        for begin_ns, shift_ns in reversed(self._cuts):
            if playback_ns >= begin_ns:
                return playback_ns - shift_ns
        return playback_ns - self._cuts[0][1]

    def cut(self, begin_ns: int, shift_ns: int) -> None:
        """From playback's running time `begin_ns` on, samples are shown `shift_ns` after their own."""
        self.delay_ns += shift_ns - self.shift_ns
        self._cuts = [*self._cuts[1 - REMEMBERED_CUTS :], (begin_ns, shift_ns)]

    def note_early(self, skipped_ns: int) -> None:
        """The last cut skipped so much because the source had sent it too early: the delay is what it was."""
        self.delay_ns += skipped_ns
        self.early_ns += skipped_ns

    def pause(self, now_ns: int) -> None:
        """Stop the playhead; idempotent."""
        if self.paused_ns is None:
            self.paused_ns = now_ns

    def delay_if_resumed_ns(self, now_ns: int) -> int:
        """The delay, and while frozen what it would be if playback went on now."""
        return self.delay_ns + (0 if self.paused_ns is None else max(now_ns - self.paused_ns, 0))

    def resume(self, now_ns: int) -> int | None:
        """Let the playhead go on where it stands, which makes the delay longer; returns the new base time."""
        paused_ns, self.paused_ns = self.paused_ns, None
        if paused_ns is None or self.base_ns is None:
            return None
        paused_for_ns = now_ns - paused_ns
        self.base_ns += paused_for_ns
        self.delay_ns += paused_for_ns
        return self.base_ns

    def _playback_ns(self, now_ns: int) -> int:
        return (now_ns if self.paused_ns is None else self.paused_ns) - (self.base_ns or 0)
