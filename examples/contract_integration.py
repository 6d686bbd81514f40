"""The guide's complete integration example with its gaps filled in: a test video and a tone, delayed by 2.1 s.

Run it: python examples/contract_integration.py
"""

from __future__ import annotations

import logging
from typing import Any

import gi

from pipeline import BufferManager

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

logger = logging.getLogger("my-pipeline")


def make_chain(pipeline: Any, *elements: Any) -> None:
    """Add the elements to the pipeline and link them in order."""
    for element in elements:
        pipeline.add(element)
    for left, right in zip(elements, elements[1:], strict=False):  # noqa: RUF007 (plain for the reader)
        if not left.link(right):
            raise RuntimeError(f"{left.get_name()} and {right.get_name()} do not fit together")


def make(factory: str, **properties: Any) -> Any:
    """An element with some properties."""
    element = Gst.ElementFactory.make(factory)
    for name, value in properties.items():
        element.set_property(name.replace("_", "-"), value)
    return element


class MyPipeline:
    """The guide's class, line by line; what the guide leaves open is marked "filled in".

    `on_need_data` and `on_audio_need_data` are the public names of the guide's `_on_appsrc_need_data` and
    `_on_audio_appsrc_need_data`, which work, too.
    """

    def __init__(self, seconds: int = 4, show: bool = True) -> None:
        # Initialize buffer manager
        self.buffer_mgr = BufferManager(buffer_duration=7.0, framerate=30)

        # Set emergency callback
        self.buffer_mgr.set_emergency_shutdown_callback(self._emergency_shutdown)

        # Filled in: how long the source runs, and whether windows open
        self.seconds = seconds
        self.show = show

    def create_pipelines(self) -> None:
        """Create analysis and playback pipelines."""
        # Create analysis pipeline with appsink
        self.video_appsink = Gst.ElementFactory.make("appsink", "video_sink")
        self.audio_appsink = Gst.ElementFactory.make("appsink", "audio_sink")

        # Connect callbacks
        self.video_appsink.connect("new-sample", self.buffer_mgr.on_new_sample)
        self.audio_appsink.connect("new-sample", self.buffer_mgr.on_new_audio_sample)

        # Create playback pipeline with appsrc
        self.video_appsrc = Gst.ElementFactory.make("appsrc", "video_src")
        self.audio_appsrc = Gst.ElementFactory.make("appsrc", "audio_src")

        # Connect callbacks
        self.video_appsrc.connect("need-data", self.buffer_mgr.on_need_data)
        self.audio_appsrc.connect("need-data", self.buffer_mgr.on_audio_need_data)

        # Build pipelines... (filled in)
        self.analysis_pipeline = Gst.Pipeline.new("analysis")
        for appsink in (self.video_appsink, self.audio_appsink):
            appsink.set_property("emit-signals", True)  # otherwise there are no "new-sample" signals
            appsink.set_property("sync", False)  # a live source keeps its own time
        caps = Gst.Caps.from_string("video/x-raw,width=320,height=180,framerate=30/1")
        make_chain(
            self.analysis_pipeline,
            make("videotestsrc", is_live=True, num_buffers=30 * self.seconds, pattern="ball"),
            make("capsfilter", caps=caps),
            self.video_appsink,
        )
        make_chain(
            self.analysis_pipeline,
            make(
                "audiotestsrc", is_live=True, num_buffers=100 * self.seconds, samplesperbuffer=441, volume=0.1
            ),
            self.audio_appsink,
        )
        self.playback_pipeline = Gst.Pipeline.new("playback")
        video_out, audio_out = ("autovideosink", "autoaudiosink") if self.show else ("fakesink", "fakesink")
        self.video_out, self.audio_out = make(video_out, sync=True), make(audio_out, sync=True)
        make_chain(self.playback_pipeline, self.video_appsrc, make("videoconvert"), self.video_out)
        make_chain(self.playback_pipeline, self.audio_appsrc, make("audioconvert"), self.audio_out)
        # ... until here

        # Set elements in buffer manager
        self.buffer_mgr.set_elements(
            appsrc=self.video_appsrc,
            audio_appsrc=self.audio_appsrc,
            playback_pipeline=self.playback_pipeline,
        )

    def run(self) -> None:
        """Start pipelines and buffer thread."""
        # Start analysis pipeline
        self.analysis_pipeline.set_state(Gst.State.PLAYING)

        # Start buffer thread (will start playback when ready)
        self.buffer_mgr.start_buffer_thread()

        # Run main loop (filled in: it ends when playback has shown everything)
        self.loop = GLib.MainLoop()
        bus = self.playback_pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::eos", lambda _bus, _message: self.loop.quit())
        self.loop.run()
        bus.remove_signal_watch()

    def stop(self) -> None:
        """Stop everything."""
        self.buffer_mgr.stop_buffer_thread()
        self.buffer_mgr.clear_buffers()

        # Stop pipelines
        self.analysis_pipeline.set_state(Gst.State.NULL)
        self.playback_pipeline.set_state(Gst.State.NULL)

    def _emergency_shutdown(self) -> bool:
        """Emergency shutdown handler."""
        logger.error("Emergency shutdown triggered!")
        self.stop()
        self.loop.quit()  # filled in: and let run() return
        return False


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    mine = MyPipeline()
    mine.create_pipelines()
    mine.run()
    print(mine.buffer_mgr.get_stats())
    mine.stop()
