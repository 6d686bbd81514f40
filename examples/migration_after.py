"""The class of `migration_before.py` after the five steps of the guide's migration section."""

from __future__ import annotations

from typing import Any

import gi

from pipeline import BufferManager

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402


class Migrated:
    """Source and playback; the BufferManager is between them."""

    def __init__(self, seconds: int = 3) -> None:
        self.analysis_pipeline = Gst.parse_launch(
            f"videotestsrc is-live=true num-buffers={30 * seconds} ! video/x-raw,width=64,height=48,framerate=30/1 "
            "! appsink name=video_sink emit-signals=true sync=false"
        )
        self.playback_pipeline = Gst.parse_launch(
            "appsrc name=video_src format=time ! videoconvert ! fakesink name=out sync=false signal-handoffs=true"
        )
        self.appsrc = self.playback_pipeline.get_by_name("video_src")

        # Steps 1 and 2: create a BufferManager; the buffer's settings, list, lock and counters are its own
        self.buffer_mgr = BufferManager(
            buffer_duration=1.0, framerate=30, appsrc=self.appsrc, playback_pipeline=self.playback_pipeline
        )

        # Step 4: connect the GStreamer callbacks to its methods
        video_sink = self.analysis_pipeline.get_by_name("video_sink")
        video_sink.connect("new-sample", self.buffer_mgr.on_new_sample)
        self.appsrc.connect("need-data", self.buffer_mgr.on_need_data)

    def run(self) -> None:
        """Start everything."""
        self.analysis_pipeline.set_state(Gst.State.PLAYING)
        # Step 5: start_buffer_thread() instead of your own thread
        self.buffer_mgr.start_buffer_thread()

    def wait(self) -> Any:
        """New: the end of the source reaches playback, so a program can wait for it."""
        bus = self.playback_pipeline.get_bus()
        return bus.timed_pop_filtered(30 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)

    def stop(self) -> None:
        """Stop everything."""
        # Step 3: direct calls become calls of the buffer manager
        self.buffer_mgr.stop_buffer_thread()
        self.buffer_mgr.clear_buffers()
        self.analysis_pipeline.set_state(Gst.State.NULL)
        self.playback_pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    migrated = Migrated()
    migrated.run()
    migrated.wait()
    stats = migrated.buffer_mgr.get_stats()
    print(f"{stats['frames_received']} frames received, {stats['frames_sent']} sent")
    migrated.stop()
