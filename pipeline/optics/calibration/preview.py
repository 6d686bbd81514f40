"""Preview of a calibration: the panorama with horizon, seams, pitch and held-out errors drawn over it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from pipeline.optics.angles import Array
from pipeline.optics.calibration.calibrate import Calibration
from pipeline.optics.calibration.footage import Footage, Picture
from pipeline.optics.calibration.quality import HeldOut
from pipeline.optics.frame import Frame
from pipeline.optics.render import Renderer
from pipeline.optics.rig import Rig
from pipeline.optics.view import View

WIDTH_PX = 3840
ERROR_SCALE = 20.0
"""Magnification of the errors."""

_GOOD, _FAIR, _POOR = (90, 220, 90), (60, 200, 255), (70, 70, 255)
_HORIZON, _SEAM, _PITCH, _TEXT = (255, 220, 80), (255, 80, 255), (0, 235, 255), (255, 255, 255)
_PAD_DEG = 1.0
_CELL_DEG = 10.0
_STEP_M = 0.25


def draw_preview(calibration: Calibration, footage: Sequence[Footage], width: int = WIDTH_PX) -> Picture:
    """The panorama of the rig in BGR, shape (height, width, 3), with the results of the calibration drawn over it.

    Yellow: the pitch. Blue: the horizon and every tenth degree. Magenta: seams. Dots and strokes: matches and their
    held-out errors, magnified ERROR_SCALE times; green under 1 px, orange under 2 px, red above. Pure; any thread.
    """
    rig = calibration.rig
    view, height = _panorama(rig, width)
    frame = Renderer(rig, width, height, "I420").render(view, _rig_frame(rig, footage))
    flat = np.vstack([plane.reshape(-1, width) for plane in frame.planes])
    picture = cv2.cvtColor(flat, cv2.COLOR_YUV2BGR_I420).astype(np.uint8, copy=False)
    pen = _Pen(picture, view)
    _draw_grid(pen, rig)
    _draw_pitch(pen, rig)
    for held in (*calibration.report.far, *calibration.report.ties):
        _draw_errors(pen, rig, held)
    _write(picture, calibration)
    return picture


class _Pen:
    """Draws lines on a panorama, given in angles or pixels."""

    def __init__(self, picture: Picture, view: View) -> None:
        self.picture = picture
        self._view = view

    def pixels(self, yaw_deg: Array, tilt_deg: Array) -> Array:
        height, width = self.picture.shape[:2]
        return self._view.angles_to_pixels(yaw_deg, tilt_deg, width, height)

    def line(self, yaw_deg: Array, tilt_deg: Array, colour: tuple[int, int, int], thickness: int = 1) -> None:
        self.stroke(self.pixels(yaw_deg, tilt_deg), colour, thickness)

    def stroke(self, pixels: Array, colour: tuple[int, int, int], thickness: int = 1) -> None:
        known = pixels[np.isfinite(pixels).all(axis=1)]
        points = np.round(np.clip(known, -1e4, 1e5) * 16).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(self.picture, [points], False, colour, thickness, cv2.LINE_AA, 4)


def _panorama(rig: Rig, width: int) -> tuple[View, int]:
    """The upright cylindrical view of all that the rig sees, except far above the horizon, and its height."""
    reach = rig.coverage()
    hfov_deg = min(reach.yaw_max_deg - reach.yaw_min_deg + 2 * _PAD_DEG, 360.0)
    top, bottom = np.tan(np.radians([min(reach.tilt_max_deg, 25.0), max(reach.tilt_min_deg, -50.0)]))
    # A multiple of 4, because OpenCV stacks the planes of I420.
    height = round(width / np.radians(hfov_deg) * float(top - bottom) / 4) * 4
    middle_deg = float(np.degrees(np.arctan((top + bottom) / 2)))
    return View((reach.yaw_min_deg + reach.yaw_max_deg) / 2, middle_deg, hfov_deg, 0.0, "cylindrical"), height


def _rig_frame(rig: Rig, footage: Sequence[Footage]) -> Frame:
    """The backgrounds, stacked into a rig frame."""
    wide, high = rig.frame_size
    stack = np.zeros((high, wide, 3), np.uint8)
    for i, part in enumerate(footage):
        region = rig.region(i)
        stack[region.y : region.y + region.height, region.x : region.x + region.width] = part.background
    flat = cv2.cvtColor(stack, cv2.COLOR_BGR2YUV_I420).astype(np.uint8, copy=False)
    chroma = flat[high:].reshape(2, high // 2, wide // 2)
    return Frame("I420", (flat[:high], chroma[0], chroma[1]))


def _draw_grid(pen: _Pen, rig: Rig) -> None:
    reach = rig.coverage()
    yaws = np.linspace(reach.yaw_min_deg, reach.yaw_max_deg, 200)
    pen.line(yaws, np.zeros_like(yaws), _HORIZON, 2)
    for yaw in np.arange(np.ceil(reach.yaw_min_deg / _CELL_DEG) * _CELL_DEG, reach.yaw_max_deg, _CELL_DEG):
        pen.line(np.full(2, yaw), np.array([-0.6, 0.6]), _HORIZON, 2)
        x, y = pen.pixels(np.array(yaw), np.array(0.8))
        cv2.putText(
            pen.picture, f"{yaw:.0f}", (int(x) - 14, int(y)), cv2.FONT_HERSHEY_SIMPLEX, 0.7, _HORIZON, 2
        )
    for seam in rig.seams_deg:
        tilts = np.linspace(reach.tilt_min_deg, reach.tilt_max_deg, 60)
        pen.line(np.full_like(tilts, seam), tilts, _SEAM, 1)


def _draw_pitch(pen: _Pen, rig: Rig) -> None:
    if rig.pitch is None:
        return
    for points in rig.pitch.markings.outlines(_STEP_M).values():
        pen.line(*rig.pitch_to_angles(points[:, 0], points[:, 1]), _PITCH)


def _draw_errors(pen: _Pen, rig: Rig, held: HeldOut) -> None:
    matches = held.matches
    starts = pen.pixels(*rig.pixels_to_angles(matches.b, matches.pixels_b))
    ends = pen.pixels(*rig.pixels_to_angles(matches.b, matches.pixels_b + held.errors_px))
    for start, end, distance in zip(starts, ends, held.distances_px, strict=True):
        if not (np.isfinite(start).all() and np.isfinite(end).all()):
            continue
        colour = _GOOD if distance < 1 else _FAIR if distance < 2 else _POOR
        pen.stroke(np.stack([start, start + ERROR_SCALE * (end - start)]), colour)
        cv2.circle(pen.picture, (round(start[0]), round(start[1])), 2, colour, -1, cv2.LINE_AA)


def _write(picture: Picture, calibration: Calibration) -> None:
    """Write the error figures into the corner, each line on its own dark band."""
    report = calibration.report
    lines = []
    for name, ground in (("matches", False), ("ground", True)):
        figures = report.percentiles(ground=ground)
        if figures is not None:
            lines.append(
                f"{name}: median {figures[0]:.2f} px, p95 {figures[1]:.2f} px "
                f"(held out, drawn at {ERROR_SCALE:.0f}x)"
            )
    if report.line_rms_px:
        lines.append(f"lines: worst {max(report.line_rms_px.values()):.2f} px rms")
    offsets = ", ".join(f"{camera.name} {camera.frame_offset:+d}" for camera in calibration.rig.cameras)
    lines.append(f"height {calibration.rig.surface.height_m:.2f} m; frames {offsets}")
    lines += calibration.notes
    for i, line in enumerate(lines):
        (wide, high), _ = cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 2)
        top = 12 + i * (high + 16)
        picture[top : top + high + 12, 12 : 12 + wide + 12] //= 3
        cv2.putText(picture, line, (18, top + high + 4), cv2.FONT_HERSHEY_SIMPLEX, 0.8, _TEXT, 2, cv2.LINE_AA)
