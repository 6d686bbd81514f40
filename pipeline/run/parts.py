"""RunParts: the pipelines, the rig, the camera's path and the other parts of a run."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.analysis.camera_health import CameraHealth, offline
from pipeline.analysis.sway_history import SwayHistory
from pipeline.analysis.worker import DetectorWorker
from pipeline.direction.camera_path import CameraPath
from pipeline.gst.capture.analysis_pipeline import AnalysisPipeline
from pipeline.gst.capture.stream_info import StreamInfo
from pipeline.gst.delay.buffer_stream import BufferStream
from pipeline.gst.playback.playback_pipeline import PlaybackPipeline
from pipeline.optics.rig import Rig
from pipeline.run.ball_learning import BallLearning
from pipeline.run.pictures import Pictures
from pipeline.run.proposal_watch import ProposalWatch
from pipeline.run.seams import Seams
from pipeline.timebase import Nanoseconds


@dataclass(slots=True)
class RunParts:
    """The parts of one run, each None until it is made. The run's thread sets them, any thread reads them."""

    analysis: AnalysisPipeline | None = None
    further_streams: list[BufferStream] = field(default_factory=list)
    """The streams of the second and later cameras, if each camera is buffered separately."""
    info: StreamInfo | None = None
    rig: Rig | None = None
    sway: SwayHistory | None = None
    seams: Seams | None = None
    """What changes between several cameras."""
    learning: BallLearning | None = None
    """Who learns the ball's looks."""
    worker: DetectorWorker | None = None
    proposals: ProposalWatch | None = None
    pictures: Pictures | None = None
    path: CameraPath | None = None
    """Of the first film."""
    playback: PlaybackPipeline | None = None

    def cameras(self) -> list[CameraHealth]:
        """What is known of each camera; empty before the first frame, or if it is not measured."""
        if self.sway is None:
            return []
        newest_ns, gone = self.sway.newest_ns, []
        if self.analysis is not None and newest_ns is not None:
            gone = self.analysis.lost_indices(newest_ns)
        cameras = [
            offline(camera) if index in gone else camera for index, camera in enumerate(self.sway.state())
        ]
        return cameras if self.seams is None else self.seams.told_of(cameras)

    def lost_cameras(self, captured_ns: Nanoseconds) -> list[str]:
        """The names of the cameras without video at that time."""
        return [] if self.analysis is None else self.analysis.lost_cameras(captured_ns)
