"""Light: what lights the match, and so how bright the ground is at each place and where shadows fall."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from pipeline.match.blend import Patch
from pipeline.match.colour import Picture, Rgb, yuv_matrix
from pipeline.match.field import HALF_LENGTH_M, HALF_WIDTH_M
from pipeline.match.settings import LIGHTS
from pipeline.match.venue import SETBACK_M

HORIZON_SLOPE: Final = -0.02
"""Rays above this slope meet only sky, trees or stands."""


@dataclass(frozen=True, slots=True)
class Shade:
    """One shadow of something upright: its length to the right and away from the camera, per metre of height, and
    its darkness compared with that of the day's."""

    right: float
    away: float
    darkness: float = 1.0


class Light(ABC):
    """A light. Immutable; any thread."""

    sky: Rgb = (1.0, 1.0, 1.0)
    """What remains of the day's sky."""
    around: Rgb = (1.0, 1.0, 1.0)
    """What remains of the day's light above the ground, where nobody plays."""
    colour: Rgb = (1.0, 1.0, 1.0)
    """The colour of the light on the ground."""

    @abstractmethod
    def level(self, u_m: Picture, v_m: Picture) -> Picture:
        """The brightness of the ground at these places, of equal shapes; 1 is that of the day."""

    @abstractmethod
    def shades(self, u_m: float, v_m: float) -> Sequence[Shade]:
        """The shadows of something upright at this place."""

    def relit(self, patch: Patch, u_m: float, v_m: float) -> Patch:
        """A patch painted for the day, of something at this place, in this light."""
        level = float(self.level(np.array([u_m], np.float32), np.array([v_m], np.float32))[0])
        mixed = yuv_matrix((self.colour[0] * level, self.colour[1] * level, self.colour[2] * level))
        return Patch(np.asarray(cv2.transform(patch.pixels, mixed), np.uint8), patch.x, patch.y)


class Day(Light):
    """A high sun to the left, behind the camera: one short shadow, the same light everywhere."""

    def level(self, u_m: Picture, v_m: Picture) -> Picture:
        """1 everywhere."""
        return np.ones(np.broadcast_shapes(u_m.shape, v_m.shape), np.float32)

    def shades(self, u_m: float, v_m: float) -> Sequence[Shade]:
        """One."""
        del u_m, v_m
        return (Shade(0.62, 0.30),)

    def relit(self, patch: Patch, u_m: float, v_m: float) -> Patch:
        """The patch as it is."""
        del u_m, v_m
        return patch


class LowSun(Light):
    """An evening sun behind the camera's stand: long shadows, warm light, and the stand's own shadow on the near
    side of the pitch, in which nobody casts one."""

    sky, around, colour = (1.0, 0.86, 0.72), (0.80, 0.68, 0.52), (1.0, 0.90, 0.70)
    _SHADED: Final = 0.45
    _EDGE_M: Final = -HALF_WIDTH_M + 16.0
    _SOFT_M: Final = 1.5

    def level(self, u_m: Picture, v_m: Picture) -> Picture:
        """Darker on the near side, with a soft and slightly slanted edge."""
        out = np.clip((v_m - self._EDGE_M - 0.06 * u_m) / self._SOFT_M + 0.5, 0.0, 1.0)
        level: Picture = (self._SHADED + (1.0 - self._SHADED) * out).astype(np.float32)
        return level

    def shades(self, u_m: float, v_m: float) -> Sequence[Shade]:
        """One that is long, none in the stand's shadow."""
        in_sun = v_m > self._EDGE_M + 0.06 * u_m
        return (Shade(2.4, 1.1, 0.9),) if in_sun else ()


class Floodlight(Light):
    """Night, with a mast at each corner: uneven light, and a shadow from each mast that counts."""

    sky, around, colour = (0.05, 0.06, 0.10), (0.22, 0.23, 0.26), (0.94, 1.0, 0.97)
    _MAST_M: Final = 26.0
    _MASTS: Final = tuple(
        (end * (HALF_LENGTH_M - 8.0), side * (HALF_WIDTH_M + 16.0)) for end in (-1, 1) for side in (-1, 1)
    )
    _DARKEST: Final = 0.30
    _BRIGHTEST: Final = 0.92
    _FULL: Final = 0.0009
    """What the masts give together where it is brightest, per square metre."""
    _LEAST_SHARE: Final = 0.12
    """A mast that gives less of a place's light than this casts no shadow that can be seen there."""

    def level(self, u_m: Picture, v_m: Picture) -> Picture:
        """The sum of all masts; from a lamp at height h, level ground gets h / distance ** 3."""
        total = sum(self._given(u_m, v_m), np.zeros((), np.float32))
        bright = np.sqrt(np.clip(total / self._FULL, 0.0, 1.0))
        level: Picture = (self._DARKEST + (self._BRIGHTEST - self._DARKEST) * bright).astype(np.float32)
        return level

    def shades(self, u_m: float, v_m: float) -> Sequence[Shade]:
        """One away from each mast, as dark as that mast's share of the light."""
        given = [float(one) for one in self._given(np.float32(u_m), np.float32(v_m))]
        shares = [one / sum(given) for one in given]
        return [
            Shade((u_m - u) / self._MAST_M, (v_m - v) / self._MAST_M, share)
            for (u, v), share in zip(self._MASTS, shares, strict=True)
            if share > self._LEAST_SHARE
        ]

    def _given(self, u_m: Picture | np.float32, v_m: Picture | np.float32) -> list[Picture]:
        """What each mast gives at these places."""
        return [
            np.asarray(self._MAST_M / ((u_m - u) ** 2 + (v_m - v) ** 2 + self._MAST_M**2) ** 1.5, np.float32)
            for u, v in self._MASTS
        ]


_LIGHTS: Final[dict[str, Light]] = dict(zip(LIGHTS, (Day(), LowSun(), Floodlight()), strict=True))


def light_named(name: str) -> Light:
    """One of `LIGHTS`. Raises KeyError for another name."""
    return _LIGHTS[name]


def light_picture(picture: Picture, light: Light, rays: tuple[Picture, Picture], height_m: float) -> None:
    """Change the light of an RGB picture (rows, columns, 3) painted for the day, in place; the day changes nothing.

    ``rays``: yaw (columns,) in radians and slope (rows,), the tangent of the tilt; the camera stands `height_m`
    above the ground.
    """
    if isinstance(light, Day):
        return
    yaw, slope = rays
    above = slope >= HORIZON_SLOPE
    picture[above] *= np.array(light.around, np.float32)
    distance_m = np.float32(height_m) / -slope[~above]
    u_m = distance_m[:, None] * np.sin(yaw)[None]
    v_m = distance_m[:, None] * np.cos(yaw)[None] - np.float32(SETBACK_M + HALF_WIDTH_M)
    picture[~above] *= light.level(u_m, v_m)[..., None] * np.array(light.colour, np.float32)
