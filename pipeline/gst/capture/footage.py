"""Reads the first seconds of each source for calibration: a still background and small frames of its motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from pipeline.errors import SourceError
from pipeline.gst.capture.frame_tap import POLL_S, FrameTap, open_taps
from pipeline.gst.core.frame_rate import caps_fps
from pipeline.gst.core.frames import FrameLayout
from pipeline.gst.runtime import Gst
from pipeline.media.source_spec import SourceSpec
from pipeline.optics.calibration import Calibration, Footage, calibrate, median_background
from pipeline.optics.calibration.black import picture_outline
from pipeline.optics.calibration.calibrate import Progress
from pipeline.optics.calibration.footage import Picture
from pipeline.optics.calibration.pictures import shrunk
from pipeline.optics.frame import Frame
from pipeline.timebase import NS_PER_S

SPAN_S = 10.0
MOTION_WIDTH = 768
_FIRST_STRIDE = 5
_MOST_STILLS = 18

_BT709 = np.array([[1.1644, 2.1124, 0.0], [1.1644, -0.2132, -0.5329], [1.1644, 0.0, 1.7927]], np.float32)
"""Blue, green and red of video-range Y - 16, U - 128 and V - 128 (ITU-R BT.709)."""


def calibrate_sources(sources: Sequence[SourceSpec], progress: Progress = lambda _stage: None) -> Calibration:
    """Read and calibrate files, URIs, devices or ``gst:`` fragments, one for each camera.

    Blocks for about half a minute, ten seconds more for a live source; any thread. Raises SourceError when one
    cannot be read, CalibrationError when the footage is not good enough.
    """
    progress("reading the footage")
    return calibrate(read_footage(sources), progress)


def read_footage(
    sources: Sequence[SourceSpec], span_s: float = SPAN_S, answer_s: float = 15.0
) -> list[Footage]:
    """Read the first `span_s` seconds of each source, all from the same moment. Blocks; any thread.

    Raises SourceError when a source cannot be opened, or sends no frame for `answer_s`.
    """
    with open_taps(sources) as taps:
        takers = waiting = [_Taker(tap) for tap in taps]
        while waiting:
            waiting = [taker for taker in waiting if taker.take(span_s, answer_s)]
    start_ns = max(taker.first_ns for taker in takers)
    return [taker.footage(start_ns) for taker in takers]


@dataclass
class _Stills:
    """Frames spread evenly over footage of unknown length: when there are too many, every second one is dropped."""

    frames: list[Frame] = field(default_factory=list)
    seen: int = 0
    stride: int = _FIRST_STRIDE

    def offer(self, frame: Frame) -> None:
        if self.seen % self.stride == 0:
            self.frames.append(still_of(frame))
            if len(self.frames) == _MOST_STILLS:
                self.frames = self.frames[::2]
                self.stride *= 2
        self.seen += 1


class _Taker:
    """Reads one source from the pipeline. Used by one thread."""

    def __init__(self, tap: FrameTap) -> None:
        self._tap = tap
        self._stills = _Stills()
        self._motion: list[Picture] = []
        self._times_ns: list[int] = []
        self._frame_rate = 0.0

    @property
    def first_ns(self) -> int:
        """Running time of the first frame."""
        return self._times_ns[0]

    def take(self, span_s: float, answer_s: float) -> bool:
        """Read the next frame; returns whether to read another. Raises SourceError when the source fails."""
        sample = self._next_sample(answer_s)
        if sample is None:
            return False
        buffer, caps, segment = sample.get_buffer(), sample.get_caps(), sample.get_segment()
        if buffer is None or caps is None:
            raise SourceError(f"{self._tap.name}: sends data that is not video")
        self._times_ns.append(segment.to_running_time(Gst.Format.TIME, buffer.pts))
        self._frame_rate = caps_fps(caps)
        with FrameLayout.of(caps).map(buffer) as frame:
            self._stills.offer(frame)
            self._motion.append(motion_of(frame))
        return self._times_ns[-1] - self._times_ns[0] < span_s * NS_PER_S

    def footage(self, start_ns: int) -> Footage:
        """The footage that was read; its motion starts at running time `start_ns`."""
        seconds = (self._times_ns[-1] - self._times_ns[0]) / NS_PER_S
        rate = self._frame_rate or ((len(self._times_ns) - 1) / seconds if seconds > 0 else 25.0)
        late = min(round((start_ns - self.first_ns) / NS_PER_S * rate), len(self._motion) - 1)
        return footage_from(self._tap.name, self._stills.frames, self._motion[late:], rate)

    def _next_sample(self, answer_s: float) -> Gst.Sample | None:
        """The next frame, None at the end. Raises SourceError when none arrives in time."""
        for _ in range(round(answer_s / POLL_S)):
            sample = self._tap.poll()
            if sample is not None:
                return sample
            if self._tap.has_ended and self._times_ns:
                return None
        raise self._tap.silence(answer_s)


def still_of(frame: Frame) -> Frame:
    """A copy of a mapped frame, to be kept."""
    return Frame(frame.format, tuple(plane.copy() for plane in frame.planes))


def motion_of(frame: Frame) -> Picture:
    """A frame's luma made small, about `MOTION_WIDTH` wide."""
    return shrunk(frame.luma, max(1, frame.width // MOTION_WIDTH))


def footage_from(name: str, stills: Sequence[Frame], motion: Sequence[Picture], frame_rate: float) -> Footage:
    """A camera's footage: its background is the median of `stills`, plane by plane. One of each is enough."""
    layers = zip(*(frame.planes for frame in stills), strict=True)
    background = bgr(Frame(stills[0].format, tuple(median_background(layer) for layer in layers)))
    pictures = np.stack(motion)
    return Footage(name, background, pictures, frame_rate, picture_outline(background, pictures))


def bgr(frame: Frame) -> Picture:
    """A frame as full-range BGR, shape (height, width, 3)."""
    size = (frame.width, frame.height)
    if frame.format == "NV12":
        chroma = [frame.planes[1][..., 0], frame.planes[1][..., 1]]
    else:
        chroma = [frame.planes[1], frame.planes[2]]
    wide = [cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_LINEAR) for plane in chroma]
    offsets = _BT709 @ np.array([-16.0, -128.0, -128.0], np.float32)
    affine = np.hstack([_BT709, offsets[:, None]])
    bgr: Picture = np.clip(
        cv2.transform(cv2.merge([frame.luma, *wide]).astype(np.float32), affine) + 0.5, 0, 255
    ).astype(np.uint8)
    return bgr
