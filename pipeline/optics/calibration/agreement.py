"""Agreement: how much of the pitch that a rig predicts is painted in the pictures, against what chance would give.

The markings are projected into each camera; a predicted point is supported if a ridge of the same direction lies
within a few pixels. The same points moved aside measure chance: on noise, walls and slides both are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.calibration.residuals import ground_pixels
from pipeline.optics.calibration.ridges import Ridges
from pipeline.optics.rig import Camera, Pitch, Rig

_STEP_M = 0.25
_WITHIN = 0.002
"""How near a ridge must be, as a fraction of the image width; at least 2 px."""

_TURN = 0.35
_THINNEST_PX = 0.5
"""A marking that is thinner than this in the picture is not expected to be seen."""

_SUPPORTED = 0.5
_LEAST_PX = 0.02
"""Shortest visible part of a marking that counts, as a fraction of the image width."""


@dataclass(frozen=True, slots=True)
class Support:
    """One marking: the pixels of it that lie in the pictures, the share of them that is painted, the median
    distance of the painted ones in pixels."""

    visible_px: float
    share: float
    off_px: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of a rig's pitch with its pictures; ``chance`` is the share that points moved aside find."""

    markings: dict[str, Support]
    share: float
    chance: float
    off_px: float

    def supported(self) -> list[str]:
        """The names of the markings that are mostly painted."""
        return [name for name, one in self.markings.items() if one.share >= _SUPPORTED]

    @property
    def score(self) -> float:
        """Painted less chance, in lengths of markings: the higher the better."""
        total = sum(one.visible_px for one in self.markings.values())
        return (self.share - self.chance) * float(np.sqrt(max(total, 0.0)))


NO_AGREEMENT = Agreement({}, 0.0, 0.0, float("nan"))


def agreement(rig: Rig, pictures: Sequence[RidgeMap]) -> Agreement:
    """How well the rig's pitch agrees with the ridges of its cameras; nothing without a pitch."""
    if rig.pitch is None:
        return NO_AGREEMENT
    found: dict[str, list[tuple[Array, Array, NDArray[np.bool_], Array]]] = {}
    for camera, nearest in zip(rig.cameras, pictures, strict=True):
        for name, points in _outlines(rig.pitch).items():
            pieces = _in_picture(camera, rig.surface.height_m, points, rig.pitch.kind.line_m)
            if pieces is None:
                continue
            pixels, across, length = pieces
            within = max(2.0, _WITHIN * camera.size_px[0])
            off, painted = nearest.near(pixels, across, within)
            found_aside = [
                nearest.near(pixels + side * shift * within * across, across, within)[1]
                for side in (-1, 1)
                for shift in (4.0, 7.0)
            ]
            found.setdefault(name, []).append((length, off, painted, np.mean(np.stack(found_aside), axis=0)))
    supports: dict[str, Support] = {}
    total = hit = chance = 0.0
    offs: list[Array] = []
    width = max(camera.size_px[0] for camera in rig.cameras)
    for name, parts in found.items():
        length, off, painted, aside = (np.concatenate(column) for column in zip(*parts, strict=True))
        visible = float(length.sum())
        if visible < _LEAST_PX * width:
            continue
        share = float((length * painted).sum() / visible)
        seen = off[painted]
        supports[name] = Support(visible, share, float(np.median(seen)) if len(seen) else float("nan"))
        total, hit, chance = total + visible, hit + share * visible, chance + float((length * aside).sum())
        offs.append(seen)
    if not supports:
        return NO_AGREEMENT
    every = np.concatenate(offs)
    return Agreement(
        supports, hit / total, chance / total, float(np.median(every)) if len(every) else float("nan")
    )


def _outlines(pitch: Pitch) -> dict[str, Array]:
    """World x and z (n, 2) of points along every marking that is looked for."""
    outlines = pitch.markings.outlines(_STEP_M, minor=False)
    return {
        name: np.stack(pitch.to_world(points[:, 0], points[:, 1]), axis=1)
        for name, points in outlines.items()
    }


def _in_picture(
    camera: Camera, height_m: float, points: Array, line_m: float
) -> tuple[Array, Array, Array] | None:
    """The pixels (n, 2) of a polyline that the camera shows, their unit normals, and the length of each in px.

    `line_m` is how thick the line is.
    """
    pixels = ground_pixels(camera, height_m, points[:, 0], points[:, 1])
    step = np.gradient(pixels, axis=0)
    length = np.linalg.norm(step, axis=1)
    across = np.stack([-step[:, 1], step[:, 0]], axis=1) / np.maximum(length, 1e-9)[:, None]
    way = np.gradient(points, axis=0)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    beside = ground_pixels(
        camera, height_m, points[:, 0] - line_m * way[:, 1], points[:, 1] + line_m * way[:, 0]
    )
    thick = np.abs(np.einsum("ij,ij->i", beside - pixels, across))
    width, height = camera.size_px
    margin = 0.003 * width
    known = np.isfinite(pixels).all(axis=1) & np.isfinite(length) & np.isfinite(thick)
    with np.errstate(invalid="ignore"):
        shown = (
            known
            & (pixels > margin).all(axis=1)
            & (pixels < (width - margin, height - margin)).all(axis=1)
            & camera.shows(pixels)
        )
        shown &= (thick >= _THINNEST_PX) & (length < 0.05 * width)
    return (pixels[shown], across[shown], length[shown]) if shown.any() else None


class RidgeMap:
    """The nearest ridge point of any pixel of one picture; costs some milliseconds to make."""

    def __init__(self, ridges: Ridges, size_px: tuple[int, int]) -> None:
        self._ridges = ridges
        width, height = size_px
        drawn = np.full((height, width), 255, np.uint8)
        columns, rows = np.clip(np.round(ridges.pixels), 0, np.array(size_px) - 1).astype(int).T
        drawn[rows, columns] = 0
        self._empty = not len(rows)
        _, labels = cv2.distanceTransformWithLabels(drawn, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
        self._labels = labels
        self._of_label = np.zeros(int(labels.max()) + 1, np.intp)
        self._of_label[labels[rows, columns]] = np.arange(len(rows))

    def nearest(self, pixels: Array) -> tuple[Array, Array]:
        """The nearest ridge point of each pixel (n, 2) and the direction along it, (n, 2) each; nan without any."""
        if self._empty:
            return np.full_like(pixels, np.nan), np.full_like(pixels, np.nan)
        index = self._index(pixels)
        return self._ridges.pixels[index], self._ridges.along[index]

    def _index(self, pixels: Array) -> NDArray[np.intp]:
        height, width = self._labels.shape
        columns = np.clip(np.round(pixels[:, 0]), 0, width - 1).astype(int)
        rows = np.clip(np.round(pixels[:, 1]), 0, height - 1).astype(int)
        index: NDArray[np.intp] = self._of_label[self._labels[rows, columns]]
        return index

    def near(self, pixels: Array, across: Array, within: float) -> tuple[Array, NDArray[np.bool_]]:
        """The distance of the nearest ridge across the line, and whether it supports it, (n,) each."""
        if self._empty:
            return np.full(len(pixels), np.inf), np.zeros(len(pixels), bool)
        index = self._index(pixels)
        step = self._ridges.pixels[index] - pixels
        off: Array = np.abs(np.einsum("ij,ij->i", step, across))
        turned = np.abs(np.einsum("ij,ij->i", self._ridges.along[index], across))
        return off, (np.linalg.norm(step, axis=1) < 1.5 * within) & (off < within) & (turned < _TURN)
