"""BrowserPreview: the small video with sound that a browser plays, encoded only while it is open."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial

from pipeline.errors import StateError
from pipeline.gst.core.elements import chain, ghost, make, make_appsink, static_pad
from pipeline.gst.core.tees import attach
from pipeline.gst.encode.encode_stage import EncodeStage
from pipeline.gst.encode.encoded_tap import EncodedTap
from pipeline.gst.encode.encoders import choose_audio_encoder, choose_video_encoder
from pipeline.gst.encode.encoding import Encoding
from pipeline.gst.encode.muxers import FRAGMENTS_TIMESCALE_HZ, LIVE_MP4
from pipeline.gst.output.side_pipeline import Delivery, SidePipeline
from pipeline.gst.runtime import Gst, GstApp
from pipeline.media.fmp4 import Fragment, FragmentCutter, Head

logger = logging.getLogger("foresight")

WIDTH_PX = 640
MOST_FPS = 30
BITRATE_KBPS, AUDIO_BITRATE_KBPS = 2000, 96
KEYFRAME_EVERY_S = 1.0
"""A browser that joins late waits this long for a keyframe at most."""

OnFragment = Callable[[Head | Fragment | None], None]


class BrowserPreview:
    """A second, small encode behind the raw tees of a playing pipeline, from construction until `close`.

    Playback never waits for it: frames that it is too slow for are dropped. Any thread but a streaming thread.
    """

    def __init__(
        self,
        pipeline: Gst.Pipeline,
        video_tee: Gst.Element,
        audio_tee: Gst.Element | None,
        on_fragment: OnFragment,
    ) -> None:
        """`on_fragment` gets the head, the fragments, and None at the end; it must not block.

        It is called on the preview's own threads.

        Raises StateError before the first frame, MissingDependencyError when an encoder is missing.
        """
        caps = static_pad(video_tee, "sink").get_current_caps()
        if caps is None:
            raise StateError("playback has not started yet; open the preview once it has")
        self._pipeline = pipeline
        self._on_fragment = on_fragment
        self._closing = threading.Event()
        audio_codec = None if audio_tee is None else "aac"
        encoding = Encoding(
            "h264",
            partial(_small_encoder, caps),
            "aac",
            partial(choose_audio_encoder, "aac", AUDIO_BITRATE_KBPS),
        )
        delivery = Delivery(LIVE_MP4, self._make_sink, "rendered", 0.0, "h264", audio_codec)
        self._side = SidePipeline("the dashboard's preview", delivery)
        self._cutter = FragmentCutter(FRAGMENTS_TIMESCALE_HZ, lambda: self._side.sound_late_ns)
        self._tap = EncodedTap(self._side.take, self._side.end, with_sound=audio_tee is not None)
        self._stage = EncodeStage(pipeline, video_tee, audio_tee, encoding, waits=False)
        pipeline.add(self._tap.element)
        self._tap.element.sync_state_with_parent()
        for kind, tee in self._stage.tees.items():
            attach(tee, static_pad(self._tap.element, kind))
        self._thread = threading.Thread(target=self._run, name="browser-preview", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Remove the encoders; blocks for about a frame. Idempotent.

        Raises PipelineError when the pipeline is blocked.
        """
        if self._closing.is_set():
            return
        self._closing.set()
        self._tap.remove(self._stage)
        self._thread.join()

    def _run(self) -> None:
        trouble = self._side.run_until_closed(self._closing, lambda: None)
        if trouble is not None:
            logger.warning("%s", trouble)
        self._on_fragment(None)

    def _make_sink(self) -> Gst.Element:
        sink = make_appsink("fragments")
        sink.connect("new-sample", self._take)
        return sink

    def _take(self, appsink: GstApp.AppSink) -> Gst.FlowReturn:
        sample = appsink.emit("pull-sample")
        buffer = None if sample is None else sample.get_buffer()
        if buffer is not None:
            for fragment in self._cutter.feed(buffer.extract_dup(0, buffer.get_size())):
                self._on_fragment(fragment)
        return Gst.FlowReturn.OK


def small_size(width: int, height: int) -> tuple[int, int]:
    """The preview's even size in pixels, at most WIDTH_PX wide, with the aspect ratio of `width` x `height`."""
    small = min(WIDTH_PX, width) // 2 * 2
    return small, max(round(small * height / width / 2) * 2, 2)


def _small_encoder(caps: Gst.Caps) -> Gst.Element:
    """A bin that scales frames with `caps` down to the preview's size and encodes them."""
    shape = caps.get_structure(0)
    width, height = shape.get_int("width")[1], shape.get_int("height")[1]
    small = small_size(width, height)
    size = f"video/x-raw,width={small[0]},height={small[1]}"
    encoder = choose_video_encoder(
        "h264",
        bitrate_kbps=BITRATE_KBPS,
        keyframe_interval_s=KEYFRAME_EVERY_S,
        framerate=MOST_FPS,
        low_latency=True,
    )
    steps = [
        make("videorate", None, drop_only=True, max_rate=MOST_FPS),
        make("videoscale", None, add_borders=False),
        make("capsfilter", None, caps=Gst.Caps.from_string(size)),
        encoder,
    ]
    element = Gst.Bin.new(None)
    chain(element, *steps)
    ghost(element, static_pad(steps[0], "sink"), "sink")
    ghost(element, static_pad(encoder, "src"), "src")
    return element
