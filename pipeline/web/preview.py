"""Preview: small JPEGs of the directed picture and of the panorama, made once and only while somebody looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.control import PANORAMA_HEIGHT_PX, PANORAMA_WIDTH_PX, Control
from pipeline.optics.frame import Frame
from pipeline.optics.render import Renderer
from pipeline.timebase import Nanoseconds
from pipeline.web.feed import Feed

PICTURE_HZ, PANORAMA_HZ = 15.0, 4.0
PICTURE_WIDTH_PX = 640
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


class Preview:
    """Two feeds of JPEGs. `look`, a ViewElement's onlooker, never waits; encoding has a thread of its own."""

    def __init__(self, control: Control) -> None:
        self.picture: Feed[bytes] = Feed()
        self.panorama: Feed[bytes] = Feed()
        self._control = control
        self._renderer: Renderer | None = None
        self._picture_due = _Due(PICTURE_HZ)
        self._panorama_due = _Due(PANORAMA_HZ)
        self._waiting: dict[Feed[bytes], Frame] = {}
        self._change = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._encode, name="preview", daemon=True)

    def start(self) -> None:
        """Start the encoding thread."""
        self._thread.start()

    def stop(self) -> None:
        """End both feeds and the thread. Idempotent."""
        with self._change:
            self._stopped = True
            self._change.notify()
        self.picture.close()
        self.panorama.close()

    def look(self, source: Frame, picture: Frame, time_ns: Nanoseconds) -> None:
        """Take a small copy of what is due and watched; the streaming thread calls it."""
        self._control.rendered(time_ns)
        if self.picture.followers and self._picture_due():
            height = round(PICTURE_WIDTH_PX * picture.height / picture.width / 2) * 2
            self._offer(self.picture, _shrunk(picture, min(PICTURE_WIDTH_PX, picture.width), height))
        if self.panorama.followers and self._panorama_due() and self._control.rig is not None:
            if self._renderer is None:
                self._renderer = Renderer(
                    self._control.rig, PANORAMA_WIDTH_PX, PANORAMA_HEIGHT_PX, source.format
                )
            self._offer(self.panorama, self._renderer.render(self._control.panorama(), source))

    def _offer(self, feed: Feed[bytes], frame: Frame) -> None:
        with self._change:
            self._waiting[feed] = frame
            self._change.notify()

    def _encode(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._stopped)
                if self._stopped:
                    return
                feed, frame = self._waiting.popitem()
            done, data = cv2.imencode(".jpg", _bgr(frame), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            if done:
                feed.publish(data.tobytes())


class _Due:
    """Says yes at most so often a second."""

    def __init__(self, rate_hz: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_s, self._clock, self._next_s = 1 / rate_hz, clock, 0.0

    def __call__(self) -> bool:
        now_s = self._clock()
        if now_s < self._next_s:
            return False
        # keep the beat where frames come a little early or late
        self._next_s = max(self._next_s + self._every_s, now_s + self._every_s / 2)
        return True


def _shrunk(frame: Frame, width: int, height: int) -> Frame:
    luma, *chroma = frame.planes
    half = (width // 2, height // 2)
    small = [cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)]
    small += [cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in chroma]
    return Frame(frame.format, tuple(np.asarray(plane, np.uint8) for plane in small))


def _bgr(frame: Frame) -> Picture:
    size = (frame.width, frame.height)
    chroma = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in frame.planes[1:]]
    return np.asarray(cv2.transform(cv2.merge([frame.luma, *chroma]), _BGR), np.uint8)
