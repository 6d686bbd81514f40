"""Rigs drawn at random over a field, and the clicks of a person on named points that their cameras show."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pipeline.fields import FieldSize, PlayingField, load_field
from pipeline.optics.angles import Array
from pipeline.optics.calibration.control_points import CameraPoints, ControlPoints
from pipeline.optics.calibration.points_fit import seen_outlines
from pipeline.optics.calibration.residuals import place_pixels
from pipeline.optics.calibration.solve import below_horizon_deg, top_pixels
from pipeline.optics.lens import LENSES
from pipeline.optics.rig import Camera, Pitch, Rig
from pipeline.optics.surface import Surface


def draw_rig(rng: np.random.Generator, kind: PlayingField, size: FieldSize) -> Rig:
    """One camera beside the field: any lens, tilt and roll, some metres high and back from the near side."""
    model = str(rng.choice(list(LENSES)))
    if model in ("rectilinear", "fisheye"):
        width, height, wide = 1920, 1080, math.radians(rng.uniform(60, 110))
        half = math.tan(wide / 2) if model == "rectilinear" else wide / 2
        k = (rng.uniform(-0.02, 0.005), 0.0) if model == "rectilinear" else tuple(rng.uniform(-0.03, 0.01, 2))
        yaw = rng.uniform(-35, 35)
    else:
        width, height, half, k = 3840, 1080, math.radians(rng.uniform(110, 170)) / 2, ()
        yaw = rng.uniform(-8, 8)
    off = rng.normal(0, 0.006, 2) * width
    middle = ((width - 1) / 2 + off[0], (height - 1) / 2 + off[1])
    lens = LENSES[model]((width, height), width / 2 / half, middle, tuple(map(float, k)))
    tall_m, back_m = size.width_m * rng.uniform(0.08, 0.2), size.width_m * rng.uniform(0.1, 0.35)
    aside_m = size.length_m * rng.uniform(-0.2, 0.2)
    camera = Camera("camera", lens, yaw, -rng.uniform(5, 22), rng.uniform(-5, 5))
    pitch = Pitch(*size, (aside_m, back_m + size.width_m / 2), 0.0, kind)
    return Rig((camera,), Surface("ground-capped", tall_m, 300.0), pitch=pitch)


def click(
    rng: np.random.Generator, rig: Rig, counts: list[int], noise_px: float, size: FieldSize | None = None
) -> ControlPoints | None:
    """So many clicks on each camera, far apart and `noise_px` off; None where fewer points are seen."""
    pitch = rig.pitch
    assert pitch is not None
    cameras = []
    for i, (camera, count) in enumerate(zip(rig.cameras, counts, strict=True)):
        named = [point for point in pitch.markings.points if point.height_m == 0]
        places = np.array([(*point.at, 0.0) for point in named])
        pixels = place_pixels(rig, i, places)
        with np.errstate(invalid="ignore"):
            shown = list(np.flatnonzero(((pixels > 8) & (pixels < np.array(camera.size_px) - 8)).all(axis=1)))
        if len(shown) < count:
            return None
        rng.shuffle(shown)
        chosen = shown[: min(1, count)]
        while len(chosen) < count:
            rest = [j for j in shown if j not in chosen]
            chosen.append(max(rest, key=lambda j: min(np.linalg.norm(pixels[j] - pixels[c]) for c in chosen)))
        at = pixels[chosen] + rng.normal(0, noise_px, (len(chosen), 2))
        names = tuple(named[j].name for j in chosen)
        cameras.append(CameraPoints(camera.name, camera.size_px, names, places[chosen], at))
    return ControlPoints(pitch.kind, size or FieldSize(pitch.length_m, pitch.width_m), tuple(cameras))


def errors(truth: Rig, found: Rig) -> tuple[float, float, float]:
    """How far a rig is off: scale, relatively; horizon, degrees; markings, 95th percentile in pixels."""
    tops = [top_pixels(camera) for camera in truth.cameras]
    horizon = float(np.abs(below_horizon_deg(truth, tops) - below_horizon_deg(found, tops)).max())
    off: list[Array] = []
    for i, places, pixels, normals in seen_outlines(truth, 1.0):
        there = np.nan_to_num(place_pixels(found, i, places), nan=1e4)
        off.append(np.abs(np.einsum("ij,ij->i", there - pixels, normals)))
    scale = found.surface.height_m / truth.surface.height_m - 1
    return abs(scale), horizon, float(np.percentile(np.concatenate(off), 95))


def alone(rig: Rig, i: int) -> Rig:
    """One camera of a rig as a rig of its own, at the origin."""
    assert rig.pitch is not None
    x, y, z = rig.cameras[i].position_m
    centre = (rig.pitch.centre_m[0] - x, rig.pitch.centre_m[1] - z)
    return Rig(
        (replace(rig.cameras[i], position_m=(0.0, 0.0, 0.0)),),
        replace(rig.surface, height_m=rig.surface.height_m - y),
        pitch=replace(rig.pitch, centre_m=centre),
    )


def football_case(seed: int, count: int, noise_px: float) -> tuple[Rig, ControlPoints] | None:
    """A camera over a football pitch and clicks on it."""
    rng = np.random.default_rng(seed)
    size = FieldSize(float(rng.uniform(95, 110)), float(rng.uniform(60, 72)))
    rig = draw_rig(rng, load_field("football"), size)
    points = click(rng, rig, [count], noise_px)
    return None if points is None else (rig, points)
