"""Checks what people and programs enter; a bad value is refused with one line that says what is allowed."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Literal, get_args

from pipeline.errors import ConfigError

Side = Literal["home", "away"]
SIDES: tuple[Side, ...] = get_args(Side)
ProposalKind = Literal["goal", "chance", "stop", "kick-off"]
"""The kinds of tags that are proposed without a touch; stop: the referee's whistle."""
PROPOSAL_KINDS: tuple[ProposalKind, ...] = get_args(ProposalKind)

_JOINERS = "\u200c\u200d\u200e\u200f"
"""Invisible characters that scripts need: they join or part letters, and mark the direction of text."""
_REFUSED = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def checked_text(value: Any, name: str, most: int, *, may_be_empty: bool = False) -> str:
    """`value` without space at its ends, in Unicode's composed form (NFC). Raises ConfigError.

    Refused: what is no text, is empty or longer than `most` characters, or holds control characters: a line break,
    or what turns the direction of the text around it.
    """
    allowed = f"{0 if may_be_empty else 1} to {most} characters of one line"
    if not isinstance(value, str):
        raise ConfigError(f"{name} is {_short(value)}; allowed: {allowed}")
    text = unicodedata.normalize("NFC", value).strip()
    if len(text) > most or not (text.strip(_JOINERS) or may_be_empty):
        raise ConfigError(f"{name} has {len(text)} characters; allowed: {allowed}")
    for character in text:
        if unicodedata.category(character) in _REFUSED and character not in _JOINERS:
            raise ConfigError(
                f"{name} holds the control character U+{ord(character):04X}; allowed: {allowed}"
            )
    return text


def checked_whole(value: Any, name: str, low: int, high: int) -> int:
    """A whole number, from `low` to `high`; neither a truth value nor a fraction. Raises ConfigError."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(f"{name} is {_short(value)}; allowed: a whole number, {low} to {high}")
    return value


def checked_flag(value: Any, name: str) -> bool:
    """True or false, nothing else. Raises ConfigError."""
    if not isinstance(value, bool):
        raise ConfigError(f"{name} is {_short(value)}; allowed: true, false")
    return value


def checked_side(value: Any, name: str) -> Side | None:
    """Which team: home, away, or None for neither. Raises ConfigError."""
    for side in SIDES:
        if value == side:
            return side
    if value is None:
        return None
    raise ConfigError(f"{name} is {_short(value)}; allowed: home, away")


def checked_colour(value: Any, name: str) -> str:
    """A colour as ``#rrggbb``, in small letters. Raises ConfigError."""
    text = value.lower() if isinstance(value, str) else ""
    if not _COLOUR.fullmatch(text):
        raise ConfigError(f"{name} is {_short(value)}; allowed: a colour as #1e90ff")
    return text


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
