"""What a scoreboard shows at a captured time, as text: the same for every frame of the same text."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.scoring.clock import Clock
from pipeline.scoring.match_score import MatchScore
from pipeline.scoring.sport import Sport
from pipeline.scoring.team import Team


@dataclass(frozen=True, slots=True)
class ScoreboardText:
    """All that is drawn. Empty text is not drawn: no clock yet, no added time, no fouls in this sport."""

    home: Team
    away: Team
    home_score: str
    away_score: str
    clock: str = ""
    period: str = ""
    added: str = ""
    home_fouls: str = ""
    away_fouls: str = ""
    home_in_bonus: bool = False
    away_in_bonus: bool = False
    """The other team has made so many fouls that this one gets something for each further one."""


def scoreboard_text(
    sport: Sport, home: Team, away: Team, score: MatchScore | None, clock: Clock | None, captured_ns: int
) -> ScoreboardText:
    """The text at a captured time, from the newest score and the newest clock that were set at it or before.

    None: nothing was set yet, which is 0 to 0 without a clock.
    """
    score = MatchScore() if score is None else score
    most = sport.most_fouls
    return ScoreboardText(
        home,
        away,
        str(score.home),
        str(score.away),
        "" if clock is None else clock.text_at(captured_ns, sport),
        "" if clock is None else sport.period(clock.period).short,
        "" if clock is None or not clock.added_min else f"+{clock.added_min}",
        str(score.home_fouls) if sport.team_fouls else "",
        str(score.away_fouls) if sport.team_fouls else "",
        home_in_bonus=sport.team_fouls and score.away_fouls >= most,
        away_in_bonus=sport.team_fouls and score.home_fouls >= most,
    )
