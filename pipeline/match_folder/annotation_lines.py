"""Score, clock and graphics of a match as JSON lines, each with the captured time from which it holds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pipeline.errors import ConfigError
from pipeline.graphics.content import LowerThird
from pipeline.scoring.clock import Clock
from pipeline.scoring.match_score import MatchScore
from pipeline.timebase import LARGEST_TIME_S, Nanoseconds, ns_to_seconds, seconds_to_ns

Kind = Literal["score", "clock", "lower_third", "replay"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that frames show from a captured time on, until the next entry of its kind.

    `data`: a MatchScore, a Clock, a LowerThird or None, a word or None.
    """

    captured_ns: int
    kind: Kind
    data: Any


def line_of(entry: Entry) -> str:
    """The entry's line, without its newline: ``{"time_s": ..., "kind": ..., "data": ...}``."""
    data = entry.data
    if isinstance(data, MatchScore):
        data = {
            "home": data.home,
            "away": data.away,
            "home_fouls": data.home_fouls,
            "away_fouls": data.away_fouls,
        }
    elif isinstance(data, Clock):
        data = {
            "set_at_s": _seconds(data.captured_ns),
            "running": data.running,
            "period": data.period,
            "elapsed_s": _seconds(data.elapsed_ns),
            "added_min": data.added_min,
        }
    elif isinstance(data, LowerThird):
        until_s = None if data.until_ns is None else _seconds(data.until_ns)
        data = {"name": data.name, "role": data.role, "until_s": until_s}
    return json.dumps(
        {"time_s": _seconds(entry.captured_ns), "kind": entry.kind, "data": data}, ensure_ascii=False
    )


def read_entries(path: Path) -> list[Entry]:
    """The entries of a file, in the order in which they were made: a later one of a kind and time replaces an
    earlier.

    A last line without an end is what a killed run left of it, and is passed over. Blocks on the disk. Raises
    ConfigError with file and line for any other line that is none.
    """
    return list(_entries(path))


def _entries(path: Path) -> Iterator[Entry]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if not line.endswith("\n"):
            return
        if not line.strip():
            continue
        try:
            yield _entry(json.loads(line))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            what = str(error) if isinstance(error, ConfigError) else "not a line of score, clock or graphics"
            raise ConfigError(f"{path}, line {number}: {what}") from None


def _entry(values: dict[str, Any]) -> Entry:
    kind, data, captured_ns = values["kind"], values["data"], _ns(values["time_s"])
    match kind:
        case "score":
            return Entry(captured_ns, kind, MatchScore(**data))
        case "clock":
            clock = Clock(
                _ns(data["set_at_s"]),
                data["running"],
                data["period"],
                _ns(data["elapsed_s"]),
                data.get("added_min", 0),
            )
            return Entry(captured_ns, kind, clock)
        case "lower_third":
            if data is None:
                return Entry(captured_ns, kind, None)
            until_s = data.get("until_s")
            third = LowerThird(data["name"], data.get("role", ""), None if until_s is None else _ns(until_s))
            return Entry(captured_ns, kind, third)
        case "replay":
            if data is not None and not isinstance(data, str):
                raise TypeError(data)
            return Entry(captured_ns, kind, data)
    raise ConfigError(f"kind {kind!r} is not one of {', '.join(KINDS)}")


def _seconds(ns: int) -> float:
    return ns_to_seconds(Nanoseconds(ns))


def _ns(seconds: Any) -> int:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        raise TypeError(seconds)
    if abs(seconds) > LARGEST_TIME_S:
        raise ValueError(seconds)
    return seconds_to_ns(seconds)
