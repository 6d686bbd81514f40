"""Draws goals with nets and corner flags: thin objects, drawn at a higher resolution and averaged."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Final

import cv2
import numpy as np

from pipeline.match.blend import Patch, put
from pipeline.match.colour import Rgb, yuv
from pipeline.match.field import (
    GOAL_DEPTH_M,
    GOAL_HALF_WIDTH_M,
    GOAL_HEIGHT_M,
    HALF_LENGTH_M,
    HALF_WIDTH_M,
    POST_RADIUS_M,
)
from pipeline.match.light import Light
from pipeline.match.venue import Venue
from pipeline.optics.frame import Frame, Plane

Point = tuple[float, float, float]

_FINER = 8
_MESH_M = 0.24
_NET_ALPHA: Final = 95
_WHITE: Rgb = (0.97, 0.97, 0.96)
_TOP_DEPTH_M = 0.9
"""How far the net extends behind the crossbar before it falls to the ground."""


def put_goals(frame: Frame, venue: Venue, light: Light) -> None:
    """Draw both goals and the four corner flags into the frame, in place."""
    for end in (-1.0, 1.0):
        put(frame, light.relit(_goal(venue, end), end * HALF_LENGTH_M, 0.0))
    for end, side in product((-1.0, 1.0), (-1.0, 1.0)):
        u_m, v_m = end * HALF_LENGTH_M, side * HALF_WIDTH_M
        put(frame, light.relit(_flag(venue, u_m, v_m), u_m, v_m))


class _Canvas:
    """A patch at eight times the resolution on which lines between world points are drawn."""

    def __init__(self, venue: Venue, corners: list[Point]) -> None:
        self._venue = venue
        pixels = venue.pixels(*np.array(corners).T)
        left, top = (np.floor(pixels.min(axis=0) - 3) // 2 * 2).astype(int)
        right, bottom = (np.ceil(pixels.max(axis=0) + 3) // 2 * 2).astype(int)
        self._corner = (int(left), int(top))
        self.pixels: Plane = np.zeros(((bottom - top) * _FINER, (right - left) * _FINER, 4), np.uint8)

    def line(self, a: Point, b: Point, width_m: float, colour: tuple[int, int, int, int]) -> None:
        """Draw a straight bar with a width in metres."""
        pixels = self._venue.pixels(*np.array([a, b]).T)
        distance_m = float(np.hypot(a[0], a[1] + HALF_WIDTH_M + 14.0))
        thick = max(1, round(width_m * self._venue.focal_px / distance_m * _FINER))
        fine = np.rint(((pixels - self._corner) * _FINER + (_FINER - 1) / 2) * 16).astype(int)
        cv2.line(self.pixels, tuple(fine[0]), tuple(fine[1]), colour, thick, cv2.LINE_8, 4)

    def patch(self) -> Patch:
        """The drawing, averaged to the image's resolution."""
        size = (self.pixels.shape[1] // _FINER, self.pixels.shape[0] // _FINER)
        average = cv2.resize(self.pixels, size, interpolation=cv2.INTER_AREA)
        return Patch(np.asarray(average, np.uint8), *self._corner)


def _goal(venue: Venue, end: float) -> Patch:
    line, back = end * HALF_LENGTH_M, end * (HALF_LENGTH_M + GOAL_DEPTH_M)
    top_back = end * (HALF_LENGTH_M + _TOP_DEPTH_M)
    half, high = GOAL_HALF_WIDTH_M, GOAL_HEIGHT_M
    outline = [(u, v, z) for u in (line, back) for v in (-half, half) for z in (0.0, high)]
    canvas = _Canvas(venue, outline)
    mesh = _premultiplied(_WHITE, _NET_ALPHA)
    across = np.arange(-half, half + 0.01, _MESH_M)
    for v in across:
        canvas.line((line, v, high), (top_back, v, high), 0.02, mesh)
        canvas.line((top_back, v, high), (back, v, 0.0), 0.02, mesh)
    for part in np.arange(0.0, 1.01, _MESH_M / 2.6):
        u, z = top_back + (back - top_back) * part, high * (1 - part)
        canvas.line((u, -half, z), (u, half, z), 0.02, mesh)
        for side in (-half, half):
            canvas.line((line, side, z), (u, side, z), 0.02, mesh)
    for u in np.arange(0.0, GOAL_DEPTH_M, _MESH_M):
        top = high if u < _TOP_DEPTH_M else high * (GOAL_DEPTH_M - u) / (GOAL_DEPTH_M - _TOP_DEPTH_M)
        for side in (-half, half):
            canvas.line((line + end * u, side, 0.0), (line + end * u, side, top), 0.02, mesh)
    grey, white = _premultiplied((0.62, 0.64, 0.66), 255), _premultiplied(_WHITE, 255)
    for side in (-half, half):
        for a, b in pairwise(
            [(line, side, high), (top_back, side, high), (back, side, 0.0), (line, side, 0.0)]
        ):
            canvas.line(a, b, 0.06, grey)
    canvas.line((back, -half, 0.0), (back, half, 0.0), 0.06, grey)
    posts = [(line, -half, 0.0), (line, -half, high), (line, half, high), (line, half, 0.0)]
    for a, b in pairwise(posts):
        canvas.line(a, b, 2.6 * POST_RADIUS_M, white)
    return canvas.patch()


def _flag(venue: Venue, u: float, v: float) -> Patch:
    canvas = _Canvas(venue, [(u - 0.5, v, 0.0), (u + 0.5, v, 1.7)])
    canvas.line((u, v, 0.0), (u, v, 1.5), 0.05, _premultiplied((0.95, 0.95, 0.60), 255))
    inward = -0.42 if u > 0 else 0.42
    for z in np.arange(1.18, 1.5, 0.04):
        canvas.line((u, v, z), (u + inward, v, z - 0.03), 0.06, _premultiplied((0.90, 0.15, 0.12), 255))
    return canvas.patch()


def _premultiplied(colour: Rgb, alpha: int) -> tuple[int, int, int, int]:
    y, u, v = (round(part * alpha / 255) for part in yuv(colour))
    return y, u, v, alpha
