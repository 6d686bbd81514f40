"""DetectorFeed: passes the detector appsink's samples on as mapped frames with running times: to what watches the
cameras, then to the detector."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pipeline.analysis.camera_watch import CameraWatch
from pipeline.analysis.worker import DetectorWorker
from pipeline.gst.core.frames import FrameLayout
from pipeline.gst.runtime import Gst, GstApp
from pipeline.timebase import Nanoseconds


class DetectorFeed:
    """Connect `on_new_sample` and `on_eos` to the appsink, then `attach` the worker once the rig is known.

    Before that, frames are dropped if live and wait if offline. `close` wakes a waiting frame; later frames are
    dropped.
    """

    def __init__(self, *, live: bool, shared_ns: Callable[[int], int] = int) -> None:
        """`shared_ns`: the delay line's time of a running time of the source, see `BufferManager.shared_ns`."""
        self._live = live
        self._shared_ns = shared_ns
        self._attached = threading.Event()
        self._worker: DetectorWorker | None = None
        self._cameras: CameraWatch | None = None
        self._layout: tuple[str, FrameLayout] | None = None

    def attach(self, worker: DetectorWorker | None, cameras: CameraWatch | None) -> None:
        """Show the frames to `cameras`, and then pass them to `worker`, from now on. Any thread."""
        self._worker, self._cameras = worker, cameras
        self._attached.set()

    def close(self) -> None:
        """Drop all later frames. Idempotent, any thread."""
        self._worker = self._cameras = None
        self._attached.set()

    def on_new_sample(self, appsink: GstApp.AppSink) -> Gst.FlowReturn:
        """Handle the appsink's ``new-sample``; offline it blocks the pipeline while the detector is busy."""
        sample = appsink.try_pull_sample(0)
        if not self._live:
            self._attached.wait()
        worker, cameras = self._worker, self._cameras
        if sample is None or (worker is None and cameras is None):
            return Gst.FlowReturn.OK
        buffer, caps, segment = sample.get_buffer(), sample.get_caps(), sample.get_segment()
        if buffer is None or caps is None or segment is None:
            return Gst.FlowReturn.OK
        time_ns = segment.to_running_time(Gst.Format.TIME, buffer.pts)
        if time_ns == Gst.CLOCK_TIME_NONE:
            return Gst.FlowReturn.OK
        mapping = self._layout_of(caps).map(buffer)
        frame = mapping.__enter__()
        shared_ns = Nanoseconds(self._shared_ns(time_ns))
        if cameras is not None:
            cameras.look(frame, shared_ns, Nanoseconds(time_ns))
        if worker is None:
            mapping.__exit__(None, None, None)
            return Gst.FlowReturn.OK
        worker.offer(frame, shared_ns, lambda: mapping.__exit__(None, None, None))
        return Gst.FlowReturn.OK

    def on_eos(self, _appsink: GstApp.AppSink) -> None:
        """Handle the appsink's ``eos``: the detector finishes what is queued, then the timeline is complete."""
        if not self._live:
            self._attached.wait()
        worker, cameras = self._worker, self._cameras
        if cameras is not None:
            cameras.finish()
        if worker is not None:
            worker.finish()

    def _layout_of(self, caps: Gst.Caps) -> FrameLayout:
        text = caps.to_string()
        if self._layout is None or self._layout[0] != text:
            self._layout = (text, FrameLayout.of(caps))
        return self._layout[1]
