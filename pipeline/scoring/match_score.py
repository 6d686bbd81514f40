"""MatchScore: points and team fouls from a captured time on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.errors import ConfigError
from pipeline.scoring.sport import Sport
from pipeline.scoring.values import Side, checked_whole

MOST_POINTS = 9999
MOST_FOULS = 99


@dataclass(frozen=True, slots=True)
class MatchScore:
    """The points, and the fouls of each team in the period. Raises ConfigError for a number that is none."""

    home: int = 0
    away: int = 0
    home_fouls: int = 0
    away_fouls: int = 0

    def __post_init__(self) -> None:
        for name in ("home", "away"):
            checked_whole(getattr(self, name), name, 0, MOST_POINTS)
        for name in ("home_fouls", "away_fouls"):
            checked_whole(getattr(self, name), name, 0, MOST_FOULS)

    def check(self, sport: Sport) -> None:
        """Raise ConfigError for more points than `sport` knows, or for fouls where it counts none."""
        for name in ("home", "away"):
            checked_whole(getattr(self, name), name, 0, sport.most_points)
            checked_whole(
                getattr(self, f"{name}_fouls"), f"{name}_fouls", 0, MOST_FOULS if sport.team_fouls else 0
            )

    def plus(self, side: Side, points: int, fouls: int, sport: Sport) -> MatchScore:
        """The score with more, or fewer, points and fouls of a team. Raises ConfigError for what no score has."""
        counts = {side: points, f"{side}_fouls": fouls}
        sums = {name: getattr(self, name) + more for name, more in counts.items() if more}
        if min(sums.values(), default=0) < 0:
            raise ConfigError(f"the {side} team has nothing left to take away; look at the score")
        score = replace(self, **sums)
        score.check(sport)
        return score
