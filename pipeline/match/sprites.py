"""Sprites of people: a skeleton posed by gait, phase and heading, drawn in YUV with alpha.

Sprites are premultiplied: Y, U and V already include the alpha, so that they can be scaled and blended directly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.match.colour import Rgb, yuv
from pipeline.optics.frame import Plane

Array = NDArray[np.float64]
Gait = Literal["stand", "walk", "run", "kick", "throw", "cheer", "dive-left", "dive-right"]
Yuva = tuple[int, int, int, int]

HEADINGS: Final = 12
PHASES: Final = 12
SPRITE_PX_PER_M: Final = 80.0
_FINER = 2
_WIDE_M, _HIGH_M = 2.1, 2.15
_HIP_M = 0.93
_FEET_M = 0.12
"""The margin below the feet."""


@dataclass(frozen=True, slots=True)
class Kit:
    """A person's clothes and looks, as RGB colours with components in 0..1."""

    shirt: Rgb
    shorts: Rgb
    socks: Rgb
    skin: Rgb = (0.80, 0.60, 0.48)
    hair: Rgb = (0.16, 0.11, 0.08)
    trim: Rgb = (0.95, 0.95, 0.95)


@dataclass(frozen=True, slots=True)
class Sprite:
    """One posed figure as a mipmap: ``levels[k]`` (height, width, 4), uint8, at 80 / 2^k pixels per metre.

    The feet are at ``foot_px`` (x, y) of level 0.
    """

    levels: tuple[Plane, ...]
    foot_px: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Gait:
    swing_deg: float
    knee_deg: float
    lean_deg: float
    elbow_deg: float
    arm_deg: float
    lift_m: float
    trailing: float = 1.0
    """The other leg's swing relative to this one's."""
    raise_deg: float = 0.0
    """The angle at which both arms are raised in front."""
    roll_deg: float = 0.0
    """The angle by which the body has fallen to its left."""
    moment: float | None = None
    """The fixed phase of a pose; None for a cyclic gait."""


_GAITS: dict[Gait, _Gait] = {
    "stand": _Gait(3.0, 4.0, 2.0, 18.0, 4.0, 0.0),
    "walk": _Gait(24.0, 42.0, 3.0, 25.0, 20.0, 0.01),
    "run": _Gait(44.0, 95.0, 12.0, 85.0, 42.0, 0.05),
    "kick": _Gait(62.0, 20.0, -6.0, 30.0, 50.0, 0.0, trailing=0.25, moment=0.25),
    "throw": _Gait(12.0, 10.0, 6.0, 40.0, 0.0, 0.0, raise_deg=150.0, moment=0.25),
    "cheer": _Gait(36.0, 70.0, 4.0, 12.0, 12.0, 0.05, raise_deg=155.0),
    "dive-left": _Gait(20.0, 30.0, 0.0, 8.0, 8.0, 0.0, raise_deg=165.0, roll_deg=74.0, moment=0.25),
    "dive-right": _Gait(20.0, 30.0, 0.0, 8.0, 8.0, 0.0, raise_deg=165.0, roll_deg=-74.0, moment=0.25),
}


def gait_of(speed: float) -> Gait:
    """The gait at a speed in m/s."""
    return "stand" if speed < 0.5 else "walk" if speed < 2.6 else "run"


def phase_of(gait: Gait, stride: float) -> int:
    """The index, of PHASES, for a gait at a point of the stride, cycles 0..1."""
    if gait == "stand":
        return 0
    moment = _GAITS[gait].moment
    return int((stride if moment is None else moment) * PHASES) % PHASES


@lru_cache(maxsize=2000)
def sprite(kit: Kit, gait: Gait, phase: int, heading: int) -> Sprite:
    """The figure in `kit` at one of PHASES of its gait. Cached.

    `heading` 0 faces the viewer, then in steps of 30 degrees to the right of the image, up to 6, which shows the
    back. Other headings are mirror images of these.
    """
    turn = 2 * math.pi * heading / HEADINGS
    canvas_px = SPRITE_PX_PER_M * _FINER
    roll_deg = _GAITS[gait].roll_deg
    wide, high = round((_WIDE_M + 2.0 * (roll_deg != 0.0)) * canvas_px), round(_HIGH_M * canvas_px)
    canvas = np.zeros((high, wide, 4), np.uint8)
    figure = _Figure(canvas, canvas_px, turn, math.radians(roll_deg))
    _draw(figure, kit, _GAITS[gait], phase / PHASES)
    small = cv2.resize(canvas, (wide // _FINER, high // _FINER), interpolation=cv2.INTER_AREA)
    columns = np.flatnonzero(small[..., 3].any(axis=0))
    rows = np.flatnonzero(small[..., 3].any(axis=1))
    left, top = max(0, columns[0] - 2), max(0, rows[0] - 2)
    level = np.array(small[top : rows[-1] + 3, left : columns[-1] + 3], np.uint8)
    levels = [level]
    while min(level.shape[:2]) > 12 and len(levels) < 4:
        half = (max(1, level.shape[1] // 2), max(1, level.shape[0] // 2))
        even = level[: half[1] * 2, : half[0] * 2]
        level = np.asarray(cv2.resize(even, half, interpolation=cv2.INTER_AREA), np.uint8)
        levels.append(level)
    foot = (wide / _FINER / 2 - left - 0.5, (_HIGH_M - _FEET_M) * SPRITE_PX_PER_M - top - 0.5)
    return Sprite(tuple(levels), foot)


@dataclass(slots=True)
class _Figure:
    """A canvas for limbs in body coordinates: forward, to its left, up, in metres."""

    canvas: Plane
    px_per_m: float
    turn: float
    roll: float = 0.0

    def pixel(self, point: Array) -> tuple[int, int]:
        """Canvas coordinates in sixteenths of a pixel."""
        forward, left, up = self._rolled(point)
        # When the figure faces the viewer (turn 0), its left is on the image's right.
        across = math.sin(self.turn) * forward + math.cos(self.turn) * left
        x = self.canvas.shape[1] / 2 + across * self.px_per_m
        y = self.canvas.shape[0] - (up + _FEET_M) * self.px_per_m
        return round(16 * x), round(16 * y)

    def _rolled(self, point: Array) -> tuple[float, float, float]:
        """The point after the body's rotation about its hip and its fall."""
        forward, left, up = point
        sin, cos, above = math.sin(self.roll), math.cos(self.roll), up - _HIP_M
        return forward, left * cos + above * sin, above * cos - left * sin + _HIP_M - 0.52 * abs(sin)

    def depth(self, point: Array) -> float:
        """The distance of a point towards the viewer, in metres."""
        return math.cos(self.turn) * float(point[0]) - math.sin(self.turn) * float(point[1])

    def limb(self, points: list[Array], width_m: float, colour: Rgb, light: float) -> None:
        """Draw a stroke along `points` with round ends, darker towards its right edge."""
        thick = max(1, round(width_m * self.px_per_m))
        edge, core = _shade(colour, 0.78 * light), _shade(colour, light)
        shift = max(1, thick // 6) * 16
        pixels = [self.pixel(point) for point in points]
        for a, b in pairwise(pixels):
            cv2.line(self.canvas, a, b, edge, thick, cv2.LINE_AA, 4)
        for a, b in pairwise(pixels):
            lit_a, lit_b = (a[0] - shift, a[1] - shift // 3), (b[0] - shift, b[1] - shift // 3)
            cv2.line(self.canvas, lit_a, lit_b, core, max(1, round(thick * 0.58)), cv2.LINE_AA, 4)

    def patch(self, points: list[Array], colour: Rgb, light: float) -> None:
        """Draw the convex hull of `points`."""
        pixels = np.array([self.pixel(point) for point in points], np.int32)
        hull = cv2.convexHull(pixels.reshape(-1, 1, 2))
        cv2.fillConvexPoly(self.canvas, hull, _shade(colour, light), cv2.LINE_AA, 4)

    def ball(self, centre: Array, radius_m: float, colour: Rgb, light: float) -> None:
        """Draw a disc."""
        cv2.circle(
            self.canvas,
            self.pixel(centre),
            round(16 * radius_m * self.px_per_m),
            _shade(colour, light),
            -1,
            cv2.LINE_AA,
            4,
        )


def _draw(figure: _Figure, kit: Kit, gait: _Gait, phase: float) -> None:
    lean = math.radians(gait.lean_deg)
    legs = [
        _leg(gait, phase, -1.0, gait.swing_deg),
        _leg(gait, phase + 0.5, 1.0, gait.trailing * gait.swing_deg),
    ]
    sole = min(float(joint[2]) for leg in legs for joint in leg[2:])
    up = np.array([0.0, 0.0, -sole + 0.04 + gait.lift_m * abs(math.sin(2 * math.pi * phase))])
    legs = [[joint + up for joint in leg] for leg in legs]
    hip = np.array([0.0, 0.0, _HIP_M]) + up
    chest = hip + 0.50 * np.array([math.sin(lean), 0.0, math.cos(lean)])
    arms = [_arm(gait, phase + 0.5, -1.0, chest), _arm(gait, phase, 1.0, chest)]
    far_leg, near_leg = sorted(legs, key=lambda leg: figure.depth(leg[0]))
    far_arm, near_arm = sorted(arms, key=lambda arm: figure.depth(arm[0]))
    _draw_arm(figure, kit, far_arm, 0.80)
    _draw_leg(figure, kit, far_leg, 0.80)
    _draw_leg(figure, kit, near_leg, 1.0)
    _draw_torso(figure, kit, hip, chest)
    _draw_arm(figure, kit, near_arm, 1.0)
    _draw_head(figure, kit, chest, lean)


def _leg(gait: _Gait, phase: float, side: float, swing_deg: float) -> list[Array]:
    """Hip, knee, ankle and toe of one leg, the hip at its standing height."""
    swing = math.radians(swing_deg) * math.sin(2 * math.pi * phase)
    flex = math.radians(6.0 + gait.knee_deg * max(0.0, math.cos(2 * math.pi * (phase + 0.06))))
    hip = np.array([0.0, 0.10 * side, _HIP_M])
    knee = hip + 0.44 * np.array([math.sin(swing), 0.0, -math.cos(swing)])
    shin = swing - flex
    ankle = knee + 0.43 * np.array([math.sin(shin), 0.02 * side, -math.cos(shin)])
    toe = ankle + 0.17 * np.array([math.cos(shin * 0.7), 0.10 * side, math.sin(shin * 0.7) - 0.12])
    return [hip, knee, ankle, toe]


def _arm(gait: _Gait, phase: float, side: float, chest: Array) -> list[Array]:
    """Shoulder, elbow and hand of one arm."""
    swing = math.radians(gait.raise_deg + gait.arm_deg * math.sin(2 * math.pi * phase))
    shoulder = chest + np.array([0.0, 0.19 * side, -0.03])
    elbow = shoulder + 0.29 * np.array([math.sin(swing), 0.22 * side, -math.cos(swing)])
    bend = swing + math.radians(gait.elbow_deg)
    hand = elbow + 0.26 * np.array([math.sin(bend), -0.10 * side, -math.cos(bend)])
    return [shoulder, elbow, hand]


def _draw_leg(figure: _Figure, kit: Kit, leg: list[Array], light: float) -> None:
    hip, knee, ankle, toe = leg
    figure.limb([ankle, toe], 0.085, (0.10, 0.10, 0.12), light)
    figure.limb([hip, knee], 0.15, kit.skin, light)
    figure.limb([knee, knee + 0.3 * (ankle - knee)], 0.11, kit.skin, light)
    figure.limb([knee + 0.28 * (ankle - knee), ankle], 0.115, kit.socks, light)
    figure.limb([hip, hip + 0.62 * (knee - hip)], 0.20, kit.shorts, light)


def _draw_arm(figure: _Figure, kit: Kit, arm: list[Array], light: float) -> None:
    shoulder, elbow, hand = arm
    figure.limb([elbow, hand], 0.075, kit.skin, light)
    figure.limb([shoulder, shoulder + 0.85 * (elbow - shoulder)], 0.115, kit.shirt, light * 0.94)


def _draw_torso(figure: _Figure, kit: Kit, hip: Array, chest: Array) -> None:
    def ring(centre: Array, half_wide: float, half_deep: float) -> list[Array]:
        return [
            centre + np.array([half_deep * math.cos(turn), half_wide * math.sin(turn), 0.0])
            for turn in np.linspace(0.0, 2 * math.pi, 12, endpoint=False)
        ]

    low = np.array([0.0, 0.0, -0.05])
    figure.patch(
        [*ring(hip + low, 0.17, 0.13), *ring(hip + 0.12 * (chest - hip), 0.16, 0.12)], kit.shorts, 0.95
    )
    waist, top = hip + 0.08 * (chest - hip), chest + np.array([0.0, 0.0, 0.02])
    figure.patch([*ring(waist, 0.165, 0.125), *ring(top, 0.215, 0.13)], kit.shirt, 0.80)
    # The sun is to the viewer's left: draw the body again, narrower and brighter, on that side.
    lit = np.array([-math.sin(figure.turn), -math.cos(figure.turn), 0.0]) * 0.055
    figure.patch([*ring(waist + lit, 0.115, 0.08), *ring(top + lit, 0.155, 0.085)], kit.shirt, 1.0)
    collar = top + np.array([0.0, 0.0, 0.03])
    figure.patch(ring(collar, 0.08, 0.07), kit.trim, 0.95)


def _draw_head(figure: _Figure, kit: Kit, chest: Array, lean: float) -> None:
    neck = chest + np.array([0.04 * math.sin(lean), 0.0, 0.06])
    head = chest + np.array([0.10 * math.sin(lean) + 0.02, 0.0, 0.235])
    figure.limb([neck, head], 0.10, kit.skin, 0.85)
    figure.ball(head, 0.112, kit.skin, 0.88)
    figure.ball(head + np.array([0.02, 0.0, 0.0]) + _left_of_viewer(figure, 0.02), 0.085, kit.skin, 1.04)
    figure.ball(head + np.array([-0.035, 0.0, 0.045]), 0.108, kit.hair, 1.0)
    if figure.depth(np.array([1.0, 0.0, 0.0])) > 0.2:
        figure.ball(head + np.array([0.05, 0.0, -0.025]), 0.088, kit.skin, 1.0)


def _left_of_viewer(figure: _Figure, metres: float) -> Array:
    return np.array([-math.sin(figure.turn), -math.cos(figure.turn), 0.0]) * metres


def _shade(colour: Rgb, light: float) -> Yuva:
    y, u, v = yuv((colour[0] * light, colour[1] * light, colour[2] * light))
    return y, u, v, 255
