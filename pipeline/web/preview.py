"""Preview: small JPEGs of the directed picture and of the panorama, made once and only while somebody looks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.control import PANORAMA_HEIGHT_PX, PANORAMA_WIDTH_PX, Control
from pipeline.errors import ForesightError, StateError
from pipeline.gst.frames import HeldFrame
from pipeline.gst.monitor import small_size
from pipeline.optics.frame import Frame
from pipeline.optics.render import Renderer
from pipeline.timebase import Nanoseconds
from pipeline.web.feed import Feed

logger = logging.getLogger("foresight")

PICTURE_HZ, PANORAMA_HZ = 15.0, 4.0
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
    """Two feeds of JPEGs. `look`, a ViewElement's onlooker, only holds frames; its own thread does the rest."""

    def __init__(self, control: Control) -> None:
        self.picture: Feed[bytes] = Feed()
        self.panorama: Feed[bytes] = Feed()
        self._control = control
        self._renderer: Renderer | None = None
        self._makers = {self.picture: self._small, self.panorama: self._whole}
        self._due = {self.picture: _Due(PICTURE_HZ), self.panorama: _Due(PANORAMA_HZ)}
        self._newest: dict[Feed[bytes], HeldFrame] = {}
        self._waiting: dict[Feed[bytes], HeldFrame] = {}
        self._change = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name="preview", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End both feeds and the thread. Idempotent."""
        with self._change:
            self._stopped = True
            self._newest = {}
            self._change.notify()
        self.picture.close()
        self.panorama.close()

    def look(self, source: HeldFrame, picture: HeldFrame, time_ns: Nanoseconds) -> None:
        """Hold what is due and watched, the latest only; the streaming thread calls it."""
        self._control.rendered(time_ns)
        self._newest = {self.picture: picture, self.panorama: source}
        for feed in (self.picture, self.panorama):
            if feed.followers and self._due[feed]():
                self.show_newest(feed)

    def show_newest(self, feed: Feed[bytes]) -> None:
        """Have the newest picture made for those who follow `feed`, also while the film is held. Any thread."""
        frame = self._newest.get(feed)
        if frame is not None:
            with self._change:
                self._waiting[feed] = frame
                self._change.notify()

    def _work(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._stopped)
                if self._stopped:
                    return
                feed, held = self._waiting.popitem()
            try:
                with held.map() as frame:
                    small = self._makers[feed](frame)
            except ForesightError as error:
                logger.warning("the dashboard's pictures end here: %s", error)
                return
            done, data = cv2.imencode(".jpg", _bgr(small), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            if done:
                feed.publish(data.tobytes())

    def _whole(self, source: Frame) -> Frame:
        """All of the rig."""
        if self._renderer is None:
            if self._control.rig is None:
                raise StateError("a frame came before the cameras were known")
            self._renderer = Renderer(self._control.rig, PANORAMA_WIDTH_PX, PANORAMA_HEIGHT_PX, source.format)
        return self._renderer.render(self._control.panorama(), source)

    @staticmethod
    def _small(picture: Frame) -> Frame:
        """The picture, no wider than a page shows it."""
        return _shrunk(picture, *small_size(picture.width, picture.height))


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
