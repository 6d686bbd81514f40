"""Reads a sport's data file; a bad file is refused with one line that names file, key and what is allowed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pipeline.data_file import read_data
from pipeline.errors import ConfigError
from pipeline.scoring.sport import MOST_PERIODS, Period, Sport
from pipeline.scoring.tags import MOST_KIND
from pipeline.scoring.values import checked_text
from pipeline.timebase import seconds_to_ns

_DATA = Path(__file__).parent / "data"

SPORT_NAMES = tuple(sorted(path.stem for path in _DATA.glob("*.toml")))
"""The sports in the package."""

MOST_BYTES = 50_000
MOST_PERIOD_NAME, MOST_PERIOD_SHORT = 40, 8


_Points = Annotated[int, Field(ge=1, le=99)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True, frozen=True)


class _Period(_Entry):
    name: str
    short: str
    minutes: Annotated[float, Field(gt=0, le=180)]
    keeps_fouls: bool = False


class _Clock(_Entry):
    counts_down: bool
    runs_on: bool = False
    cumulative: bool = False
    tenths_below_s: Annotated[float, Field(ge=0, le=600)] = 0.0


class _Score(_Entry):
    most_points: Annotated[int, Field(ge=1, le=9999)] = 999
    team_fouls: bool = False
    most_fouls: Annotated[int, Field(ge=1, le=99)] = 99
    steps: Annotated[list[_Points], Field(min_length=1, max_length=6)] = [1]
    points: dict[str, _Points] = {}


class _File(_Entry):
    version: Annotated[int, Field(ge=1, le=1)]
    title: str
    source: Annotated[str, Field(min_length=1)]
    tags: Annotated[list[str], Field(max_length=20)] = []
    clock: _Clock
    score: _Score = _Score()
    period: Annotated[list[_Period], Field(min_length=1, max_length=MOST_PERIODS)]


def load_sport(name: str) -> Sport:
    """A sport by name (see SPORT_NAMES), or a user's own file, a path that ends in .toml.

    Blocks on the disk. Raises ConfigError, one line.
    """
    if name in SPORT_NAMES:
        return _packaged(name)
    if not name.endswith(".toml"):
        raise ConfigError(
            f"there is no sport {name!r}; give {', '.join(SPORT_NAMES)}, or a file of your own (.toml)"
        )
    return _read(Path(name), name)


@lru_cache(maxsize=32)
def _packaged(name: str) -> Sport:
    return _read(_DATA / f"{name}.toml", name)


def _read(path: Path, name: str) -> Sport:
    where = f"the sport {path}"
    file = read_data(path, _File, what=where, most_bytes=MOST_BYTES)
    if file.clock.runs_on and file.clock.counts_down:
        raise ConfigError(f"{where}: clock.runs_on: allowed with a clock that counts up")
    try:
        title = checked_text(file.title, "title", MOST_PERIOD_NAME)
        tags = tuple(checked_text(tag, "tags", MOST_KIND) for tag in file.tags)
        periods = tuple(
            Period(
                checked_text(period.name, f"period.{number}.name", MOST_PERIOD_NAME),
                checked_text(period.short, f"period.{number}.short", MOST_PERIOD_SHORT),
                seconds_to_ns(period.minutes * 60),
                period.keeps_fouls,
            )
            for number, period in enumerate(file.period, start=1)
        )
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    for kind in file.score.points:
        if kind not in tags:
            raise ConfigError(
                f"{where}: score.points: {kind!r} is none of its tags; allowed: {', '.join(tags) or 'none'}"
            )
    return Sport(
        name,
        title,
        periods,
        file.clock.counts_down,
        file.clock.runs_on,
        file.clock.cumulative,
        seconds_to_ns(file.clock.tenths_below_s),
        file.score.most_points,
        file.score.team_fouls,
        file.score.most_fouls,
        tags,
        tuple(sorted(set(file.score.steps))),
        MappingProxyType(file.score.points),
    )
