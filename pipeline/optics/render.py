"""Renderer: renders any view of a rig straight from the camera images, without an intermediate panorama."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.optics.colour import YuvGain
from pipeline.optics.frame import Frame, PixelFormat, Plane
from pipeline.optics.maps import Block, Floats, MapMaker, Part
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.pose import Poses
from pipeline.optics.view import View

_BLACK_LUMA, _BLACK_CHROMA = 16, 128

_LEAST_WEIGHT = 1e-3
"""The smallest weight of a camera: it fills in where the camera that the seams choose does not see."""

_BAND_ROWS = 17
"""Rows of cells in a band: a quarter of 1080p."""

_SHRINK_EARLY = 0.35
"""A camera's image is halved if the view samples at most every 1.57th pixel (log2 1.57 = 1 - 0.35)."""

Planes = tuple[Plane, Plane, Plane]
Spread = Callable[[Callable[[int], None], range], Iterable[None]]
"""Runs a function over the bands of an image: ``map``, or a thread pool's map to use several cores."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A crop of a camera's image: its planes, and its origin and size in pixels of the camera's image."""

    planes: Planes
    origin_px: tuple[int, int]
    size_px: tuple[int, int]

    def ratio(self, plane: Plane) -> tuple[float, float]:
        """The scale of a plane relative to the camera's image, horizontally and vertically."""
        return plane.shape[1] / self.size_px[0], plane.shape[0] / self.size_px[1]


class Renderer:
    """Renders views of a rig in one size. Keeps scratch memory: any thread, but one at a time.

    Input frames may be NV12 or I420, regardless of the output format. Pixels that no camera sees are black.
    `spread` runs the independent bands of an image. Raises ConfigError for odd sizes.
    """

    def __init__(
        self, rig: Rig, width: int, height: int, pixel_format: PixelFormat = "NV12", spread: Spread = map
    ) -> None:
        if width <= 0 or height <= 0 or width % 2 or height % 2:
            raise ConfigError(f"a view needs an even, positive width and height, not {width}x{height}")
        self._rig = rig
        self._size = width, height
        self._format = pixel_format
        self._spread = spread
        self._maker = MapMaker(rig, width, height)
        self._chroma = _chroma_planes(width, height)
        """The chroma of NV12 output before it is interleaved."""
        self._camera_chroma = [_chroma_planes(*camera.size_px) for camera in rig.cameras]
        """The cameras' chroma, de-interleaved: allocating memory for each frame would cost more than the split."""
        self._gains = self._own_gains = [_yuv_gain(camera.gain_bgr) for camera in rig.cameras]
        self._last_gains: Sequence[tuple[float, float, float] | None] | None = None

    def render(
        self,
        view: View,
        frame: Frame,
        out: Frame | None = None,
        poses: Poses | None = None,
        gains: Sequence[tuple[float, float, float] | None] | None = None,
    ) -> Frame:
        """Render `view` of the rig frame `frame`, into `out` (of this renderer's size and format) if given.

        ``poses``: how the cameras stand in this frame compared with their places; the view shows the world as it
        is seen from there. ``gains``: what blue, green and red of each camera are multiplied by in this frame,
        besides the rig's own gains; None for a camera that is left as it is.

        Takes a few milliseconds and never waits. Raises RigError if the frame does not have the rig's size,
        ConfigError if `out` does not have the renderer's size and format.
        """
        width, height = self._size
        self._rig.check_frame(frame.width, frame.height)
        if out is None:
            out = Frame.empty(self._format, width, height)
        elif (out.format, out.width, out.height) != (self._format, width, height):
            raise ConfigError(
                f"the frame to render into is {out.format} {out.width}x{out.height}, "
                f"not {self._format} {width}x{height}"
            )
        self._set_gains(gains)
        parts = self._maker.parts(view, poses)
        sources = [self._source(part, frame) for part in parts]
        u, v = self._chroma if out.format == "NV12" else out.planes[1:]
        planes = out.luma, u, v
        rows = self._maker.rows

        def band(row: int) -> None:
            self._band(view, parts, sources, (row, min(row + _BAND_ROWS, rows)), planes)

        for _ in self._spread(band, range(0, rows, _BAND_ROWS)):
            pass
        if out.format == "NV12":
            cv2.merge([u, v], dst=out.planes[1])
        return out

    def _set_gains(self, gains: Sequence[tuple[float, float, float] | None] | None) -> None:
        if gains == self._last_gains:
            return
        self._last_gains = gains
        self._gains = self._own_gains if gains is None else [*map(self._yuv_gain, range(len(gains)), gains)]

    def _yuv_gain(self, camera: int, gain: tuple[float, float, float] | None) -> YuvGain | None:
        if gain is None:
            return self._own_gains[camera]
        blue, green, red = (a * b for a, b in zip(gain, self._rig.cameras[camera].gain_bgr, strict=True))
        return _yuv_gain((blue, green, red))

    def _band(
        self,
        view: View,
        parts: list[Part],
        sources: list[_Source],
        rows: tuple[int, int],
        out: Planes,
    ) -> None:
        """Render some rows of cells, camera by camera, blending with the cameras rendered before."""
        filled = np.zeros(self._maker.columns, np.bool_)
        for n, part in enumerate(parts):
            needed: NDArray[np.bool_] = np.any(part.needed[slice(*rows)], axis=0)
            for block, (wanted, mixed) in _runs(rows, needed, filled):
                if not wanted:
                    continue
                target = self._cut(out, block)
                if mixed:
                    picture = np.empty_like(target[0]), np.empty_like(target[1]), np.empty_like(target[2])
                    self._render_camera(view, part, sources[n], block, picture)
                    _blend(target, picture, self._share(view, parts[: n + 1], block))
                else:
                    self._render_camera(view, part, sources[n], block, target)
            filled |= needed
        for block, (seen,) in _runs(rows, filled):
            if not seen:
                luma, u, v = self._cut(out, block)
                luma[...], u[...], v[...] = _BLACK_LUMA, _BLACK_CHROMA, _BLACK_CHROMA

    def _cut(self, planes: Planes, block: Block) -> Planes:
        luma, u, v = planes
        half = self._maker.pixel_slices(block, "chroma")
        return luma[self._maker.pixel_slices(block)], u[half], v[half]

    def _render_camera(self, view: View, part: Part, source: _Source, block: Block, target: Planes) -> None:
        """Render one camera's pixels of the block into the target, gains applied, black where it does not see."""
        luma, u, v = source.planes
        maps = self._maker.maps(view, part, block, source.origin_px, source.ratio(luma), "luma")
        _remap(luma, maps, _BLACK_LUMA, target[0])
        maps = self._maker.maps(view, part, block, source.origin_px, source.ratio(u), "chroma")
        _remap(u, maps, _BLACK_CHROMA, target[1])
        _remap(v, maps, _BLACK_CHROMA, target[2])
        gain = self._gains[part.camera]
        if gain is not None:
            gain.apply(*target)

    def _source(self, part: Part, frame: Frame) -> _Source:
        """The crop of a camera's image that a part shows, downscaled if the view would skip pixels of it."""
        region = self._rig.region(part.camera)
        lens = self._rig.cameras[part.camera].lens
        left, top, right, bottom = part.box
        if lens.full_turn:
            left, right = 0, region.width
        x, y, width, height = region.x + left, region.y + top, right - left, bottom - top
        luma = frame.luma[y : y + height, x : x + width]
        half = slice(y // 2, (y + height) // 2), slice(x // 2, (x + width) // 2)
        if frame.format == "NV12":
            u, v = (plane[: height // 2, : width // 2] for plane in self._camera_chroma[part.camera])
            cv2.split(frame.planes[1][half], [u, v])
        else:
            u, v = (plane[half] for plane in frame.planes[1:])
        if lens.full_turn:
            luma, u, v = _wrapped(luma, 2), _wrapped(u, 1), _wrapped(v, 1)
            left, right = left - 2, right + 2
        shrink = 2.0 ** math.floor(math.log2(max(part.spacing, 1.0)) + _SHRINK_EARLY)
        if shrink > 1:
            luma, u, v = _shrunk(luma, shrink), _shrunk(u, shrink), _shrunk(v, shrink)
        return _Source((luma, u, v), (left, top), (right - left, bottom - top))

    def _share(self, view: View, parts: list[Part], block: Block) -> Floats:
        """The blend weight, 0 to 1, of the last of the parts at each pixel of the block."""
        total: Floats | float = 0.0
        weight: Floats | float = 0.0
        for part in parts:
            weight = np.clip(
                self._maker.enlarge(part.weight[block.nodes], block, "weight"), _LEAST_WEIGHT, 1.0
            )
            if not part.full[block.cells].all():
                x, y = self._maker.maps(view, part, block)
                weight *= self._rig.cameras[part.camera].shows(np.dstack([x, y]))
            total = total + weight
        share: Floats = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        return share


def _yuv_gain(gain_bgr: tuple[float, float, float]) -> YuvGain | None:
    gain = YuvGain.of(gain_bgr)
    return None if gain.is_one else gain


def _chroma_planes(width: int, height: int) -> tuple[Plane, Plane]:
    """Uninitialised U and V planes of a 4:2:0 image."""
    shape = height // 2, width // 2
    return np.empty(shape, np.uint8), np.empty(shape, np.uint8)


def _wrapped(plane: Plane, pad: int) -> Plane:
    """The plane of a 360 degree image, extended at each side by `pad` columns from the other end."""
    return np.concatenate([plane[:, -pad:], plane, plane[:, :pad]], axis=1)


def _shrunk(plane: Plane, factor: float) -> Plane:
    size = max(1, round(plane.shape[1] / factor)), max(1, round(plane.shape[0] / factor))
    smaller: Plane = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return smaller


def _remap(plane: Plane, maps: tuple[Floats, Floats], black: int, target: Plane) -> None:
    cv2.remap(plane, *maps, cv2.INTER_LINEAR, dst=target, borderMode=cv2.BORDER_CONSTANT, borderValue=black)


def _runs(rows: tuple[int, int], *columns: NDArray[np.bool_]) -> Iterator[tuple[Block, tuple[bool, ...]]]:
    """Blocks of neighbouring columns with equal flags, and these flags."""
    flags = list(zip(*(column.tolist() for column in columns), strict=True))
    for alike, run in groupby(range(len(flags)), key=flags.__getitem__):
        members = list(run)
        yield Block(*rows, members[0], members[-1] + 1), alike


def _blend(target: Planes, picture: Planes, share: Floats) -> None:
    """Blend an image into the target, in place, with its weight at each luma pixel."""
    half = cv2.resize(share, picture[1].shape[::-1], interpolation=cv2.INTER_AREA)
    for plane, pixels, weight in zip(target, picture, (share, half, half), strict=True):
        cv2.blendLinear(pixels, plane, weight, 1.0 - weight, dst=plane)
