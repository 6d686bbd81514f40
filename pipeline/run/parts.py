"""What a run is made of: its pipelines, its rig, its camera's path, each once it is there."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.analysis.worker import DetectorWorker
from pipeline.direction.camera_path import CameraPath
from pipeline.gst.capture.analysis_pipeline import AnalysisPipeline, StreamInfo
from pipeline.gst.playback.playback_pipeline import PlaybackPipeline
from pipeline.optics.rig import Rig
from pipeline.run.frame_view import FrameView


@dataclass(slots=True)
class RunParts:
    """The parts of one run, each None until it is made. The run's thread sets them, any thread reads them."""

    analysis: AnalysisPipeline | None = None
    info: StreamInfo | None = None
    rig: Rig | None = None
    worker: DetectorWorker | None = None
    path: CameraPath | None = None
    frame_view: FrameView | None = None
    playback: PlaybackPipeline | None = None
