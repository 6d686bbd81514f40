"""The preview images: small JPEGs of the video and of the panorama, made on request, once for all viewers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import StateError
from pipeline.graphics.cover import Cover
from pipeline.gst.core.frames import HeldFrame
from pipeline.gst.output.browser_preview import small_size
from pipeline.operator.control import Control
from pipeline.operator.panorama import PANORAMA_HEIGHT_PX, PANORAMA_WIDTH_PX
from pipeline.optics.frame import Frame
from pipeline.optics.render import Renderer
from pipeline.timebase import Nanoseconds

PICTURE_HZ, PANORAMA_HZ = 15.0, 5.0
"""The most images per second; a page asks a little less often, so that each response is new."""
QUALITY = 72

_BGR = np.array(
    [
        [1.1644, 2.1124, 0.0, -16 * 1.1644 - 128 * 2.1124],
        [1.1644, -0.2132, -0.5329, -16 * 1.1644 + 128 * (0.2132 + 0.5329)],
        [1.1644, 0.0, 1.7927, -16 * 1.1644 - 128 * 1.7927],
    ]
)
"""Video-range BT.709 YUV to BGR, ITU-R BT.709-6 section 3."""

Picture = NDArray[np.uint8]

START = Nanoseconds(0)

CoverOf = Callable[[HeldFrame, Nanoseconds], Cover | None]


class PreviewImage:
    """One image as a JPEG, made on request: at most once a frame, and `most_hz` times a second, for all viewers."""

    def __init__(
        self,
        make: Callable[[Frame], Frame],
        most_hz: float,
        clock: Callable[[], float] = time.monotonic,
        cover_of: CoverOf = lambda _frame, _time_ns: None,
    ) -> None:
        """`cover_of(frame, running time)` returns what covers the image of a frame, asked when it is made."""
        self._make, self._every_s, self._clock, self._cover_of = make, 1 / most_hz, clock, cover_of
        self._held: tuple[int, HeldFrame, Nanoseconds] | None = None
        self._count = self._made = 0
        self._next_s = 0.0
        self._jpeg: bytes | None = None
        self._making = asyncio.Lock()

    def hold(self, frame: HeldFrame | None, time_ns: Nanoseconds = START) -> None:
        """Take the frame for the next JPEG, and its time; None: release the last. One thread; never blocks."""
        self._count += 1
        self._held = None if frame is None else (self._count, frame, time_ns)

    async def newest(self) -> bytes | None:
        """The newest JPEG; None before the first. On the server's event loop, which is not blocked."""
        async with self._making:
            held = self._held
            if held is not None and held[0] != self._made and self._clock() >= self._next_s:
                self._next_s = self._clock() + self._every_s
                self._jpeg = await asyncio.to_thread(self._encode, held[1], held[2])
                self._made = held[0]
            return self._jpeg

    def _encode(self, held: HeldFrame, time_ns: Nanoseconds) -> bytes:
        with held.map() as frame:
            small = self._make(frame)
        cover = self._cover_of(held, time_ns)
        if cover is not None:
            cover.hide(small)
        return jpeg_of(small)


class PreviewImages:
    """The video and the panorama as they are now; `look`, a ViewElement's onlooker, only keeps the frames."""

    def __init__(self, control: Control) -> None:
        self.picture = PreviewImage(_small, PICTURE_HZ, cover_of=control.cover_of_image)
        self.panorama = PreviewImage(self._whole, PANORAMA_HZ, cover_of=control.cover_of_image)
        self._control = control
        self._renderer: Renderer | None = None

    def look(self, source: HeldFrame, rendered: HeldFrame, time_ns: Nanoseconds) -> None:
        """Take the newest frame; the streaming thread calls it."""
        self._control.rendered(time_ns)
        self.picture.hold(rendered, time_ns)
        self.panorama.hold(source, time_ns)
        is_covered = self._control.cover_of_image(source, time_ns) is not None
        self._control.stills.look(None if is_covered else source)

    def stop(self) -> None:
        """Release the frames. Idempotent."""
        self.picture.hold(None)
        self.panorama.hold(None)
        self._control.stills.look(None)

    def _whole(self, source: Frame) -> Frame:
        """Render the panorama."""
        if self._renderer is None:
            if self._control.rig is None:
                raise StateError("a frame arrived before the cameras were known")
            self._renderer = Renderer(self._control.rig, PANORAMA_WIDTH_PX, PANORAMA_HEIGHT_PX, source.format)
        return self._renderer.render(self._control.panorama().view, source)


def jpeg_of(frame: Frame) -> bytes:
    """The frame as a JPEG."""
    _done, data = cv2.imencode(".jpg", _bgr(frame), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return data.tobytes()


def _small(frame: Frame) -> Frame:
    """The frame at the preview's size."""
    return shrunk(frame, *small_size(frame.width, frame.height))


def shrunk(frame: Frame, width: int, height: int) -> Frame:
    """The frame at a smaller size in pixels, both even."""
    luma, *chroma = frame.planes
    half = (width // 2, height // 2)
    small = [cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)]
    small += [cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in chroma]
    return Frame(frame.format, tuple(np.asarray(plane, np.uint8) for plane in small))


def _bgr(frame: Frame) -> Picture:
    size = (frame.width, frame.height)
    chroma = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in frame.planes[1:]]
    return np.asarray(cv2.transform(cv2.merge([frame.luma, *chroma]), _BGR), np.uint8)
