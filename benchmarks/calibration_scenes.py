"""Scenes for `foresight bench calibrate`: what a camera of any lens would see, made from films with a known rig.

Independent of `pipeline.optics` on purpose: its own lens formulas, its own geometry, plain `cv2.remap` of ray
tables. World axes: x right, y down, z forward; angles in degrees; pixel centres have whole-number coordinates.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Picture = NDArray[np.uint8]

_TABLE = np.linspace(0.0, math.radians(150), 6000)


@dataclass(frozen=True)
class Optics:
    """One camera as the harness knows it: lens, rotation and place."""

    model: str
    size: tuple[int, int]
    focal: float
    centre: tuple[float, float]
    k: tuple[float, ...] = ()
    yaw: float = 0.0
    tilt: float = 0.0
    roll: float = 0.0
    place: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def turn(self) -> Array:
        """Camera to world, `Ry Rx Rz`."""
        a, b, c = (math.radians(x) for x in (self.yaw, self.tilt, self.roll))
        ry = np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
        rx = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
        rz = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
        return ry @ rx @ rz

    def _radius_of(self, angle: Array) -> Array:
        base = np.tan(np.minimum(angle, 1.55)) if self.model == "rectilinear" else angle
        total = base.copy()
        for i, k in enumerate(self.k, 1):
            total = total + k * base ** (2 * i + 1)
        return total

    def to_pixels(self, world: Array) -> Array:
        """Pixels (..., 2) of world directions (..., 3); nan where the lens sees nothing."""
        own = world @ self.turn
        x, y, z = own[..., 0], own[..., 1], own[..., 2]
        if self.model in ("rectilinear", "fisheye"):
            off = np.arctan2(np.hypot(x, y), z)
            limit = 1.5 if self.model == "rectilinear" else 2.5
            reach = np.where(off < limit, self._radius_of(off), np.nan)
            about = np.arctan2(y, x)
            u, v = reach * np.cos(about), reach * np.sin(about)
        else:
            u = np.arctan2(x, z)
            flat = np.hypot(x, z)
            v = y / np.maximum(flat, 1e-9) if self.model == "cylindrical" else np.arctan2(y, flat)
        return np.stack([self.centre[0] + self.focal * u, self.centre[1] + self.focal * v], axis=-1)

    def rays(self, pixels: Array) -> Array:
        """World directions (..., 3) of pixels (..., 2); nan beyond the lens."""
        u = (pixels[..., 0] - self.centre[0]) / self.focal
        v = (pixels[..., 1] - self.centre[1]) / self.focal
        if self.model in ("rectilinear", "fisheye"):
            reach = self._radius_of(_TABLE)
            stop = int(np.argmax(np.diff(reach) <= 0)) or len(reach) - 1
            if self.model == "rectilinear":
                stop = min(stop, int(np.searchsorted(_TABLE, 1.5)))
            radius = np.hypot(u, v)
            off = np.interp(radius, reach[: stop + 1], _TABLE[: stop + 1], right=np.nan)
            about = np.arctan2(v, u)
            own = np.stack([np.sin(off) * np.cos(about), np.sin(off) * np.sin(about), np.cos(off)], axis=-1)
        elif self.model == "cylindrical":
            own = np.stack([np.sin(u), v, np.cos(u)], axis=-1)
            own /= np.linalg.norm(own, axis=-1, keepdims=True)
        else:
            own = np.stack([np.sin(u) * np.cos(v), np.sin(v), np.cos(u) * np.cos(v)], axis=-1)
        if self.model in ("cylindrical", "equirectangular"):
            own[np.abs(u) > math.pi] = np.nan
        return own @ self.turn.T

    def grid(self, step: int = 1) -> Array:
        """Every `step`-th pixel, (rows, columns, 2)."""
        width, height = self.size
        return np.stack(np.meshgrid(np.arange(0, width, step), np.arange(0, height, step)), axis=-1).astype(
            np.float64
        )


@dataclass(frozen=True)
class Shot:
    """One source camera: its optics, its background and moments of play, BGR of the optics' size."""

    optics: Optics
    background: Picture
    moments: tuple[Picture, ...]


@dataclass(frozen=True)
class Scene:
    """A venue with exact or fitted truth: cameras `height` above the ground, a wall at `wall` metres, a pitch."""

    name: str
    height: float
    wall: float
    shots: tuple[Shot, ...]
    pitch: tuple[float, float, float, float]
    """Length, width, and x and z of the centre, metres."""

    def points(self, rays: Array) -> Array:
        """Where rays from the origin meet ground or wall, (..., 3) in metres."""
        flat = np.hypot(rays[..., 0], rays[..., 2])
        near = np.maximum(rays[..., 1] / self.height, flat / self.wall)
        return rays / np.maximum(near, 1e-9)[..., None]

    def maps(self, view: Optics, only: int | None = None) -> list[tuple[int, int, NDArray[np.float32]]]:
        """Where each pixel of `view` comes from: shot, how far its pictures are shrunk first, and pixels in it.

        `only` names the shot that the view is made from; otherwise it is the one that looks there.
        """
        rays = view.rays(view.grid())
        x, y, z = view.place
        near = np.maximum(rays[..., 1] / (self.height - y), np.hypot(rays[..., 0], rays[..., 2]) / self.wall)
        points = np.array([x, y, z]) + rays / np.maximum(near, 1e-9)[..., None]
        chosen = range(len(self.shots)) if only is None else [only]
        yaw = np.degrees(np.arctan2(points[..., 0], points[..., 2]))
        owner = np.zeros(yaw.shape, int) if only is None else np.full(yaw.shape, only)
        if only is None and len(self.shots) > 1:
            edges = [(a.optics.yaw + b.optics.yaw) / 2 for a, b in pairwise(self.shots)]
            owner = np.searchsorted(edges, np.nan_to_num(yaw))
        found = []
        for i in chosen:
            optics = self.shots[i].optics
            at = optics.to_pixels(points - np.asarray(optics.place))
            shrink = max(1, int(optics.focal / view.focal / 1.2 + 0.5))
            at = (at + 0.5) / shrink - 0.5
            at = np.where((owner == i)[..., None], np.nan_to_num(at, nan=-1e4), -1e4).astype(np.float32)
            found.append((i, shrink, at))
        return found

    def render(self, maps: list[tuple[int, int, NDArray[np.float32]]], moment: int | None) -> Picture:
        """What the camera with these maps sees at a moment of play; None: the background."""
        high, wide = maps[0][2].shape[:2]
        out = np.zeros((high, wide, 3), np.uint8)
        for i, shrink, at in maps:
            shot = self.shots[i]
            picture = shot.background if moment is None else shot.moments[moment % len(shot.moments)]
            if shrink > 1:
                picture = cv2.resize(
                    picture, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA
                )
            rows, columns = picture.shape[:2]
            inside = (at > 0).all(axis=-1) & (at[..., 0] < columns - 1) & (at[..., 1] < rows - 1)
            out[inside] = cv2.remap(picture, at[..., 0], at[..., 1], cv2.INTER_CUBIC)[inside]
        return out

    def lines(self, step: float = 0.5) -> list[Array]:
        """The markings of the pitch as polylines of world points (n, 3) on the ground."""
        length, width, x, z = self.pitch
        a, b = length / 2, width / 2
        pieces = [
            ((-a, -b), (a, -b)), ((-a, b), (a, b)), ((0, -b), (0, b)), ((-a, -b), (-a, b)), ((a, -b), (a, b)),
        ]  # fmt: skip
        for side in (-1, 1):
            for deep, wide in ((16.5, 20.16), (5.5, 9.16)):
                front = side * (a - deep)
                pieces += [((front, -wide), (front, wide))]
                pieces += [((side * a, s * wide), (front, s * wide)) for s in (-1, 1)]
        lines = []
        for (u1, v1), (u2, v2) in pieces:
            t = np.linspace(0, 1, max(2, int(math.hypot(u2 - u1, v2 - v1) / step)))
            u, v = u1 + t * (u2 - u1), v1 + t * (v2 - v1)
            lines.append(np.stack([u + x, np.full_like(t, self.height), v + z], axis=-1))
        t = np.linspace(0, 2 * math.pi, 120)
        lines.append(
            np.stack([9.15 * np.cos(t) + x, np.full_like(t, self.height), 9.15 * np.sin(t) + z], axis=-1)
        )
        return lines


def real_optics(rig_file: Path) -> tuple[float, float, tuple[Optics, ...]]:
    """Height, wall and cameras of a rig file, read without the project's reader."""
    table = tomllib.loads(rig_file.read_text(encoding="utf-8"))
    cameras = tuple(
        Optics(
            one["model"], tuple(one["size_px"]), one["focal_px"], tuple(one["centre_px"]), tuple(one["k"]),
            one["yaw_deg"], one["pitch_deg"], one["roll_deg"], tuple(one["position_m"]),
        )
        for one in table["camera"]
    )  # fmt: skip
    return table["surface"]["height_m"], table["surface"]["range_cap_m"], cameras


@lru_cache(maxsize=2)
def real_scene(data: Path, cache: Path, moments: int = 10) -> Scene:
    """The two real films: their median backgrounds, gains applied, and frames of the same moments."""
    height, wall, cameras = real_optics(data / "rig.toml")
    gains = [
        one["gain_bgr"] for one in tomllib.loads((data / "rig.toml").read_text(encoding="utf-8"))["camera"]
    ]
    shots = []
    for optics, gain, name, late in zip(cameras, gains, ("left", "right"), (0, -4), strict=True):
        frames = _cached(
            cache / f"{name}.npz",
            lambda name=name, late=late: _film_frames(data / f"{name}.mp4", late, moments),
        )
        frames = np.clip(frames.astype(np.float32) * np.array(gain, np.float32) + 0.5, 0, 255).astype(
            np.uint8
        )
        background = np.median(frames[:9], axis=0).astype(np.uint8)
        shots.append(Shot(optics, background, tuple(frames)))
    return Scene("real", height, wall, tuple(shots), REAL_PITCH)


REAL_PITCH = (105.04, 68.10, 1.21, 49.0)
"""Of the two real films in the world of their rig file: their painted lines, located with that rig."""


def _film_frames(path: Path, late: int, count: int) -> NDArray[np.uint8]:
    film = cv2.VideoCapture(str(path))
    frames = []
    wanted = {12 + late + 24 * i for i in range(count)}
    index = 0
    while len(frames) < count:
        good, frame = film.read()
        if not good:
            break
        if index in wanted:
            frames.append(frame)
        index += 1
    return np.stack(frames)


@lru_cache(maxsize=4)
def match_scene(seed: int, height_m: float, cache: Path, moments: int = 8) -> Scene:
    """The built-in match from `height_m`, drawn wider than its own film: exact truth."""
    width, rows = 5120, 1460
    focal = width / math.radians(200)
    horizon = 300.0

    def draw() -> NDArray[np.uint8]:
        from pipeline.match.draw import Painter
        from pipeline.match.play import Play
        from pipeline.match.venue import Venue
        from pipeline.optics.frame import Frame

        venue = Venue(width, rows, height_m, focal, (width - 1) / 2, horizon)
        painter, play = Painter(venue, "white"), Play(seed)
        frames = []
        for i in range(moments):
            frame = Frame.empty("NV12", width, rows)
            painter.draw(play.at(2.0 + 3.0 * i), frame)
            flat = np.vstack([frame.planes[0], frame.planes[1].reshape(rows // 2, width)])
            frames.append(cv2.cvtColor(flat, cv2.COLOR_YUV2BGR_NV12))
        return np.stack(frames)

    frames = _cached(cache / f"match-{seed}-{height_m:g}.npz", draw)
    optics = Optics("cylindrical", (width, rows), focal, ((width - 1) / 2, horizon))
    background = np.median(frames, axis=0).astype(np.uint8)
    # Venue: 14 m from the near touchline, 105 m by 68 m, the camera at the halfway line.
    return Scene("match", height_m, 1e5, (Shot(optics, background, tuple(frames)),), (105.0, 68.0, 0.0, 48.0))


def _cached(path: Path, make) -> NDArray[np.uint8]:  # type: ignore[no-untyped-def]
    """What `make` returns, kept in a file between runs."""
    if path.exists():
        return np.load(path)["frames"]
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = make()
    np.savez(path, frames=frames)
    return frames
