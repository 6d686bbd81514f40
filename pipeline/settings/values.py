"""The values that settings are written in: sizes, paths, and what the media package says of sources and outputs."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    SecretStr,
    WithJsonSchema,
)

from pipeline.fields import FieldSize
from pipeline.media import output_spec, source_spec
from pipeline.media.devices import Found
from pipeline.media.output_spec import FileSpec, StreamSpec
from pipeline.media.source_spec import SourceSpec

SIZE_MINIMUM_PX, SIZE_MAXIMUM_PX = 64, 8192


@dataclass(frozen=True, slots=True)
class Size:
    """A frame size in pixels; both sides are even, because chroma has half the resolution."""

    width_px: int
    height_px: int

    @classmethod
    def parse(cls, value: object) -> Size:
        """A Size from a Size or from text such as ``1920x1080``. Raises ValueError for anything else."""
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


def _source(text: str) -> str:
    SourceSpec.parse(text, lambda _path: Found.FILE)  # what there is on the disk is for settings.check
    return text


def _output(path: Path) -> Path:
    FileSpec.parse(path)
    return path


def _stream(secret: SecretStr) -> SecretStr:
    StreamSpec.parse(secret.get_secret_value())
    return secret


_WEB_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(?P<port>\d{1,5})")


def host_and_port(address: str) -> tuple[str, int]:
    """Host and port of an address such as ``127.0.0.1:8080`` or ``[::1]:8080``. Raises ValueError for other
    text."""
    match = _WEB_ADDRESS.fullmatch(address)
    if match is None or int(match["port"]) > 65535:
        raise ValueError("not HOST:PORT")
    return match["host"].strip("[]"), int(match["port"])


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach the address HOST:PORT."""
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
        raise ValueError("an empty path")  # Path would make it the working folder
    return value


FilePath = Annotated[
    Path, BeforeValidator(_path), Field(json_schema_extra={"x-allowed": "the path of a file"})
]
OutputPath = Annotated[FilePath, AfterValidator(_output)]
FolderPath = Annotated[
    Path, BeforeValidator(_path), Field(json_schema_extra={"x-allowed": "the path of a folder"})
]
WebAddress = Annotated[
    str,
    AfterValidator(_web_address),
    Field(json_schema_extra={"x-allowed": "HOST:PORT, as 127.0.0.1:8080; port 0 picks a free port"}),
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
FieldSizeValue = Annotated[
    FieldSize,
    PlainValidator(FieldSize.parse),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[0-9.]+x[0-9.]+$",
            "x-allowed": "LENGTHxWIDTH in metres, as 105x68, 1 to 1000",
        }
    ),
]
Source = Annotated[str, AfterValidator(_source), Field(json_schema_extra={"x-allowed": source_spec.ALLOWED})]
StreamAddress = Annotated[
    SecretStr, AfterValidator(_stream), Field(json_schema_extra={"x-allowed": output_spec.ALLOWED_ADDRESS})
]
