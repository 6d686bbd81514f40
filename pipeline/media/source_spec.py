"""SourceSpec: what a user named as a source, understood once and passed on as a value."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from pipeline.errors import ConfigError
from pipeline.media.addresses import Address, broken_scheme, scheme_of, shown_text
from pipeline.media.devices import Found, LookUp, cameras, look_up
from pipeline.media.formats import SOURCE_SCHEMES
from pipeline.redaction import redact, redact_address

SourceKind = Literal["match", "file", "uri", "device", "fragment"]

FRAGMENT = "gst:"

_SCHEMES = ", ".join(SOURCE_SCHEMES)
ALLOWED = f"a file, a URI ({_SCHEMES}), a device (/dev/video0), match, or {FRAGMENT} and a launch fragment"
"""What a source may be, in words."""


def is_match(text: str) -> bool:
    """Whether a source's name means the built-in match: ``match`` or ``match?...``."""
    return text == "match" or text.startswith("match?")


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One source. ``name`` is what may be shown of it; its text and its address show in no repr."""

    kind: SourceKind
    name: str
    text: str = field(repr=False)
    """What the user wrote, secrets included."""
    path: Path | None = None
    """Of a file, be it named by a URI, or a device."""
    address: Address | None = None
    """Of a URI that names no file."""

    @classmethod
    def parse(cls, text: str, looked_up: LookUp = look_up) -> SourceSpec:
        """The source that `text` stands for; a text that stands for nothing else is a file's path.

        `looked_up` says what there is at a path: a device may have any name. Raises ConfigError, which holds no
        secret, for what can be no source.
        """
        if is_match(text):
            return cls("match", text, text)
        if text.startswith(FRAGMENT):
            if not text.removeprefix(FRAGMENT).strip():
                raise ConfigError(f"{FRAGMENT} and no launch fragment behind it, as {FRAGMENT}v4l2src")
            return cls("fragment", redact(text), text)
        if scheme_of(text) is not None:
            return cls._of_uri(text, looked_up)
        if broken_scheme(text) is not None or not text.strip():
            raise ConfigError(f"{shown_text(text)} is not allowed, allowed: {ALLOWED}")
        return cls._at(text, Path(text), looked_up)

    @classmethod
    def _of_uri(cls, text: str, looked_up: LookUp) -> SourceSpec:
        scheme = SOURCE_SCHEMES.get(scheme_of(text) or "")
        if scheme is None:
            raise ConfigError(f"{shown_text(text)} is not allowed, allowed: {ALLOWED}")
        address = Address.parse(text)
        if scheme.name == "file":
            if address.path in ("", "/") or address.host not in (None, "localhost"):
                raise ConfigError(
                    f"{shown_text(text)} is not allowed: it names no file of this machine; write file:///folder/file.mp4"
                )
            return cls._at(text, Path(unquote(address.path)), looked_up)
        if scheme.needs_host and not address.has_host:
            raise ConfigError(f"the {scheme.name} address names no host; write {scheme.name}://HOST/...")
        return cls("uri", address.name, text, address=address)

    @classmethod
    def _at(cls, text: str, path: Path, looked_up: LookUp) -> SourceSpec:
        found = looked_up(path)
        device = found in (Found.CAMERA, Found.LOCKED_CAMERA, Found.OTHER_DEVICE)
        missing_device = found is Found.NOTHING and Path(os.path.normpath(path)).is_relative_to("/dev")
        return cls("device" if device or missing_device else "file", redact_address(text), text, path)

    @property
    def is_live(self) -> bool:
        """Whether it cannot wait: cameras, streams, the built-in match, and fragments, whose elements nobody knows
        before they are made."""
        if self.address is not None:
            return SOURCE_SCHEMES[self.address.scheme].is_live
        return self.kind != "file"

    @property
    def is_paced(self) -> bool:
        """Whether it comes in bursts, and may be a recording as well as a camera."""
        return self.address is not None and SOURCE_SCHEMES[self.address.scheme].is_paced

    @property
    def is_one_stream(self) -> bool:
        """Whether there is one stream, and nobody says that there are no more."""
        return self.address is not None and SOURCE_SCHEMES[self.address.scheme].is_one_stream

    @property
    def can_reconnect(self) -> bool:
        """Whether it can go and come back: a camera or a stream that is named by its address or its device."""
        return self.kind in ("uri", "device")

    @property
    def launch(self) -> str:
        """The launch fragment that it is."""
        return self.text.removeprefix(FRAGMENT)

    def refusal(self, looked_up: LookUp = look_up) -> str | None:
        """Why the device or file cannot be opened, as far as its kind is concerned; None where it can."""
        if self.path is None:
            return None
        return refused(self.path, looked_up(self.path), expects_device=self.kind == "device")


def refused(path: Path, found: Found, *, expects_device: bool) -> str | None:
    """Why what was `found` at `path` is no source; None where it is one. Looks for cameras to name them."""
    shown = shown_text(str(path))
    match found:
        case Found.FILE | Found.CAMERA:
            return None
        case Found.FOLDER:
            return f"{shown} is a folder, not a file"
        case Found.LOCKED_CAMERA:
            return f"{shown} may not be opened; add yourself to its group, with: sudo usermod -aG video $USER"
        case Found.NOTHING if expects_device:
            return f"there is no device {shown}; found: {_known_cameras()}"
        case Found.NOTHING:
            return f"there is no file {shown}; check the name and the folder"
        case Found.OTHER_DEVICE:
            return f"{shown} is not a video device; found: {_known_cameras()}"
        case Found.OTHER:
            return f"{shown} is neither a file nor a camera"


def _known_cameras() -> str:
    return ", ".join(map(str, cameras())) or "no camera at all"
