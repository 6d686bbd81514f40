"""Captions that arrive four seconds late and are still on air at the very frame they belong to.

A recogniser of speech or a scorer needs seconds. With a delay of five, playback has not come there yet.

Run: python examples/late_captions.py
"""

from __future__ import annotations

import threading
from typing import Any

from pipeline import BufferManager
from pipeline.errors import LateError
from pipeline.gst.runtime import Gst

SOURCE = (
    "videotestsrc name=source is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=25/1"
    " ! timeoverlay ! appsink name=frames emit-signals=true sync=false"
)
PLAYBACK = "appsrc name=frames ! textoverlay name=captions ! videoconvert ! {sink} name=out"


class LateCaptions:
    """A live picture, `delay_s` behind, with a caption for each second that is known `late_s` after it."""

    def __init__(self, *, delay_s: float = 5.0, late_s: float = 4.0, seconds: int = 60, show: bool = True):
        self.source = Gst.parse_launch(SOURCE)
        self.source.get_by_name("source").set_property("num-buffers", 25 * seconds)
        self.playback = Gst.parse_launch(
            PLAYBACK.format(sink="autovideosink" if show else "fakesink sync=true")
        )
        self.manager = BufferManager(
            buffer_duration=delay_s + 1,
            delay=delay_s,
            appsrc=self.playback.get_by_name("frames"),
            playback_pipeline=self.playback,
        )
        self.source.get_by_name("frames").connect("new-sample", self.manager.on_new_sample)
        self.overlay = self.playback.get_by_name("captions")
        pad = self.overlay.get_static_pad("video_sink")
        self.follower = self.manager.follow_annotations("caption", pad, self.show_caption)
        self.recogniser = threading.Thread(target=self.recognise, args=(late_s, seconds), daemon=True)
        self.refused: list[str] = []

    def show_caption(self, caption: Any) -> None:
        """Set what the next frame shows; called on the overlay's streaming thread, just before that frame."""
        self.overlay.set_property("text", "" if caption is None else caption.data)

    def recognise(self, late_s: float, seconds: int) -> None:
        """Give the caption of each second `late_s` after it was captured, as a slow recogniser would."""
        second, frames = 0, self.manager.reader()
        while second < seconds and (newest := frames.read()) is not None:
            captured_ns = second * Gst.SECOND
            if newest.time_ns < captured_ns + late_s * Gst.SECOND:
                continue
            try:
                self.manager.annotate("caption", f"second {second}", captured_ns=captured_ns)
            except LateError as error:  # never shown at the wrong moment
                self.refused.append(str(error))
            second += 1

    def run(self) -> None:
        """Play to the end."""
        self.manager.start_buffer_thread()
        self.source.set_state(Gst.State.PLAYING)
        self.recogniser.start()
        ended = Gst.MessageType.EOS | Gst.MessageType.ERROR
        self.playback.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, ended)

    def stop(self) -> None:
        """Release everything; idempotent."""
        self.follower.close()
        self.manager.stop_buffer_thread()
        self.source.set_state(Gst.State.NULL)
        self.playback.set_state(Gst.State.NULL)


if __name__ == "__main__":
    captions = LateCaptions()
    try:
        captions.run()
    except KeyboardInterrupt:
        pass
    finally:
        captions.stop()
