"""OutputSpec: what a user named as an output, understood once and passed on as a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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

OutputKind = Literal["file", "playlist", "push", "server"]

ALLOWED_ADDRESS = f"an address that begins with {listed(f'{name}://' for name in STREAM_SCHEMES)}"
"""What an address to stream to may be, in words."""


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One output. ``name`` is what may be shown of it: a file's path, or the address without its secrets.

    ``codecs`` is what it can hold, ``container`` what that is put into; None for a server, which sends each
    stream by itself.
    """

    kind: OutputKind
    name: str
    codecs: frozenset[str]
    container: Container | None
    path: Path | None = None
    """Of a file or a playlist."""
    segments: Segments | None = None
    """Of a playlist."""
    address: Address | None = None
    """Of a push or a server."""

    @classmethod
    def of_file(cls, path: Path, hls_segments: HlsSegments = "ts") -> OutputSpec:
        """The file or the playlist at `path`, by its extension. Raises ConfigError for an unknown one."""
        if path.suffix.lower() == PLAYLIST_SUFFIX:
            segments = SEGMENTS[hls_segments]
            container = CONTAINERS["ts" if hls_segments == "ts" else "mp4"]
            return cls("playlist", str(path), segments.codecs, container, path, segments)
        found = container_of(path.suffix)
        if found is None:
            raise ConfigError(
                f"{shown_text(str(path))} has no known extension; allowed: {listed(output_suffixes())}"
            )
        return cls("file", str(path), found.codecs, found, path)

    @classmethod
    def of_address(cls, text: str) -> OutputSpec:
        """The push or the server at the address `text`. Raises ConfigError, which quotes nothing of it."""
        scheme = STREAM_SCHEMES.get(scheme_of(text) or "")
        if scheme is None:
            raise ConfigError(f"this value (not shown) is not allowed, allowed: {ALLOWED_ADDRESS}")
        address = Address.parse(text, scheme.example)
        if not address.has_host:
            raise ConfigError(_without_host(scheme))
        if scheme.needs_key and not _has_key(address.path):
            raise ConfigError(
                f"the {scheme.name} address lacks something: the application or the key is missing; "
                f"write {scheme.example}"
            )
        container = None if scheme.container is None else CONTAINERS[scheme.container]
        kind: OutputKind = "server" if scheme.is_served else "push"
        return cls(kind, address.name, scheme.codecs, container, address=address)

    @property
    def is_stream(self) -> bool:
        """Whether it goes over the network, and so keeps to the clock."""
        return self.address is not None

    def refusals(self, video_codec: str | None, audio_codec: str | None) -> Iterator[tuple[Kind, str]]:
        """Each codec that it cannot hold, by its kind, and the line that says so. None: there is no such stream."""
        kinds: tuple[tuple[Kind, str | None], ...] = ("video", video_codec), ("audio", audio_codec)
        for kind, codec in kinds:
            if codec is not None and codec not in self.codecs:
                line = f"{self.name} can hold {listed(held(self.codecs, kind))} only, not {codec}"
                other = SEGMENTS["fmp4"]
                is_advised = self.segments is not None and codec in other.codecs
                yield kind, line + f' (hls_segments = "{other.name}" holds it)' * is_advised

    def check_codecs(self, video_codec: str | None, audio_codec: str | None) -> None:
        """Raise ConfigError for a codec that it cannot hold."""
        for _kind, line in self.refusals(video_codec, audio_codec):
            raise ConfigError(line)

    def split_refusal(self) -> str | None:
        """Why it cannot go on in parts; None where it can. A playlist is in parts anyway."""
        if self.kind != "file" or self.container is None or self.container.can_split:
            return None
        others = listed(container.suffix for container in CONTAINERS.values() if container.can_split)
        return f"{self.name} cannot be split; name it {others}"

    def part_suffix(self, *, is_split: bool) -> str | None:
        """The extension of the numbered files that it is written in; None where it is one file, or none."""
        if self.segments is not None:
            return self.segments.suffix
        return self.path.suffix if self.path is not None and is_split else None


def part_prefix(path: Path) -> str:
    """How the names of the numbered files begin that the output at `path` is written in."""
    return f"{path.stem}-"


def _has_key(path: str) -> bool:
    application, _slash, key = path.strip("/").partition("/")
    return bool(application and key) and not path.endswith("/")


def _without_host(scheme: StreamScheme) -> str:
    if scheme.is_served:
        return f"the {scheme.name} address names no address of this machine; write {scheme.example}"
    waits = ", or srt://:9000?mode=listener to wait for callers" if scheme.name == "srt" else ""
    return f"the {scheme.name} address names no server; write {scheme.example}{waits}"
