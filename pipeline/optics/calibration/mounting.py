"""How cameras stand on their mast, by a rig, and where to turn them: the pitch in view, overlap, tilt and roll."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.rig import Camera, Pitch, Rig

_STEP_M = 4.0
_MARGIN_M = 1.0
_TURNS_DEG, _TILTS_DEG = np.arange(-24, 25, 1.0), np.arange(-12, 13, 1.0)
_WORTH, _AS_GOOD = 0.02, 0.005
"""How much more of the pitch a turn must show; and what a smaller turn may show less than the best."""

_SKY_DEG = 2.0
"""So much above the horizon stays in view: what stands there steadies the picture."""

_MOST_ROLL_DEG = 2.0
LEAST_OVERLAP, _ENOUGH_OVERLAP = 0.2, 0.22
_GRID = 24


@dataclass(frozen=True, slots=True)
class Mounting:
    """How the cameras of a rig stand. ``pitch_share``: how much of the pitch they show together, None if it is not
    known; ``overlaps``: the share of its picture that each camera has in common with the next one to the right, the
    smaller of the two, from the left; ``hints``: what to do, a line each."""

    pitch_share: float | None
    overlaps: tuple[float, ...]
    hints: tuple[str, ...]


def mounting_of(rig: Rig) -> Mounting:
    """How a rig's cameras stand, and where to turn them. Pure; some tenths of a second."""
    order = rig.left_to_right
    overlaps = tuple(overlap(rig, a, b) for a, b in pairwise(order))
    ground = None if rig.pitch is None else _ground(rig.pitch, rig.surface.height_m)
    share = None if ground is None else float(_shown(rig.cameras, ground).any(axis=0).mean())
    return Mounting(share, overlaps, tuple(_hints(rig, ground, overlaps)))


def overlap(rig: Rig, a: int, b: int) -> float:
    """The share of its picture that camera `a` has in common with camera `b`, or the other way: the smaller."""
    shares = []
    for one, other in ((a, b), (b, a)):
        width, height = rig.cameras[one].size_px
        grid = np.stack(
            np.meshgrid(np.linspace(0, width - 1, _GRID), np.linspace(0, height - 1, _GRID)), axis=-1
        ).reshape(-1, 2)
        rays = rig.pixel_rays(one, grid[rig.cameras[one].shows(grid)])
        known = rays[np.isfinite(rays).all(axis=-1)]
        seen = rig.cameras[other].shows(rig.camera_pixels(other, known)) if len(known) else np.zeros(1)
        shares.append(float(seen.mean()))
    return min(shares)


def roll_of(camera: Camera) -> float:
    """How much lower the camera's right end is, in degrees; negative: its left end is lower."""
    return float(np.degrees(np.arcsin(np.clip(camera.rotation[1, 0], -1.0, 1.0))))


def _ground(pitch: Pitch, height_m: float) -> Array:
    """Points (n, 3) of the pitch and a little beyond its lines."""
    u, v = (
        np.arange(-side / 2 - _MARGIN_M, side / 2 + _MARGIN_M + _STEP_M / 2, _STEP_M)
        for side in (pitch.length_m, pitch.width_m)
    )
    x, z = pitch.to_world(*(part.ravel() for part in np.meshgrid(u, v)))
    return np.stack([x, np.full_like(x, height_m), z], axis=-1)


def _shown(cameras: Sequence[Camera], ground: Array) -> NDArray[np.bool_]:
    """Which points (n, 3) each camera shows, (cameras, n)."""
    with np.errstate(invalid="ignore"):
        return np.stack(
            [
                camera.shows(camera.lens.project((ground - np.asarray(camera.position_m)) @ camera.rotation))
                for camera in cameras
            ]
        )


def _hints(rig: Rig, ground: Array | None, overlaps: Sequence[float]) -> Iterator[str]:
    order = rig.left_to_right
    names = [f"{camera.name}: " if len(order) > 1 else "" for camera in rig.cameras]
    # Cameras side by side on a tilted plate roll to opposite sides; what they have in common is the plate's.
    roll_deg = float(np.mean([roll_of(camera) for camera in rig.cameras]))
    if abs(roll_deg) > _MOST_ROLL_DEG:
        low, high = ("right", "left") if roll_deg > 0 else ("left", "right")
        yield f"lower the {high} end by {abs(roll_deg):.0f} degrees: the {low} one is too low"
    too_far = [(a, b) for (a, b), own in zip(pairwise(order), overlaps, strict=True) if own < LEAST_OVERLAP]
    for a, b in too_far:
        turn_deg = _closer(rig, a, b)
        how = f"turn it {turn_deg:.0f} degrees to the left" if turn_deg else "turn them closer"
        yield f"{rig.cameras[b].name}: overlaps too little with {rig.cameras[a].name}: {how}"
    if ground is None or too_far:
        return
    for i, name in enumerate(names):
        yield from (f"{name}{hint}" for hint in _turn(rig, i, ground))


def _closer(rig: Rig, a: int, b: int) -> float:
    """By how many degrees camera `b` is to be turned to the left, to overlap enough with `a`; 0 if none does."""
    for turn_deg in _TURNS_DEG[_TURNS_DEG > 0]:
        if overlap(_turned(rig, b, -float(turn_deg), 0.0), a, b) >= _ENOUGH_OVERLAP:
            return float(turn_deg)
    return 0.0


def _turn(rig: Rig, i: int, ground: Array) -> Iterator[str]:
    """The smallest turn of camera `i` that shows as much of the pitch as any does, if that is clearly more."""
    camera = rig.cameras[i]
    others = [other for j, other in enumerate(rig.cameras) if j != i]
    seen = _shown(others, ground).any(axis=0) if others else np.zeros(len(ground), bool)
    own = ground - np.asarray(camera.position_m)
    sky_deg = _top_deg(camera)
    found: dict[tuple[float, float], float] = {}
    for yaw_deg, tilt_deg in product(_TURNS_DEG, _TILTS_DEG):
        if tilt_deg < 0 and sky_deg + tilt_deg < min(sky_deg, _SKY_DEG):
            continue
        turned = replace(camera, yaw_deg=camera.yaw_deg + yaw_deg, tilt_deg=camera.tilt_deg + tilt_deg)
        with np.errstate(invalid="ignore"):
            shown = turned.shows(turned.lens.project(own @ turned.rotation))
        found[float(yaw_deg), float(tilt_deg)] = float((seen | shown).mean())
    now = found[0.0, 0.0]
    best = max(found.values())
    if best - now < _WORTH:
        return
    enough = sorted(
        (turn for turn, share in found.items() if share >= best - _AS_GOOD),
        key=lambda turn: abs(turn[0]) + abs(turn[1]),
    )
    for yaw_deg, tilt_deg in enough:
        if others and not _still_overlaps(rig, i, yaw_deg, tilt_deg):
            continue
        ways = [
            f"{abs(angle):.0f} degrees {way[angle > 0]}"
            for angle, way in ((yaw_deg, ("to the left", "to the right")), (tilt_deg, ("down", "up")))
            if angle
        ]
        yield f"turn {' and '.join(ways)}: {best:.0%} of the pitch in view instead of {now:.0%}"
        return


def _still_overlaps(rig: Rig, i: int, yaw_deg: float, tilt_deg: float) -> bool:
    turned = _turned(rig, i, yaw_deg, tilt_deg)
    pairs = [pair for pair in pairwise(rig.left_to_right) if i in pair]
    return all(overlap(turned, *pair) >= LEAST_OVERLAP for pair in pairs)


def _turned(rig: Rig, i: int, yaw_deg: float, tilt_deg: float) -> Rig:
    camera = rig.cameras[i]
    turned = replace(camera, yaw_deg=camera.yaw_deg + yaw_deg, tilt_deg=camera.tilt_deg + tilt_deg)
    return replace(rig, cameras=(*rig.cameras[:i], turned, *rig.cameras[i + 1 :]))


def _top_deg(camera: Camera) -> float:
    """How far above the horizon the middle of the upper edge looks, in degrees; 90 where the lens sees nothing."""
    ray = camera.lens.unproject(np.array([[(camera.size_px[0] - 1) / 2, 0.0]])) @ camera.rotation.T
    up_deg = float(np.degrees(np.arcsin(np.clip(-ray[0, 1], -1.0, 1.0))))
    return up_deg if np.isfinite(up_deg) else 90.0
