"""Painter: draws one frame of the match: the stadium, the shadows, then people and ball from far to near."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.match.blend import Patch, put, tint
from pipeline.match.field import BALL_RADIUS_M, HALF_WIDTH_M
from pipeline.match.kits import HEIGHTS_M, KITS
from pipeline.match.light import Shade, light_named
from pipeline.match.match_state import PEOPLE, MatchState
from pipeline.match.sprites import HEADINGS, SPRITE_PX_PER_M, Gait, Sprite, gait_of, phase_of, sprite
from pipeline.match.stadium import paint_stadium
from pipeline.match.venue import SETBACK_M, Venue
from pipeline.optics.frame import Frame, Plane

Array = NDArray[np.float64]

FIGURE_HEIGHT_M: Final = 1.80
"""The height of the figure in the sprites."""
_SHADOW_YUV: Final = (24, 124, 124)
_DARKEST: Final = 0.55
_SHADOW_PX: Final = 49
_SHADOW_SIGMA_PX: Final = 8.0
_PIXEL_VARIANCE: Final = 0.35
"""The variance of the blur of one pixel, in square pixels."""
_LEAST_BALL_PX: Final = 1.5
"""The ball's smallest radius in the image, so that it never disappears between pixels."""
_BALL_YUV: Final = {
    "white": ((232, 128, 128), (150, 126, 128)),
    "yellow": ((210, 40, 140), (137, 58, 138)),
    "orange": ((150, 60, 190), (98, 74, 178)),
    "red": ((90, 100, 205), (59, 106, 190)),
    "pink": ((150, 135, 180), (98, 134, 170)),
}
"""The lit and the dark side of a ball."""
_MIRRORED: Final[dict[Gait, Gait]] = {"dive-left": "dive-right", "dive-right": "dive-left"}


@dataclass(frozen=True, slots=True)
class _Place:
    """A point on the ground in the image: its pixel, its ray, and the scale there."""

    x: float
    y: float
    yaw: float
    distance_m: float
    px_per_m: float
    u_m: float
    v_m: float


class Painter:
    """Draws match states into NV12 frames. One thread at a time; starts none itself."""

    def __init__(self, venue: Venue, ball: str, light: str = "day") -> None:
        """``ball``: its colour, one of `BALLS`; ``light``: one of `LIGHTS`."""
        self._venue = venue
        self._ball_yuv = _BALL_YUV[ball]
        self._light = light_named(light)
        self._stadium = paint_stadium(venue, light)
        self._blots = [_shadow_template((level + 0.5) / 24) for level in range(24)]

    def draw(self, state: MatchState, out: Frame) -> None:
        """Overwrite `out`, an NV12 frame of the venue's size, with the state."""
        np.copyto(out.luma, self._stadium.luma)
        np.copyto(out.planes[1], self._stadium.planes[1])
        places = [self._place(u, v) for u, v in state.position.tolist()]
        u, v, height_m = state.ball
        ball = self._place(u, v)
        for place, tall_m in zip(places, HEIGHTS_M, strict=True):
            self._shadows(out, place, tall_m * 0.42, (tall_m * 0.30, 0.15))
        self._shadows(out, ball, height_m + BALL_RADIUS_M, (BALL_RADIUS_M, 1.2 * BALL_RADIUS_M))
        order = sorted(range(PEOPLE), key=lambda person: -places[person].distance_m)
        behind = [person for person in order if places[person].distance_m > ball.distance_m]
        for person in behind:
            self._person(out, state, person, places[person])
        self._ball(out, ball, height_m)
        for person in order[len(behind) :]:
            self._person(out, state, person, places[person])

    def _place(self, u_m: float, v_m: float) -> _Place:
        z_m = v_m + SETBACK_M + HALF_WIDTH_M
        distance_m, yaw = math.hypot(u_m, z_m), math.atan2(u_m, z_m)
        scale = self._venue.focal_px / distance_m
        x = self._venue.centre_x + self._venue.focal_px * yaw
        return _Place(
            x, self._venue.horizon_y + scale * self._venue.height_m, yaw, distance_m, scale, u_m, v_m
        )

    def _person(self, out: Frame, state: MatchState, person: int, place: _Place) -> None:
        figure, mirrored = _pose(state, person, place)
        scale = place.px_per_m * HEIGHTS_M[person] / FIGURE_HEIGHT_M
        figure_there = _scaled(figure, mirrored, place.x, place.y, scale)
        put(out, self._light.relit(figure_there, place.u_m, place.v_m))

    def _shadows(self, out: Frame, place: _Place, centre_m: float, sigma_m: tuple[float, float]) -> None:
        """Draw the shadows of something `centre_m` above the ground."""
        for shade in self._light.shades(place.u_m, place.v_m):
            self._shadow(out, place, shade, centre_m, sigma_m)

    def _shadow(
        self, out: Frame, place: _Place, shade: Shade, centre_m: float, sigma_m: tuple[float, float]
    ) -> None:
        """Draw a soft elliptical shadow of something `centre_m` above the ground; `sigma_m` are its standard
        deviations.

        Ellipse and pixel are Gaussians, so that shadows thinner than a pixel fade instead of flickering (the
        elliptical weighted average of Heckbert 1989).
        """
        sin, cos = math.sin(place.yaw), math.cos(place.yaw)
        flat = place.px_per_m * self._venue.height_m / place.distance_m
        along_x, along_y = (
            (shade.right * cos - shade.away * sin) * place.px_per_m,
            -(shade.right * sin + shade.away * cos) * flat,
        )
        x, y = place.x + along_x * centre_m, place.y + along_y * centre_m
        length, wide, deep = sigma_m[0], sigma_m[1] * place.px_per_m, sigma_m[1] * flat
        xx, yy = (length * along_x) ** 2 + wide * wide, (length * along_y) ** 2 + deep * deep
        xy = length * length * along_x * along_y
        sharp = xx * yy - xy * xy
        xx, yy = xx + _PIXEL_VARIANCE, yy + _PIXEL_VARIANCE
        strength = shade.darkness * math.sqrt(sharp / (xx * yy - xy * xy))
        left, top = math.floor(x - 2.4 * math.sqrt(xx)) // 2 * 2, math.floor(y - 2.4 * math.sqrt(yy)) // 2 * 2
        right, bottom = (
            math.ceil(x + 2.4 * math.sqrt(xx)) // 2 * 2 + 2,
            math.ceil(y + 2.4 * math.sqrt(yy)) // 2 * 2 + 2,
        )
        # From pixels back to the round shadow: the inverse of the covariance's Cholesky factor.
        lower_xx = math.sqrt(xx)
        lower_yx = xy / lower_xx
        lower_yy = math.sqrt(yy - lower_yx * lower_yx)
        across, skew, down = (
            _SHADOW_SIGMA_PX / lower_xx,
            -_SHADOW_SIGMA_PX * lower_yx / (lower_xx * lower_yy),
            _SHADOW_SIGMA_PX / lower_yy,
        )
        middle = (_SHADOW_PX - 1) / 2
        into = np.array(
            [
                [across, 0.0, middle + across * (left - x)],
                [skew, down, middle + skew * (left - x) + down * (top - y)],
            ]
        )
        blot = self._blots[min(len(self._blots) - 1, int(strength * len(self._blots)))]
        put(out, _warped(blot, into, left, top, right, bottom))

    def _ball(self, out: Frame, place: _Place, height_m: float) -> None:
        radius = max(BALL_RADIUS_M * place.px_per_m, _LEAST_BALL_PX)
        x, y = place.x, place.y - (height_m + BALL_RADIUS_M) * place.px_per_m
        lit, dark = self._ball_yuv
        for part, shift, colour in ((1.0, 0.0, dark), (0.80, 0.20, lit)):
            disc = _disc(x - 0.6 * shift * radius, y - shift * radius, part * radius, colour)
            put(out, self._light.relit(disc, place.u_m, place.v_m))


def _pose(state: MatchState, person: int, place: _Place) -> tuple[Sprite, bool]:
    """The sprite for a person's movement and direction, and whether to mirror it."""
    facing_u, facing_v = state.facing[person]
    sin, cos = math.sin(place.yaw), math.cos(place.yaw)
    right, away = facing_u * cos - facing_v * sin, facing_u * sin + facing_v * cos
    heading = round(math.atan2(right, -away) / (2 * math.pi) * HEADINGS)
    gait: Gait = state.acts.get(person) or gait_of(float(state.speed[person]))
    if heading < 0:
        gait = _MIRRORED.get(gait, gait)
    phase = phase_of(gait, float(state.stride[person]))
    return sprite(KITS[person], gait, phase, min(abs(heading), HEADINGS // 2)), heading < 0


def _scaled(figure: Sprite, mirrored: bool, x: float, y: float, px_per_m: float) -> Patch:
    """The sprite at `px_per_m` with its feet at x, y, accurate to a fraction of a pixel."""
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
    into = np.array([[across, 0.0, foot_x + across * (left - x)], [0.0, step, foot_y + step * (top - y)]])
    return _warped(pixels, into, left, top, right, bottom)


def _warped(pixels: Plane, into: Array, left: int, top: int, right: int, bottom: int) -> Patch:
    """The patch between the edges, sampled with the affine map `into` (2, 3)."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(pixels, into, (right - left, bottom - top), flags=flags)
    return Patch(np.asarray(warped, np.uint8), left, top)


def _shadow_template(strength: float) -> Plane:
    """The template of all shadows: a round, slightly flattened Gaussian."""
    offset = np.arange(_SHADOW_PX) - (_SHADOW_PX - 1) / 2
    square = (offset**2 + offset[:, None] ** 2) / _SHADOW_SIGMA_PX**2
    darkness = np.minimum(_DARKEST, 1.3 * _DARKEST * strength * np.exp(-0.5 * square))
    return tint((255.0 * darkness).astype(np.uint8), _SHADOW_YUV, 0, 0).pixels


def _disc(x: float, y: float, radius: float, colour: tuple[int, int, int]) -> Patch:
    """A disc with a soft edge."""
    left, top = math.floor(x - radius - 1) // 2 * 2, math.floor(y - radius - 1) // 2 * 2
    right, bottom = math.ceil(x + radius + 1) // 2 * 2 + 2, math.ceil(y + radius + 1) // 2 * 2 + 2
    distance = np.hypot(np.arange(left, right) - x, (np.arange(top, bottom) - y)[:, None])
    alpha = (255.0 * np.clip(radius + 0.5 - distance, 0.0, 1.0)).astype(np.uint8)
    return tint(alpha, colour, left, top)
