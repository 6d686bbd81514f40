"""Overlay: draws boxes, the coming path and the outline of a view onto the planes of a rendered image."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.frame import Frame, Plane
from pipeline.optics.view import View

Colour = tuple[int, int, int]
"""Y, U and V, BT.709, video range."""

RED: Colour = (103, 104, 214)
GREEN: Colour = (172, 70, 60)
YELLOW: Colour = (219, 16, 138)
WHITE: Colour = (235, 128, 128)
BLACK: Colour = (16, 128, 128)

_LINE_SHARE = 1 / 300
"""Line thickness as a fraction of the image height."""

_TEXT_SHARE = 1 / 24
"""Letter height of a notice as a fraction of the image height, unless the line is too long for that."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_HEIGHT_PX = 22
"""Height of the font's capital letters at scale 1."""

_DOT_SHARE = 1 / 150
"""Radius of the first dot as a fraction of the image height; the last dot has a third of that radius."""


@dataclass(frozen=True, slots=True)
class Box:
    """A bounding box: its centre and full extent in degrees, as detections give them."""

    yaw_deg: float
    tilt_deg: float
    width_deg: float
    height_deg: float
    colour: Colour = GREEN


@dataclass(frozen=True, slots=True)
class Overlay:
    """What to draw: boxes, the path (soonest first), and the outline of a view, both as yaw and tilt (N, 2)."""

    boxes: Sequence[Box] = ()
    path: Array | None = None
    outline: Array | None = None


def draw(frame: Frame, view: View, overlay: Overlay) -> None:
    """Draw an overlay onto `frame`, a writable frame that shows `view`. Pure; any thread.

    Anything outside the view is skipped. Takes some tens of microseconds per box.
    """
    if overlay.boxes:
        _draw_boxes(frame, view, overlay.boxes)
    if overlay.path is not None and len(overlay.path):
        _draw_path(frame, view, overlay.path)
    if overlay.outline is not None and len(overlay.outline):
        yaw, tilt = overlay.outline.T
        _draw_line(frame, view.angles_to_pixels(yaw, tilt, frame.width, frame.height), WHITE)


def draw_notice(frame: Frame, lines: Sequence[str]) -> None:
    """Draw `lines` in white on a black band at the top of `frame`, which must be writable. Pure; any thread.

    A long line is drawn smaller; characters outside ASCII become question marks.
    """
    height_px = frame.height * _TEXT_SHARE
    band_px = 2 * math.ceil(height_px)
    for plane, scale, value in _planes(frame, BLACK):
        plane[: band_px * len(lines) // scale] = value
    for row, line in enumerate(lines):
        text = line.encode("ascii", "replace").decode()
        size = height_px / _FONT_HEIGHT_PX
        thickness = max(1, round(height_px / 8))
        (width_px, _), _ = cv2.getTextSize(text, _FONT, size, thickness)
        size *= min(1.0, 0.94 * frame.width / width_px)
        (width_px, text_px), _ = cv2.getTextSize(text, _FONT, size, thickness)
        left, bottom = (frame.width - width_px) // 2, row * band_px + (band_px + text_px) // 2
        cv2.putText(frame.luma, text, (left, bottom), _FONT, size, WHITE[:1], thickness, cv2.LINE_AA)


def _draw_boxes(frame: Frame, view: View, boxes: Sequence[Box]) -> None:
    across, down = np.array([-0.5, 0.5, 0.5, -0.5]), np.array([0.5, 0.5, -0.5, -0.5])
    yaw = np.array([box.yaw_deg + across * box.width_deg for box in boxes])
    tilt = np.array([box.tilt_deg + down * box.height_deg for box in boxes])
    for corners, box in zip(view.angles_to_pixels(yaw, tilt, frame.width, frame.height), boxes, strict=True):
        _draw_line(frame, np.concatenate([corners, corners[:1]]), box.colour)


def _draw_path(frame: Frame, view: View, path: Array) -> None:
    dots = view.angles_to_pixels(path[:, 0], path[:, 1], frame.width, frame.height)
    radii = frame.height * _DOT_SHARE * np.linspace(1, 1 / 3, len(dots))
    for dot, radius in zip(dots, radii, strict=True):
        if not _within(dot, frame):
            continue
        for plane, scale, value in _planes(frame, YELLOW):
            centre = round(dot[0] / scale), round(dot[1] / scale)
            cv2.circle(plane, centre, math.ceil(radius / scale), value, cv2.FILLED)


def _draw_line(frame: Frame, points: Array, colour: Colour) -> None:
    """Draw a line through pixels (N, 2), interrupted outside the view and where the ends of a panorama meet."""
    usable = _within(points, frame)
    jumps = np.flatnonzero(np.abs(np.diff(points[:, 0])) > frame.width / 2) + 1
    for run in np.split(np.arange(len(points)), np.union1d(jumps, np.flatnonzero(np.diff(usable)) + 1)):
        if len(run) < 2 or not usable[run].all():
            continue
        for plane, scale, value in _planes(frame, colour):
            thickness = math.ceil(frame.height * _LINE_SHARE / scale)
            pixels = np.rint(points[run] / scale).astype(np.int32)
            cv2.polylines(plane, [pixels], False, value, thickness)


def _within(points: Array, frame: Frame) -> NDArray[np.bool_]:
    """Which pixels lie in the frame or close to it, so that lines reach the edge."""
    size = np.array([frame.width, frame.height])
    near: NDArray[np.bool_] = np.all((points > -size) & (points < 2 * size), axis=-1)
    return near


def _planes(frame: Frame, colour: Colour) -> Iterator[tuple[Plane, int, tuple[int, ...]]]:
    """Each plane, the number of luma pixels that one of its pixels spans, and the colour's value in it."""
    y, u, v = colour
    yield frame.luma, 1, (y,)
    if frame.format == "NV12":
        yield frame.planes[1], 2, (u, v)
    else:
        yield frame.planes[1], 2, (u,)
        yield frame.planes[2], 2, (v,)
