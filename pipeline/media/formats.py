"""The media formats as data: codecs, containers, playlists, and the schemes of addresses. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar, get_args

VideoCodec = Literal["h264", "h265"]
"""The codecs to which video can be encoded."""
AudioCodec = Literal["aac", "opus"]
"""The codecs to which sound can be encoded."""
HlsSegments = Literal["ts", "fmp4"]
"""The kinds of segments of a playlist."""
Kind = Literal["video", "audio"]


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec, with its GStreamer ``caps``."""

    name: str
    kind: Kind
    caps: str


@dataclass(frozen=True, slots=True)
class Container:
    """A file format, named by its extension, with the ``codecs`` that it can hold."""

    name: str
    codecs: frozenset[str]
    can_split: bool = True
    """Whether a recording can be split into parts."""

    @property
    def suffix(self) -> str:
        """The file name's extension, with its dot."""
        return f".{self.name}"


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of an HLS playlist: their extension, and the codecs that players support in them."""

    name: HlsSegments
    suffix: str
    container: str
    codecs: frozenset[str]
    head: str | None = None
    """The end of the name of the initialization file that each segment needs."""


@dataclass(frozen=True, slots=True)
class SourceScheme:
    """The scheme of a source's address.

    ``is_live``: samples arrive in real time, as from a camera. ``is_paced``: samples arrive in bursts, as with HLS,
    from a recording or a camera. ``needs_host``: the address must name a server. ``is_one_stream``: it has exactly
    one stream, and GStreamer does not report the end of the list.
    """

    name: str
    is_live: bool = False
    is_paced: bool = False
    needs_host: bool = False
    is_one_stream: bool = False


@dataclass(frozen=True, slots=True)
class StreamScheme:
    """The scheme of an output's address. ``container``: the format sent; None: each stream separately (RTP)."""

    name: str
    example: str
    """An example for messages; the key is in words, because redaction would mask it."""
    container: str | None
    codecs: frozenset[str]
    is_served: bool = False
    """The address belongs to this machine, and players connect to it."""
    needs_key: bool = False
    """The path ends with an application and a stream key."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


def _by_name(*ones: _N) -> Mapping[str, _N]:
    return MappingProxyType({one.name: one for one in ones})


CODECS = _by_name(
    Codec("h264", "video", "video/x-h264"),
    Codec("h265", "video", "video/x-h265"),
    Codec("av1", "video", "video/x-av1"),
    Codec("vp8", "video", "video/x-vp8"),
    Codec("vp9", "video", "video/x-vp9"),
    Codec("jpeg", "video", "image/jpeg"),
    Codec("aac", "audio", "audio/mpeg,mpegversion=(int){2,4}"),
    Codec("opus", "audio", "audio/x-opus"),
)

ENCODED: frozenset[str] = frozenset((*get_args(VideoCodec), *get_args(AudioCodec)))
"""The codecs to which outputs can be encoded."""
_FLASH = frozenset({"h264", "aac"})

CONTAINERS = _by_name(
    Container("mp4", ENCODED | {"av1", "vp9"}),
    Container("mkv", ENCODED | {"av1", "vp8", "vp9", "jpeg"}),
    # flvmux stamps all sound of the first part with the time of that part's end (GStreamer 1.22)
    Container("flv", _FLASH, can_split=False),
    Container("ts", ENCODED),
)

PLAYLIST_SUFFIX = ".m3u8"
SEGMENTS = _by_name(
    Segments("ts", ".ts", "ts", frozenset({"h264", "aac"})),
    Segments("fmp4", ".m4s", "mp4", ENCODED, head="init.mp4"),
)

SOURCE_SCHEMES = _by_name(
    SourceScheme("rtsp", is_live=True, needs_host=True),
    SourceScheme("rtsps", is_live=True, needs_host=True),
    SourceScheme("rtmp", is_live=True, needs_host=True),
    SourceScheme("rtmps", is_live=True, needs_host=True),
    SourceScheme("srt", is_live=True, needs_host=True),
    SourceScheme("udp", is_live=True, needs_host=True),
    SourceScheme("rtp", is_live=True, needs_host=True, is_one_stream=True),
    SourceScheme("http", is_paced=True, needs_host=True),
    SourceScheme("https", is_paced=True, needs_host=True),
    SourceScheme("file"),
)

STREAM_SCHEMES = _by_name(
    StreamScheme("rtmp", "rtmp://server/app/ and the key", "flv", _FLASH, needs_key=True),
    StreamScheme("rtmps", "rtmps://server/app/ and the key", "flv", _FLASH, needs_key=True),
    StreamScheme("srt", "srt://server:9000", "ts", CONTAINERS["ts"].codecs),
    StreamScheme("rtsp", "rtsp://127.0.0.1:8554/live", None, ENCODED, is_served=True),
)

SCHEMES = frozenset((*SOURCE_SCHEMES, *STREAM_SCHEMES))


def container_of(suffix: str) -> Container | None:
    """The container whose files end in `suffix`, in upper or lower case; None for any other."""
    return CONTAINERS.get(suffix.lower().removeprefix(".")) if suffix.startswith(".") else None


def output_suffixes() -> tuple[str, ...]:
    """Every extension that an output may have."""
    return (*(container.suffix for container in CONTAINERS.values()), PLAYLIST_SUFFIX)


def listed(words: Iterable[object]) -> str:
    """The words as a list for a message: ``a, b or c``."""
    *most, last = [str(word) for word in words]
    return f"{', '.join(most)} or {last}" if most else last


def held(codecs: Iterable[str], kind: Kind) -> tuple[str, ...]:
    """Those of `codecs` that are of `kind`, in the order of CODECS."""
    wanted = frozenset(codecs)
    return tuple(codec.name for codec in CODECS.values() if codec.name in wanted and codec.kind == kind)
