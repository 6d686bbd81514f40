"""The surroundings of the pitch: sky, trees, stands with crowd, advertising boards, floodlights.

Each pixel's ray is intersected with planes in closed form; the farthest objects are painted first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.match import texture
from pipeline.match.colour import Picture, Rgb
from pipeline.match.field import BOARD_GAP_M, BOARD_HEIGHT_M, HALF_LENGTH_M, WIDTH_M
from pipeline.match.light import Light
from pipeline.match.venue import SETBACK_M

Mask = NDArray[np.bool_]

FAR_LINE_M: Final = SETBACK_M + WIDTH_M
_BOARDS_FAR_M, _BOARDS_SIDE_M = FAR_LINE_M + BOARD_GAP_M, HALF_LENGTH_M + BOARD_GAP_M

_SEAT_M, _ROW_M = 0.55, 0.86
_SEATS: tuple[Rgb, ...] = ((0.13, 0.23, 0.42), (0.11, 0.19, 0.36))
_CONCRETE: Rgb = (0.56, 0.56, 0.55)
_CLOTHES = np.array(
    [
        *([0.72, 0.12, 0.13], [0.62, 0.10, 0.12], [0.78, 0.20, 0.18]),
        *([0.16, 0.27, 0.55], [0.20, 0.34, 0.62], [0.86, 0.86, 0.84], [0.78, 0.77, 0.74]),
        *([0.10, 0.11, 0.13], [0.22, 0.22, 0.24], [0.36, 0.33, 0.30], [0.55, 0.48, 0.36]),
        *([0.80, 0.62, 0.18], [0.30, 0.42, 0.30], [0.50, 0.52, 0.56], [0.12, 0.14, 0.22]),
    ],
    np.float32,
)
_SKINS = np.array(
    [[0.86, 0.68, 0.56], [0.74, 0.54, 0.42], [0.50, 0.34, 0.25], [0.92, 0.76, 0.66]], np.float32
)
_BOARD_COLOURS: tuple[Rgb, ...] = (
    (0.07, 0.16, 0.36),
    (0.88, 0.89, 0.90),
    (0.60, 0.09, 0.12),
    (0.10, 0.34, 0.25),
    (0.92, 0.70, 0.12),
    (0.12, 0.12, 0.14),
)
_BOARD_TEXTS = ("FORESIGHT", "SEVEN SECONDS AHEAD", "LOOK AHEAD", "EVERY FRAME ONCE", "PANORAMA", "IN SYNC")
_BOARD_LENGTH_M = 9.0


@dataclass(frozen=True, slots=True)
class _Rake:
    """A raked stand: distance of the front row from the camera, heights and slope, in metres."""

    front_m: float
    low_m: float
    high_m: float
    run: float
    """Metres back per metre up."""


_FAR = _Rake(FAR_LINE_M + 8.0, 1.6, 13.0, 1.55)
_END = _Rake(HALF_LENGTH_M + 10.0, 1.2, 8.2, 1.7)
_FAR_HALF_M = 60.0
_END_FROM_M, _END_TO_M = SETBACK_M + 2.0, FAR_LINE_M + 4.0


def paint_surroundings(picture: Picture, yaw: Picture, slope: Picture, height_m: float, light: Light) -> None:
    """Paint everything above the ground over an RGB image (rows, columns, 3) of the ground, in place.

    ``yaw`` (columns,) in radians and ``slope`` (rows,), the tangent of the tilt, are the pixels' rays. The sky is
    that of the light, everything else that of the day.
    """
    sky = slope > -0.05
    if sky.any():
        # All of it is lit again with what is around: only the sky differs from that.
        picture[sky] = _sky(yaw, slope[sky]) * (np.array(light.sky) / light.around).astype(np.float32)
    _paint_trees(picture, yaw, slope, height_m)
    sin, cos = np.sin(yaw)[None], np.cos(yaw)[None]
    slope = slope[:, None]
    _paint_stand(picture, _FAR, cos, sin, slope, height_m, (-_FAR_HALF_M, _FAR_HALF_M), 1)
    for side, seed in ((-1.0, 2), (1.0, 3)):
        _paint_stand(picture, _END, side * sin, cos, slope, height_m, (_END_FROM_M, _END_TO_M), seed)
    _paint_roof(picture, cos, sin, slope, height_m)
    _paint_boards(picture, _BOARDS_FAR_M, cos, sin, slope, height_m, (-_BOARDS_SIDE_M, _BOARDS_SIDE_M))
    near_m, far_m = SETBACK_M - 1.0, FAR_LINE_M + BOARD_GAP_M
    _paint_boards(picture, _BOARDS_SIDE_M, -sin, cos, slope, height_m, (near_m, far_m))
    # On the right side, text runs towards the camera.
    _paint_boards(picture, _BOARDS_SIDE_M, sin, -cos, slope, height_m, (-far_m, -near_m))


def _sky(yaw: Picture, slope: Picture) -> Picture:
    """A summer sky: pale at the horizon, blue above, with flat clouds."""
    up = np.clip(slope[:, None] / 0.24, 0.0, 1.0)
    low, high = np.array([0.80, 0.87, 0.93], np.float32), np.array([0.36, 0.56, 0.83], np.float32)
    sky = low + (high - low) * (up**0.8)[..., None]
    # Clouds form a layer: their pattern is compressed towards the horizon.
    depth = 0.22 / (np.maximum(slope[:, None], 0.0) + 0.07)
    x = (np.sin(yaw)[None] * depth).astype(np.float32) * 0.33
    y = (np.cos(yaw)[None] * depth).astype(np.float32) * 0.33
    cover = texture.sample(texture.noise(21, 1.75), x + 0.15, y)
    cover = np.clip(0.75 * (cover - 0.05), 0.0, 1.0) * np.clip(up * 3.0, 0.0, 1.0)
    shade = np.clip(texture.sample(texture.noise(22, 1.5), x, y) * 0.05 + 0.95, 0.0, 1.0)
    white = np.array([0.97, 0.97, 0.98], np.float32) * shade[..., None]
    painted: Picture = sky + (white - sky) * (0.85 * cover)[..., None]
    return painted


def _paint_trees(picture: Picture, yaw: Picture, slope: Picture, height_m: float) -> None:
    """Paint a belt of trees behind the stands, with uneven crowns, darker below."""
    crown = texture.noise(31, 1.1)
    row = np.full_like(yaw, 0.37)
    top = 0.052 + 0.010 * texture.sample(crown, (yaw * 0.55)[None], row[None])[0]
    top += 0.004 * texture.sample(crown, (yaw * 3.1)[None], row[None])[0]
    height = slope[:, None] - np.float32(-0.06)
    part = height / (top[None] + 0.06)
    x = np.broadcast_to(yaw[None] * 2.4, part.shape).astype(np.float32)
    y = np.broadcast_to(slope[:, None] * 2.4, part.shape).astype(np.float32)
    leaves = texture.sample(texture.noise(32, 0.9), x, y)
    light = np.clip(0.55 + 0.5 * part**2 + 0.16 * leaves, 0.25, 1.4)
    green = np.array([0.17, 0.27, 0.13], np.float32) * light[..., None]
    inside = (part < 1.0) & (height > 0.0)
    picture[inside] = green[inside]


def _paint_stand(
    picture: Picture,
    rake: _Rake,
    ahead: Picture,
    aside: Picture,
    slope: Picture,
    height_m: float,
    reach_m: tuple[float, float],
    seed: int,
) -> None:
    """Paint a stand: a wall, and rows of people above it. ``ahead``, ``aside``: a ray's components across and
    along."""
    with np.errstate(divide="ignore", invalid="ignore"):
        wall_m = np.where(ahead > 0.01, rake.front_m / ahead, np.inf)
        rake_m = (rake.front_m + rake.run * (height_m - rake.low_m)) / (ahead - rake.run * slope)
    wall_up = height_m + wall_m * slope
    front = (wall_up >= 0.0) & (wall_up <= rake.low_m) & (wall_m < 400.0) & _within(aside * wall_m, reach_m)
    picture[front] = np.array([0.33, 0.35, 0.39], np.float32)
    up = height_m + rake_m * slope
    seats = (rake_m > 0) & (up > rake.low_m) & (up < rake.high_m) & _within(aside * rake_m, reach_m)
    along = (aside * rake_m)[seats]
    back = (up[seats] - rake.low_m) * np.float32(np.hypot(1.0, rake.run))
    picture[seats] = _crowd(along.astype(np.float32), back.astype(np.float32), seed)


def _crowd(along_m: Picture, back_m: Picture, seed: int) -> Picture:
    """The colours (N, 3) of points on a stand: people, empty seats, stairs, a gangway."""
    rng = np.random.default_rng(seed)
    dice = rng.random((64, 512, 4)).astype(np.float32)
    row = (back_m / _ROW_M).astype(np.int32)
    seat = np.floor(along_m / _SEAT_M + 0.5 * (row % 2)).astype(np.int32)
    chance = dice[row % 64, seat % 512]
    across = along_m / _SEAT_M + 0.5 * (row % 2) - seat - 0.5 + 0.16 * (chance[:, 3] - 0.5)
    up = back_m / _ROW_M - row
    block = np.floor(along_m / 14.0).astype(np.int32)
    # Home and away supporters, with neutral and emptier blocks in between.
    full = 0.93 - 0.22 * (dice[5, block % 512, 0] > 0.72)
    there = chance[:, 0] < full
    clothes = _CLOTHES[(chance[:, 1] * 14.99).astype(np.int32)]
    fans = dice[9, block % 512, 1]
    home, away = (fans < 0.30) & (chance[:, 2] < 0.6), (fans > 0.80) & (chance[:, 2] < 0.6)
    clothes = np.where(home[:, None], _CLOTHES[0], np.where(away[:, None], _CLOTHES[4], clothes))
    body = there & (np.abs(across) < 0.40) & (up < 0.60)
    head = there & (across**2 * 1.0 + ((up - 0.72) * 1.45) ** 2 < 0.045)
    seats = np.array(_SEATS, np.float32)[block % 2]
    colour = seats * (0.75 + 0.4 * up)[:, None]
    light = 0.62 + 0.55 * up + 0.25 * (chance[:, 3] - 0.5)
    colour = np.where(body[:, None], clothes * light[:, None], colour)
    skins = _SKINS[(chance[:, 2] * 3.99).astype(np.int32)]
    colour = np.where(head[:, None], skins * (0.8 + 0.25 * (chance[:, 3] - 0.5))[:, None], colour)
    stairs = np.abs(along_m - 14.0 * block - 7.0) < 0.65
    steps = np.array(_CONCRETE, np.float32) * (0.72 + 0.28 * (up < 0.5))[:, None]
    colour = np.where(stairs[:, None], steps, colour)
    painted: Picture = colour.astype(np.float32)
    return painted


def _paint_roof(picture: Picture, cos: Picture, sin: Picture, slope: Picture, height_m: float) -> None:
    """Paint the far stand's back wall in shadow, the edge of its roof, and the pillars."""
    back_m = _FAR.front_m + _FAR.run * (_FAR.high_m - _FAR.low_m)
    up, along = height_m + back_m / cos * slope, sin / cos * back_m
    wall = (up > _FAR.high_m) & (up < 18.6) & _within(along, (-_FAR_HALF_M, _FAR_HALF_M))
    shade = np.clip((18.6 - up) / 6.0, 0.0, 1.0)
    picture[wall] = np.array([0.20, 0.21, 0.24], np.float32) * (0.6 + 0.8 * shade[wall])[:, None]
    edge_m = _FAR.front_m + 5.0
    up, along = height_m + edge_m / cos * slope, sin / cos * edge_m
    reach = _within(along, (-_FAR_HALF_M, _FAR_HALF_M))
    pillar = reach & (up > 4.0) & (up < 16.6) & (np.abs(np.mod(along, 20.0) - 10.0) < 0.16)
    picture[pillar] = np.array([0.50, 0.52, 0.55], np.float32)
    edge = reach & (up > 16.6) & (up < 18.0)
    picture[edge] = np.array([0.87, 0.88, 0.90], np.float32)
    trim = reach & (up > 16.6) & (up < 16.85)
    picture[trim] = np.array([0.66, 0.13, 0.15], np.float32)


def _paint_boards(
    picture: Picture,
    distance_m: float,
    ahead: Picture,
    aside: Picture,
    slope: Picture,
    height_m: float,
    reach_m: tuple[float, float],
) -> None:
    """Paint advertising boards on an upright plane `distance_m` ahead."""
    with np.errstate(divide="ignore"):
        ray_m = np.where(ahead > 0.01, distance_m / ahead, np.inf)
    up = height_m + ray_m * slope
    board = (up >= 0.0) & (up <= BOARD_HEIGHT_M) & (ray_m < 400.0) & _within(aside * ray_m, reach_m)
    panels = _panels()
    height, width = panels.shape[:2]
    along = (aside * np.where(np.isfinite(ray_m), ray_m, 0.0) * np.ones_like(up))[board]
    columns = np.mod(along / _BOARD_LENGTH_M * (width / len(_BOARD_TEXTS)), width).astype(np.int32)
    rows = np.clip((1.0 - up[board] / BOARD_HEIGHT_M) * height, 0, height - 1).astype(np.int32)
    picture[board] = panels[rows, columns]


@lru_cache(maxsize=1)
def _panels() -> Picture:
    """The boards side by side as an RGB strip 96 pixels high."""
    high, wide = 96, 909
    panels = []
    for text, colour in zip(_BOARD_TEXTS, _BOARD_COLOURS, strict=True):
        mask = np.zeros((high, wide), np.uint8)
        ink = (0.97, 0.97, 0.97) if sum(colour) < 1.6 else (0.10, 0.14, 0.30)
        scale = min(2.6, 2.6 * 800 / cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 2.6, 6)[0][0])
        (length, tall), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, 6)
        place = ((wide - length) // 2, (high + tall) // 2)
        cv2.putText(mask, text, place, cv2.FONT_HERSHEY_DUPLEX, scale, 255, 6, cv2.LINE_AA)
        cover = mask[..., None].astype(np.float32) / 255.0
        panel = np.array(colour, np.float32) * (1.0 - cover) + np.array(ink, np.float32) * cover
        panel[:, :4] = panel[:, -4:] = 0.3
        panels.append(panel)
    return np.concatenate(panels, axis=1)


def _within(along_m: Picture, reach_m: tuple[float, float]) -> Mask:
    inside: Mask = (along_m > reach_m[0]) & (along_m < reach_m[1])
    return inside
