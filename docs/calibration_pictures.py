"""The pictures of docs/calibration.md: what calibration makes of real films, drawn over their own frames."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np

from pipeline.fields import FieldSize, football
from pipeline.gst.capture.footage import read_footage
from pipeline.media.source_spec import SourceSpec
from pipeline.optics.angles import Array
from pipeline.optics.calibration import Calibration, Footage, calibrate
from pipeline.optics.calibration.by_points import calibrate_by_points
from pipeline.optics.calibration.control_points import CameraPoints, ControlPoints
from pipeline.optics.calibration.footage import Picture
from pipeline.optics.calibration.plot import plot_calibration
from pipeline.optics.calibration.points_fit import seen_outlines
from pipeline.optics.calibration.preview import draw_preview
from pipeline.optics.calibration.residuals import place_pixels
from pipeline.optics.rig import Rig

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

YELLOW, RED, WHITE = (0, 235, 255), (60, 60, 255), (255, 255, 255)
WIDTH_PX = 1280

CLICKED = (
    "left penalty area near front corner",
    "left penalty area far front corner",
    "left far corner",
    "near crossing of halfway line and circle",
    "far end of the halfway line",
    "left goal area near front corner",
)
_SKY = 0.2
"""The share of a camera's picture, from the top, that is left out."""

OFF_PX = 3.0
"""How far the clicks are off, as a person's are; standard deviation."""


@cache
def footage_of(*names: str) -> list[Footage]:
    """Ten seconds of the real films of these names."""
    return read_footage([SourceSpec.parse(str(DATA / name)) for name in names])


@cache
def calibrated(*names: str) -> Calibration:
    """What `foresight calibrate` makes of the real films of these names."""
    return calibrate(footage_of(*names))


def two_cameras() -> Calibration:
    """The two real cameras."""
    return calibrated("left.mp4", "right.mp4")


def draw_errors(path: Path) -> None:
    """What ``foresight calibrate --plot`` draws of the two real videos."""
    plot_calibration(path, two_cameras())


def draw_matches(path: Path) -> None:
    """What ``foresight calibrate --preview`` draws of them, smaller."""
    picture = draw_preview(two_cameras(), footage_of("left.mp4", "right.mp4"))
    _write(path, cv2.resize(picture, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA))


def draw_lines(path: Path) -> None:
    """The field's lines by the rig over each film's still background: two cameras, below them a panorama."""
    pair, alone = two_cameras(), calibrated("wide_panorama.mp4")
    upper = [
        _with_lines(part, pair.rig, i, WIDTH_PX // 2)
        for i, part in enumerate(footage_of("left.mp4", "right.mp4"))
    ]
    lower = _with_lines(footage_of("wide_panorama.mp4")[0], alone.rig, 0, WIDTH_PX)
    sky = round(_SKY * len(upper[0]))
    _write(path, cv2.vconcat([cv2.hconcat(upper)[sky:], lower]))


def draw_clicks(path: Path) -> None:
    """Six clicks on the left camera alone, some pixels off, and the lines of the rig that comes of them."""
    part = footage_of("left.mp4", "right.mp4")[0]
    known = two_cameras().rig
    assert known.pitch is not None
    size = FieldSize(known.pitch.length_m, known.pitch.width_m)
    places = {point.name: (*point.at, point.height_m) for point in known.pitch.markings.points}
    places_m = np.array([places[name] for name in CLICKED])
    off_px = np.random.default_rng(4).normal(0, OFF_PX, (len(CLICKED), 2))
    pixels = place_pixels(known, 0, places_m) + off_px
    clicks = CameraPoints(part.name, part.size_px, CLICKED, places_m, pixels)
    found = calibrate_by_points([part], ControlPoints(football(), size, (clicks,)))
    picture = _with_lines(part, found.rig, 0, WIDTH_PX)
    scale = WIDTH_PX / part.size_px[0]
    for name, at in zip(CLICKED, pixels * scale, strict=True):
        _label(picture, name, round(float(at[0])), round(float(at[1])))
    _write(path, picture[round(_SKY * len(picture)) :])


def _label(picture: Picture, text: str, x: int, y: int) -> None:
    """A red ring at a pixel, and a name beside it on a dark band."""
    cv2.circle(picture, (x, y), 6, RED, 2, cv2.LINE_AA)
    (wide, high), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    left = x + 12 if x + 20 + wide < picture.shape[1] else x - 16 - wide
    picture[y - high - 4 : y + 6, left : left + wide + 8] //= 3
    cv2.putText(picture, text, (left + 4, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, WHITE, 1, cv2.LINE_AA)


def _with_lines(part: Footage, rig: Rig, camera: int, width: int) -> Picture:
    """A camera's still background, `width` pixels wide, with the lines of the rig's field over it."""
    scale = width / part.size_px[0]
    height = round(part.size_px[1] * scale)
    picture = cv2.resize(part.background, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
    for number, _places, pixels, _normals in seen_outlines(rig, 0.25):
        if number == camera:
            _stroke(picture, (pixels + 0.5) * scale - 0.5)
    return picture


def _stroke(picture: Picture, pixels: Array) -> None:
    """A thin yellow line, interrupted where it leaves the picture."""
    jumps = np.flatnonzero(np.linalg.norm(np.diff(pixels, axis=0), axis=1) > 0.05 * picture.shape[1]) + 1
    for run in np.split(pixels, jumps):
        cv2.polylines(picture, [np.round(run * 16).astype(np.int32)], False, YELLOW, 1, cv2.LINE_AA, 4)


def _write(path: Path, picture: Picture) -> None:
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 66])
