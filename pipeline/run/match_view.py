"""MatchView: a match as those who enter it see it, and what they may enter. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.scoring.clock import Clock
from pipeline.scoring.match_score import MatchScore
from pipeline.scoring.scoreboard import scoreboard_text
from pipeline.scoring.sport import Sport
from pipeline.scoring.tags import Tag
from pipeline.scoring.team import Team
from pipeline.scoring.values import Side
from pipeline.timebase import ns_to_seconds

Held = tuple[MatchScore, Clock | None, int | None]
"""Score and clock at a captured time; None before the first frame."""


@dataclass(frozen=True, slots=True)
class PeriodView:
    """A period: its names, its length, and what an upward clock shows when it begins."""

    name: str
    short: str
    length_s: float
    begin_s: float


@dataclass(frozen=True, slots=True)
class SportView:
    """What a sport counts, and which kinds of tags are worth a button.

    `points`: how many a tag of this kind brings. `most_fouls`: 0 where team fouls are not counted.
    """

    title: str
    steps: Sequence[int]
    points: Mapping[str, int]
    most_fouls: int
    tags: Sequence[str]
    periods: Sequence[PeriodView]
    counts_down: bool
    runs_on: bool


@dataclass(frozen=True, slots=True)
class TeamView:
    """A team; `ink` is black or white, what reads better on its colour."""

    name: str
    short: str
    colour: str
    ink: str


@dataclass(frozen=True, slots=True)
class BoardView:
    """Score and clock in the frame of one captured time; empty text: no clock yet, no added time."""

    captured_s: float
    home: int
    away: int
    home_fouls: int
    away_fouls: int
    clock: str
    period: str
    added: str


@dataclass(frozen=True, slots=True)
class ClockView:
    """The match clock in the newest frame."""

    running: bool
    period: int
    elapsed_s: float
    added_min: int


@dataclass(frozen=True, slots=True)
class TagView:
    """A tag, by its id; `time_s`: the captured time of its moment; `clock`: what the match clock showed then, empty
    before it was set; `points`: what it has added to the score."""

    id: int
    time_s: float
    clock: str
    kind: str
    team: Side | None
    label: str
    who: str
    points: int


@dataclass(frozen=True, slots=True)
class MatchView:
    """A match. `newest`: in the newest frame; `shown`: in the one that is shown; null before it.

    `is_drawn`: whether viewers see score and clock. `tags`: those that were set last, the last one first.
    """

    sport: SportView
    home: TeamView
    away: TeamView
    is_drawn: bool
    newest: BoardView
    shown: BoardView | None
    clock: ClockView | None
    tags: Sequence[TagView]


def match_view(
    sport: Sport,
    teams: tuple[Team, Team],
    newest: Held,
    shown: Held | None,
    tags: Sequence[TagView],
    *,
    is_drawn: bool,
) -> MatchView:
    """The view. `tags`: as `tag_views` makes them."""
    _score, clock, newest_ns = newest
    home, away = (TeamView(team.name, team.short, team.colour, team.ink) for team in teams)
    return MatchView(
        sport_view(sport),
        home,
        away,
        is_drawn,
        _board(sport, teams, newest),
        None if shown is None else _board(sport, teams, shown),
        None if clock is None else _clock(sport, clock, newest_ns or 0),
        tags,
    )


def sport_view(sport: Sport) -> SportView:
    """What a page needs of a sport."""
    periods = [
        PeriodView(
            period.name,
            period.short,
            ns_to_seconds(period.length_ns),
            ns_to_seconds(sport.begin_ns(number)),
        )
        for number, period in enumerate(sport.periods, start=1)
    ]
    return SportView(
        sport.title,
        list(sport.steps),
        dict(sport.points),
        sport.most_fouls if sport.team_fouls else 0,
        list(sport.tags),
        periods,
        sport.counts_down,
        sport.runs_on,
    )


def tag_views(
    tags: Sequence[Tag], points: Callable[[int], int], clocks: Sequence[Clock], sport: Sport
) -> list[TagView]:
    """The tags; `points`: what the tag of a number has added; `clocks`: all that were set, in that order."""
    clocks = sorted(clocks, key=_captured_ns)
    views = []
    for tag in tags:
        place = bisect_right(clocks, tag.captured_ns, key=_captured_ns)
        clock = clocks[place - 1].text_at(tag.captured_ns, sport) if place else ""
        time_s = ns_to_seconds(tag.captured_ns)
        views.append(
            TagView(tag.number, time_s, clock, tag.kind, tag.team, tag.label, tag.who, points(tag.number))
        )
    return views


def _board(sport: Sport, teams: tuple[Team, Team], held: Held) -> BoardView:
    score, clock, captured_ns = held
    text = scoreboard_text(sport, *teams, score, clock, captured_ns or 0)
    return BoardView(
        ns_to_seconds(captured_ns or 0),
        score.home,
        score.away,
        score.home_fouls,
        score.away_fouls,
        text.clock,
        text.period,
        text.added,
    )


def _clock(sport: Sport, clock: Clock, captured_ns: int) -> ClockView:
    elapsed_s = ns_to_seconds(clock.elapsed_at(captured_ns, sport))
    return ClockView(clock.running, clock.period, elapsed_s, clock.added_min)


def _captured_ns(clock: Clock) -> int:
    return clock.captured_ns
