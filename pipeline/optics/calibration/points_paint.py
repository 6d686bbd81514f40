"""The paint beside the markings that a rig predicts: with it, a handful of points makes a rig to the pixel."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.calibration.agreement import RidgeMap
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.points_fit import FIELD_M, pixels_per_metre, seen_outlines
from pipeline.optics.calibration.residuals import PlacedPoints, place_pixels
from pipeline.optics.calibration.ridges import find_ridges
from pipeline.optics.rig import Rig

PAINT_PX = 1.25
"""The standard deviation of a point on paint. Neighbours share their errors, so this is more than one alone has."""

WITHIN = (0.012, 0.006, 0.003)
"""How far from the markings paint is looked for, round by round, as a fraction of the picture's width."""

_SPACING_PX = 10.0
_STEP_M = 0.2
_TURN = 0.35
_THINNEST_PX = 0.5
_BEYOND_M = 4.0


def field_pictures(rig: Rig, footage: Sequence[Footage]) -> tuple[RidgeMap, ...]:
    """The thin bright lines of each picture on the field and a little beyond it, whatever its colour."""
    return tuple(
        RidgeMap(find_ridges(part, _field_mask(rig, i)), part.size_px) for i, part in enumerate(footage)
    )


def paint(rig: Rig, pictures: Sequence[RidgeMap], within: float) -> tuple[PlacedPoints, ...]:
    """Points of the markings, and the paint across from each; `within` a fraction of the picture's width."""
    found = []
    line_m = rig.pitch.kind.line_m if rig.pitch is not None else 0.0
    for camera, places, pixels, normals in seen_outlines(rig, _STEP_M):
        width = rig.cameras[camera].size_px[0]
        gone = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(pixels, axis=0), axis=1))])
        _, first = np.unique((gone / _SPACING_PX).astype(int), return_index=True)
        places, pixels, normals = places[first], pixels[first], normals[first]
        way = np.gradient(places[:, :2], axis=0) if len(places) > 1 else np.zeros((len(places), 2))
        way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
        beside = places + line_m * np.column_stack([-way[:, 1], way[:, 0], np.zeros(len(way))])
        thick = np.abs(np.einsum("ij,ij->i", place_pixels(rig, camera, beside) - pixels, normals))
        at, along = pictures[camera].nearest(pixels)
        off = np.einsum("ij,ij->i", at - pixels, normals)
        slip = np.linalg.norm(at - pixels, axis=1)
        turned = np.abs(np.einsum("ij,ij->i", along, normals))
        with np.errstate(invalid="ignore"):
            near = (slip < 1.5 * within * width) & (np.abs(off) < within * width) & (turned < _TURN)
            near &= thick > _THINNEST_PX
        if near.sum() > 1:
            laid_px = FIELD_M * pixels_per_metre(rig, camera, places[near], normals[near])
            sigma_px = np.hypot(PAINT_PX, laid_px)
            found.append(PlacedPoints(camera, places[near], at[near], normals[near], sigma_px))
    return tuple(
        _joined([one for one in found if one.camera == i]) for i in sorted({one.camera for one in found})
    )


def _joined(parts: Sequence[PlacedPoints]) -> PlacedPoints:
    """The points of one camera in one table, so that they are computed together."""
    columns = zip(*((one.places_m, one.pixels, one.across, one.sigma_px) for one in parts), strict=True)
    return PlacedPoints(parts[0].camera, *(np.concatenate(column) for column in columns))


def _field_mask(rig: Rig, camera: int) -> NDArray[np.bool_]:
    """The pixels (height, width) of the field and a little beyond it."""
    width, height = rig.cameras[camera].size_px
    mask = np.zeros((height, width), np.uint8)
    pitch = rig.pitch
    if pitch is None:
        return mask > 0
    grid = np.stack(np.meshgrid(np.arange(0, width, 8.0), np.arange(0, height, 8.0)), axis=-1)
    seen = rig.cameras[camera]
    rays = seen.lens.unproject(grid) @ seen.rotation.T
    x, y, z = seen.position_m
    with np.errstate(invalid="ignore", divide="ignore"):
        reach = np.where(rays[..., 1] > 1e-3, (rig.surface.height_m - y) / rays[..., 1], np.nan)
        u, v = pitch.from_world(x + reach * rays[..., 0], z + reach * rays[..., 2])
        inside = (np.abs(u) < pitch.length_m / 2 + _BEYOND_M) & (np.abs(v) < pitch.width_m / 2 + _BEYOND_M)
    full = cv2.resize(inside.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    shown: NDArray[np.bool_] = full > 0
    return shown
