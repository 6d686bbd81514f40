"""The values that settings are written in: sizes, sources, stream addresses."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    SecretStr,
    WithJsonSchema,
)

SourceKind = Literal["match", "file", "uri", "device", "fragment"]

CONTAINERS = ("mp4", "mkv", "flv", "ts", "m3u8")
"""File name extensions that an output may have; the extension decides the container."""

LIVE_SCHEMES = ("rtsp", "rtsps", "rtmp", "rtmps", "srt", "udp")
FILE_SCHEMES = ("file", "http", "https")
STREAM_SCHEMES = ("rtmp", "rtmps", "srt", "rtsp")

SIZE_MINIMUM_PX, SIZE_MAXIMUM_PX = 64, 8192

_URI = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://.+")
_BROKEN_URI = re.compile(
    rf"(?P<scheme>{'|'.join(LIVE_SCHEMES + FILE_SCHEMES)})(:(?!//.)|//(?!/))", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Size:
    """A picture's size in pixels; both even, because chroma is stored at half the size."""

    width_px: int
    height_px: int

    @classmethod
    def parse(cls, value: object) -> Size:
        """A Size from one, or from text such as ``1920x1080``. Raises ValueError for any other."""
        if isinstance(value, Size):
            size = value
        else:
            match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", str(value).strip().lower())
            if match is None:
                raise ValueError("not WIDTHxHEIGHT in pixels")
            size = cls(int(match[1]), int(match[2]))
        for side in (size.width_px, size.height_px):
            if side % 2 or not SIZE_MINIMUM_PX <= side <= SIZE_MAXIMUM_PX:
                raise ValueError(f"{side} is odd or out of bounds")
        return size

    def __str__(self) -> str:
        return f"{self.width_px}x{self.height_px}"


def scheme_of(text: str) -> str | None:
    """The scheme of a URI in lower case, None where `text` is no URI."""
    match = _URI.fullmatch(text)
    return match["scheme"].lower() if match else None


def broken_scheme(text: str) -> str | None:
    """The scheme of a broken address, as ``rtmp:/server/app`` or ``srt//server``; None for any other text.

    It would pass for a file's path, and be shown with the secrets in it.
    """
    match = _BROKEN_URI.match(text)
    return match["scheme"].lower() if match else None


def source_kind(source: str) -> SourceKind:
    """What a source's text stands for; a text that stands for nothing else is a file's path."""
    if source == "match" or source.startswith("match?"):
        return "match"
    if source.startswith("gst:"):
        return "fragment"
    if scheme_of(source) is not None:
        return "uri"
    return "device" if source.startswith("/dev/") else "file"


def is_live_source(source: str) -> bool:
    """Whether a source cannot wait: cameras, streams, fragments and the built-in match."""
    kind = source_kind(source)
    return scheme_of(source) in LIVE_SCHEMES if kind == "uri" else kind != "file"


def _source(text: str) -> str:
    scheme = scheme_of(text)
    unusable = scheme is not None and source_kind(text) == "uri" and scheme not in LIVE_SCHEMES + FILE_SCHEMES
    # file://film.mp4 names a machine and no file
    unusable = unusable or (scheme == "file" and urlsplit(text).path in ("", "/"))
    if not text.strip() or not text.removeprefix("gst:").strip() or unusable or broken_scheme(text):
        raise ValueError("not a source")
    return text


def _stream(secret: SecretStr) -> SecretStr:
    if scheme_of(secret.get_secret_value()) not in STREAM_SCHEMES:
        raise ValueError("not a stream address")
    return secret


_WEB_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(?P<port>\d{1,5})")


def host_and_port(address: str) -> tuple[str, int]:
    """The parts of an address such as ``127.0.0.1:8080`` or ``[::1]:8080``. Raises ValueError for another text."""
    match = _WEB_ADDRESS.fullmatch(address)
    if match is None or int(match["port"]) > 65535:
        raise ValueError("not HOST:PORT")
    return match["host"].strip("[]"), int(match["port"])


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach an address HOST:PORT."""
    host, _port = host_and_port(address)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _web_address(address: str) -> str:
    host_and_port(address)
    return address


def _path(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise ValueError("an empty text is no path")  # which Path takes for the working folder
    return value


FilePath = Annotated[
    Path, BeforeValidator(_path), Field(json_schema_extra={"x-allowed": "the path of a file"})
]
FolderPath = Annotated[
    Path, BeforeValidator(_path), Field(json_schema_extra={"x-allowed": "the path of a folder"})
]
WebAddress = Annotated[
    str,
    AfterValidator(_web_address),
    Field(json_schema_extra={"x-allowed": "HOST:PORT, as 127.0.0.1:8080; port 0 takes a free one"}),
]
SizeValue = Annotated[
    Size,
    PlainValidator(Size.parse),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[0-9]+x[0-9]+$",
            "x-allowed": f"WIDTHxHEIGHT in pixels, both even, {SIZE_MINIMUM_PX} to {SIZE_MAXIMUM_PX}",
        }
    ),
]
Source = Annotated[
    str,
    AfterValidator(_source),
    Field(
        json_schema_extra={
            "x-allowed": "a file, a URI (rtsp, rtmp, srt, udp, http, file), a device (/dev/video0), "
            "match, or gst: and a launch fragment"
        }
    ),
]
StreamAddress = Annotated[
    SecretStr,
    AfterValidator(_stream),
    Field(
        json_schema_extra={"x-allowed": "an address that begins with rtmp://, rtmps://, srt:// or rtsp://"}
    ),
]
