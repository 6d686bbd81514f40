"""The delay line's decisions: what to send, what to let go, when to start, when it stalls. Pure.

`DelayLine` is told what happened (a sample came, a source ended, so much time has passed) and answers
what is to be done. The BufferManager asks under its lock and does it outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from pipeline.buffering.intake import Intake, Timeline, Verdict
from pipeline.buffering.schedule import KEEP_BEHIND_NS, Schedule
from pipeline.buffering.stream import Stream
from pipeline.buffering.window import Entry
from pipeline.timebase import NS_PER_MS, NS_PER_S

RUNAWAY = 100
"""The window is bounded by time; by count only where timestamps do not advance, at this many capacities."""
GAP_AFTER_NS = NS_PER_S // 2
"""Of a stream this far behind the others, playback is told that it has a gap, and goes on."""
PACED_NS = 150 * NS_PER_MS
"""A source whose samples span as much time as they took to arrive, to this accuracy, is paced by a
clock.
"""
GAP_STEP_NS = 100 * NS_PER_MS
"""Inside a gap, playback is told of it in steps of this length."""
LONGEST_WAIT_NS = 50 * NS_PER_MS
SHORTEST_WAIT_NS = NS_PER_MS // 2
FILLING_WAIT_NS = 5 * NS_PER_MS


class State(Enum):
    """Where the delay line stands."""

    IDLE = "idle"
    FILLING = "filling"
    PLAYING = "playing"
    DRAINED = "drained"
    STOPPED = "stopped"


@dataclass(slots=True)
class Step:
    """What is to be done now, outside the lock, in this order."""

    start_base_ns: int | None = None
    """Start playback with this base time (None: do not start)."""
    sends: list[tuple[Stream, list[Entry]]] = field(default_factory=list)
    gaps: list[tuple[Stream, int, int]] = field(default_factory=list)
    """Say that a stream has nothing from one time to another."""
    closes: list[Stream] = field(default_factory=list)
    """Pass on end-of-stream."""
    evicted: list[Entry] = field(default_factory=list)
    """Nothing to do but to let them go."""
    stalled: bool = False
    wait_ns: int = LONGEST_WAIT_NS
    """Then ask again after this time, or earlier when something happens."""


class DelayLine:
    """All streams on one timeline, and the decisions about them."""

    def __init__(self, schedule: Schedule, *, duration_ns: int, stall_ns: int, max_bytes: int | None) -> None:
        self.schedule = schedule
        self.timeline = Timeline()
        self.streams: dict[str, Stream] = {}
        self.state = State.IDLE
        self.duration_ns = duration_ns
        self.max_bytes = max_bytes
        self.stall_count = 0
        self._stall_ns = stall_ns
        self._progress_ns = 0  # the clock when a frame was last sent
        self._stalled = False
        self._first_arrival: tuple[int, int] | None = None  # clock and time of the first sample

    def add_stream(self, name: str, *, nominal_ns: int, leads: bool) -> Stream:
        """A new stream on the common timeline."""
        intake = Intake(self.timeline, live=self.schedule.clocked)
        stream = Stream(name, intake, leads, nominal_ns, capacity=round(self.duration_ns / nominal_ns))
        self.streams[name] = stream
        return stream

    @property
    def size_bytes(self) -> int:
        """What all windows hold."""
        return sum(stream.window.size_bytes for stream in self.streams.values())

    # What happened

    def place(
        self, stream: Stream, running_ns: int | None, duration_ns: int, now_ns: int
    ) -> tuple[Verdict, int]:
        """A sample came: its verdict and order time."""
        verdict, order_ns = stream.place(running_ns, duration_ns, now_ns)
        if not verdict.accepted:
            return verdict, order_ns
        if self._first_arrival is None:
            self._first_arrival = (now_ns, order_ns)
        playhead_ns = self.schedule.playhead_ns(now_ns)
        if playhead_ns is not None and order_ns < playhead_ns:
            stream.counters.late += 1
        return verdict, order_ns

    def append(self, stream: Stream, entry: Entry) -> list[Entry]:
        """Store a placed sample; returns what had to leave for it: the oldest, sent or not."""
        stream.append(entry)
        evicted: list[Entry] = []
        if self.schedule.clocked:
            while len(stream.window) > 1 and self._too_long(stream):
                evicted += stream.window.evict_oldest()
            while self.max_bytes is not None and self.size_bytes > self.max_bytes:
                largest = max(self.streams.values(), key=lambda other: other.window.size_bytes)
                if len(largest.window) <= 1:
                    break
                evicted += largest.window.evict_oldest()
                largest.catch_up()
            stream.catch_up()
        return evicted

    def _too_long(self, stream: Stream) -> bool:
        window = stream.window
        if len(window) > RUNAWAY * stream.capacity:
            return True
        behind_ns = 2 * KEEP_BEHIND_NS if self.state is State.PLAYING else 0
        # An inter-coded window is cut at a keyframe only, and where that leaves its length.
        kept = window.keyframe_after(window.start) if window.inter_coded else window.start
        if kept >= window.end:
            return False
        return (stream.newest_ns or 0) - window[kept].time_ns > self.duration_ns + behind_ns

    def has_room(self, stream: Stream) -> bool:
        """Whether a producer that waits for room may go on.

        Without a clock it may beyond the bound, up to twice of it, while another stream starves: one
        thread may bring both, and playback may need both to go on.
        """
        full_bytes = self.max_bytes is not None and self.size_bytes > self.max_bytes
        if stream.ahead_ns <= self._bound_ns and not full_bytes:
            return True
        if self.schedule.clocked or stream.ahead_ns > 2 * self._bound_ns:
            return False
        return any(other is not stream and self._starves(other) for other in self.streams.values())

    @property
    def _bound_ns(self) -> int:
        schedule = self.schedule
        return self.duration_ns if schedule.clocked else schedule.delay_ns + schedule.cushion_ns

    def _starves(self, stream: Stream) -> bool:
        return not stream.closed and not self._over(stream) and stream.unsent == 0

    def _over(self, stream: Stream) -> bool:
        """Whether nothing more comes: it ended, or it never began and all others ended."""
        return stream.ended or (not stream.seen and self._all_ended())

    def _all_ended(self) -> bool:
        seen = [stream for stream in self.streams.values() if stream.seen]
        return bool(seen) and all(stream.ended for stream in seen)

    # What is to be done

    def begin(self) -> None:
        """The buffer thread starts: wait until the window is filled."""
        self.state = State.FILLING
        self.schedule.base_ns = None
        self._stalled = False
        for stream in self.streams.values():
            stream.closed = stream.in_gap = False

    def clear(self) -> list[Entry]:
        """Forget all samples and counts; a line that was playing fills again. Returns what was stored."""
        self.timeline = Timeline()
        evicted: list[Entry] = []
        for stream in self.streams.values():
            evicted += stream.clear(Intake(self.timeline, live=self.schedule.clocked))
        self.schedule.base_ns = None
        self.stall_count = 0
        self._first_arrival = None
        if self.state in (State.PLAYING, State.DRAINED):
            self.state = State.FILLING
        return evicted

    def step(self, now_ns: int, origin_ns: int | None, room_ns: Mapping[str, int]) -> Step:
        """What is to be done at `now_ns`.

        origin_ns: what the clock showed at time 0 of a live source, None for a source without a clock.
        room_ns: how much each stream's playback still takes; a stream without playback is missing.
        """
        step = Step()
        if self.state is State.FILLING:
            self._try_start(step, now_ns, origin_ns)
        if self.state is State.PLAYING:
            for stream in self.streams.values():
                self._send(step, stream, now_ns, room_ns.get(stream.name))
            self._evict(step, now_ns)
            self._watch(step, now_ns)
            step.wait_ns = self._wait_ns(step, now_ns)
        return step

    def _try_start(self, step: Step, now_ns: int, origin_ns: int | None) -> None:
        first_entries = [entry for stream in self.streams.values() if (entry := stream.next_entry)]
        ended = self._all_ended()
        if not first_entries and not ended:
            return
        first_ns = min((entry.time_ns for entry in first_entries), default=0)
        base_ns: int | None = now_ns - first_ns
        if self.schedule.clocked:
            span_ns = max(stream.ahead_ns for stream in self.streams.values())
            if origin_ns is None:
                origin_ns = self._paced_origin_ns(now_ns, first_ns, span_ns)
            base_ns = self.schedule.start(now_ns, first_ns, span_ns, origin_ns, ended=ended)
        elif not any(self._is_due(stream, now_ns) for stream in self.streams.values()):
            base_ns = None
        if base_ns is None:
            step.wait_ns = FILLING_WAIT_NS
            return
        self.state = State.PLAYING
        self.schedule.base_ns = step.start_base_ns = base_ns
        self._progress_ns = now_ns
        for stream in self.streams.values():
            stream.told_ns = first_ns
            if self.schedule.clocked:
                stream.skip_to(now_ns - base_ns)

    def _paced_origin_ns(self, now_ns: int, first_ns: int, span_ns: int) -> int | None:
        """The origin of a source without a clock whose samples nevertheless come as time goes by."""
        if self._first_arrival is None:
            return None
        arrival_ns, time_ns = self._first_arrival
        paced = time_ns == first_ns and abs(now_ns - arrival_ns - span_ns) < PACED_NS
        return arrival_ns - time_ns if paced else None

    def _horizon_ns(self, stream: Stream, now_ns: int) -> int | None:
        """Up to which time the stream's samples may leave; None: all of them."""
        if self.schedule.clocked:
            return self.schedule.horizon_ns(now_ns)
        if self._over(stream) or (self.max_bytes is not None and self.size_bytes > self.max_bytes):
            return None
        known = [stream] if stream.leads else self.streams.values()
        newest_ns = max((other.newest_ns for other in known if other.newest_ns is not None), default=0)
        return newest_ns - self.schedule.delay_ns

    def _is_due(self, stream: Stream, now_ns: int) -> bool:
        entry = stream.next_entry
        if entry is None:
            return self._over(stream)
        horizon_ns = self._horizon_ns(stream, now_ns)
        return horizon_ns is None or entry.order_ns <= horizon_ns

    def _send(self, step: Step, stream: Stream, now_ns: int, room_ns: int | None) -> None:
        horizon_ns = self._horizon_ns(stream, now_ns)
        if room_ns is None:
            stream.pass_over(horizon_ns)
        elif room_ns > 0 and not stream.closed:
            taken = stream.take(horizon_ns, room_ns)
            if taken:
                step.sends.append((stream, taken))
            elif horizon_ns is not None:
                self._bridge(step, stream, horizon_ns)
        if stream.unsent == 0 and not stream.closed and self._over(stream):
            stream.closed = True
            step.closes.append(stream)

    def _bridge(self, step: Step, stream: Stream, horizon_ns: int) -> None:
        """Tell playback that nothing comes from a stream that has nothing while another one goes on."""
        if stream.told_ns is None or not any(
            other.told_ns is not None and other.told_ns > stream.told_ns + GAP_STEP_NS
            for other in self.streams.values()
        ):
            return
        if not self.schedule.clocked:
            full = any(other.ahead_ns > 2 * self._bound_ns for other in self.streams.values())
            if stream.unsent or not (full or stream.in_gap):
                return
            if not stream.seen:
                stream.ended = True  # all that time and not one sample: it will not come
                return
        threshold_ns = GAP_STEP_NS if stream.in_gap or stream.sent_ns is None else GAP_AFTER_NS
        if horizon_ns - stream.told_ns >= threshold_ns:
            if not stream.in_gap:
                stream.counters.gaps += 1
            stream.in_gap = True
            step.gaps.append((stream, stream.told_ns, horizon_ns))
            stream.told_ns = horizon_ns

    def _evict(self, step: Step, now_ns: int) -> None:
        for stream in self.streams.values():
            step.evicted += self.evict_stale(stream, now_ns)
            if not self.schedule.clocked and self.max_bytes is not None and self.size_bytes > self.max_bytes:
                step.evicted += stream.evict_sent()

    def evict_stale(self, stream: Stream, now_ns: int) -> list[Entry]:
        """Remove and return what ended KEEP_BEHIND_NS before the playhead."""
        playhead_ns = self.schedule.playhead_ns(now_ns)
        if playhead_ns is None:
            playhead_ns = stream.sent_ns
        return [] if playhead_ns is None else stream.evict_before(playhead_ns - KEEP_BEHIND_NS)

    def _watch(self, step: Step, now_ns: int) -> None:
        """Notice the end and the stall."""
        if all(stream.closed for stream in self.streams.values()):
            self.state = State.DRAINED
            return
        leaders = [stream for stream in self.streams.values() if stream.leads and stream.seen]
        watched = [stream for stream in leaders if not stream.closed] or list(self.streams.values())
        if any(stream in watched for stream, _ in step.sends):
            self._progress_ns = now_ns
            self._stalled = False
        elif not self._stalled and now_ns - self._progress_ns > self._stall_ns:
            self._stalled = step.stalled = True
            self.stall_count += 1

    def _wait_ns(self, step: Step, now_ns: int) -> int:
        if not self.schedule.clocked:
            return 0 if step.sends else LONGEST_WAIT_NS
        horizon_ns = self.schedule.horizon_ns(now_ns)
        due_in_ns = min(
            (entry.order_ns - horizon_ns for stream in self.streams.values() if (entry := stream.next_entry)),
            default=LONGEST_WAIT_NS,
        )
        shortest_ns = max(self.schedule.cushion_ns // 16, SHORTEST_WAIT_NS)
        return min(max(due_in_ns, shortest_ns), LONGEST_WAIT_NS)
