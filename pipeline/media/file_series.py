"""Whether two files are chapters of one recording, by their names and the times of their recording. Pure."""

from __future__ import annotations

import re
from pathlib import Path

NEAR_S = 5.0
"""A chapter begins within this time of the end of the one before, as clocks and headers tell it."""

_GOPRO = re.compile(r"(?P<kind>G[HXLP])(?P<chapter>\d{2})(?P<film>\d{4})", re.IGNORECASE)
_GOPRO_FIRST = re.compile(r"GOPR(?P<film>\d{4})", re.IGNORECASE)
_NUMBERED = re.compile(r"(?P<before>.*?)(?P<number>\d+)(?P<after>\D*)")


def names_follow(first: Path, second: Path) -> bool:
    """Whether `second` is the next name of `first`'s series: ``00001.MTS`` after ``00000.MTS``, ``GX020042.MP4``
    after ``GX010042.MP4``. That alone proves nothing: ``cam1`` and ``cam2`` may well be two cameras.
    """
    if first.suffix.lower() != second.suffix.lower() or first.parent != second.parent:
        return False
    before, after = _gopro(first.stem), _gopro(second.stem)
    if before is not None and after is not None:
        return before[0] == after[0] and after[1] == before[1] + 1
    one, other = _NUMBERED.fullmatch(first.stem), _NUMBERED.fullmatch(second.stem)
    if one is None or other is None:
        return False
    same = (one["before"], one["after"]) == (other["before"], other["after"])
    return same and int(other["number"]) == int(one["number"]) + 1


def times_follow(first_s: float | None, length_s: float, second_s: float | None) -> bool:
    """Whether a recording that began at `second_s` continues one that began at `first_s` and lasted `length_s`."""
    if first_s is None or second_s is None or length_s <= 2 * NEAR_S:
        return False  # two cameras that are started by hand begin as far apart
    return abs(second_s - (first_s + length_s)) <= NEAR_S


def _gopro(stem: str) -> tuple[str, int] | None:
    """A GoPro name's film and chapter: GX020042 is chapter 2 of 0042, GOPR0042 chapter 0 and GP010042 chapter 1."""
    first, later = _GOPRO_FIRST.fullmatch(stem), _GOPRO.fullmatch(stem)
    if first is not None:
        return first["film"], 0
    return None if later is None else (later["film"], int(later["chapter"]))


def recording_order(name: str) -> tuple[tuple[int, str | int], ...]:
    """What to sort the names of a camera's films by: numbers by value, a GoPro's chapters within their film."""
    gopro = _gopro(Path(name).stem)
    text = f"g{gopro[0]}-{gopro[1]}" if gopro is not None else name.lower()
    return tuple(
        (0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", text) if part
    )
