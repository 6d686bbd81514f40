"""The rig frames that the analysis pipeline makes of sources, as the window and the detector get them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.gst.core.frames import FrameLayout
from pipeline.gst.runtime import Gst
from pipeline.optics.rig import Rig
from pipeline.pipeline_builder import PipelineBuilder


@dataclass
class Corrected:
    """The frames of a run in grey, with the running time of each, its caps, and the notes for the user."""

    frames: list[NDArray[np.uint8]]
    times_ns: list[int]
    caps: list[str]
    bgr: NDArray[np.uint8]
    """The first frame in colour, as if its range were limited."""
    notes: tuple[str, ...]
    elements: set[str]
    """The kinds of elements in the pipeline."""

    @property
    def size_px(self) -> tuple[int, int]:
        return self.frames[0].shape[1], self.frames[0].shape[0]


def corrected(*sources: str | Path, rig: Rig | None = None) -> Corrected:
    """All rig frames of `sources`, offline."""
    analysis = PipelineBuilder([str(source) for source in sources], rig=rig, live=False).build()
    errors: list[Exception] = []
    analysis.on_error(errors.append)
    got = Corrected([], [], [], np.empty(0, np.uint8), (), set())
    sink = analysis.video_appsink
    sink.set_property("emit-signals", False)
    analysis.audio_appsink.set_property("drop", True)
    analysis.start()
    try:
        analysis.wait_ready()
        while (sample := sink.try_pull_sample(5 * Gst.SECOND)) is not None:
            buffer, caps = sample.get_buffer(), sample.get_caps()
            with FrameLayout.of(caps).map(buffer) as frame:
                got.frames.append(frame.luma.copy())
                if len(got.frames) == 1:
                    planes = [np.ascontiguousarray(plane).reshape(-1) for plane in frame.planes]
                    rows = np.concatenate(planes).reshape(-1, frame.width)
                    code = cv2.COLOR_YUV2BGR_NV12 if frame.format == "NV12" else cv2.COLOR_YUV2BGR_I420
                    got.bgr = cv2.cvtColor(rows, code).astype(np.uint8)
            got.times_ns.append(sample.get_segment().to_running_time(Gst.Format.TIME, buffer.pts))
            if caps.to_string() not in got.caps:
                got.caps.append(caps.to_string())
        got.notes = analysis.notes
        got.elements = _kinds(analysis.pipeline)
    finally:
        analysis.stop()
    assert not errors, errors
    return got


def _kinds(container: Gst.Bin) -> set[str]:
    kinds: set[str] = set()
    for element in container.children:
        factory = element.get_factory()
        kinds.add("" if factory is None else factory.get_name())
        if isinstance(element, Gst.Bin):
            kinds |= _kinds(element)
    return kinds
