"""Residuals: the distances in pixels between observations and what a rig predicts.

An observation that the rig cannot explain at all (behind a camera, above the horizon) has a residual of FAR_PX.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.calibration.features import Matches
from pipeline.optics.calibration.lines import LinePoints
from pipeline.optics.rig import Camera, Rig

FAR_PX = 100.0

Axis = Literal["x", "z"]


@dataclass(frozen=True, slots=True)
class GroundLine:
    """Painted lines on the ground, parallel to the world's x or z, each seen by one camera, at known distances.

    ``shift_m`` holds the distance of each part from the line's position; empty means 0.
    """

    axis: Axis
    parts: tuple[LinePoints, ...]
    shift_m: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class CirclePoints:
    """Points that one camera sees on the centre circle: pixels (n, 2)."""

    camera: int
    pixels: Array


@dataclass(frozen=True, slots=True)
class PlacedPoints:
    """Pixels (n, 2) at which one camera shows known places of the pitch: u, v and height above it, (n, 3), metres.

    Each pixel is known in one direction of the picture, ``across`` (n, 2), unit vectors: a point on a painted line
    across it, a point that was clicked on twice, in both directions. ``sigma_px`` (n,): how well, standard
    deviations.
    """

    camera: int
    places_m: Array
    pixels: Array
    across: Array
    sigma_px: Array


@dataclass(frozen=True, slots=True)
class LineTable:
    """The points of many lines in one table, so that those of one camera are computed together.

    Shapes (points, 2) and (points,); ``line`` counts from 0; ``runs_x``: parallel to the world's x, otherwise to z.
    """

    pixels: Array
    camera: NDArray[np.intp]
    line: NDArray[np.intp]
    shift_m: Array
    runs_x: NDArray[np.bool_]
    lines: int

    @classmethod
    def of_ground(cls, lines: Sequence[GroundLine]) -> LineTable:
        """The table of lines on the ground."""
        rows = [
            (part, i, shift, line.axis == "x")
            for i, line in enumerate(lines)
            for part, shift in zip(line.parts, line.shift_m or (0.0,) * len(line.parts), strict=True)
        ]
        return cls._of(rows, len(lines))

    @classmethod
    def of_straight(cls, lines: Sequence[LinePoints]) -> LineTable:
        """The table of lines that are only known to be straight."""
        return cls._of([(line, i, 0.0, False) for i, line in enumerate(lines)], len(lines))

    @classmethod
    def _of(cls, rows: Sequence[tuple[LinePoints, int, float, bool]], lines: int) -> LineTable:
        counts = [len(part.pixels) for part, _, _, _ in rows]
        return cls(
            np.concatenate([np.empty((0, 2)), *(part.pixels for part, _, _, _ in rows)]),
            np.repeat(np.array([part.camera for part, _, _, _ in rows], np.intp), counts),
            np.repeat(np.array([line for _, line, _, _ in rows], np.intp), counts),
            np.repeat(np.array([shift for _, _, shift, _ in rows], np.float64), counts),
            np.repeat(np.array([runs_x for _, _, _, runs_x in rows], np.bool_), counts),
            lines,
        )


def match_errors_px(rig: Rig, matches: Matches) -> Array:
    """The pixel of camera b that the rig predicts from camera a's, minus the matched pixel: (n, 2)."""
    predicted = rig.camera_pixels(matches.b, rig.pixel_rays(matches.a, matches.pixels_a))
    return _known(predicted - matches.pixels_b)


def straightness_errors_px(rig: Rig, table: LineTable) -> Array:
    """The distance of each point from the best plane through its line, in pixels: (points,)."""
    rays = np.empty((len(table.pixels), 3))
    for i, camera in enumerate(rig.cameras):
        own = table.camera == i
        rays[own] = camera.lens.unproject(table.pixels[own])
    seen = np.nan_to_num(rays)
    spread = np.zeros((table.lines, 3, 3))
    np.add.at(spread, table.line, seen[:, :, None] * seen[:, None, :])
    normals = np.linalg.eigh(spread)[1][:, :, 0][table.line]
    off = np.einsum("ij,ij->i", rays, normals)
    errors = np.empty(len(table.pixels))
    for i, camera in enumerate(rig.cameras):
        own = table.camera == i
        nearest = camera.lens.project(rays[own] - off[own, None] * normals[own])
        errors[own] = np.sign(off[own]) * np.linalg.norm(nearest - table.pixels[own], axis=1)
    return _known(errors)


def ground_line_errors_px(rig: Rig, table: LineTable) -> tuple[Array, Array]:
    """The distances of points from their lines on the ground in pixels, (points,), and the lines' offsets in
    metres, (lines,).

    Each line is parallel to its axis, at the offset with the least squared error in pixels, to first order.
    """
    across, scale = np.empty(len(table.pixels)), np.empty(len(table.pixels))
    for i, camera in enumerate(rig.cameras):
        own = table.camera == i
        across[own], scale[own] = _across(camera, rig.surface.height_m, table.pixels[own], table.runs_x[own])
    across -= table.shift_m
    known = np.isfinite(across) & np.isfinite(scale)
    weight = np.where(known, scale**2, 0.0)
    sums = np.bincount(table.line, weight * np.where(known, across, 0.0), table.lines)
    weights = np.bincount(table.line, weight, table.lines)
    places = np.divide(sums, weights, out=np.full(table.lines, np.nan), where=weights > 0)
    return _known((across - places[table.line]) * scale), places


def ground_line_error_px(rig: Rig, line: GroundLine) -> tuple[Array, float]:
    """``ground_line_errors_px`` of a single line."""
    errors, places = ground_line_errors_px(rig, LineTable.of_ground([line]))
    return errors, float(places[0])


def place_pixels(rig: Rig, camera: int, places_m: Array) -> Array:
    """The pixels (n, 2) at which a camera shows places (n, 3) of the pitch; nan for what the lens cannot see."""
    if rig.pitch is None:
        return np.full((len(places_m), 2), np.nan)
    seen_by = rig.cameras[camera]
    x, z = rig.pitch.to_world(places_m[:, 0], places_m[:, 1])
    points = np.stack([x, rig.surface.height_m - places_m[:, 2], z], axis=-1)
    return seen_by.lens.project((points - seen_by.position_m) @ seen_by.rotation)


def placed_errors(rig: Rig, placed: PlacedPoints) -> Array:
    """How far the rig puts places from where they are seen, (n,), in standard deviations."""
    off = _known(place_pixels(rig, placed.camera, placed.places_m) - placed.pixels)
    errors: Array = np.einsum("ij,ij->i", off, placed.across) / placed.sigma_px
    return errors


def circle_errors_px(rig: Rig, parts: Sequence[CirclePoints], radius_m: float) -> Array:
    """The distances in pixels of points from a circle on the ground, (points,); its centre is where they are least.

    Gauss-Newton from the points' mean, the errors in pixels to first order.
    """
    if not parts:
        return np.empty(0)
    ground, radial_px, start = [], [], []
    for part in parts:
        camera = rig.cameras[part.camera]
        ground.append(np.stack(ground_points(camera, rig.surface.height_m, part.pixels), axis=1))
        start.append(camera)
    points = np.concatenate(ground)
    known = np.isfinite(points).all(axis=1)
    if known.sum() < 5:
        return np.full(len(points), FAR_PX)
    centre = _centre_of(points[known])
    for _ in range(2):
        radial_px = [
            _radial_px(camera, rig.surface.height_m, own, part.pixels, centre)
            for camera, own, part in zip(start, ground, parts, strict=True)
        ]
        scale = np.concatenate(radial_px)
        away = points - centre
        reach = np.maximum(np.linalg.norm(away, axis=1), 1e-9)
        errors = reach - radius_m
        usable = known & np.isfinite(scale)
        weights = scale[usable, None]
        step = np.linalg.lstsq(
            weights * (away / reach[:, None])[usable], weights[:, 0] * errors[usable], rcond=None
        )[0]
        centre = centre + step
    errors = (np.linalg.norm(points - centre, axis=1) - radius_m) * scale
    return _known(errors)


def _centre_of(points: Array) -> Array:
    """The centre of the circle through points, algebraically (Kasa 1976)."""
    rows = np.hstack([2 * points, np.ones((len(points), 1))])
    centre: Array = np.linalg.lstsq(rows, (points**2).sum(axis=1), rcond=None)[0][:2]
    return centre


def _radial_px(camera: Camera, height_m: float, points: Array, pixels: Array, centre: Array) -> Array:
    """Pixels per metre across the circle around `centre` at points of it."""
    away = points - centre
    away = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    step = 1e-3 * height_m

    def moved(way: Array) -> Array:
        at = points + step * way
        moves: Array = (ground_pixels(camera, height_m, at[:, 0], at[:, 1]) - pixels) / step
        return moves

    radial, tangent = moved(away), moved(np.stack([-away[:, 1], away[:, 0]], axis=1))
    area = radial[:, 0] * tangent[:, 1] - radial[:, 1] * tangent[:, 0]
    scale: Array = np.abs(area) / np.maximum(np.linalg.norm(tangent, axis=1), 1e-9)
    return scale


def ground_points(camera: Camera, height_m: float, pixels: Array) -> tuple[Array, Array]:
    """x and z in world metres, (n,) each, of the ground that a camera sees at pixels (n, 2); nan without ground."""
    rays = camera.lens.unproject(pixels) @ camera.rotation.T
    x, y, z = camera.position_m
    reach = (height_m - y) / np.where(rays[:, 1] > 1e-3, rays[:, 1], np.nan)
    return x + reach * rays[:, 0], z + reach * rays[:, 2]


def ground_pixels(camera: Camera, height_m: float, x_m: Array, z_m: Array) -> Array:
    """Camera pixels (n, 2) of points on the level ground, world metres; the inverse of ``ground_points``."""
    points = np.stack([x_m, np.full_like(x_m, height_m), z_m], axis=-1)
    return camera.lens.project((points - camera.position_m) @ camera.rotation)


def _across(camera: Camera, height_m: float, pixels: Array, runs_x: NDArray[np.bool_]) -> tuple[Array, Array]:
    """The offsets of points across their lines' axis in metres, and the pixels per metre across the line.

    The pixels are perpendicular to the line in the image.
    """
    x, z = ground_points(camera, height_m, pixels)
    step = 1e-3 * height_m

    def moved(across: float, along: float) -> Array:
        dx, dz = np.where(runs_x, along, across), np.where(runs_x, across, along)
        moves: Array = (ground_pixels(camera, height_m, x + dx, z + dz) - pixels) / step
        return moves

    tangent, sideways = moved(0.0, step), moved(step, 0.0)
    area = sideways[:, 0] * tangent[:, 1] - sideways[:, 1] * tangent[:, 0]
    return np.where(runs_x, z, x), area / np.linalg.norm(tangent, axis=1)


def _known(errors: Array) -> Array:
    return np.nan_to_num(np.clip(errors, -FAR_PX, FAR_PX), nan=FAR_PX)
