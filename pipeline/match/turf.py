"""Paints the ground: mown turf with its markings, and the run-off around it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.match import texture
from pipeline.match.colour import Picture
from pipeline.match.field import (
    BOARD_GAP_M,
    BOX_DEPTH_M,
    BOX_HALF_WIDTH_M,
    CIRCLE_RADIUS_M,
    CORNER_RADIUS_M,
    GOAL_AREA_DEPTH_M,
    GOAL_AREA_HALF_WIDTH_M,
    HALF_LENGTH_M,
    HALF_WIDTH_M,
    LENGTH_M,
    LINE_WIDTH_M,
    PENALTY_SPOT_M,
)
from pipeline.match.venue import Venue

Array = NDArray[np.float64]
Mask = NDArray[np.float32]

_LIGHT, _DARK = (0.375, 0.560, 0.235), (0.300, 0.478, 0.190)
_APRON, _TRACK = (0.285, 0.430, 0.190), (0.46, 0.27, 0.22)
_CONCRETE = (0.52, 0.52, 0.50)
_LANES, _LANE_M = 6, 1.22
_VERGE_M = 1.9
"""The width of the grass between the near touchline and the track."""
_STRIPES = 20
_LINE_COLOUR = (0.93, 0.95, 0.92)
_FINER = 4
"""Markings are drawn at this many times the resolution and then averaged; at half as many in wider images."""
_WIDE_PX = 4096


def paint_turf(u_m: Picture, v_m: Picture, footprint_m: Picture) -> Picture:
    """The colours (rows, columns, 3) of the ground at pitch coordinates; `footprint_m` is a pixel's depth there."""
    stripe = _soft_square(u_m / (LENGTH_M / _STRIPES), footprint_m * 0.25 / (LENGTH_M / _STRIPES))
    bands = _soft_square(v_m / 8.5, footprint_m / 8.5)
    light = 0.5 + 0.36 * stripe + 0.13 * bands
    colour = _mix(_DARK, _LIGHT, light)
    clouds, grain = texture.noise(11, 1.4), texture.noise(12, 0.55)
    patches = texture.sample(clouds, u_m / 90.0, v_m / 90.0)
    near = np.clip(0.12 / np.maximum(footprint_m, 1e-3), 0.0, 1.0)
    blades = texture.sample(grain, u_m / 9.0, v_m / 9.0) * near
    tufts = texture.sample(grain, u_m / 37.0 + 0.3, v_m / 37.0) * np.clip(0.6 / footprint_m, 0.0, 1.0)
    colour *= (1.0 + 0.030 * patches + 0.035 * blades + 0.022 * tufts)[..., None]
    worn = _worn(u_m, v_m) * np.clip(0.55 + 0.3 * patches + 0.2 * blades, 0.0, 1.0)
    colour = _blend(colour, (0.47, 0.45, 0.27), 0.55 * worn)
    outside = np.maximum(np.abs(u_m) - HALF_LENGTH_M, np.abs(v_m) - HALF_WIDTH_M)
    soft = np.maximum(footprint_m, 0.05)
    apron = np.clip((outside - 1.2) / soft, 0.0, 1.0)
    colour = _blend(colour, _APRON, 0.8 * apron)
    _paint_track(colour, u_m, v_m, soft, 1.0 + 0.05 * blades + 0.04 * patches)
    return colour


def _paint_track(colour: Picture, u_m: Picture, v_m: Picture, soft: Picture, rubber: Picture) -> None:
    """Paint the running track outside the boards, its lanes, and the concrete beyond, in place."""
    aside, before = np.abs(u_m) - HALF_LENGTH_M - BOARD_GAP_M, -v_m - HALF_WIDTH_M - _VERGE_M
    into = np.where((aside > 0) & (before > 0), np.hypot(aside, before), np.maximum(aside, before))
    cover = np.clip(into / soft, 0.0, 1.0)
    beyond = np.clip((into - _LANES * _LANE_M) / soft, 0.0, 1.0)
    to_line = np.abs(np.mod(into / _LANE_M + 0.5, 1.0) - 0.5) * _LANE_M
    thin = np.maximum(soft, 0.03)
    line = np.clip((0.03 + 0.5 * thin - to_line) / thin, 0.0, 1.0) * np.minimum(1.0, 0.06 / thin + 0.15)
    line *= (into > -0.1) & (into < (_LANES + 0.05) * _LANE_M)
    surface = np.array(_TRACK, np.float32) * rubber[..., None]
    surface += (np.array(_CONCRETE, np.float32) * rubber[..., None] - surface) * beyond[..., None]
    surface += (np.array(_LINE_COLOUR, np.float32) - surface) * (0.75 * line)[..., None]
    colour += (surface - colour) * cover[..., None]


def paint_markings(picture: Picture, venue: Venue) -> None:
    """Draw the white lines into an RGB image (height, width, 3), in place."""
    top = max(0, int(venue.horizon_y) - 1)
    rows = venue.height - top
    finer = _FINER if venue.width <= _WIDE_PX else _FINER // 2
    mask = np.zeros((rows * finer, venue.width * finer), np.uint8)
    for outline in _strips():
        pixels = venue.pixels(outline[:, 0], outline[:, 1])
        fine = (pixels - [0.0, top]) * finer + (finer - 1) / 2
        cv2.fillConvexPoly(mask, np.rint(fine * 16).astype(np.int32), 255, cv2.LINE_8, 4)
    cover = cv2.resize(mask, (venue.width, rows), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    chalk = 0.90 + 0.05 * texture.noise(13, 0.4)
    wear = cv2.resize(chalk, (venue.width, rows), interpolation=cv2.INTER_LINEAR)
    picture[top:] = _blend(picture[top:], _LINE_COLOUR, np.clip(cover * wear, 0.0, 1.0))


def _strips() -> Iterator[Array]:
    """All markings as short convex polygons (4 or more corners) in pitch metres."""
    half_u, half_v = HALF_LENGTH_M, HALF_WIDTH_M
    lines = [
        [(-half_u, -half_v), (half_u, -half_v), (half_u, half_v), (-half_u, half_v), (-half_u, -half_v)],
        [(0.0, -half_v), (0.0, half_v)],
    ]
    for end in (-1.0, 1.0):
        for depth, half in (
            (BOX_DEPTH_M, BOX_HALF_WIDTH_M),
            (GOAL_AREA_DEPTH_M, GOAL_AREA_HALF_WIDTH_M),
        ):
            inner = end * (half_u - depth)
            lines.append([(end * half_u, -half), (inner, -half), (inner, half), (end * half_u, half)])
        spot = end * (half_u - PENALTY_SPOT_M)
        reach = math.acos((BOX_DEPTH_M - PENALTY_SPOT_M) / CIRCLE_RADIUS_M)
        middle = math.pi if end > 0 else 0.0
        lines.append(_arc(spot, 0.0, CIRCLE_RADIUS_M, middle - reach, middle + reach))
        yield _disc(spot, 0.0, 0.11)
        for side in (-1.0, 1.0):
            inward = math.atan2(-side, -end)
            lines.append(
                _arc(end * half_u, side * half_v, CORNER_RADIUS_M, inward - math.pi / 4, inward + math.pi / 4)
            )
    lines.append(_arc(0.0, 0.0, CIRCLE_RADIUS_M, 0.0, 2 * math.pi))
    yield _disc(0.0, 0.0, 0.11)
    for line in lines:
        yield from _stroked(np.array(line))


def _arc(u: float, v: float, radius: float, start: float, end: float) -> list[tuple[float, float]]:
    steps = max(8, round(radius * (end - start) / 0.25))
    turns = np.linspace(start, end, steps + 1)
    return [(u + radius * math.cos(turn), v + radius * math.sin(turn)) for turn in turns]


def _disc(u: float, v: float, radius: float) -> Array:
    return np.array(_arc(u, v, radius, 0.0, 2 * math.pi)[:-1])


def _stroked(line: Array) -> Iterator[Array]:
    """A line as polygons of at most a metre, so that each is straight in the cylindrical image, too."""
    for a, b in pairwise(line):
        length = float(np.hypot(*(b - a)))
        along = (b - a) / length
        side = np.array([-along[1], along[0]]) * LINE_WIDTH_M / 2
        stops = np.linspace(-LINE_WIDTH_M / 2, length + LINE_WIDTH_M / 2, max(2, math.ceil(length) + 1))
        for begin, stop in pairwise(stops):
            p, q = a + along * begin, a + along * stop
            yield np.array([p - side, q - side, q + side, p + side])


def _worn(u_m: Picture, v_m: Picture) -> Picture:
    """The wear of the turf, 0..1: goal mouths, penalty spots, the centre spot, the assistants' lines."""
    goal = np.exp(-(((np.abs(u_m) - HALF_LENGTH_M + 1.5) / 2.2) ** 2) - (v_m / 3.4) ** 2)
    spot = np.exp(-(((np.abs(u_m) - HALF_LENGTH_M + PENALTY_SPOT_M) / 1.2) ** 2) - (v_m / 1.2) ** 2)
    centre = np.exp(-((u_m / 2.0) ** 2) - (v_m / 1.6) ** 2)
    run = 0.5 * np.exp(-(((np.abs(v_m) - HALF_WIDTH_M - 0.9) / 0.4) ** 2)) * (np.abs(u_m) < HALF_LENGTH_M)
    worn: Picture = (goal + 0.7 * spot + 0.6 * centre + run).astype(np.float32)
    return worn


def _soft_square(phase: Picture, softness: Picture) -> Picture:
    """A square wave of -1 and 1 with period 2 and edges blurred over `softness` (in phase)."""
    distance = np.abs(np.mod(phase, 2.0) - 1.0) - 0.5
    wave: Picture = np.clip(distance / np.maximum(softness, 0.02), -1.0, 1.0)
    return wave


def _mix(dark: tuple[float, ...], light: tuple[float, ...], part: Picture) -> Picture:
    low, high = np.array(dark, np.float32), np.array(light, np.float32)
    mixed: Picture = low + (high - low) * part[..., None]
    return mixed


def _blend(picture: Picture, colour: tuple[float, ...], cover: Picture) -> Picture:
    blended: Picture = picture + (np.array(colour, np.float32) - picture) * cover[..., None]
    return blended
