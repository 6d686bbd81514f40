"""Kits and looks of all people: two teams, two goalkeepers, the officials."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipeline.match.colour import Rgb
from pipeline.match.formation import KEEPERS, TEAM
from pipeline.match.match_state import PEOPLE, PLAYERS
from pipeline.match.sprites import Kit

_HOME = Kit(shirt=(0.80, 0.09, 0.12), shorts=(0.95, 0.95, 0.95), socks=(0.78, 0.09, 0.12))
_AWAY = Kit(shirt=(0.18, 0.38, 0.78), shorts=(0.10, 0.17, 0.40), socks=(0.93, 0.93, 0.95))
_HOME_KEEPER = Kit(shirt=(0.96, 0.80, 0.15), shorts=(0.16, 0.16, 0.17), socks=(0.96, 0.80, 0.15))
_AWAY_KEEPER = Kit(shirt=(0.98, 0.52, 0.12), shorts=(0.98, 0.52, 0.12), socks=(0.98, 0.52, 0.12))
_OFFICIAL = Kit(
    shirt=(0.10, 0.10, 0.11), shorts=(0.08, 0.08, 0.09), socks=(0.08, 0.08, 0.09), trim=(0.75, 0.9, 0.2)
)

_LOOKS: tuple[tuple[Rgb, Rgb], ...] = (
    ((0.82, 0.62, 0.50), (0.20, 0.13, 0.08)),
    ((0.48, 0.32, 0.23), (0.07, 0.06, 0.06)),
    ((0.88, 0.71, 0.60), (0.50, 0.36, 0.18)),
)
"""Colours of skin and hair."""


def _kit(person: int) -> Kit:
    if person >= PLAYERS:
        return _OFFICIAL
    if person in KEEPERS:
        return _HOME_KEEPER if person == KEEPERS[0] else _AWAY_KEEPER
    skin, hair = _LOOKS[(person * 7 + person // 11) % len(_LOOKS)]
    return replace(_HOME if TEAM[person] == 0 else _AWAY, skin=skin, hair=hair)


KITS: Final = tuple(_kit(person) for person in range(PEOPLE))
"""The kit of each person, by the rows of a MatchState."""
HEIGHTS_M: Final = tuple(1.74 + 0.03 * ((person * 5) % 6) for person in range(PEOPLE))
"""The height of each person."""
