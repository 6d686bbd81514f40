"""Where a film goes: files and network pushes, each a bin that takes encoded picture and sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import ConfigError, OutputError
from pipeline.gst.elements import add, chain, ghost, link, make, static_pad
from pipeline.gst.runtime import Gst
from pipeline.redaction import redact

FRAGMENT_MS = 1000
"""An mp4 file is playable up to its last whole fragment, should the run be killed."""


@dataclass(frozen=True, slots=True)
class Container:
    """A muxer, how its pads are named, and which codecs it holds."""

    muxer: str
    video_pad: str
    audio_pad: str
    codecs: frozenset[str]
    properties: tuple[tuple[str, object], ...] = ()

    def make(self) -> Gst.Element:
        """The muxer, ready for a file or a stream."""
        return make(self.muxer, None, **dict(self.properties))


_ALL = frozenset({"h264", "h265", "aac", "opus"})
_TAGGED = "video_%u", "audio_%u"
CONTAINERS: dict[str, Container] = {
    "mp4": Container(
        "mp4mux",
        *_TAGGED,
        _ALL,
        (("fragment_duration", FRAGMENT_MS), ("fragment_mode", "first-moov-then-finalise")),
    ),
    "mkv": Container("matroskamux", *_TAGGED, _ALL),
    "flv": Container("flvmux", "video", "audio", frozenset({"h264", "aac"})),
    "ts": Container("mpegtsmux", "sink_%d", "sink_%d", _ALL),
}
_LIVE_FLV = Container("flvmux", "video", "audio", frozenset({"h264", "aac"}), (("streamable", True),))


@dataclass(frozen=True, slots=True)
class Output:
    """One destination: put `element` into the pipeline; its sink pads are ``video`` and, with sound, ``audio``.

    `name` is what the user wrote, without secrets.
    """

    name: str
    element: Gst.Bin


def open_file(path: Path, *, video_codec: str, audio_codec: str | None) -> Output:
    """A film in a file; its extension names the container. Raises ConfigError or OutputError."""
    suffix = path.suffix.lower().lstrip(".")
    if suffix not in CONTAINERS:
        known = ", ".join(f".{name}" for name in CONTAINERS)
        raise ConfigError(f"{path}: no known container; name the file {known}")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: there is no folder {path.parent}; make it first")
    sink = make("filesink", None, location=str(path), sync=False)
    sink.set_property("async", False)
    return _muxed(str(path), CONTAINERS[suffix], sink, video_codec, audio_codec)


def open_stream(url: str, *, video_codec: str, audio_codec: str | None) -> Output:
    """A push to ``rtmp``, ``rtmps`` or ``srt``. Raises ConfigError."""
    scheme = urlsplit(url).scheme.lower()
    if scheme in ("rtmp", "rtmps"):
        container, sink = _LIVE_FLV, make("rtmp2sink", None, location=url, sync=False)
    elif scheme == "srt":
        container, sink = (
            CONTAINERS["ts"],
            make("srtsink", None, uri=url, sync=False, wait_for_connection=False),
        )
    else:
        raise ConfigError(f"{redact(url)}: cannot stream there; use rtmp://, rtmps:// or srt://")
    sink.set_property("async", False)
    return _muxed(redact(url), container, sink, video_codec, audio_codec)


def _muxed(
    name: str, container: Container, sink: Gst.Element, video_codec: str, audio_codec: str | None
) -> Output:
    for codec in (video_codec, audio_codec):
        if codec is not None and codec not in container.codecs:
            held = ", ".join(sorted(container.codecs))
            raise ConfigError(f"{name}: {container.muxer} does not hold {codec}, only {held}")
    element = Gst.Bin.new(None)
    muxer = container.make()
    chain(element, muxer, sink)
    video_entry = _encoded_entry(element, f"{video_codec}parse")
    video_entry[1].link_pads("src", muxer, container.video_pad)
    ghost(element, static_pad(video_entry[0], "sink"), "video")
    if audio_codec is not None:
        audio_entry = _encoded_entry(element, f"{audio_codec}parse")
        audio_entry[1].link_pads("src", muxer, container.audio_pad)
        ghost(element, static_pad(audio_entry[0], "sink"), "audio")
    return Output(name, element)


def _encoded_entry(container: Gst.Bin, parser_name: str) -> tuple[Gst.Element, Gst.Element]:
    """A queue, because a muxer takes its streams in turn, and a parser that turns one to its liking."""
    queue = make("queue", None, max_size_buffers=0, max_size_bytes=0, max_size_time=Gst.SECOND)
    parser = make(parser_name)
    add(container, queue, parser)
    link(queue, parser)
    return queue, parser
