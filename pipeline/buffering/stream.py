"""One stream of the delay line: its window, its place in shared time, the cursor of playback. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.buffering.intake import Intake, Verdict
from pipeline.buffering.stats import Counters, RateMeter
from pipeline.buffering.window import Entry, Window
from pipeline.timebase import NS_PER_S

LEAST_HOLE_NS = NS_PER_S // 2
"""A shorter hole in sound is left to the encoder."""
MOST_HOLE_NS = 60 * NS_PER_S
"""Silence for a longer hole would take too much memory."""

_ON_TIME = Verdict.ON_TIME


@dataclass(frozen=True, slots=True)
class Splice:
    """How to go on after a cut without a hole: begin at `begin_ns`, inside the first entry, and fade over."""

    begin_ns: int
    fade_from: Entry | None
    """What would have come without the cut."""


@dataclass(eq=False, slots=True)
class Stream:
    """What the delay line knows of one stream. Whoever calls holds the manager's lock."""

    name: str
    intake: Intake
    leads: bool
    """Look-ahead is promised for its samples: for video, not for sound."""
    nominal_ns: int
    """Duration of a sample that has none."""
    capacity: int
    """How many samples of nominal duration the buffer's duration holds."""
    max_entries: int
    """With more entries than this the timestamps cannot be right."""
    window: Window = field(default_factory=Window)
    counters: Counters = field(default_factory=Counters)
    rates: RateMeter = field(default_factory=RateMeter)
    next_seq: int = 0
    """Playback's cursor: sequence number of the next entry to send."""
    newest_ns: int | None = None
    """Where the newest stored entry ends."""
    sent_ns: int | None = None
    """Time of the newest entry sent."""
    announced_until_ns: int | None = None
    """How far playback has been given samples or gaps of this stream."""
    awaited: bool = False
    """A source is known to exist, though no sample has come yet."""
    seen: bool = False
    """A source exists: at least one sample came."""
    ended: bool = False
    """The source has said end-of-stream."""
    closed: bool = False
    """End-of-stream was handed to playback."""
    in_gap: bool = False
    """The last thing announced to playback was a gap."""
    divisible: bool = False
    """Samples can be cut at any point: raw sound."""
    shown_seq: int = 0
    noted_ns: int = 0
    """Sequence number of the first entry after the playhead, and the playhead, when they were last noted."""
    most: int = 0
    """The largest number of entries ever held."""
    source_gap_until_ns: int = 0
    """End of the newest gap that the source itself announced."""
    starved_since_ns: int | None = None
    """The clock since when this stream has kept the others waiting (offline)."""
    splice: Splice | None = None
    """A cut that the next entries taken have to bridge."""
    has_own_clock: bool = True
    """Whether its samples come by the clock of their source; False for a source that can wait."""

    def clear(self, intake: Intake) -> list[Entry]:
        """Forget everything and begin again in another shared time; returns what was stored."""
        evicted = self.window.clear()
        self.intake = intake
        self.counters = Counters()
        self.next_seq = self.window.end
        self.newest_ns = self.sent_ns = self.announced_until_ns = None
        self.seen = self.ended = self.closed = self.in_gap = False
        self.most = self.source_gap_until_ns = self.noted_ns = 0
        self.shown_seq = self.window.end
        self.rates = RateMeter()
        self.splice = self.starved_since_ns = None
        return evicted

    @property
    def unsent(self) -> int:
        """How many entries wait to be sent."""
        return self.window.end - self.next_seq

    @property
    def not_shown(self) -> int:
        """How many entries lie before the playhead, as it was last noted: the present and the future."""
        return self.window.end - max(self.shown_seq, self.window.start)

    @property
    def next_entry(self) -> Entry | None:
        """The entry that is sent next; None when all are sent."""
        return self.window.get(self.next_seq)

    @property
    def ahead_ns(self) -> int:
        """How much time the unsent entries span."""
        return self._span_from(self.window.get(self.next_seq))

    @property
    def stored_ns(self) -> int:
        """How much time the window spans."""
        return self._span_from(self.window.get(self.window.start))

    def _span_from(self, entry: Entry | None) -> int:
        return 0 if entry is None or self.newest_ns is None else self.newest_ns - entry.order_ns

    def place(self, running_ns: int | None, duration_ns: int, arrival_ns: int) -> tuple[Verdict, int]:
        """The verdict on an arriving sample and its order time; counts it (see Intake.place)."""
        if not self.seen:
            self.seen = True
            self.intake.has_own_clock = self.has_own_clock
        self.counters.received += 1
        placed = self.intake.place(running_ns, duration_ns, arrival_ns, inter_coded=self.window.inter_coded)
        if placed[0] is not _ON_TIME:
            self.counters.count(placed[0])
        return placed

    def append(self, entry: Entry) -> None:
        """Store an entry that was given its place."""
        self.window.append(entry)
        if self.newest_ns is None or entry.end_ns > self.newest_ns:
            self.newest_ns = entry.end_ns

    def take(self, horizon_ns: int | None, limit_ns: int) -> list[Entry]:
        """The unsent entries up to `horizon_ns` (None: all), at most `limit_ns` of them but at least one.

        They count as sent; `give_back` undoes that for what playback refused.
        """
        first = self.next_entry
        if first is None or (horizon_ns is not None and first.order_ns > horizon_ns):
            return []
        last_ns = first.order_ns + limit_ns
        end = self.window.index_from(
            self.next_seq, last_ns if horizon_ns is None else min(horizon_ns, last_ns)
        )
        taken = list(self.window.between(self.next_seq, end))
        self.next_seq = end
        self.counters.sent += len(taken)
        self.sent_ns = taken[-1].time_ns
        self.announced_until_ns = taken[-1].end_ns
        self.in_gap = False
        return taken

    @property
    def hole_from_ns(self) -> int | None:
        """From when raw sound lacks between what playback has and the next entry; None if it does not.

        It is filled with silence: neither an encoder nor a player keeps sound that comes later in its place.
        """
        entry, until_ns = self.next_entry, self.announced_until_ns
        if entry is None or until_ns is None or not self.divisible:
            return None
        return until_ns if LEAST_HOLE_NS <= entry.order_ns - until_ns <= MOST_HOLE_NS else None

    def give_back(self, count: int) -> None:
        """The newest `count` entries taken were refused and wait again."""
        self.next_seq -= count
        self.counters.sent -= count
        self.counters.refused += count
        self.catch_up()
        before = self.window.get(self.next_seq - 1)
        self.sent_ns = None if before is None else before.time_ns
        if before is not None:
            self.announced_until_ns = before.end_ns

    def catch_up(self) -> None:
        """Move the cursor past what has left the window unsent, and count it."""
        missed = self.window.start - self.next_seq
        if missed > 0:
            self.counters.dropped += missed
            self.next_seq = self.window.start

    def skip_to(self, time_ns: int) -> None:
        """Move the cursor to what is shown at `time_ns`, and count what it passes."""
        place = self.window.keyframe_at_or_before(self._index_shown_at(time_ns))
        if place > self.next_seq:
            self.counters.dropped += place - self.next_seq
            self.next_seq = place

    def _index_shown_at(self, time_ns: int) -> int:
        """Sequence number of the entry that is shown at `time_ns`, else of the first after it."""
        window = self.window
        place = window.index_at(time_ns)
        return place - 1 if place > window.start and window[place - 1].end_ns > time_ns else place

    def evict_before(self, time_ns: int) -> list[Entry]:
        """Remove what ended by `time_ns`; what leaves unsent is counted."""
        evicted = self.window.evict_before(time_ns)
        self.catch_up()
        return evicted

    def jump(self, begin_ns: int) -> None:
        """Go on with what was captured at `begin_ns`, wherever the cursor stands. What is passed is counted."""
        window = self.window
        if self.divisible:
            place = self._index_shown_at(begin_ns)
            self.splice = Splice(begin_ns, self.next_entry)
        else:
            place = window.index_at(begin_ns)
        place = window.keyframe_at_or_before(place) if place < window.end else place
        self.counters.skipped += max(place - self.next_seq, 0)
        self.counters.repeated += max(self.next_seq - place, 0)
        self.next_seq = place
        self.announced_until_ns = begin_ns

    def skip_silenced(self) -> None:
        """Skip and count raw sound that came too late: silence was already sent in its place.

        Sent after that silence, it would delay all the sound that follows.
        """
        announced_until_ns, entry = self.announced_until_ns, self.next_entry
        if (
            not (self.in_gap and self.divisible)
            or announced_until_ns is None
            or entry is None
            or entry.order_ns >= announced_until_ns
        ):
            return
        place = self._index_shown_at(announced_until_ns)
        self.counters.dropped += place - self.next_seq
        self.next_seq = place
        self.splice = Splice(announced_until_ns, None)

    def between_keyframes(self, begin_ns: int, end_ns: int) -> list[Entry]:
        """The entries shown from `begin_ns` to `end_ns`, and before them what their decoding begins with."""
        window = self.window
        begin = window.keyframe_at_or_before(self._index_shown_at(begin_ns))
        return list(window.between(begin, window.index_at(end_ns)))

    def note_playhead(self, playhead_ns: int) -> None:
        """Remember how many entries the playhead has passed."""
        if playhead_ns < self.noted_ns:
            self.shown_seq = self.window.index_after(playhead_ns)  # it went back
        else:
            self.shown_seq = self.window.index_from(self.shown_seq, playhead_ns)
        self.noted_ns = playhead_ns
        self.most = max(self.most, len(self.window))

    def evict_sent(self) -> list[Entry]:
        """Remove everything sent, keyframe boundaries respected."""
        return self.window.evict_to(self.window.keyframe_at_or_before(self.next_seq))

    def skip_unplayed(self, horizon_ns: int | None) -> None:
        """Move the cursor of a stream that is not played."""
        window = self.window
        place = window.end if horizon_ns is None else window.index_after(horizon_ns)
        self.counters.unplayed += max(place - self.next_seq, 0)
        self.next_seq = max(self.next_seq, place)
