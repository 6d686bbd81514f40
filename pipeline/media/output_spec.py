"""FileSpec and StreamSpec: an output as the user named it, with its options, parsed once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.media.addresses import Address, scheme_of, shown_text
from pipeline.media.formats import (
    CONTAINERS,
    PLAYLIST_SUFFIX,
    SEGMENTS,
    STREAM_SCHEMES,
    Container,
    HlsSegments,
    Kind,
    Segments,
    StreamScheme,
    container_of,
    held,
    listed,
    output_suffixes,
)

ALLOWED_ADDRESS = f"an address that begins with {listed(f'{name}://' for name in STREAM_SCHEMES)}"
"""The allowed addresses of a stream, in words."""

_SWITCH = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One output. ``name`` may be shown: a file's path, or the address without its secrets."""

    name: str
    codecs: frozenset[str]
    """The codecs that it can hold."""
    graphics: bool = field(default=True, kw_only=True)
    """Whether the run's graphics are drawn on it; without them it is a clean feed."""

    def refusals(self, video_codec: str | None, audio_codec: str | None) -> Iterator[tuple[Kind, str]]:
        """For each codec that it cannot hold, its kind and a message. None: there is no such stream."""
        kinds: tuple[tuple[Kind, str | None], ...] = ("video", video_codec), ("audio", audio_codec)
        for kind, codec in kinds:
            if codec is not None and codec not in self.codecs:
                line = f"{self.name} can hold {listed(held(self.codecs, kind))} only, not {codec}"
                yield kind, line + self._advice(codec)

    def check_codecs(self, video_codec: str | None, audio_codec: str | None) -> None:
        """Raise ConfigError for a codec that it cannot hold."""
        for _kind, line in self.refusals(video_codec, audio_codec):
            raise ConfigError(line)

    def _advice(self, codec: str) -> str:
        """The end of the message: what else can hold `codec`."""
        return ""


@dataclass(frozen=True, slots=True)
class FileSpec(OutputSpec):
    """A file, or an HLS playlist with its segments in the same folder."""

    path: Path
    container: Container
    """Of a playlist: the format in which its segments are made."""
    segments: Segments | None = None
    """The segments of a playlist; None for a file."""

    @classmethod
    def parse(cls, path: Path, hls_segments: HlsSegments = "ts") -> FileSpec:
        """Parse the path of a file or a playlist, as ``clean.mp4?graphics=off``.

        Raises ConfigError for an unknown extension or option.
        """
        _check_name(path)
        path, graphics = _without_options(path)
        if not is_playlist(path):
            return cls._one(path, output_suffixes(), graphics)
        segments = SEGMENTS[hls_segments]
        return cls(
            str(path), segments.codecs, path, CONTAINERS[segments.container], segments, graphics=graphics
        )

    @classmethod
    def parse_one(cls, path: Path) -> FileSpec:
        """Parse the path of a single file, not a playlist. Raises ConfigError."""
        _check_name(path)
        return cls._one(path, tuple(container.suffix for container in CONTAINERS.values()))

    @classmethod
    def _one(cls, path: Path, allowed: tuple[str, ...], graphics: bool = True) -> FileSpec:
        found = container_of(path.suffix)
        if found is None:
            raise ConfigError(f"{shown_text(str(path))} has no known extension; allowed: {listed(allowed)}")
        return cls(str(path), found.codecs, path, found, graphics=graphics)

    def named(self, path: Path) -> Path:
        """How a user names an output like this one at `path`: with its options."""
        return path if self.graphics else path.with_name(f"{path.name}?graphics=off")

    @property
    def is_playlist(self) -> bool:
        """Whether it is a playlist, which consists of many files."""
        return self.segments is not None

    def split_refusal(self) -> str | None:
        """Why it cannot be split into parts; None if it can. A playlist always has segments."""
        if self.is_playlist or self.container.can_split:
            return None
        others = listed(container.suffix for container in CONTAINERS.values() if container.can_split)
        return f"{self.name} cannot be split; name it {others}"

    def part_suffix(self, *, is_split: bool) -> str | None:
        """The extension of its numbered files; None if it is one file."""
        if self.segments is not None:
            return self.segments.suffix
        return self.path.suffix if is_split else None

    def _advice(self, codec: str) -> str:
        other = SEGMENTS["fmp4"]
        return (
            f' (hls_segments = "{other.name}" holds it)' if self.is_playlist and codec in other.codecs else ""
        )


@dataclass(frozen=True, slots=True)
class StreamSpec(OutputSpec):
    """A push to a server, or an RTSP server on this machine."""

    scheme: StreamScheme
    address: Address

    @classmethod
    def parse(cls, text: str) -> StreamSpec:
        """Parse an address; ``graphics=off`` or ``on`` in its query is ours, and not sent to the server.

        Raises ConfigError, which quotes nothing of it.
        """
        text, graphics = _without_switch(text)
        scheme = STREAM_SCHEMES.get(scheme_of(text) or "")
        if scheme is None:
            raise ConfigError(f"this value (not shown) is not allowed, allowed: {ALLOWED_ADDRESS}")
        address = Address.parse(text, scheme.example)
        if not address.has_host:
            raise ConfigError(_without_host(scheme))
        if scheme.needs_key and not _has_key(address.path):
            raise ConfigError(
                f"in the {scheme.name} address the application or the key is missing; write {scheme.example}"
            )
        return cls(address.name, scheme.codecs, scheme, address, graphics=graphics)


def is_playlist(path: Path) -> bool:
    """Whether the file at `path` is an HLS playlist."""
    return path.suffix.lower() == PLAYLIST_SUFFIX


def part_prefix(path: Path) -> str:
    """The start of the names of the numbered files of the output at `path`."""
    return f"{path.stem}-"


def _check_name(path: Path) -> None:
    """Raise ConfigError for a name that no list of files and no message can show in one line."""
    if any(unicodedata.category(letter) == "Cc" for letter in str(path)):
        raise ConfigError(f"{str(path)!r} holds a line break or another control character; use another name")


def _without_options(path: Path) -> tuple[Path, bool]:
    """The path without its options, and whether graphics are drawn; a file may have a ? in its name."""
    base, mark, options = str(path).rpartition("?")
    if not mark or _is_known(path) or not _is_known(Path(base)):
        return path, True
    name, _equals, value = options.partition("=")
    if name != "graphics" or value not in _SWITCH:
        raise ConfigError(
            f"{shown_text(str(path))}: unknown option {options!r}; allowed behind the name: "
            "?graphics=off or ?graphics=on"
        )
    return Path(base), _SWITCH[value]


def _is_known(path: Path) -> bool:
    return is_playlist(path) or container_of(path.suffix) is not None


def _without_switch(text: str) -> tuple[str, bool]:
    """The address without the parameter ``graphics``, and whether graphics are drawn."""
    base, _mark, query = text.partition("?")
    parameters = query.split("&") if query else []
    switches = [one.removeprefix("graphics=") for one in parameters if one.startswith("graphics=")]
    if not switches:
        return text, True
    if switches not in (["on"], ["off"]):
        raise ConfigError("an address has graphics=on or graphics=off, once; write it as the last parameter")
    rest = [one for one in parameters if not one.startswith("graphics=")]
    return f"{base}?{'&'.join(rest)}" if rest else base, _SWITCH[switches[0]]


def _has_key(path: str) -> bool:
    application, _slash, key = path.strip("/").partition("/")
    return bool(application and key) and not path.endswith("/")


def _without_host(scheme: StreamScheme) -> str:
    if scheme.is_served:
        return f"the {scheme.name} address names no address of this machine; write {scheme.example}"
    waits = ", or srt://:9000?mode=listener to wait for callers" if scheme.name == "srt" else ""
    return f"the {scheme.name} address names no server; write {scheme.example}{waits}"
