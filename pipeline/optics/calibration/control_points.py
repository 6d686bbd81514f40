"""Control points: named points of a playing field and the pixels at which cameras show them, from a file.

A person clicked on them. What no camera can have seen like this (too few, on one line, mirrored) is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from pipeline.data_file import read_data
from pipeline.errors import CalibrationError, ConfigError
from pipeline.fields import FieldSize, Markings, PlayingField, field_at
from pipeline.optics.angles import Array

FEWEST_POINTS = 4
"""Of one camera; fewer give no pose."""

MOST_POINTS = 200
_MOST_PX = 65_536
_MOST_BYTES = 1_000_000
_SAME_PX = 1.0
_THINNEST, _SMALLEST = 0.03, 0.05
"""Spread of the points across the line that they lie on best, in units of that along it; and of the pixels, in
units of the picture's width."""


@dataclass(frozen=True, slots=True)
class CameraPoints:
    """The points of one camera: names, places (n, 3) of the field (u, v, height; metres), pixels (n, 2)."""

    name: str
    size_px: tuple[int, int]
    names: tuple[str, ...]
    places_m: Array
    pixels: Array

    def __len__(self) -> int:
        return len(self.names)

    def where(self, keep: Sequence[bool]) -> CameraPoints:
        """The points that `keep` selects."""
        chosen = np.asarray(keep, bool)
        names = tuple(name for name, kept in zip(self.names, keep, strict=True) if kept)
        return CameraPoints(self.name, self.size_px, names, self.places_m[chosen], self.pixels[chosen])


@dataclass(frozen=True, slots=True)
class ControlPoints:
    """The points of all cameras on one field, in the order of the cameras."""

    field: PlayingField
    size: FieldSize
    cameras: tuple[CameraPoints, ...]

    @property
    def markings(self) -> Markings:
        """What is painted on the field."""
        return self.field.markings(*self.size)

    def check(self) -> None:
        """Raise CalibrationError, one line, for points that no camera over the field can show like this."""
        if not any(len(camera) >= FEWEST_POINTS for camera in self.cameras):
            most = max((len(camera) for camera in self.cameras), default=0)
            raise CalibrationError(
                f"{most} points give no pose: {FEWEST_POINTS} of one camera are needed, and 6 or more are better"
            )
        for camera in self.cameras:
            fault = _fault(camera)
            if fault is not None:
                raise CalibrationError(f"{camera.name}: {fault}")


@dataclass(frozen=True, slots=True)
class PointsFile:
    """A points file as it is written: field and size, None for not given, and the pixels by name, by camera."""

    field: str | None
    size: FieldSize | None
    cameras: tuple[tuple[str | None, tuple[int, int] | None, Mapping[str, tuple[float, float]]], ...]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


_Pixel = Annotated[float, Field(ge=-0.5, le=_MOST_PX)]
_Side = Annotated[int, Field(ge=2, le=_MOST_PX)]


class _Camera(_Entry):
    name: Annotated[str, Field(min_length=1)] | None = None
    size_px: Annotated[list[_Side], Field(min_length=2, max_length=2)] | None = None
    points: Annotated[
        dict[str, Annotated[list[_Pixel], Field(min_length=2, max_length=2)]], Field(max_length=MOST_POINTS)
    ]


class _File(_Entry):
    version: Annotated[int, Field(ge=1, le=1)]
    field: str | None = None
    size_m: Annotated[
        list[Annotated[float, Field(ge=1, le=1000)]] | None, Field(min_length=2, max_length=2)
    ] = None
    camera: Annotated[list[_Camera], Field(min_length=1)]


def read_points(path: Path) -> PointsFile:
    """Read a points file. Blocks on the disk. Raises ConfigError naming file, key and what is allowed."""
    file = read_data(path, _File, what=f"the points {path}", most_bytes=_MOST_BYTES)
    return PointsFile(
        file.field,
        None if file.size_m is None else FieldSize(*file.size_m),
        tuple(
            (
                one.name,
                None if one.size_px is None else (one.size_px[0], one.size_px[1]),
                {name: (x, y) for name, (x, y) in one.points.items()},
            )
            for one in file.camera
        ),
    )


def control_points(
    file: PointsFile,
    names: Sequence[str],
    sizes_px: Sequence[tuple[int, int]],
    field: str,
    size: FieldSize | None,
) -> ControlPoints:
    """The points of cameras with these names and frame sizes; `field` and `size` are for a file that has none.

    A table belongs to the camera of its name, without a name to that of its place. Pixels of a picture of another
    size are scaled. Raises ConfigError: an unknown field, camera or point, a pixel outside the picture.
    """
    kind, extent = field_at(file.field or field, file.size if file.size is not None else size)
    markings = kind.markings(*extent)
    if len(file.cameras) > len(names):
        raise ConfigError(
            f"the points are of {len(file.cameras)} cameras, and there are {len(names)} sources"
        )
    chosen: dict[int, CameraPoints] = {}
    for place, (name, own_size, pixels) in enumerate(file.cameras):
        if name is not None and name not in names and len(names) > 1:
            raise ConfigError(f"the points are of a camera {name!r}; the cameras are {', '.join(names)}")
        i = names.index(name) if name in names else place
        if i in chosen:
            raise ConfigError(f"two tables of points are of the camera {names[i]}")
        chosen[i] = _camera_points(names[i], sizes_px[i], own_size, pixels, markings, kind.name)
    none = np.empty((0, 3)), np.empty((0, 2))
    cameras = (
        chosen.get(i, CameraPoints(name, size_px, (), *none))
        for i, (name, size_px) in enumerate(zip(names, sizes_px, strict=True))
    )
    return ControlPoints(kind, extent, tuple(cameras))


def _camera_points(
    name: str,
    size_px: tuple[int, int],
    own_size: tuple[int, int] | None,
    pixels: Mapping[str, tuple[float, float]],
    markings: Markings,
    field: str,
) -> CameraPoints:
    scale = np.ones(2) if own_size is None else np.array(size_px) / own_size
    if abs(scale[0] / scale[1] - 1) > 0.01:
        raise ConfigError(f"{name}: the points are of a picture of {own_size}, the camera's is {size_px}")
    places, at = [], []
    for point_name, pixel in pixels.items():
        point = markings.point(point_name)
        if point is None:
            close = get_close_matches(point_name, [one.name for one in markings.points], 3, 0.5)
            hint = f"did you mean {' or '.join(map(repr, close))}?" if close else "see docs/fields.md"
            raise ConfigError(f"{name}: {field} has no point {point_name!r}; {hint}")
        x, y = (np.array(pixel) + 0.5) * scale - 0.5
        if not (-0.5 <= x <= size_px[0] - 0.5 and -0.5 <= y <= size_px[1] - 0.5):
            raise ConfigError(
                f"{name}: {point_name!r} is at pixel {x:g}, {y:g}, outside the picture of {size_px[0]}x{size_px[1]}"
            )
        places.append((*point.at, point.height_m))
        at.append((x, y))
    return CameraPoints(
        name,
        size_px,
        tuple(pixels),
        np.array(places, np.float64).reshape(-1, 3),
        np.array(at, np.float64).reshape(-1, 2),
    )


def _fault(camera: CameraPoints) -> str | None:
    """Why one camera's points cannot be right; None if they may be, or are too few to tell."""
    for (name, pixel), (other, beside) in combinations(zip(camera.names, camera.pixels, strict=True), 2):
        if np.linalg.norm(pixel - beside) < _SAME_PX:
            return f"{name!r} and {other!r} are at the same pixel"
    if len(camera) < FEWEST_POINTS:
        return None
    ground = camera.places_m[:, 2] == 0
    if ground.sum() < FEWEST_POINTS:
        return f"{int(ground.sum())} points lie on the ground, {FEWEST_POINTS} are needed"
    places, pixels = camera.places_m[ground, :2], camera.pixels[ground]
    along, across = np.linalg.svd(places - places.mean(axis=0), compute_uv=False)
    if across < _THINNEST * along:
        return "all points lie on one line of the field; add points beside it"
    if np.linalg.svd(pixels - pixels.mean(axis=0), compute_uv=False)[0] < _SMALLEST * camera.size_px[0]:
        return "all points lie close together in the picture; spread them over the field"
    if _mirrored_share(places, pixels) > 0.6:
        return "the points are mirrored: left and right, or near and far, are swapped"
    return None


def _mirrored_share(places: Array, pixels: Array) -> float:
    """Of the triangles of points, the share by area that the picture shows the other way round."""
    corners = np.array(list(combinations(range(len(places)), 3)))

    def areas(points: Array) -> Array:
        a, b, c = (points[corners[:, i]] for i in range(3))
        doubled: Array = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
        return doubled

    on_field, in_picture = areas(places), -areas(pixels)  # rows of a picture count downward
    weight = np.sqrt(np.abs(on_field) * np.abs(in_picture))
    total = weight.sum()
    return float(weight[on_field * in_picture < 0].sum() / total) if total > 0 else 0.0
