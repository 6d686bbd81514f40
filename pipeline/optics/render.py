"""The renderer: the one way from camera pixels to any other picture, straight from the frames."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby

import cv2
import numpy as np

from pipeline.errors import ConfigError
from pipeline.optics.colour import YuvGain
from pipeline.optics.frame import Frame, PixelFormat, Plane
from pipeline.optics.maps import Columns, Floats, MapMaker, Part
from pipeline.optics.rig import Rig
from pipeline.optics.view import View

_BLACK_LUMA, _BLACK_CHROMA = 16, 128

_FAINT = 1e-3
"""The least weight of a camera that sees: it fills in where the one whose turn it is does not."""

_MARGIN_PX = 4
"""By how much a source cut-out exceeds the nodes' pixels: bilinear taps and the coarse map's error."""

Planes = tuple[Plane, Plane, Plane]


class Renderer:
    """Renders views of a rig in one size. Keeps scratch memory: one thread at a time, any thread.

    Frames may be NV12 or I420, whatever the output's format. Pictures are black where no camera sees. Raises
    ConfigError for odd sizes.
    """

    def __init__(self, rig: Rig, width: int, height: int, pixel_format: PixelFormat = "NV12") -> None:
        if width <= 0 or height <= 0 or width % 2 or height % 2:
            raise ConfigError(f"a view needs an even, positive size, not {width}x{height}")
        self._rig = rig
        self._size = width, height
        self._format = pixel_format
        self._maker = MapMaker(rig, width, height)
        gains = [YuvGain.of(camera.gain_bgr) for camera in rig.cameras]
        self._gains = [None if gain.is_one else gain for gain in gains]

    def render(self, view: View, frame: Frame, out: Frame | None = None) -> Frame:
        """`view` of the rig frame, written into `out` (of this renderer's size and format) if given.

        Computes for some milliseconds; never waits. Raises RigError when the frame is not of the rig's size,
        ConfigError when `out` does not fit.
        """
        width, height = self._size
        self._rig.check_frame(frame.width, frame.height)
        if out is None:
            out = Frame.empty(self._format, width, height)
        elif (out.format, out.width, out.height) != (self._format, width, height):
            raise ConfigError(
                f"the picture to render into is {out.format} {out.width}x{out.height}, "
                f"not {self._format} {width}x{height}"
            )
        parts = self._maker.parts(view)
        luma, u, v = out.luma, *_chroma(out)
        filled = np.zeros(self._maker.columns, np.bool_)
        for n, part in enumerate(parts):
            for columns, mixed in _runs(filled, part.columns):
                x0, x1 = self._maker.pixel_range(columns)
                target = luma[:, x0:x1], u[:, x0 // 2 : x1 // 2], v[:, x0 // 2 : x1 // 2]
                picture = self._picture(view, part, columns, frame)
                if mixed:
                    share = self._share(view, parts[: n + 1], columns)
                    _mix(target, picture, share)
                else:
                    for plane, pixels in zip(target, picture, strict=True):
                        plane[...] = pixels
            filled[part.columns[0] : part.columns[1]] = True
        for columns, mixed in _runs(filled, (0, self._maker.columns)):
            if not mixed:
                x0, x1 = self._maker.pixel_range(columns)
                luma[:, x0:x1] = _BLACK_LUMA
                u[:, x0 // 2 : x1 // 2] = v[:, x0 // 2 : x1 // 2] = _BLACK_CHROMA
        return out

    def _picture(self, view: View, part: Part, columns: Columns, frame: Frame) -> Planes:
        """One camera's pixels of the columns, gains applied, black where it does not see."""
        (luma, u, v), origin_px = self._source(part, columns, frame)
        maps = self._maker.maps(view, part, columns, origin_px)
        luma = _remap(luma, maps, _BLACK_LUMA)
        maps = self._maker.maps(view, part, columns, origin_px, "chroma")
        u, v = _remap(u, maps, _BLACK_CHROMA), _remap(v, maps, _BLACK_CHROMA)
        gain = self._gains[part.camera]
        if gain is not None:
            gain.apply(luma, u, v)
        return luma, u, v

    def _source(self, part: Part, columns: Columns, frame: Frame) -> tuple[Planes, tuple[int, int]]:
        """The planes to take a part's pixels from, and where in the camera's picture they begin."""
        region = self._rig.region(part.camera)
        lens = self._rig.cameras[part.camera].lens
        rows = slice(region.y, region.y + region.height)
        half_rows = slice(region.y // 2, (region.y + region.height) // 2)
        luma = frame.luma[rows, : region.width]
        u, v = (plane[half_rows, : region.width // 2] for plane in _chroma(frame))
        if lens.max_k == 0 and region.width > math.tau * lens.focal_px - 1:
            return (_wrapped(luma, 2), _wrapped(u, 1), _wrapped(v, 1)), (-2, 0)
        return (luma, np.ascontiguousarray(u), np.ascontiguousarray(v)), (0, 0)

    def _share(self, view: View, parts: list[Part], columns: Columns) -> Floats:
        """The share, 0 to 1, of the last of the parts at each pixel of the columns."""
        total: Floats | float = 0.0
        weight: Floats | float = 0.0
        for part in parts:
            weight = np.clip(self._maker.enlarge(part.weight, columns, "weight"), _FAINT, 1.0)
            if not part.full[:, columns[0] : columns[1]].all():
                width, height = self._rig.cameras[part.camera].size_px
                x, y = self._maker.maps(view, part, columns)
                weight *= (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
            total = total + weight
        share: Floats = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        return share


def _chroma(frame: Frame) -> tuple[Plane, Plane]:
    if frame.format == "NV12":
        return frame.planes[1][..., 0], frame.planes[1][..., 1]
    return frame.planes[1], frame.planes[2]


def _wrapped(plane: Plane, pad: int) -> Plane:
    """The plane of a full turn with `pad` columns of its other end at each side."""
    return np.concatenate([plane[:, -pad:], plane, plane[:, :pad]], axis=1)


def _remap(plane: Plane, maps: tuple[Floats, Floats], black: int) -> Plane:
    pixels: Plane = cv2.remap(  # type: ignore[assignment]
        plane, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=black
    )
    return pixels


def _runs(
    filled: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], columns: Columns
) -> Iterator[tuple[Columns, bool]]:
    """The columns cut into runs that are filled already or not."""
    for is_filled, run in groupby(range(*columns), key=lambda column: bool(filled[column])):
        members = list(run)
        yield (members[0], members[-1] + 1), is_filled


def _mix(target: Planes, picture: Planes, share: Floats) -> None:
    """Blend a picture into the target, in place, by its share at each luma pixel."""
    half = cv2.resize(share, picture[1].shape[::-1], interpolation=cv2.INTER_AREA)
    for plane, pixels, weight in zip(target, picture, (share, half, half), strict=True):
        plane[...] = cv2.blendLinear(pixels, np.ascontiguousarray(plane), weight, 1.0 - weight)
