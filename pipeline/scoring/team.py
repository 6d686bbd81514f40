"""Team: what is shown of a team."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from pipeline.scoring.colour import readable_on
from pipeline.scoring.values import checked_colour, checked_text

MOST_NAME, MOST_SHORT = 60, 8


@dataclass(frozen=True, slots=True)
class Team:
    """A team. Raises ConfigError for a value that cannot be shown.

    ``short``: up to eight characters for the scoreboard, by default the first three letters of the name.
    ``colour``: of its shirts, ``#rrggbb``. ``ink``: of text on it, by default black or white, what reads better.
    ``logo``: a PNG, JPEG or SVG file; nothing looks at it here.
    """

    name: str
    short: str = ""
    colour: str = "#30343b"
    ink: str = ""
    logo: Path | None = None

    def __post_init__(self) -> None:
        name = checked_text(self.name, "the team's name", MOST_NAME)
        short = checked_text(self.short, "the team's short name", MOST_SHORT, may_be_empty=True)
        colour = checked_colour(self.colour, "the team's colour")
        ink = checked_colour(self.ink, "the team's text colour") if self.ink else readable_on(colour)
        for key, value in (
            ("name", name),
            ("short", short or first_letters(name)),
            ("colour", colour),
            ("ink", ink),
        ):
            object.__setattr__(self, key, value)


def first_letters(name: str, count: int = 3) -> str:
    """The first letters or digits of `name`, as capitals, each with the marks that belong to it."""
    letters: list[str] = []
    for character in name:
        category = unicodedata.category(character)
        if category[0] == "M" and letters:
            letters[-1] += character
        elif category[0] in "LN":
            if len(letters) == count:
                break
            letters.append(character)
    return "".join(letters).upper()[:MOST_SHORT] or name[:count]
