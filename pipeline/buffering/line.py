"""The delay line's decisions: what to send, what to let go, when to start, when it stalls. Pure.

`DelayLine` is given what happened (a sample came, a source ended, time has passed) and answers with what to do. The
engine asks under its lock and acts outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pipeline.buffering.annotations import Annotations
from pipeline.buffering.bounds import Bound, Bounds
from pipeline.buffering.filling import Filling
from pipeline.buffering.gaps import MISSING_AFTER_NS, UNCLOCKED_MISSING_AFTER_NS, Gaps
from pipeline.buffering.intake import Intake, SharedTime, Verdict
from pipeline.buffering.schedule import KEEP_BEHIND_NS, Schedule
from pipeline.buffering.stall import StallWatch
from pipeline.buffering.step import LONGEST_WAIT_NS, Send, State, Step
from pipeline.buffering.stream import Stream
from pipeline.buffering.window import Entry
from pipeline.timebase import NS_PER_MS

NEVER_NS = -(2**63)
MAX_CAPACITIES = 100
"""The window is bounded by time; by count only where timestamps do not advance, at this many capacities."""
SHORTEST_WAIT_NS = NS_PER_MS // 2
FILLING_WAIT_NS = 5 * NS_PER_MS


class DelayLine:
    """All streams in one shared time, and the decisions about them."""

    def __init__(
        self,
        schedule: Schedule,
        *,
        duration_ns: int,
        stall_ns: int,
        max_bytes: int | None,
        keep_behind_ns: int = KEEP_BEHIND_NS,
        follow_drift: bool = True,
    ) -> None:
        self.schedule = schedule
        self.shared_time = SharedTime()
        self.streams: dict[str, Stream] = {}
        self.state = State.IDLE
        self.duration_ns = duration_ns
        self.keep_behind_ns = keep_behind_ns
        self._follow_drift = follow_drift
        self.gaps = Gaps(self.streams, schedule)
        self.bounds = Bounds(self.streams, duration_ns, max_bytes)
        self.annotations = Annotations()
        self.max_stored_bytes = 0
        self.keep_late = False
        """Whether late samples wait as long as they fit: for sinks that do not wait for the clock (a file)."""
        self._late_before_ns = NEVER_NS  # the playhead at the last step
        self.margin_ns: int | None = None  # the least time a sample was taken before it was due
        self.stall = StallWatch(stall_ns)
        self._filling = Filling(schedule)
        self._received = 0
        self._accepted = 0  # frames that playback had taken at the last step
        self._stepped_ns = 0  # the clock at the last step
        self._first_ns = 0  # time of the first sample to play
        self._stopped_at_ns: int | None = None  # the playhead when the buffer thread was stopped
        self._all_ended = False
        self._ended_ns: int | None = None  # the clock when the last stream that began had ended

    def add_stream(self, name: str, *, nominal_ns: int, leads: bool) -> Stream:
        """A new stream in the shared time."""
        intake = Intake(self.shared_time, live=self.schedule.clocked, leads=leads)
        capacity = round(self.duration_ns / nominal_ns)
        stream = Stream(name, intake, leads, nominal_ns, capacity, MAX_CAPACITIES * max(capacity, 1))
        stream.has_own_clock = self._follow_drift
        self.streams[name] = stream
        return stream

    @property
    def size_bytes(self) -> int:
        """What all windows hold."""
        return self.bounds.size_bytes

    @property
    def state_name(self) -> str:
        """The state, or "paused"."""
        return "paused" if self.schedule.paused_ns is not None else self.state.value

    def playhead_ns(self, now_ns: int) -> int | None:
        """The captured time shown now; without a clock, of the newest frame sent; None before the start.

        With a clock it stands at the first sample until that is shown, at the end after the last one, and where
        it was after `stop`.
        """
        if not self.schedule.clocked:
            return next((s.sent_ns for s in self.streams.values() if s.leads and s.seen), None)
        if self.state is State.STOPPED:
            return self._stopped_at_ns
        if (playhead_ns := self.schedule.playhead_ns(now_ns)) is None:
            return None
        if self.state is State.DRAINED:
            playhead_ns = min(playhead_ns, self.shared_time.newest_ns)
        return max(playhead_ns, self._first_ns)

    # Events

    def place(
        self, stream: Stream, running_ns: int | None, duration_ns: int, now_ns: int
    ) -> tuple[Verdict, int]:
        """A sample came: its verdict and order time."""
        verdict, order_ns = stream.place(running_ns, duration_ns, now_ns)
        if order_ns < self._late_before_ns and verdict.accepted:
            stream.counters.late += 1
        return verdict, order_ns

    def append(self, stream: Stream, entry: Entry, *, waited: bool = False) -> Sequence[Entry]:
        """Store a placed sample; returns the oldest entries that had to leave for it, sent or not.

        waited: its producer has waited for room, so the bound of time evicts nothing.
        """
        stream.append(entry)
        if not self.schedule.clocked:
            return ()
        window = stream.window
        if (
            entry.end_ns - window.oldest_ns <= self.span_ns
            and len(window) <= stream.max_entries
            and self.bounds.max_bytes is None
        ):
            return ()  # nearly always
        lost = self.bounds.unsent_evicted_by[Bound.BYTES]
        evicted = self.bounds.cut(stream, None if waited else self.span_ns)
        if self.bounds.unsent_evicted_by[Bound.BYTES] > lost and self.state in (State.IDLE, State.FILLING):
            # With the whole delay, every frame would leave before it is due. Half of what fits: once playback
            # runs, past samples, sound above all, may take as much again.
            largest = max(self.streams.values(), key=lambda each: each.window.size_bytes)
            self.schedule.shorten(largest.ahead_ns // 2)
        return evicted

    @property
    def span_ns(self) -> int:
        """How long a window may get."""
        behind_ns = self.keep_behind_ns + KEEP_BEHIND_NS if self.state is State.PLAYING else 0
        return self.duration_ns + behind_ns

    def has_room(self, stream: Stream, entry: Entry) -> bool:
        """Whether a producer that waits for room may store `entry`.

        While the window fills up to the delay, it always may: playback, which makes room, starts only then. What
        has been frozen, or jumped back, is further behind, and so much more is stored ahead of it.
        Without a clock it may exceed the bound, up to twice, while another stream starves: one thread may
        deliver both, and playback may need both.
        """
        if self.schedule.clocked:
            if self.state is not State.PLAYING and stream.ahead_ns < self.schedule.delay_ns:
                return True
            return self.bounds.fits(stream, entry, self._unsent_most_ns)
        if stream.ahead_ns <= self.schedule.run_ahead_ns and not self.bounds.full_bytes:
            return True
        if stream.ahead_ns > 2 * self.schedule.run_ahead_ns:
            return False
        return any(other is not stream and self._starves(other) for other in self.streams.values())

    @property
    def _unsent_most_ns(self) -> int:
        """How much may wait to be sent, where a producer waits for room: what playback is behind, if it is kept."""
        if self.state is not State.PLAYING:
            return self.duration_ns
        behind_ns = self.schedule.delay_if_resumed_ns(self._stepped_ns)
        return max(min(behind_ns, self.span_ns - self.schedule.landing_ns), self.duration_ns)

    def _starves(self, stream: Stream) -> bool:
        return not stream.closed and not self._has_ended(stream) and stream.unsent == 0

    def _has_ended(self, stream: Stream) -> bool:
        """Whether nothing more comes: it ended, or it never began and all others ended."""
        return stream.ended or (not stream.seen and self._all_ended)

    def _note_ends(self, now_ns: int) -> None:
        """All has ended when every stream has; one that never began, and is not awaited, when it is missing."""
        seen = [stream for stream in self.streams.values() if stream.seen]
        coming = [stream for stream in self.streams.values() if stream.awaited and not stream.ended]
        if not seen or coming or not all(stream.ended for stream in seen):
            self._all_ended, self._ended_ns = False, None
            return
        if self._ended_ns is None:
            self._ended_ns = now_ns
        missing_ns = MISSING_AFTER_NS if self.schedule.clocked else UNCLOCKED_MISSING_AFTER_NS
        self._all_ended = len(seen) == len(self.streams) or now_ns - self._ended_ns >= missing_ns

    # Decisions

    def begin(self) -> None:
        """The buffer thread starts: wait until the window is filled."""
        self.state = State.FILLING
        self._filling.begin()
        self.schedule.reset()
        self._all_ended, self._ended_ns = False, None
        self._late_before_ns = NEVER_NS
        for stream in self.streams.values():
            stream.closed = stream.in_gap = False
            stream.splice = None

    def stop(self, now_ns: int) -> None:
        """The buffer thread stops: the playhead stands, and what is stored stays."""
        self._stopped_at_ns = playhead_ns = self.playhead_ns(now_ns)
        self.state = State.STOPPED
        if playhead_ns is not None:
            for stream in self.streams.values():
                stream.note_playhead(playhead_ns)

    def clear(self) -> list[Entry]:
        """Forget all samples and counts; a line that was playing fills again. Returns what was stored."""
        self.shared_time = SharedTime()
        evicted: list[Entry] = []
        for stream in self.streams.values():
            evicted += stream.clear(Intake(self.shared_time, live=self.schedule.clocked, leads=stream.leads))
        self._stopped_at_ns = None
        self.schedule.reset()
        self._late_before_ns = NEVER_NS
        self.stall.count = self.max_stored_bytes = 0
        self.bounds.reset()
        self.annotations.clear()
        self.margin_ns = None
        self._filling.begin()
        if self.state in (State.PLAYING, State.DRAINED):
            self.state = State.FILLING
        return evicted

    def step(self, now_ns: int, origin_ns: int | None, room_ns: Mapping[str, int]) -> Step:
        """What is to be done at `now_ns`.

        origin_ns: what the clock showed at time 0 of a live source, None for a source without a clock.
        room_ns: how much each stream's playback still takes; a stream without playback is missing.
        """
        step = Step()
        self._note_progress()
        self._note_ends(now_ns)
        if self.state is State.FILLING:
            self._try_start(step, now_ns, origin_ns)
        if self.state is State.PLAYING:
            if not self.schedule.clocked:
                self._evict(step, now_ns)  # by what was truly sent: what is sent below may be refused
            held_up = any(room <= 0 for room in room_ns.values())
            for stream in self.streams.values():
                self._send(step, stream, now_ns, room_ns.get(stream.name), held_up=held_up)
            if self.schedule.clocked:
                self._evict(step, now_ns)  # by the clock, and after a last chance to be sent late
            self._measure(step, now_ns)
            self._watch(step, now_ns)
            step.wait_ns = self._wait_ns(step, now_ns)
        elif self.state is State.DRAINED:
            self._evict(step, now_ns)  # the last of it is still to be shown
        self._stepped_ns = now_ns
        return step

    def _try_start(self, step: Step, now_ns: int, origin_ns: int | None) -> None:
        first_entries = [entry for stream in self.streams.values() if (entry := stream.next_entry)]
        if not first_entries and not self._all_ended:
            return
        first_ns = min((entry.time_ns for entry in first_entries), default=0)
        base_ns: int | None = now_ns - first_ns
        if self.schedule.clocked:
            stored_ns = first_ns, first_ns + max(stream.ahead_ns for stream in self.streams.values())
            ended = self._all_ended
            base_ns = self._filling.base_ns(now_ns, self.shared_time, stored_ns, origin_ns, ended=ended)
        elif not any(self._is_due(stream, now_ns) for stream in self.streams.values()):
            base_ns = None
        if base_ns is None:
            step.wait_ns = FILLING_WAIT_NS
            return
        self.state = State.PLAYING
        self.schedule.base_ns = step.start_base_ns = base_ns
        self._first_ns = first_ns
        self.stall.begin(now_ns)
        for stream in self.streams.values():
            stream.announced_until_ns = first_ns
        if self.schedule.clocked:
            self._skip_late(now_ns - base_ns)

    def _skip_late(self, begin_ns: int) -> None:
        """Begin with what is shown at `begin_ns`, and with the sound of its picture from that one's begin on."""
        sound_ns = begin_ns
        for stream in sorted(self.streams.values(), key=lambda stream: not stream.leads):
            stream.skip_to(begin_ns if stream.leads else sound_ns)
            entry = stream.next_entry
            if stream.leads and entry is not None:
                sound_ns = min(sound_ns, entry.time_ns)

    def _horizon_ns(self, stream: Stream, now_ns: int) -> int | None:
        """Up to which time the stream's samples may leave; None: all of them."""
        if self.schedule.clocked:
            return self.schedule.horizon_ns(now_ns)
        if self._has_ended(stream) or self.bounds.full_bytes:
            return None
        known = [stream] if stream.leads else self.streams.values()
        newest_ns = max((other.newest_ns for other in known if other.newest_ns is not None), default=0)
        return newest_ns - self.schedule.delay_ns

    def _is_due(self, stream: Stream, now_ns: int) -> bool:
        entry = stream.next_entry
        if entry is None:
            return self._has_ended(stream)
        horizon_ns = self._horizon_ns(stream, now_ns)
        return horizon_ns is None or entry.order_ns <= horizon_ns

    def _send(self, step: Step, stream: Stream, now_ns: int, room_ns: int | None, *, held_up: bool) -> None:
        """held_up: some stream's playback takes nothing more, perhaps because it waits for this one."""
        horizon_ns = self._horizon_ns(stream, now_ns)
        if room_ns is None:
            stream.skip_unplayed(horizon_ns)
        elif room_ns > 0 and not stream.closed:
            stream.skip_silenced()
            gap_from_ns = stream.announced_until_ns if stream.in_gap else stream.hole_from_ns
            taken = self.take(stream, horizon_ns, room_ns)
            if taken:
                if gap_from_ns is not None:
                    self.gaps.add(step, stream, gap_from_ns, taken[0].order_ns)
                step.sends.append(Send(stream, taken, self.schedule.shift_ns, stream.splice))
                stream.splice = None
                return  # whether all of it is taken, and the end may follow, is known in the next step only
            if horizon_ns is not None:
                self.gaps.announce(step, stream, now_ns, horizon_ns, held_up=held_up)
        if stream.unsent == 0 and not stream.closed and self._has_ended(stream):
            stream.closed = True
            step.closes.append(stream)

    def take(self, stream: Stream, horizon_ns: int | None, room_ns: int) -> list[Entry]:
        """The next entries for playback (see Stream.take); what they show is settled with that."""
        taken = stream.take(horizon_ns, room_ns)
        if taken:
            oldest_ns = min(each.window.oldest_ns for each in self.streams.values() if len(each.window))
            self.annotations.settle(max(entry.time_ns for entry in taken), oldest_ns)
        return taken

    def _evict(self, step: Step, now_ns: int) -> None:
        for stream in self.streams.values():
            step.evicted += self.evict_stale(stream, now_ns)
            if not self.schedule.clocked and self.bounds.full_bytes:
                step.evicted += stream.evict_sent()

    def evict_stale(self, stream: Stream, now_ns: int) -> list[Entry]:
        """Remove and return what ended `keep_behind_ns` before the playhead."""
        playhead_ns = self.playhead_ns(now_ns) if self.schedule.clocked else None
        if playhead_ns is None:
            playhead_ns = stream.sent_ns
        if playhead_ns is None:
            return []
        entry = stream.next_entry
        limit_ns = playhead_ns if entry is None or not self.keep_late else min(playhead_ns, entry.order_ns)
        if self.schedule.clocked:
            limit_ns = min(limit_ns, self.schedule.coming_playhead_ns(now_ns))
        evicted = stream.evict_before(limit_ns - self.keep_behind_ns)
        stream.note_playhead(playhead_ns)
        return evicted

    def _measure(self, step: Step, now_ns: int) -> None:
        self.max_stored_bytes = max(self.max_stored_bytes, self.size_bytes)
        if self.schedule.clocked:
            self._late_before_ns = self.schedule.playhead_ns(now_ns) or 0
        for stream in self.streams.values():
            stream.rates.update(stream.counters, now_ns)
        if self.schedule.clocked and step.sends:
            due_ns = self.schedule.horizon_ns(now_ns) - self.schedule.cushion_ns
            margin_ns = min(send.entries[0].order_ns for send in step.sends) - due_ns
            self.margin_ns = margin_ns if self.margin_ns is None else min(self.margin_ns, margin_ns)

    def _watch(self, step: Step, now_ns: int) -> None:
        """Detect the end and a stall."""
        if all(stream.closed for stream in self.streams.values()):
            self.state = State.DRAINED
            return
        leaders = self._leaders()
        rests = not any(send.stream in leaders for send in step.sends)
        progressed = (
            self.schedule.paused_ns is not None
            or all(stream.ended and stream.unsent == 0 for stream in self.streams.values() if stream.seen)
            or self._source_progressed()
            or (self.schedule.clocked and rests and self._due_in_ns(leaders, now_ns, 0) > 0)
        )
        step.stalled = self.stall.update(now_ns, progressed=progressed)

    def _note_progress(self) -> None:
        """What playback took of the last step, and did not give back, was progress then."""
        before, self._accepted = self._accepted, sum(stream.counters.sent for stream in self._leaders())
        if self._accepted != before:
            self.stall.begin(self._stepped_ns)

    def _leaders(self) -> list[Stream]:
        """The streams whose progress counts: the video where there is video, else all."""
        seen = [stream for stream in self.streams.values() if stream.seen]
        return [stream for stream in seen if stream.leads and not stream.closed] or seen

    def _source_progressed(self) -> bool:
        """Whether a source without a clock delivered something since the last call: a slow one is no stall."""
        received = sum(stream.counters.received for stream in self._leaders())
        before, self._received = self._received, received
        return received > before and not self.schedule.clocked

    def _wait_ns(self, step: Step, now_ns: int) -> int:
        if not self.schedule.clocked:
            return 0 if step.sends else LONGEST_WAIT_NS
        due_in_ns = self._due_in_ns(self.streams.values(), now_ns, LONGEST_WAIT_NS)
        shortest_ns = max(self.schedule.cushion_ns // 5, SHORTEST_WAIT_NS)
        longest_ns = min(max(self.schedule.delay_ns // 8, SHORTEST_WAIT_NS), LONGEST_WAIT_NS)
        return min(max(due_in_ns, shortest_ns), longest_ns)

    def _due_in_ns(self, streams: Iterable[Stream], now_ns: int, nothing_ns: int) -> int:
        """In how long the next stored sample may leave; `nothing_ns` if none is stored."""
        entries = [entry for stream in streams if (entry := stream.next_entry)]
        horizon_ns = self.schedule.horizon_ns(now_ns)
        return min((entry.order_ns - horizon_ns for entry in entries), default=nothing_ns)
