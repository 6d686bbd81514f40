"""A small monolithic class of the kind that the guide's migration section starts from.

It works, and has the usual faults: frames are copied while the lock is held, the list is shifted for each frame,
playback runs on its own clock, and the end of the source is lost. `migration_after.py` is the same class after the
five steps of the guide.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

Gst.init(None)


class Monolith:
    """Source, buffer and playback in one class."""

    def __init__(self, seconds: int = 3) -> None:
        self.buffer_duration = 1.0
        self.framerate = 30
        self.frame_buffer: list[Any] = []
        self.buffer_lock = threading.RLock()
        self.buffer_running = False
        self.frames_received = 0
        self.frames_sent = 0

        self.analysis_pipeline = Gst.parse_launch(
            f"videotestsrc is-live=true num-buffers={30 * seconds} ! video/x-raw,width=64,height=48,framerate=30/1 "
            "! appsink name=video_sink emit-signals=true sync=false"
        )
        self.playback_pipeline = Gst.parse_launch(
            "appsrc name=video_src format=time ! videoconvert ! fakesink name=out sync=false signal-handoffs=true"
        )
        self.appsrc = self.playback_pipeline.get_by_name("video_src")
        self.analysis_pipeline.get_by_name("video_sink").connect("new-sample", self.on_new_sample)
        self.appsrc.connect("need-data", self.on_need_data)

    def on_new_sample(self, sink: Any) -> Any:
        """Store a copy of the frame."""
        sample = sink.emit("pull-sample")
        with self.buffer_lock:
            self.frame_buffer.append((sample.get_buffer().copy_deep(), sample.get_caps()))
            self.frames_received += 1
            while len(self.frame_buffer) > self.buffer_duration * self.framerate:
                self.frame_buffer.pop(0)
        return Gst.FlowReturn.OK

    def on_need_data(self, src: Any, _length: int) -> None:
        """Push the oldest frame."""
        with self.buffer_lock:
            if not self.frame_buffer:
                return
            buffer, caps = self.frame_buffer.pop(0)
            src.set_property("caps", caps)
            src.emit("push-buffer", buffer)
            self.frames_sent += 1

    def buffer_loop(self) -> None:
        """Wait until the buffer is filled, start playback, feed it."""
        while self.buffer_running and len(self.frame_buffer) < 0.3 * self.buffer_duration * self.framerate:
            time.sleep(0.01)
        self.playback_pipeline.set_state(Gst.State.PLAYING)
        while self.buffer_running:
            self.on_need_data(self.appsrc, 0)
            time.sleep(1 / self.framerate)

    def run(self) -> None:
        """Start everything."""
        self.analysis_pipeline.set_state(Gst.State.PLAYING)
        self.buffer_running = True
        self.buffer_thread = threading.Thread(target=self.buffer_loop, daemon=True)
        self.buffer_thread.start()

    def stop(self) -> None:
        """Stop everything."""
        self.buffer_running = False
        self.buffer_thread.join()
        self.analysis_pipeline.set_state(Gst.State.NULL)
        self.playback_pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    monolith = Monolith()
    monolith.run()
    time.sleep(4)
    monolith.stop()
    print(f"{monolith.frames_received} frames received, {monolith.frames_sent} sent")
