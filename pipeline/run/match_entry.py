"""MatchEntry: enters score, clock, tags and graphics of a run by captured time, and has them drawn."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.buffer_manager import BufferManager
from pipeline.errors import ConfigError, OutputError, StateError
from pipeline.graphics.content import LowerThird
from pipeline.run.match_graphics import CLOCK, LOWER_THIRD, REPLAY, SCORE, GraphicsFiles, MatchGraphics
from pipeline.run.tag_book import TagBook
from pipeline.scoring.chapters import Mark, chapter_marks
from pipeline.scoring.clock import Clock
from pipeline.scoring.load import load_sport
from pipeline.scoring.match_score import MatchScore
from pipeline.scoring.tags import Tag
from pipeline.scoring.values import SIDES, Side, checked_text
from pipeline.settings import Settings
from pipeline.timebase import Nanoseconds, seconds_to_ns

MOST_REPLAY = 20
"""Characters of the word on a replay's sign."""


class MatchEntry:
    """Score, clock, tags and further graphics of one run. Any thread may call; only a tag blocks, for the disk.

    What is entered for a captured time is seen from that frame on. ``sport``, ``teams``: from the settings.
    ``graphics``: what is drawn; None if nothing is.
    """

    def __init__(
        self, settings: Settings, manager: BufferManager, on_failed: Callable[[OutputError], object]
    ) -> None:
        """Reads the files of sport, logos and templates. Raises ConfigError for one that cannot be used.

        `on_failed(error)`: the file of tags cannot be written.
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
        self._manager, self._on_failed = manager, on_failed
        self._tags_out = settings.export.tags_out
        self._tags: TagBook | None = None
        self._clocks: list[Clock] = []

    def begin(self) -> None:
        """Open the file of tags. If that fails, tags are kept in memory, and the failure is reported."""
        try:
            self._tags = TagBook(self._tags_out, self._on_failed)
        except OutputError as error:
            self._tags = TagBook(None, self._on_failed)
            self._on_failed(error)

    def close(self) -> None:
        """Close the file of tags. Idempotent."""
        if self._tags is not None:
            self._tags.close()

    def captured_ns(self, captured_s: float | None, seconds_ago: float | None) -> Nanoseconds:
        """The captured time of a moment: as it is, or so many seconds before the newest frame that was captured.

        Raises ConfigError unless exactly one of the two is given, StateError before the first frame.
        """
        if (captured_s is None) == (seconds_ago is None):
            raise ConfigError("say when it happened: give captured_s or seconds_ago, one of the two")
        if captured_s is not None:
            return seconds_to_ns(captured_s)
        newest_ns = self._manager.newest_ns
        if newest_ns is None:
            raise StateError("nothing has been captured yet; enter it once playback has started")
        return Nanoseconds(max(0, newest_ns - seconds_to_ns(seconds_ago or 0.0)))

    def set_score(
        self,
        captured_ns: int,
        home: int,
        away: int,
        home_fouls: int | None = None,
        away_fouls: int | None = None,
    ) -> MatchScore:
        """Set the score from a captured time on; fouls that are left out stay as they were then.

        Raises LateError when that frame has been handed to playback, ConfigError for what the sport does not count.
        """
        held = self._manager.annotations.at(SCORE, captured_ns)
        before = MatchScore() if held is None else held.data
        score = MatchScore(
            home,
            away,
            before.home_fouls if home_fouls is None else home_fouls,
            before.away_fouls if away_fouls is None else away_fouls,
        )
        score.check(self.sport)
        self._manager.annotate(SCORE, score, captured_ns=captured_ns)
        return score

    def set_clock(
        self,
        captured_ns: int,
        running: bool,
        period: int | None = None,
        elapsed_s: float | None = None,
        added_min: int | None = None,
    ) -> Clock:
        """Start, stop or set the clock at a captured time; what is left out stays as it was then.

        A new period begins at 0, without added time. Raises as `set_score`.
        """
        held = self._manager.annotations.at(CLOCK, captured_ns)
        before = Clock(captured_ns, False) if held is None else held.data
        period = before.period if period is None else period
        goes_on = period == before.period
        if elapsed_s is None:
            elapsed_ns = before.elapsed_at(captured_ns, self.sport) if goes_on else 0
        else:
            elapsed_ns = seconds_to_ns(elapsed_s)
        if added_min is None:
            added_min = before.added_min if goes_on else 0
        clock = Clock(captured_ns, running, period, elapsed_ns, added_min)
        self._manager.annotate(CLOCK, clock, captured_ns=captured_ns)
        self._clocks.append(clock)
        return clock

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
        self._manager.annotate(LOWER_THIRD, third, captured_ns=captured_ns)
        return third

    def set_replay(self, captured_ns: int, word: str | None) -> str | None:
        """Show the sign of a replay, with this word, from a captured time on; None: show none.

        Raises as `set_lower_third`.
        """
        self._check_drawn()
        word = None if word is None else checked_text(word, "word", MOST_REPLAY)
        self._manager.annotate(REPLAY, word, captured_ns=captured_ns)
        return word

    def add_tag(self, captured_ns: int, kind: str, team: Side | None, label: str, who: str) -> Tag:
        """Set a tag; it is in its file then. Raises ConfigError for its values, StateError before the start."""
        return self._book().add(captured_ns, kind, team, label, who)

    def undo_tag(self, number: int, who: str) -> Tag:
        """Take a tag back; returns it. Raises StateError for one that is not there."""
        return self._book().undo(number, who)

    def tags(self) -> tuple[Tag, ...]:
        """The tags that hold, in order of captured time."""
        return () if self._tags is None else self._tags.tags()

    def marks(self) -> list[Mark]:
        """The moments that begin chapters of the film: those of the tags, and the periods' beginnings."""
        return chapter_marks(self.tags(), self._clocks, self.sport, self.teams)

    def _check_drawn(self) -> None:
        if self.graphics is None:
            raise StateError("this run draws no graphics; start it with --scoreboard")

    def _book(self) -> TagBook:
        if self._tags is None:
            raise StateError("playback has not started yet; set tags once it has")
        return self._tags
