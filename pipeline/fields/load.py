"""Reads a field's data file; a bad file is refused with one line that names file, key and what is allowed."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline.data_file import read_data
from pipeline.errors import ConfigError
from pipeline.fields.play import FOOTBALL_PLAY, Play
from pipeline.fields.playing_field import (
    SIDE_RANGE_M,
    Anchored,
    ArcRule,
    Coordinate,
    FieldSize,
    LineRule,
    PlayingField,
    PointRule,
)

_DATA = Path(__file__).parent / "data"

FIELD_NAMES = tuple(sorted(path.stem for path in _DATA.glob("*.toml")))
"""The fields in the package."""

MOST_BYTES = 200_000
_MOST_METRES = 1000.0
_ANCHORS = ({"end": -1, "left": -1, "centre": 0, "right": 1}, {"side": -1, "near": -1, "centre": 0, "far": 1})
_TERM = re.compile(r"\s*([+-]?)\s*([a-z_]+|\d+(?:\.\d+)?)\s*")
_PLACEHOLDER = re.compile(r"\{[^}]*\}")

_Metres = Annotated[float, Field(gt=0, le=_MOST_METRES)]
_Side = Annotated[float, Field(ge=SIDE_RANGE_M[0], le=SIDE_RANGE_M[1])]
_Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\n\t\"\\]+$")]
_Value = float | str
_At = Annotated[list[_Value], Field(min_length=2, max_length=2)]
_Length = float | str
_Degrees = Annotated[float, Field(ge=-360, le=360)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True, frozen=True)


class _Size(_Entry):
    length_m: _Side | None = None
    width_m: _Side | None = None
    length_range_m: Annotated[list[_Side], Field(min_length=2, max_length=2)] = list(SIDE_RANGE_M)
    width_range_m: Annotated[list[_Side], Field(min_length=2, max_length=2)] = list(SIDE_RANGE_M)


class _Play(_Entry):
    ball_m: Annotated[float, Field(ge=0.02, le=1)] = FOOTBALL_PLAY.ball_m
    fastest_m_s: Annotated[float, Field(ge=5, le=100)] = FOOTBALL_PLAY.fastest_m_s
    picture_width_m: Annotated[float, Field(ge=2, le=200)] = FOOTBALL_PLAY.picture_width_m
    has_goalkeepers: bool = FOOTBALL_PLAY.has_goalkeepers


class _Line(_Entry):
    name: _Name
    start: Annotated[_At, Field(alias="from")]
    end: Annotated[_At, Field(alias="to")]
    minor: bool = False


class _Arc(_Entry):
    name: _Name
    centre: _At
    radius: _Length
    from_deg: _Degrees = 0.0
    to_deg: _Degrees = 360.0
    minor: bool = False


class _Point(_Entry):
    name: _Name
    at: _At
    height: _Length = 0.0


class _File(_Entry):
    version: Annotated[int, Field(ge=1, le=1)]
    title: _Name
    source: Annotated[str, Field(min_length=1)]
    line_m: Annotated[float, Field(gt=0, le=1)]
    size: _Size = _Size()
    play: _Play = _Play()
    lengths: dict[Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")], _Metres] = {}
    line: list[_Line] = []
    arc: list[_Arc] = []
    point: list[_Point] = []


def load_field(name: str) -> PlayingField:
    """The field of a sport by name (see FIELD_NAMES), or of a user's own file, a path that ends in .toml.

    Blocks on the disk. Raises ConfigError, one line.
    """
    if name in FIELD_NAMES:
        return _packaged(name)
    if not name.endswith(".toml"):
        raise ConfigError(
            f"there is no field {name!r}; give {', '.join(FIELD_NAMES)}, or a file of your own (.toml)"
        )
    path = Path(name).absolute()
    return _read(path, str(path))  # a rig that names it may be used from another folder


def field_at(name: str, size: FieldSize | None) -> tuple[PlayingField, FieldSize]:
    """A field and its size: the one given, else its usual one. Blocks on the disk. Raises ConfigError."""
    field = load_field(name)
    return field, field.sized(size)


def football() -> PlayingField:
    """The football pitch of the Laws of the Game: what a rig without another field shows."""
    return _packaged("football")


@lru_cache(maxsize=32)
def _packaged(name: str) -> PlayingField:
    return _read(_DATA / f"{name}.toml", name)


def _read(path: Path, name: str) -> PlayingField:
    where = f"the field {path}"
    entries = read_data(path, _File, what=where, most_bytes=MOST_BYTES)
    return _field(entries, name, where)


def _field(file: _File, name: str, where: str) -> PlayingField:
    size, known = file.size, file.lengths
    if (size.length_m is None) != (size.width_m is None):
        raise ConfigError(f"{where}: size: give both length_m and width_m, or neither")
    for key in ("length", "width"):
        low, high = getattr(size, f"{key}_range_m")
        usual = getattr(size, f"{key}_m")
        if low > high or (usual is not None and not low <= usual <= high):
            raise ConfigError(f"{where}: size.{key}_range_m: allowed: two metres in order, around {key}_m")

    def anchored(at: list[Any], entry: str) -> Anchored:
        u, v = (
            _coordinate(value, anchors, known, f"{where}: {entry}")
            for value, anchors in zip(at, _ANCHORS, strict=True)
        )
        return u, v

    def metres(value: float | str, entry: str) -> float:
        if isinstance(value, str) and value not in known:
            raise ConfigError(f"{where}: {entry}: {value!r} is none of the lengths {_listed(known)}")
        found = known[value] if isinstance(value, str) else float(value)
        if not 0 <= found <= _MOST_METRES:
            raise ConfigError(f"{where}: {entry}: {found:g} m; allowed: 0 to {_MOST_METRES:g}")
        return found

    rules: list[LineRule | ArcRule | PointRule] = []
    for line in file.line:
        rules.append(
            LineRule(line.name, anchored(line.start, line.name), anchored(line.end, line.name), line.minor)
        )
    for arc in file.arc:
        radius_m = metres(arc.radius, arc.name)
        if not arc.from_deg < arc.to_deg <= arc.from_deg + 360 or radius_m <= 0:
            raise ConfigError(
                f"{where}: {arc.name}: allowed: a radius above 0, and to_deg above from_deg, by 360 at most"
            )
        rules.append(
            ArcRule(arc.name, anchored(arc.centre, arc.name), radius_m, arc.from_deg, arc.to_deg, arc.minor)
        )
    for point in file.point:
        rules.append(PointRule(point.name, anchored(point.at, point.name), metres(point.height, point.name)))
    usual = None if size.length_m is None or size.width_m is None else FieldSize(size.length_m, size.width_m)
    _check_names(rules, where)
    field = PlayingField(
        name,
        usual,
        (size.length_range_m[0], size.length_range_m[1]),
        (size.width_range_m[0], size.width_range_m[1]),
        file.line_m,
        Play(**file.play.model_dump()),
        tuple(known.items()),
        tuple(rules),
    )
    if usual is not None:
        try:
            field.sized(usual)
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from None
    return field


def _check_names(rules: list[LineRule | ArcRule | PointRule], where: str) -> None:
    seen: set[tuple[bool, str]] = set()
    for rule in rules:
        for placeholder in _PLACEHOLDER.findall(rule.name):
            if placeholder not in ("{end}", "{side}"):
                raise ConfigError(f"{where}: {rule.name}: {placeholder} is none of {{end}}, {{side}}")
        key = (isinstance(rule, PointRule), rule.name)
        if key in seen:
            raise ConfigError(f"{where}: two markings, or two points, are named {rule.name!r}")
        seen.add(key)


def _coordinate(value: Any, anchors: dict[str, int], known: dict[str, float], where: str) -> Coordinate:
    """A coordinate from a number of metres from the centre, or from text: an anchor and lengths, added up."""
    text = str(value)
    if not isinstance(value, str):
        if abs(value) > _MOST_METRES:
            raise ConfigError(f"{where}: {value} m; allowed: within +-{_MOST_METRES:g}")
        return Coordinate(0, float(value))
    anchor, offset_m, at = 0, 0.0, 0
    while at < len(text) or at == 0:
        term = _TERM.match(text, at)
        if term is None or (at > 0 and not term[1]):
            raise ConfigError(f"{where}: {text!r}: allowed: as 'end + 16.5': an anchor and lengths, added up")
        sign, word = (-1.0 if term[1] == "-" else 1.0), term[2]
        if word in anchors and at == 0 and not term[1]:
            anchor = anchors[word]
        elif word in known:
            offset_m += sign * known[word]
        elif word[0].isdigit():
            offset_m += sign * float(word)
        else:
            raise ConfigError(
                f"{where}: {text!r}: {word} is none of {_listed(anchors)}, {_listed(known)}"
                f"{'; an anchor comes first' if word in anchors else ''}"
            )
        at = term.end()
    if abs(offset_m) > _MOST_METRES:
        raise ConfigError(f"{where}: {text!r} is {offset_m:g} m; allowed: within +-{_MOST_METRES:g}")
    return Coordinate(anchor, offset_m)


def _listed(names: dict[str, Any]) -> str:
    return ", ".join(names) if names else "(none)"
