"""Two real pipelines with a BufferManager between them, and what playback showed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeline import BufferManager
from pipeline.gst.runtime import Gst, GstPbutils

WAIT_S = 20.0
"""Limit of every wait; a test that reaches it fails."""

VIDEO = "video/x-raw,format=GRAY8,width=16,height=16,framerate=30/1"
AUDIO = "audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved"


def video_source(frames: int, *, live: bool) -> str:
    """A launch fragment: `frames` small frames into an appsink `video`."""
    return (
        f"videotestsrc num-buffers={frames} is-live={str(live).lower()} ! {VIDEO}"
        " ! appsink name=video emit-signals=true sync=false "
    )


def audio_source(chunks: int, *, live: bool) -> str:
    """A launch fragment: `chunks` chunks of 10 ms into an appsink `audio`."""
    return (
        f"audiotestsrc num-buffers={chunks} samplesperbuffer=480 is-live={str(live).lower()} ! {AUDIO}"
        " ! appsink name=audio emit-signals=true sync=false "
    )


def playback(*, sync: bool) -> str:
    """A launch description: each appsrc into a fakesink."""
    sink = f"fakesink sync={str(sync).lower()} signal-handoffs=true"
    return f"appsrc name=video_src ! {sink} name=video_out  appsrc name=audio_src ! {sink} name=audio_out"


@dataclass
class Shown:
    """What one sink of the playback pipeline showed."""

    running_ns: list[int] = field(default_factory=list)
    duration_ns: list[int] = field(default_factory=list)
    clock_ns: list[int] = field(default_factory=list)
    pts_ns: list[int] = field(default_factory=list)
    caps: list[str] = field(default_factory=list)


class Pipes:
    """A context manager: both pipelines, built from launch descriptions and connected as the guide says."""

    def __init__(self, source: str, sink: str, **settings: Any) -> None:
        self.analysis = Gst.parse_launch(source)
        self.playback = Gst.parse_launch(sink)
        self.manager = BufferManager(
            appsrc=self.playback.get_by_name("video_src"),
            audio_appsrc=self.playback.get_by_name("audio_src"),
            playback_pipeline=self.playback,
            **settings,
        )
        self._handlers: list[tuple[Any, int]] = []
        self._shown = threading.Condition()
        self.shown = {"video": Shown(), "audio": Shown()}
        manager = self.manager
        self._connect(self.analysis, "video", "new-sample", manager.on_new_sample)
        self._connect(self.analysis, "audio", "new-sample", manager.on_new_audio_sample)
        self._connect(self.playback, "video_src", "need-data", manager.on_need_data)
        self._connect(self.playback, "audio_src", "need-data", manager.on_audio_need_data)
        for name, shown in self.shown.items():
            self._connect(self.playback, f"{name}_out", "handoff", self._handoff, shown)

    def _connect(
        self, pipeline: Any, name: str, signal: str, callback: Callable[..., Any], *extra: Any
    ) -> None:
        element = pipeline.get_by_name(name)
        if element is not None:
            self._handlers.append((element, element.connect(signal, callback, *extra)))

    def _handoff(self, element: Any, buffer: Any, pad: Any, shown: Shown) -> None:
        segment = pad.get_sticky_event(Gst.EventType.SEGMENT, 0).parse_segment()
        shown.running_ns.append(segment.to_running_time(Gst.Format.TIME, buffer.pts) + pad.get_offset())
        shown.pts_ns.append(buffer.pts)
        shown.duration_ns.append(buffer.duration)
        shown.clock_ns.append(element.get_clock().get_time() if element.get_clock() is not None else 0)
        shown.caps.append(pad.get_current_caps().to_string())
        with self._shown:
            self._shown.notify_all()

    def play(self) -> None:
        """Start the source and the buffer thread, as the guide does."""
        self.analysis.set_state(Gst.State.PLAYING)
        self.manager.start_buffer_thread()

    def wait_shown(self, name: str, count: int) -> None:
        """Wait until that many samples were shown."""
        with self._shown:
            assert self._shown.wait_for(lambda: len(self.shown[name].pts_ns) >= count, WAIT_S), self.manager

    def wait_eos(self) -> None:
        """Wait until playback has shown everything; an error message fails the test."""
        self.wait_message(Gst.MessageType.EOS)

    def wait_message(self, kind: Any) -> Any:
        """Wait for a message of `kind` on the playback bus."""
        message = self.playback.get_bus().timed_pop_filtered(
            int(WAIT_S * Gst.SECOND), kind | Gst.MessageType.ERROR
        )
        assert message is not None, f"no sample arrived: {self.manager!r}"
        assert message.type != Gst.MessageType.ERROR, message.parse_error()
        return message

    def __enter__(self) -> Pipes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.manager.stop_buffer_thread()
        self.analysis.set_state(Gst.State.NULL)
        self.playback.set_state(Gst.State.NULL)
        self.manager.clear_buffers()
        while self._handlers:
            element, handler = self._handlers.pop()
            element.disconnect(handler)


@dataclass
class Found:
    """The streams of a file."""

    kinds: list[str]
    duration_s: float


def probe(path: Path) -> Found:
    """Read what a media file holds."""
    info = GstPbutils.Discoverer.new(int(WAIT_S * Gst.SECOND)).discover_uri(path.as_uri())
    kinds = ["video"] * len(info.get_video_streams()) + ["audio"] * len(info.get_audio_streams())
    return Found(kinds, info.get_duration() / Gst.SECOND)
