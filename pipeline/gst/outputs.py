"""Where a film goes: files, network pushes and a server, each an element that takes encoded picture and sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from pipeline.errors import ConfigError, OutputError
from pipeline.gst.containers import CONTAINERS, LIVE_FLV, LIVE_TS, Container
from pipeline.gst.elements import add, chain, find_property, ghost, link, make, set_property, static_pad
from pipeline.gst.push import Push
from pipeline.gst.push_link import Carrier
from pipeline.gst.recording import Recording
from pipeline.gst.rtsp_server import RtspServer
from pipeline.gst.runtime import Gst
from pipeline.redaction import redact_address
from pipeline.timebase import Nanoseconds, seconds_to_ns

SEGMENT_S = 4
"""What a playlist's segments aim at: a viewer is some three of them behind."""
PAYLOAD_SHARE = 0.9
"""splitmuxsink counts picture and sound alone; this leaves room for what a transport stream adds to them."""
SRT_LINGER_S = 1.0
"""An SRT receiver holds what came for its latency, and forgets it when the connection closes."""


class Output(Protocol):
    """One destination: put `element` into the pipeline; its sink pads are ``video`` and, with sound, ``audio``."""

    @property
    def name(self) -> str:
        """What the user wrote, without secrets."""

    @property
    def element(self) -> Gst.Bin:
        """What takes the encoded streams."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about it: a gap, a silence."""

    @property
    def trouble(self) -> str | None:
        """Why nothing comes of it now, in one line; None while all is well."""

    def close(self) -> None:
        """Finish what goes on outside of the pipeline. Idempotent."""


@dataclass(frozen=True, slots=True)
class FileOutput:
    """A film in a file: all of it happens in the pipeline."""

    name: str
    element: Gst.Bin
    notes: tuple[str, ...] = ()
    trouble: str | None = None
    parts: list[Path] = field(default_factory=list)
    """The parts that were begun, where the file is split."""
    entries: list[Gst.Element] = field(default_factory=list)
    """The queues that picture and sound enter by."""

    def close(self) -> None:
        """Nothing: the pipeline has finished the file."""

    def abandon(self) -> None:
        """Hold nobody up any more: what failed takes nothing from now on. Any thread; does not block."""
        for queue in self.entries:
            set_property(queue, "leaky", "downstream")
            queue.set_property("max-size-buffers", 1)  # a change of size wakes who waits for room


@dataclass(frozen=True, slots=True)
class Split:
    """When a file goes on in its next part, at the last keyframe before; None: not for that reason."""

    time_ns: Nanoseconds | None = None
    size_bytes: int | None = None

    @classmethod
    def at(cls, time_s: float | None, size_bytes: int | None) -> Split | None:
        """The split for these limits, None where there is neither."""
        if time_s is None and size_bytes is None:
            return None
        return cls(None if time_s is None else seconds_to_ns(time_s), size_bytes)


def open_file(path: Path, *, video_codec: str, audio_codec: str | None, split: Split | None = None) -> Output:
    """A film in a file, whose extension names the container, or an HLS playlist (.m3u8), its segments beside it.

    `split` writes ``name-00000.mp4``, ``name-00001.mp4`` ... instead of ``name.mp4``; a playlist is in segments in
    any case. Raises ConfigError or OutputError.
    """
    suffix = path.suffix.lower().lstrip(".")
    if suffix not in CONTAINERS and suffix != "m3u8":
        known = ", ".join(f".{name}" for name in (*CONTAINERS, "m3u8"))
        raise ConfigError(f"{path}: no known container; name the file {known}")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: there is no folder {path.parent}; make it first")
    if suffix == "m3u8":
        return _open_playlist(path, video_codec, audio_codec)
    container = CONTAINERS[suffix]
    container.check(str(path), video_codec, audio_codec)
    if split is not None and suffix == "flv":
        # flvmux gives all sound of the first part the time of that part's end (GStreamer 1.22)
        raise ConfigError(f"{path}: an flv file cannot be split; name it .mp4, .mkv or .ts")
    if split is not None:
        return _open_parts(path, container, video_codec, audio_codec, split)
    element = Gst.Bin.new(None)
    muxer = container.make()
    chain(element, muxer, _at_once(make("filesink", None, location=str(path))))
    entries = _enter(
        element, container, muxer,
        ("video", video_codec, container.video_pad), ("audio", audio_codec, container.audio_pad),
    )  # fmt: skip
    return FileOutput(str(path), element, entries=entries)


def open_recording(path: Path, *, video_codec: str, audio_codec: str | None) -> Recording:
    """A film in a file that must not be there yet, to begin amid the film. Raises ConfigError or OutputError."""
    container = CONTAINERS[path.suffix.lower().lstrip(".")]
    container.check(str(path), video_codec, audio_codec)
    return Recording(path, container, video_codec, audio_codec)


def _open_parts(
    path: Path, container: Container, video_codec: str, audio_codec: str | None, split: Split
) -> Output:
    element = Gst.Bin.new(None)
    pattern = _numbered(path, path.suffix)
    payload_bytes = None if split.size_bytes is None else round(split.size_bytes * PAYLOAD_SHARE)
    sink = make(
        "splitmuxsink", None, location=pattern, muxer=container.make(),
        max_size_time=split.time_ns, max_size_bytes=payload_bytes,
    )  # fmt: skip
    add(element, sink)
    entries = _enter(
        element, container, sink, ("video", video_codec, "video"), ("audio", audio_codec, "audio_%u")
    )
    notes = (f"{path} is written in parts: {pattern % 0}, ...",)
    output = FileOutput(str(path), element, notes, entries=entries)
    sink.connect("format-location", _begin_part, pattern, output.parts)
    return output


def _begin_part(_sink: Gst.Element, number: int, pattern: str, parts: list[Path]) -> str:
    parts.append(Path(pattern % number))
    return str(parts[-1])


def _open_playlist(path: Path, video_codec: str, audio_codec: str | None) -> Output:
    for codec, held in ((video_codec, "h264"), (audio_codec, "aac")):
        if codec not in (None, held):
            raise ConfigError(f"{path}: an HLS playlist holds {held} here, not {codec}")
    element = Gst.Bin.new(None)
    segments = _numbered(path, ".ts")
    sink = make(
        "hlssink2", None, location=segments, playlist_location=str(path), target_duration=SEGMENT_S,
        playlist_length=0, max_files=0,
    )  # fmt: skip
    add(element, sink)
    entries = _enter(element, LIVE_TS, sink, ("video", video_codec, "video"), ("audio", audio_codec, "audio"))
    return FileOutput(str(path), element, entries=entries)


def _numbered(path: Path, suffix: str) -> str:
    """The pattern of `path`'s pieces, as GStreamer's splitting sinks take it: ``name-%05d.suffix``."""
    return str(path.with_suffix("")).replace("%", "%%") + "-%05d" + suffix


def open_stream(
    url: str,
    *,
    video_codec: str,
    audio_codec: str | None,
    make_silence_encoder: Callable[[], Gst.Element] | None = None,
) -> Output:
    """A push to ``rtmp``, ``rtmps`` or ``srt`` that survives the server's absence, or an ``rtsp`` server.

    Raises ConfigError, and OutputError where an RTSP server's port cannot be had.

    `make_silence_encoder` makes an AAC encoder for the silence that is pushed where `audio_codec` is None.
    """
    scheme = urlsplit(url).scheme.lower()
    if scheme == "rtsp":
        return RtspServer(url, video_codec=video_codec, audio_codec=audio_codec)
    if scheme in ("rtmp", "rtmps"):
        container, make_sink, sent, linger_s = LIVE_FLV, partial(_rtmp_sink, url), "out-bytes-total", 0.0
    elif scheme == "srt":
        container, make_sink, sent, linger_s = (
            LIVE_TS,
            partial(_srt_sink, url),
            "bytes-sent-total",
            SRT_LINGER_S,
        )
    else:
        raise ConfigError(
            f"{redact_address(url)}: cannot stream there; use rtmp://, rtmps://, srt:// or rtsp://"
        )
    name = redact_address(url)
    if container is LIVE_FLV and len(urlsplit(url).path.strip("/").split("/")) < 2:
        raise ConfigError(f"{name}: the application or the key is missing; write rtmp://server/app/KEY")
    container.check(name, video_codec, audio_codec)
    return Push(
        name, Carrier(container, make_sink, sent, linger_s, video_codec, audio_codec, make_silence_encoder)
    )


def _rtmp_sink(url: str) -> Gst.Element:
    return _at_once(make("rtmp2sink", None, location=url))


def _srt_sink(url: str) -> Gst.Element:
    sink = make("srtsink", None, uri=url, wait_for_connection=False)
    if find_property(sink, "auto-reconnect") is not None:
        sink.set_property("auto-reconnect", False)  # it would go on amid a picture, and tell nobody
    return _at_once(sink)


def _at_once(sink: Gst.Element) -> Gst.Element:
    """Writes what comes when it comes: the window keeps the time."""
    sink.set_property("sync", False)
    sink.set_property("async", False)
    return sink


def _enter(
    element: Gst.Bin, container: Container, muxer: Gst.Element, *ways: tuple[str, str | None, str]
) -> list[Gst.Element]:
    """Ways into `element`: a queue each, because a muxer takes its streams in turn, and a parser.

    Each of `ways` is a kind, its codec, None where there is no such stream, and the muxer's pad. Before each is a
    guard: who feeds the element, and others too, never hears that it has failed. The bus does. Returns the queues.
    """
    entries = []
    for kind, codec, muxer_pad in ways:
        if codec is None:
            continue
        guard = make("errorignore", None, convert_to="ok")
        queue = make("queue", None, max_size_buffers=0, max_size_bytes=0, max_size_time=Gst.SECOND)
        parser = container.make_parser(codec)
        add(element, guard, queue, parser)
        link(guard, queue, parser)
        parser.link_pads("src", muxer, muxer_pad)
        ghost(element, static_pad(guard, "sink"), kind)
        entries.append(queue)
    return entries
