"""What the package's templates show: values from the scoreboard's text, from a person's name and role."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.graphics.template import Values
from pipeline.scoring.scoreboard import ScoreboardText
from pipeline.scoring.values import checked_text

MOST_NAME, MOST_ROLE = 60, 80


@dataclass(frozen=True, slots=True)
class LowerThird:
    """A name and, below it, a role. Raises ConfigError for text that cannot be shown."""

    name: str
    role: str = ""
    until_ns: int | None = None
    """The captured time of the first frame that no longer shows it; None: it stays until the next one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", checked_text(self.name, "name", MOST_NAME))
        object.__setattr__(self, "role", checked_text(self.role, "role", MOST_ROLE, may_be_empty=True))

    @property
    def values(self) -> Values:
        """For a template."""
        return {"name": self.name, "role": self.role}


def scoreboard_values(text: ScoreboardText, home_logo: str = "", away_logo: str = "") -> Values:
    """For a template; the logos are data URIs (see `picture_uri`)."""
    values = {
        "clock": text.clock,
        "period": text.period,
        "added": text.added,
    }
    sides = (
        ("home", text.home, text.home_score, text.home_fouls, text.home_in_bonus, home_logo),
        ("away", text.away, text.away_score, text.away_fouls, text.away_in_bonus, away_logo),
    )
    for side, team, score, fouls, in_bonus, logo in sides:
        values |= {
            f"{side}_name": team.name,
            f"{side}_short": team.short,
            f"{side}_colour": team.colour,
            f"{side}_ink": team.ink,
            f"{side}_score": score,
            f"{side}_fouls": fouls,
            f"{side}_bonus": "BONUS" if in_bonus else "",
            f"{side}_logo": logo,
        }
    return values
