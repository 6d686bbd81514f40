"""A logo or a sponsor's picture as a data URI, which an SVG can hold."""

from __future__ import annotations

import base64
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.media.png import SIGNATURE, is_whole

MOST_BYTES = 2_000_000
_JPEG = b"\xff\xd8\xff"


def picture_uri(path: Path) -> str:
    """The file as a data URI. Blocks on the disk.

    Raises ConfigError for a file that cannot be read, is too large, or is neither PNG, JPEG nor SVG.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read the picture {path}: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise ConfigError(f"the picture {path} is larger than {MOST_BYTES // 1_000_000} MB; make it smaller")
    if data.startswith(SIGNATURE) and is_whole(data):
        kind = "png"
    elif data.startswith(_JPEG):
        kind = "jpeg"
    elif b"<svg" in data[:4096] and b"<!ENTITY" not in data:
        kind = "svg+xml"
    else:
        raise ConfigError(f"the picture {path} is no whole PNG, JPEG or SVG; save it as one of them")
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
