"""How much of the video a server has missed: from the last frame sent to the next one, whatever the outage."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.gst.core.elements import chain, link, make, make_appsrc
from pipeline.gst.core.reconnector import ReconnectPolicy
from pipeline.gst.encode.muxers import LIVE_TS
from pipeline.gst.output.limits import OutputLimits
from pipeline.gst.output.push import Push
from pipeline.gst.output.side_pipeline import Delivery, SidePipeline
from pipeline.gst.runtime import GLib, Gst
from pipeline.timebase import NS_PER_S
from tests.gst.output.peers import wait_until

CAPS = Gst.Caps.from_string("video/x-raw,format=I420,width=160,height=96,framerate=25/1")
FRAME_NS = 40_000_000


def delivery(make_sink: Callable[[], Gst.Element], **values: Any) -> Delivery:
    return Delivery(LIVE_TS, make_sink, "rendered", 0.0, "h264", None, **values)


class Video:
    """Encoded frames, handed to a push when the test says."""

    def __init__(self, push: Push) -> None:
        self.pipeline = Gst.Pipeline.new("playback")
        self._source = make_appsrc("source", CAPS)
        encoder = make("x264enc", None, tune="zerolatency", key_int_max=1000, speed_preset="ultrafast")
        chain(self.pipeline, self._source, encoder)
        self.pipeline.add(push.element)
        link(encoder, push.element)
        self.pipeline.set_state(Gst.State.PLAYING)
        self._frames = 0

    def show(self, count: int) -> None:
        for _ in range(count):
            frame: Any = Gst.Buffer.new_wrapped(bytes(160 * 96 * 3 // 2))
            frame.pts, frame.duration = self._frames * FRAME_NS, FRAME_NS
            self._frames += 1
            self._source.push_buffer(frame)


def test_frames_before_the_first_connection_count_as_missed(tmp_path: Path) -> None:
    sinks: list[Gst.Element] = []

    def make_sink() -> Gst.Element:
        """A connection that takes everything, then ones that refuse."""
        refused = make("filesink", None, location=str(tmp_path / "none" / "video"))
        sinks.append(refused if sinks else make("fakesink", None, sync=False))
        return sinks[-1]

    push = Push("server", delivery(make_sink), OutputLimits(reconnect=ReconnectPolicy(0.01, 3.0)))
    video = Video(push)
    video.show(50)

    def is_sent() -> bool:
        return bool(sinks) and sinks[0].get_property("stats").get_value("rendered") >= 50

    wait_until(is_sent, "the first two seconds' arrival")
    error: GLib.Error = GLib.Error.new_literal(Gst.ResourceError.quark(), "gone", Gst.ResourceError.WRITE)
    sinks[0].post_message(Gst.Message.new_error(sinks[0], error, ""))
    wait_until(lambda: len(sinks) >= 3, "a retry that is refused")
    video.show(200)

    def not_sent_s() -> float:
        found = re.search(r"1 gap, ([\d.]+) s of video not sent; still offline", " ".join(push.notes))
        return 0.0 if found is None else float(found[1])

    wait_until(lambda: not_sent_s() == pytest.approx(8.0, abs=0.11), "the count of eight seconds")
    push.close()
    video.pipeline.set_state(Gst.State.NULL)


def test_frames_still_queued_when_a_connection_breaks_count_as_missed() -> None:
    encoded: Any = Gst.parse_launch(
        "videotestsrc num-buffers=100 ! video/x-raw,width=160,height=96,framerate=25/1 "
        "! x264enc tune=zerolatency ! appsink name=video sync=false"
    )
    encoded.set_state(Gst.State.PLAYING)
    may_continue = threading.Event()

    def make_sink() -> Gst.Element:
        sink = make("fakesink", None, sync=False, signal_handoffs=True)
        sink.connect("handoff", lambda *_: may_continue.wait(30))
        return sink

    side = SidePipeline("server", delivery(make_sink, patience_s=1.0))
    video = encoded.get_by_name("video")
    while (sample := video.try_pull_sample(5 * NS_PER_S)) is not None:
        side.take("video", sample)
    troubles: list[str | None] = []
    life = threading.Thread(
        target=lambda: troubles.append(side.run_until_closed(threading.Event(), lambda: None))
    )
    life.start()
    first_ns, last_ns = side.first_ns, side.last_ns
    assert first_ns is not None
    assert last_ns == first_ns + 99 * FRAME_NS
    wait_until(lambda: side.sent_ns != last_ns, "the push to give up")
    may_continue.set()
    life.join(10)
    assert troubles == ["server: cannot keep up; check the network, or lower the bit rate"]
    assert side.sent_ns is not None
    assert first_ns <= side.sent_ns < first_ns + NS_PER_S
    encoded.set_state(Gst.State.NULL)
