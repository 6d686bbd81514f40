"""One frame of the match: the still stadium, then shadows, then people and the ball from far to near."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.match.blend import Patch, put, tint
from pipeline.match.field import BALL_RADIUS_M, HALF_WIDTH_M
from pipeline.match.scene import PEOPLE, Scene
from pipeline.match.sprites import HEADINGS, PHASES, SPRITE_PX_PER_M, Sprite, gait_of, sprite
from pipeline.match.stadium import paint_stadium
from pipeline.match.venue import SETBACK_M, Venue
from pipeline.match.wardrobe import HEIGHTS_M, KITS
from pipeline.optics.frame import Frame

Array = NDArray[np.float64]

FIGURE_HEIGHT_M: Final = 1.80
"""How tall the sprites' figure is."""
_SUN: Final = (0.62, 0.30)
"""A shadow's length to the right and away from the camera, for each metre of height."""
_SHADOW_YUV: Final = (24, 124, 124)
_SHADOW_ALPHA: Final = 0.50
_LEAST_BALL_PX: Final = 1.5
"""The ball's smallest radius in the picture, so that it is never lost between pixels."""
_BALL_LIT_YUV: Final = (232, 128, 128)
_BALL_DARK_YUV: Final = (150, 126, 128)


@dataclass(frozen=True, slots=True)
class _Place:
    """A point of the ground in the picture: its pixel, its ray, and the scale there."""

    x: float
    y: float
    yaw: float
    distance_m: float
    px_per_m: float


class Painter:
    """Draws scenes into NV12 frames. Not for several threads at once; starts none itself."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._stadium = paint_stadium(venue)

    def draw(self, scene: Scene, out: Frame) -> None:
        """Overwrite `out`, an NV12 frame of the venue's size, with the scene."""
        np.copyto(out.luma, self._stadium.luma)
        np.copyto(out.planes[1], self._stadium.planes[1])
        places = [self._place(u, v) for u, v in scene.position.tolist()]
        u, v, height_m = scene.ball
        ball = self._place(u, v)
        for place, tall_m in zip(places, HEIGHTS_M, strict=True):
            self._shadow(out, place, tall_m * 0.42, (tall_m * 0.30, 0.15))
        self._shadow(out, ball, height_m + BALL_RADIUS_M, (BALL_RADIUS_M, 1.2 * BALL_RADIUS_M))
        order = sorted(range(PEOPLE), key=lambda person: -places[person].distance_m)
        behind = [person for person in order if places[person].distance_m > ball.distance_m]
        for person in behind:
            self._person(out, scene, person, places[person])
        self._ball(out, ball, height_m)
        for person in order[len(behind) :]:
            self._person(out, scene, person, places[person])

    def _place(self, u_m: float, v_m: float) -> _Place:
        z_m = v_m + SETBACK_M + HALF_WIDTH_M
        distance_m, yaw = math.hypot(u_m, z_m), math.atan2(u_m, z_m)
        scale = self._venue.focal_px / distance_m
        x = self._venue.centre_x + self._venue.focal_px * yaw
        return _Place(x, self._venue.horizon_y + scale * self._venue.height_m, yaw, distance_m, scale)

    def _person(self, out: Frame, scene: Scene, person: int, place: _Place) -> None:
        figure, mirrored = _pose(scene, person, place)
        scale = place.px_per_m * HEIGHTS_M[person] / FIGURE_HEIGHT_M
        put(out, _scaled(figure, mirrored, place.x, place.y, scale))

    def _shadow(self, out: Frame, place: _Place, centre_m: float, sigma_m: tuple[float, float]) -> None:
        """A soft ellipse on the ground for something `centre_m` up, its deviations along and across it.

        Ellipse and pixel are Gaussians, so that what is thinner than a pixel fades instead of flickering
        (Heckbert's elliptical weighted average).
        """
        sin, cos = math.sin(place.yaw), math.cos(place.yaw)
        flat = place.px_per_m * self._venue.height_m / place.distance_m
        along = np.array(
            [(_SUN[0] * cos - _SUN[1] * sin) * place.px_per_m, -(_SUN[0] * sin + _SUN[1] * cos) * flat]
        )
        centre = np.array([place.x, place.y]) + along * centre_m
        lengthwise, across = along * sigma_m[0], sigma_m[1] * np.array([place.px_per_m, flat])
        spread = np.outer(lengthwise, lengthwise) + np.diag(across**2)
        blurred = spread + 0.35 * np.eye(2)
        strength = _SHADOW_ALPHA * math.sqrt(np.linalg.det(spread) / np.linalg.det(blurred))
        reach = 2.3 * np.sqrt(np.diag(blurred))
        left, top = (int(edge) // 2 * 2 for edge in np.floor(centre - reach))
        right, bottom = (int(edge) // 2 * 2 + 2 for edge in np.ceil(centre + reach))
        inverse = np.linalg.inv(blurred)
        dx = np.arange(left, right) - centre[0]
        dy = (np.arange(top, bottom) - centre[1])[:, None]
        square = inverse[0, 0] * dx * dx + 2 * inverse[0, 1] * dx * dy + inverse[1, 1] * dy * dy
        alpha = (255.0 * min(0.62, 1.3 * strength) * np.exp(-0.5 * square)).astype(np.uint8)
        put(out, tint(alpha, _SHADOW_YUV, left, top))

    def _ball(self, out: Frame, place: _Place, height_m: float) -> None:
        radius = max(BALL_RADIUS_M * place.px_per_m, _LEAST_BALL_PX)
        x, y = place.x, place.y - (height_m + BALL_RADIUS_M) * place.px_per_m
        for part, shift, colour in ((1.0, 0.0, _BALL_DARK_YUV), (0.80, 0.20, _BALL_LIT_YUV)):
            put(out, _disc(x - 0.6 * shift * radius, y - shift * radius, part * radius, colour))


def _pose(scene: Scene, person: int, place: _Place) -> tuple[Sprite, bool]:
    """The figure that fits how someone moves and is seen, and whether it is to be mirrored."""
    facing_u, facing_v = scene.facing[person]
    sin, cos = math.sin(place.yaw), math.cos(place.yaw)
    right, away = facing_u * cos - facing_v * sin, facing_u * sin + facing_v * cos
    heading = round(math.atan2(right, -away) / (2 * math.pi) * HEADINGS)
    gait = gait_of(float(scene.speed[person]))
    phase = 0 if gait == "stand" else int(scene.stride[person] * PHASES) % PHASES
    return sprite(KITS[person], gait, phase, min(abs(heading), HEADINGS // 2)), heading < 0


def _scaled(figure: Sprite, mirrored: bool, x: float, y: float, px_per_m: float) -> Patch:
    """The figure at `px_per_m` with its feet at x, y, exact to a fraction of a pixel."""
    shrink = SPRITE_PX_PER_M / px_per_m
    level = min(len(figure.levels) - 1, max(0, int(math.log2(max(shrink, 1.0)))))
    pixels = figure.levels[level]
    step = shrink / 2**level
    foot_x, foot_y = ((foot + 0.5) / 2**level - 0.5 for foot in figure.foot_px)
    rows, columns = pixels.shape[:2]
    before, after = (foot_x + 1) / step, (columns - foot_x) / step
    if mirrored:
        before, after = after, before
    left, top = math.floor(x - before) // 2 * 2, math.floor(y - (foot_y + 1) / step) // 2 * 2
    right, bottom = math.ceil(x + after) // 2 * 2 + 2, math.ceil(y + (rows - foot_y) / step) // 2 * 2 + 2
    across = -step if mirrored else step
    into = np.array(
        [[across, 0.0, foot_x + across * (left - x)], [0.0, step, foot_y + step * (top - y)]], np.float32
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    scaled = cv2.warpAffine(pixels, into, (right - left, bottom - top), flags=flags)
    return Patch(np.asarray(scaled, np.uint8), left, top)


def _disc(x: float, y: float, radius: float, colour: tuple[int, int, int]) -> Patch:
    """A disc with a soft edge."""
    left, top = math.floor(x - radius - 1) // 2 * 2, math.floor(y - radius - 1) // 2 * 2
    right, bottom = math.ceil(x + radius + 1) // 2 * 2 + 2, math.ceil(y + radius + 1) // 2 * 2 + 2
    distance = np.hypot(np.arange(left, right) - x, (np.arange(top, bottom) - y)[:, None])
    alpha = (255.0 * np.clip(radius + 0.5 - distance, 0.0, 1.0)).astype(np.uint8)
    return tint(alpha, colour, left, top)
