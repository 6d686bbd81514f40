"""Rig files: read and written as TOML; every error names the file, the key and what is allowed."""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, RigError
from pipeline.fields import football, load_field
from pipeline.optics.lens import LENSES
from pipeline.optics.rig_parts import Blend, Camera, Pitch, Quality, RigParts
from pipeline.optics.surface import Surface

VERSION = 1

LARGEST_INTEGER = 1_000_000
"""Far more than the frames by which two cameras can differ."""

_HEADER = """\
# A Foresight rig. Pixels refer to size_px. World axes: x right, y down, z away from the cameras.
# Rotation camera -> world = Ry(yaw) Rx(pitch) Rz(roll); yaw to the right, pitch upward.
"""


class _Table:
    """A TOML table, read key by key; an invalid or unknown key raises RigError naming file and key."""

    def __init__(self, where: str, table: object) -> None:
        if not isinstance(table, Mapping):
            raise RigError(f"{where} is {table!r}; allowed: a table")
        self._where = where
        self._table = dict(table)
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._table

    def wrong(self, key: str, value: object, allowed: str) -> RigError:
        return RigError(f"{self._where}: {key} is {value!r}; allowed: {allowed}")

    def take(self, key: str, default: object = None) -> Any:
        self._known.append(key)
        if key not in self._table and default is None:
            raise RigError(f"{self._where}: {key} is missing")
        return self._table.pop(key, default)

    def number(self, key: str, default: float | None = None) -> float:
        value = self.take(key, default)
        if not _is_number(value):
            raise self.wrong(key, value, "a number")
        return float(value)

    def integer(self, key: str, default: int | None = None) -> int:
        value = self.take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_INTEGER:
            raise self.wrong(key, value, "a whole number")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        value = self.take(key, default)
        if not isinstance(value, str) or not value:
            raise self.wrong(key, value, "text")
        return value

    def numbers(
        self, key: str, count: int | None, default: tuple[float, ...] | None = None
    ) -> tuple[float, ...]:
        value = self.take(key, default)
        fits = isinstance(value, list | tuple) and all(map(_is_number, value))
        if not fits or (count is not None and len(value) != count):
            raise self.wrong(
                key, value, "a list of numbers" if count is None else f"a list of {count} numbers"
            )
        return tuple(map(float, value))

    def points(self, key: str) -> tuple[tuple[float, float], ...]:
        value = self.take(key, ())
        pairs = isinstance(value, list | tuple) and all(
            isinstance(at, list | tuple) and len(at) == 2 and all(map(_is_number, at)) for at in value
        )
        if not pairs:
            raise self.wrong(key, value, "a list of corners [x, y]")
        return tuple((float(x), float(y)) for x, y in value)

    def end(self) -> None:
        if self._table:
            unknown = ", ".join(self._table)
            raise RigError(f"{self._where}: unknown {unknown}; allowed: {', '.join(self._known)}")


def _is_number(value: object) -> bool:
    """Whether a TOML value is a finite number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max


def read_rig(path: Path) -> RigParts:
    """The parts of the rig in a file. Blocks on the disk. Raises RigError naming file, key and what is allowed."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RigError(f"cannot read the rig {path}: {error.strerror}") from error
    except (
        ValueError,
        RecursionError,
    ) as error:  # not UTF-8, not TOML, or tables within tables within tables
        raise RigError(f"{path} is not TOML: {error}") from error
    top = _Table(str(path), document)
    if (version := top.integer("version")) != VERSION:
        raise top.wrong("version", version, str(VERSION))
    tables = top.take("camera")
    if not isinstance(tables, list):
        raise top.wrong("camera", tables, "one or more [[camera]] tables")
    cameras = tuple(_camera(f"{path}, camera {i + 1}", table) for i, table in enumerate(tables))
    surface = _surface(f"{path}, [surface]", top.take("surface", {"kind": "infinity"}))
    blend = _blend(f"{path}, [blend]", top.take("blend", {}))
    pitch = _pitch(f"{path}, [pitch]", top.take("pitch")) if "pitch" in top else None
    quality = _quality(f"{path}, [quality]", top.take("quality", {}))
    top.end()
    return RigParts(cameras, surface, blend, pitch, quality)


def write_rig(rig: RigParts, path: Path) -> None:
    """Write a rig to a file that ``read_rig`` reads back unchanged. Blocks on the disk. Raises RigError."""
    surface, blend = rig.surface, rig.blend
    seams: object = blend.seam_deg[0] if len(blend.seam_deg) == 1 else list(blend.seam_deg)
    text = [_HEADER, f"version = {VERSION}\n", "\n[surface]\n", _line("kind", surface.kind)]
    text += [_line("height_m", surface.height_m), _line("range_cap_m", surface.range_cap_m)]
    for camera in rig.cameras:
        lens = camera.lens
        text += ["\n[[camera]]\n", _line("name", camera.name), _line("size_px", list(lens.size_px))]
        text += [_line("model", lens.model), _line("focal_px", lens.focal_px)]
        text += [_line("centre_px", list(lens.centre_px))]
        text += [_line("k", list(lens.k))] if lens.max_k else []
        text += [_line("yaw_deg", camera.yaw_deg), _line("pitch_deg", camera.tilt_deg)]
        text += [_line("roll_deg", camera.roll_deg)]
        text += [_line(key, list(getattr(camera, key))) for key in ("position_m", "gain_bgr")]
        text += [_line("frame_offset", camera.frame_offset)]
        text += [_line("frame_rate", camera.frame_rate)] if camera.frame_rate else []
        text += [_line("outline_px", [list(at) for at in camera.outline_px])] if camera.outline_px else []
    text += ["\n[blend]\n", _line("seam_deg", seams), _line("feather_deg", blend.feather_deg)]
    if rig.pitch is not None:
        text += ["\n[pitch]\n", _line("length_m", rig.pitch.length_m), _line("width_m", rig.pitch.width_m)]
        text += [_line("centre_m", list(rig.pitch.centre_m)), _line("yaw_deg", rig.pitch.yaw_deg)]
        text += [_line("field", rig.pitch.kind.name)] if rig.pitch.kind != football() else []
    if rig.quality:
        text += ["\n[quality]\n", *(_line(key, value) for key, value in rig.quality.items())]
    try:
        path.write_text("".join(text), encoding="utf-8")
    except OSError as error:
        raise RigError(f"cannot write the rig {path}: {error.strerror}") from error


def _line(key: str, value: object) -> str:
    return f"{key} = {_toml(value)}\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
    if isinstance(value, int):
        return repr(value)
    if isinstance(value, float):
        return repr(float(value))
    raise RigError(f"a rig file cannot hold {value!r}; allowed: numbers, text, true and false")


def _camera(where: str, table: object) -> Camera:
    keys = _Table(where, table)
    name = keys.text("name")
    model = keys.text("model")
    if model not in LENSES:
        raise keys.wrong("model", model, ", ".join(LENSES))
    width, height = map(int, keys.numbers("size_px", 2))
    panorama = not LENSES[model].max_k
    if panorama and "hfov_deg" in keys:
        hfov_deg = keys.number("hfov_deg")
        if not 0 < hfov_deg <= 360:
            raise keys.wrong("hfov_deg", hfov_deg, "above 0 and at most 360 degrees")
        focal_px = width / math.radians(hfov_deg)
    else:
        focal_px = keys.number("focal_px")
    x, y = keys.numbers("centre_px", 2, ((width - 1) / 2, (height - 1) / 2) if panorama else None)
    k = keys.numbers("k", None, ()) if "k" in keys else ()
    with located(where):
        lens = LENSES[model]((width, height), focal_px, (x, y), k)
    yaw, tilt, roll = (keys.number(f"{key}_deg", 0.0) for key in ("yaw", "pitch", "roll"))
    east, down, north = keys.numbers("position_m", 3, (0.0, 0.0, 0.0))
    blue, green, red = keys.numbers("gain_bgr", 3, (1.0, 1.0, 1.0))
    offset = keys.integer("frame_offset", 0)
    outline = keys.points("outline_px")
    rate = keys.number("frame_rate", 0.0)
    keys.end()
    with located(where):
        return Camera(
            name,
            lens,
            yaw,
            tilt,
            roll,
            (east, down, north),
            (blue, green, red),
            offset,
            outline,
            rate,
        )


def _surface(where: str, table: object) -> Surface:
    keys, default = _Table(where, table), Surface()
    kind: Any = keys.text("kind")
    height_m = keys.number("height_m", None if kind == "ground-capped" else default.height_m)
    range_cap_m = keys.number("range_cap_m", None if kind == "ground-capped" else default.range_cap_m)
    keys.end()
    with located(where):
        return Surface(kind, height_m, range_cap_m)


def _blend(where: str, table: object) -> Blend:
    keys, default = _Table(where, table), Blend()
    seams = keys.take("seam_deg", ())
    if _is_number(seams):
        seams = (float(seams),)
    if not (isinstance(seams, list | tuple) and all(map(_is_number, seams))):
        raise keys.wrong("seam_deg", seams, "a number of degrees, or a list of them from left to right")
    feather_deg = keys.number("feather_deg", default.feather_deg)
    keys.end()
    with located(where):
        return Blend(tuple(map(float, seams)), feather_deg)


def _pitch(where: str, table: object) -> Pitch:
    keys = _Table(where, table)
    length_m, width_m = keys.number("length_m"), keys.number("width_m")
    x, z = keys.numbers("centre_m", 2)
    yaw_deg = keys.number("yaw_deg", 0.0)
    kind = keys.text("field", football().name)
    keys.end()
    with located(where):
        return Pitch(length_m, width_m, (x, z), yaw_deg, load_field(kind))


def _quality(where: str, table: object) -> Quality:
    if not isinstance(table, Mapping):
        raise RigError(f"{where} is {table!r}; allowed: a table")
    for key, value in table.items():
        if not isinstance(value, float | int | str | bool):
            raise RigError(f"{where}: {key} is {value!r}; allowed: a number, text, true or false")
    return dict(table)


@contextmanager
def located(where: str) -> Iterator[None]:
    """Prefix a RigError, or another error of a value, raised inside with `where`."""
    try:
        yield
    except ConfigError as error:
        raise RigError(f"{where}: {error}") from None
