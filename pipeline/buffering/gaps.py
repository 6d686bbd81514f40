"""Announces gaps of a stream to playback, so that playback does not wait for that stream. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.buffering.schedule import Schedule
from pipeline.buffering.step import Step
from pipeline.buffering.stream import Stream
from pipeline.timebase import NS_PER_MS, NS_PER_S

GAP_AFTER_NS = NS_PER_S // 2
"""A stream this far behind the others has a gap: it is announced, and playback goes on."""
GAP_STEP_NS = 100 * NS_PER_MS
"""A gap that goes on is announced in steps of this length."""
MISSING_AFTER_NS, UNCLOCKED_MISSING_AFTER_NS = NS_PER_S // 2, 2 * NS_PER_S
"""A stream that has not begun this long after all others ended, or were full, does not exist: the second time
without a clock, where nobody waits for playback, and a busy machine's decoder may be slow."""


class Gaps:
    """Adds gaps to a step. All streams share one time; `schedule` says what is due."""

    def __init__(self, streams: Mapping[str, Stream], schedule: Schedule) -> None:
        self._streams = streams
        self._schedule = schedule
        self.waited_ns: Callable[[], int] = lambda: 0
        """Returns how long the process was ready since the last call, and had to wait for a processor."""

    def announce(self, step: Step, stream: Stream, now_ns: int, horizon_ns: int, *, held_up: bool) -> None:
        """Announce a gap, as far as `horizon_ns`, of a stream that has nothing to send while another one goes on.

        held_up: some stream's playback takes nothing more, perhaps because it waits for this one.
        """
        announced_until_ns = stream.announced_until_ns
        if announced_until_ns is None:
            return
        by_source = stream.source_gap_until_ns > announced_until_ns
        if not self._schedule.clocked:
            held_up = self._starves_long(stream, now_ns)
            if not (held_up or by_source or stream.in_gap) or stream.unsent:
                return
        if held_up and not stream.seen and not stream.awaited:
            stream.ended = True  # all that time and not one sample: it will not come
            return
        others_ns = [
            other.announced_until_ns
            for other in self._streams.values()
            if other is not stream and other.announced_until_ns is not None
        ]
        if not others_ns or max(others_ns) <= announced_until_ns + GAP_STEP_NS:
            return
        threshold_ns = GAP_STEP_NS if stream.in_gap or stream.sent_ns is None else GAP_AFTER_NS
        if by_source:
            horizon_ns, threshold_ns = min(horizon_ns, stream.source_gap_until_ns), 1
        if horizon_ns - announced_until_ns >= threshold_ns:
            if not stream.in_gap:
                stream.counters.gaps += 1
            stream.in_gap = True
            self.add(step, stream, announced_until_ns, horizon_ns)
            stream.announced_until_ns = horizon_ns

    def _starves_long(self, stream: Stream, now_ns: int) -> bool:
        """Without a clock: whether another stream has been full for a while and this one has still nothing.

        Time in which others had the processor does not count: a decoder was slow then, and its sound would be lost.
        """
        most_ns = 2 * self._schedule.run_ahead_ns
        if stream.unsent or not any(other.ahead_ns > most_ns for other in self._streams.values()):
            stream.starved_since_ns = None
            return False
        if stream.starved_since_ns is None:
            self.waited_ns()
            stream.starved_since_ns = now_ns
        elif now_ns - stream.starved_since_ns >= UNCLOCKED_MISSING_AFTER_NS and not stream.in_gap:
            stream.starved_since_ns = min(stream.starved_since_ns + self.waited_ns(), now_ns)
        return now_ns - stream.starved_since_ns >= UNCLOCKED_MISSING_AFTER_NS

    def add(self, step: Step, stream: Stream, begin_ns: int, end_ns: int) -> None:
        """Tell playback that the stream has nothing from `begin_ns` to `end_ns`, unless that is no time at all."""
        shift_ns = self._schedule.shift_ns
        if end_ns > begin_ns:
            stream.counters.gap_ns += end_ns - begin_ns
            step.gaps.append((stream, begin_ns + shift_ns, end_ns + shift_ns))
