"""Reads the first seconds of each source for calibration: a still background and small frames of its motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from pipeline.errors import SourceError
from pipeline.gst.capture.open_source import open_source
from pipeline.gst.core.connections import Connections, take_apart
from pipeline.gst.core.elements import add, chain, drain, make_appsink, media_type, pad_caps, static_pad
from pipeline.gst.core.explain import explain
from pipeline.gst.core.frame_corrector import FrameCorrector
from pipeline.gst.core.frame_rate import caps_fps
from pipeline.gst.core.frames import FrameLayout
from pipeline.gst.core.stream_colour import trust_streams
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
_POLL_S = 0.25
_MOTION_WIDTH = 768
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
    pipeline, connections = Gst.Pipeline.new("footage"), Connections()
    trust_streams(pipeline)
    named = zip(sources, _names(sources), strict=True)
    takers = [_Taker(source, name, pipeline, connections) for source, name in named]
    try:
        pipeline.set_state(Gst.State.PLAYING)
        for taker in takers:
            taker.start(pipeline.get_base_time())
        waiting = list(takers)
        while waiting:
            waiting = [taker for taker in waiting if taker.take(span_s, answer_s)]
    finally:
        for taker in takers:
            taker.leave()
        pipeline.set_state(Gst.State.NULL)
        for taker in takers:
            taker.close()
        connections.release()
        take_apart(pipeline)
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
            self.frames.append(Frame(frame.format, tuple(plane.copy() for plane in frame.planes)))
            if len(self.frames) == _MOST_STILLS:
                self.frames = self.frames[::2]
                self.stride *= 2
        self.seen += 1

    def background(self) -> Picture:
        """The median of the frames, plane by plane, in BGR."""
        layers = zip(*(frame.planes for frame in self.frames), strict=True)
        return bgr(Frame(self.frames[0].format, tuple(median_background(layer) for layer in layers)))


class _Taker:
    """Reads one source from the pipeline. Used by one thread."""

    def __init__(
        self, source: SourceSpec, name: str, pipeline: Gst.Pipeline, connections: Connections
    ) -> None:
        self._name = name
        self._pipeline = pipeline
        self._source = open_source(source, decode=True, live=False, duration_s=None)
        self._corrector = FrameCorrector(name, connections)
        self._sink = make_appsink(f"footage of {name}")
        chain(pipeline, self._corrector.element, self._sink)
        self._stills = _Stills()
        self._motion: list[Picture] = []
        self._times_ns: list[int] = []
        self._frame_rate = 0.0
        add(pipeline, self._source.element)
        self._source.watch(self._on_pad, lambda: None)

    def start(self, base_ns: int) -> None:
        """Connect, if the pipeline does not: see Source."""
        self._source.start(base_ns, lambda _error: None)

    def leave(self) -> None:
        """Let go of the source, before its pipeline ends."""
        self._source.leave()

    def close(self) -> None:
        """Free what the source holds, after its pipeline has ended."""
        self._source.close()

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
            raise SourceError(f"{self._name}: sends data that is not video")
        self._times_ns.append(segment.to_running_time(Gst.Format.TIME, buffer.pts))
        self._frame_rate = caps_fps(caps)
        with FrameLayout.of(caps).map(buffer) as frame:
            self._stills.offer(frame)
            shrink = max(1, frame.width // _MOTION_WIDTH)
            self._motion.append(shrunk(frame.luma, shrink))
        return self._times_ns[-1] - self._times_ns[0] < span_s * NS_PER_S

    def footage(self, start_ns: int) -> Footage:
        """The footage that was read; its motion starts at running time `start_ns`."""
        seconds = (self._times_ns[-1] - self._times_ns[0]) / NS_PER_S
        rate = self._frame_rate or ((len(self._times_ns) - 1) / seconds if seconds > 0 else 25.0)
        late = min(round((start_ns - self.first_ns) / NS_PER_S * rate), len(self._motion) - 1)
        background, motion = self._stills.background(), np.stack(self._motion[late:])
        return Footage(self._name, background, motion, rate, picture_outline(background, motion))

    def _next_sample(self, answer_s: float) -> Gst.Sample | None:
        """The next frame, None at the end. Raises SourceError when none arrives in time."""
        for _ in range(round(answer_s / _POLL_S)):
            sample = self._sink.try_pull_sample(int(_POLL_S * NS_PER_S))
            if sample is not None:
                return sample
            message = self._pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
            if message is not None and not self._source.survives(message):
                raise explain(message, "source", self._source.name)
            if self._sink.is_eos() and self._times_ns:
                return None
        raise SourceError(
            f"{self._source.name}: no video arrived within {answer_s:.0f} s; does it hold video?"
        )

    def _on_pad(self, pad: Gst.Pad) -> None:
        """Link the first video stream; discard every other one. On a streaming thread."""
        sink = static_pad(self._corrector.element, "sink")
        if media_type(pad_caps(pad)) == "video" and not sink.is_linked():
            pad.link(sink)
            return
        drain(self._pipeline, pad)


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


def _names(sources: Sequence[SourceSpec]) -> list[str]:
    """A short name for each source: its file name if all differ, else camera 1, 2, ..."""
    stems = [(source.path or Path(source.name)).stem for source in sources]
    if len(set(stems)) == len(stems) and all(stems):
        return stems
    return [f"camera {i}" for i in range(1, len(sources) + 1)]
