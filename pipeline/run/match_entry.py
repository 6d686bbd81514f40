"""MatchEntry: enters score, clock, tags and graphics of a run by captured time, and has them drawn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, Protocol, TypeVar

from pipeline.buffer_manager import BufferManager
from pipeline.errors import ConfigError, OutputError, StateError
from pipeline.graphics.content import LowerThird
from pipeline.match_folder.annotation_lines import Kind, read_entries
from pipeline.run.match_graphics import CLOCK, LOWER_THIRD, REPLAY, SCORE, GraphicsFiles, MatchGraphics
from pipeline.run.match_view import MatchView, TagView, match_view, tag_views
from pipeline.run.proposal_book import ProposalBook, ProposalView
from pipeline.run.tag_book import TagBook, read_tags
from pipeline.run.tag_clips import TagClips
from pipeline.scoring.chapters import Mark, chapter_marks, tag_title
from pipeline.scoring.clock import Clock
from pipeline.scoring.load import load_sport
from pipeline.scoring.match_score import MatchScore
from pipeline.scoring.tags import Tag
from pipeline.scoring.values import SIDES, Side, checked_text
from pipeline.settings import Settings
from pipeline.timebase import Nanoseconds, seconds_to_ns

MOST_REPLAY = 20
"""Characters of the word on a replay's sign."""
IfLate = Literal["refuse", "soonest"]
"""A value whose frame has been handed to playback is refused, or is shown from the soonest frame on."""

_FOREVER_NS = 1 << 63

LAST_TAGS = 8
"""So many tags, the newest ones, are in a view."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Entered(Generic[Value]):
    """A score or a clock. ``from_ns``: the captured time of the first frame that shows it, ``late_ns`` after its
    moment; 0 if it came in time."""

    value: Value
    from_ns: int
    late_ns: int = 0


@dataclass(frozen=True, slots=True)
class UndoneTag:
    """A tag that was taken back, and how many points left the score with it."""

    tag: Tag
    points: int = 0


class EntryRecord(Protocol):
    """What keeps all that is entered. Any thread; nothing blocks."""

    def annotated(self, kind: Kind, data: Any, captured_ns: int) -> None:
        """A score, a clock or a graphic holds from a captured time on."""

    def tagged(self, line: str) -> None:
        """A line of the file of tags, without its newline."""


class MatchEntry:
    """Score, clock, tags and further graphics of one run. Any thread may call; only a tag blocks, for the disk.

    What is entered for a captured time is seen from that frame on. ``sport``, ``teams``: from the settings.
    ``graphics``: what is drawn; None if nothing is. ``proposals``: of tags, to be taken or dismissed.
    Locks, in this order: `_counting`, the manager's. Both are held
    only to read what holds and to replace it, so that two people who enter something at once lose nothing.
    """

    def __init__(
        self,
        settings: Settings,
        manager: BufferManager,
        on_failed: Callable[[OutputError], object],
        clips: TagClips | None = None,
        record: EntryRecord | None = None,
    ) -> None:
        """Reads the files of sport, logos and templates. Raises ConfigError for one that cannot be used.

        `on_failed(error)`: the file of tags cannot be written. `clips`: of the tags; None for none. `record`: gets
        what is entered.
        """
        self.sport = load_sport(settings.teams.sport)
        home, away = (settings.teams.team(side) for side in SIDES)
        self.teams = (home, away)
        self.graphics: MatchGraphics | None = None
        if settings.graphics.scoreboard:
            files = GraphicsFiles(settings.graphics.template, sponsor_picture=settings.graphics.sponsor)
            self.graphics = MatchGraphics(
                self.sport, self.teams, manager.annotations, manager.captured_ns, files
            )
        self._manager, self._on_failed, self._clips = manager, on_failed, clips
        self._record, self._recorded = record, settings.recorded
        self._tags_out = settings.export.tags_out
        self._tags: TagBook | None = None
        self.proposals = ProposalBook(self.add_tag)
        self._clocks: list[Clock] = []
        self._counting = threading.Lock()
        self._counted: dict[int, tuple[Side, int]] = {}
        """The points of each tag that counts, by its number."""

    def begin(self) -> None:
        """Open the file of tags, and enter what was recorded before. If the file fails, tags are kept in memory,
        and the failure is reported. Raises ConfigError for recorded tags or graphics that are none."""
        on_line = None if self._record is None else self._record.tagged
        try:
            self._tags = TagBook(self._tags_out, self._on_failed, on_line)
        except OutputError as error:
            self._tags = TagBook(None, self._on_failed, on_line)
            self._on_failed(error)
        if self._recorded.annotations is not None:
            for entry in read_entries(self._recorded.annotations):
                self._annotate(entry.kind, entry.data, captured_ns=entry.captured_ns)
                if entry.kind == CLOCK:
                    self._clocks.append(entry.data)
        if self._recorded.tags is not None:
            for tag in read_tags(self._recorded.tags):
                self.add_tag(tag.captured_ns, tag.kind, tag.team, tag.label, tag.who)

    def close(self) -> None:
        """Close the file of tags. Idempotent."""
        if self._tags is not None:
            self._tags.close()

    def captured_ns(
        self, captured_s: float | None, seconds_ago: float | None, shown_seconds_ago: float | None = None
    ) -> Nanoseconds:
        """The captured time of a moment: as it is, or so many seconds before the newest frame that was captured, or
        before the frame that is shown now.

        Raises ConfigError unless exactly one of the three is given, StateError before the first frame.
        """
        if [captured_s, seconds_ago, shown_seconds_ago].count(None) != 2:
            raise ConfigError(
                "say when it happened: give captured_s, seconds_ago or shown_seconds_ago, one of them"
            )
        if captured_s is not None:
            return seconds_to_ns(captured_s)
        from_ns, done = self._manager.newest_ns, "captured"
        if shown_seconds_ago is not None:
            from_ns, done = self._shown_ns(), "shown"
        if from_ns is None:
            raise StateError(f"nothing has been {done} yet; enter it once playback has started")
        return Nanoseconds(max(0, from_ns - seconds_to_ns(seconds_ago or shown_seconds_ago or 0.0)))

    def set_score(
        self,
        captured_ns: int,
        home: int,
        away: int,
        home_fouls: int | None = None,
        away_fouls: int | None = None,
        *,
        if_late: IfLate = "refuse",
    ) -> Entered[MatchScore]:
        """Set the score from a captured time on; fouls that are left out stay as they were then.

        Raises LateError when that frame has been handed to playback, ConfigError for what the sport does not count.
        """
        with self._manager.lock:
            from_ns = self._first_frame_ns(captured_ns, if_late)
            before = self._score_at(from_ns)
            score = MatchScore(
                home,
                away,
                before.home_fouls if home_fouls is None else home_fouls,
                before.away_fouls if away_fouls is None else away_fouls,
            )
            score.check(self.sport)
            self._annotate(SCORE, score, captured_ns=from_ns)
        return Entered(score, from_ns, from_ns - captured_ns)

    def add_to_score(
        self,
        captured_ns: int,
        side: Side,
        points: int = 0,
        fouls: int = 0,
        *,
        if_late: IfLate = "refuse",
        tag: int | None = None,
    ) -> Entered[MatchScore]:
        """Add to what a team has from a captured time on, or take away; returns the score at that time.

        Scores that were set for later times change by as much: all of them, or none if one would be refused.
        `tag`: the tag that the points belong to; taking it back takes them back. Raises as `set_score`, StateError
        for a tag that is not there or counts already.
        """
        if not points and not fouls:
            raise ConfigError("nothing is added to the score; give points or fouls")
        with self._counting:
            if tag is not None:
                self._check_counts(tag)
            entered = self._change_scores(
                captured_ns, lambda score: score.plus(side, points, fouls, self.sport), if_late
            )
            if tag is not None:
                self._counted[tag] = (side, points)
        return entered

    def set_clock(
        self,
        captured_ns: int,
        running: bool | None = None,
        period: int | None = None,
        elapsed_s: float | None = None,
        added_min: int | None = None,
        *,
        if_late: IfLate = "refuse",
    ) -> Entered[Clock]:
        """Start, stop or set the clock at a captured time; what is left out stays as it was then.

        A new period begins at 0, without added time and, unless it keeps them, without team fouls. A clock that is
        shown late still counts from its moment. Raises as `set_score`.
        """
        with self._manager.lock:
            from_ns = self._first_frame_ns(captured_ns, if_late)
            before = self._clock_at(captured_ns) or self._clock_at(from_ns) or Clock(captured_ns, False)
            period = before.period if period is None else period
            goes_on = period == before.period
            if elapsed_s is None:
                elapsed_ns = before.elapsed_at(captured_ns, self.sport) if goes_on else 0
            else:
                elapsed_ns = seconds_to_ns(elapsed_s)
            if added_min is None:
                added_min = before.added_min if goes_on else 0
            running = before.running if running is None else running
            clock = Clock(captured_ns, running, period, elapsed_ns, added_min)
            self._annotate(CLOCK, clock, captured_ns=from_ns)
            if period > before.period and not self.sport.period(period).keeps_fouls:
                self._forget_fouls(from_ns)
        self._clocks.append(clock)
        return Entered(clock, from_ns, from_ns - captured_ns)

    def set_lower_third(
        self, captured_ns: int, name: str, role: str = "", seconds: float | None = None
    ) -> LowerThird | None:
        """Show a name and a role from a captured time on, for `seconds` or until the next one; "": show none.

        Raises StateError if no graphics are drawn, LateError as `set_score`, ConfigError for text that cannot be
        shown.
        """
        self._check_drawn()
        until_ns = None if seconds is None else captured_ns + seconds_to_ns(seconds)
        third = LowerThird(name, role, until_ns) if name.strip() else None
        self._annotate(LOWER_THIRD, third, captured_ns=captured_ns)
        return third

    def set_replay(self, captured_ns: int, word: str | None) -> str | None:
        """Show the sign of a replay, with this word, from a captured time on; None: show none.

        Raises as `set_lower_third`.
        """
        self._check_drawn()
        word = None if word is None else checked_text(word, "word", MOST_REPLAY)
        self._annotate(REPLAY, word, captured_ns=captured_ns)
        return word

    def add_tag(self, captured_ns: int, kind: str, team: Side | None, label: str, who: str) -> Tag:
        """Set a tag; it is in its file then. Raises ConfigError for its values, StateError before the start."""
        tag = self._book().add(captured_ns, kind, team, label, who)
        if self._clips is not None:
            self._clips.add(tag, tag_title(tag, self.teams))
        return tag

    def undo_tag(self, number: int, who: str) -> UndoneTag:
        """Take a tag back, and the points that belong to it: from its moment on or, if that has been shown, from
        the next frame on. Raises StateError for one that is not there."""
        tag = self._book().undo(number, who)
        self.proposals.undone(tag)
        if self._clips is not None:
            self._clips.remove(tag)
        with self._counting:
            side, points = self._counted.pop(number, (None, 0))
            if side is None:
                return UndoneTag(tag)
            try:
                self._change_scores(
                    tag.captured_ns, lambda score: score.plus(side, -points, 0, self.sport), "soonest"
                )
            except ConfigError:  # somebody took the points away before
                return UndoneTag(tag)
        return UndoneTag(tag, points)

    def views(self, tags: Sequence[Tag]) -> list[TagView]:
        """Tags with what the clock showed then, and with the points that they have added."""
        return tag_views(
            tags, lambda number: self._counted.get(number, (None, 0))[1], self._clocks, self.sport
        )

    def tags(self) -> tuple[Tag, ...]:
        """The tags that hold, in order of captured time."""
        return () if self._tags is None else self._tags.tags()

    def proposed(self) -> list[ProposalView]:
        """The proposals of tags, in order of captured time, and what became of each."""
        return self.proposals.views(self.tags())

    def view(self) -> MatchView:
        """The match as those who enter it see it: what holds now and what is shown now. Never blocks."""
        newest_ns, shown_ns = self._manager.newest_ns, self._shown_ns()
        at_ns = newest_ns or 0
        last = sorted(self.tags(), key=lambda tag: -tag.number)[:LAST_TAGS]
        return match_view(
            self.sport,
            self.teams,
            (self._score_at(at_ns), self._clock_at(at_ns), newest_ns),
            None if shown_ns is None else (self._score_at(shown_ns), self._clock_at(shown_ns), shown_ns),
            self.views(last),
            is_drawn=self.graphics is not None,
        )

    def marks(self) -> list[Mark]:
        """The moments that begin chapters of the film: those of the tags, and the periods' beginnings."""
        return chapter_marks(self.tags(), self._clocks, self.sport, self.teams)

    def _annotate(self, kind: Kind, data: Any, *, captured_ns: int) -> None:
        self._manager.annotate(kind, data, captured_ns=captured_ns)
        if self._record is not None:
            self._record.annotated(kind, data, captured_ns)

    def _check_drawn(self) -> None:
        if self.graphics is None:
            raise StateError("this run draws no graphics; start it with --scoreboard")

    def _book(self) -> TagBook:
        if self._tags is None:
            raise StateError("playback has not started yet; set tags once it has")
        return self._tags

    def _shown_ns(self) -> int | None:
        """The captured time that is shown; where frames come late, not more than that of the newest one."""
        newest_ns, playhead_ns = self._manager.newest_ns, self._manager.playhead_ns
        return None if newest_ns is None or playhead_ns is None else min(newest_ns, playhead_ns)

    def _score_at(self, captured_ns: int) -> MatchScore:
        held = self._manager.annotations.at(SCORE, captured_ns)
        return MatchScore() if held is None else held.data

    def _clock_at(self, captured_ns: int) -> Clock | None:
        held = self._manager.annotations.at(CLOCK, captured_ns)
        return None if held is None else held.data

    def _check_counts(self, number: int) -> None:
        if all(tag.number != number for tag in self.tags()):
            raise StateError(f"there is no tag {number}; look at the list of tags")
        if number in self._counted:
            raise StateError(f"tag {number} counts already; look at the score")

    # While holding the manager's lock

    def _first_frame_ns(self, captured_ns: int, if_late: IfLate) -> int:
        soonest_ns = self._manager.annotations.soonest_ns
        return captured_ns if if_late == "refuse" or soonest_ns is None else max(captured_ns, soonest_ns)

    def _change_scores(
        self, captured_ns: int, change: Callable[[MatchScore], MatchScore], if_late: IfLate
    ) -> Entered[MatchScore]:
        """Change the score of a captured time and every later one. All are made before the first is kept."""
        with self._manager.lock:
            from_ns = self._first_frame_ns(captured_ns, if_late)
            score = change(self._score_at(from_ns))
            later = [
                (held.captured_ns, change(held.data))
                for held in self._manager.annotations.between(from_ns + 1, _FOREVER_NS, SCORE)
            ]
            self._annotate(SCORE, score, captured_ns=from_ns)  # refuses what comes too late
            for time_ns, changed in later:
                self._annotate(SCORE, changed, captured_ns=time_ns)
        return Entered(score, from_ns, from_ns - captured_ns)

    def _forget_fouls(self, from_ns: int) -> None:
        """The fouls until then belong to the period before."""
        past = self._score_at(from_ns)
        if past.home_fouls or past.away_fouls:
            self._change_scores(
                from_ns,
                lambda score: replace(
                    score,
                    home_fouls=max(0, score.home_fouls - past.home_fouls),
                    away_fouls=max(0, score.away_fouls - past.away_fouls),
                ),
                "refuse",
            )
