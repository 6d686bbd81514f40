"""SourceSpec: a source as the user named it, parsed once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from pipeline.errors import ConfigError
from pipeline.media.addresses import Address, broken_scheme, scheme_of, shown_text
from pipeline.media.appended import Span, recordings_in
from pipeline.media.devices import Found, LookUp, cameras, look_up
from pipeline.media.film_folder import LIST_SUFFIXES, films_in, films_listed, folders_with_films
from pipeline.media.formats import SOURCE_SCHEMES
from pipeline.media.match_folder import RecordedCamera, camera_file, is_match_folder, recorded_camera
from pipeline.redaction import redact, redact_address

SourceKind = Literal["match", "file", "chapters", "uri", "device", "fragment", "match folder"]

FRAGMENT = "gst:"
JOINT = "+"
"""Between the files of one recording that follow each other: its chapters."""

_SCHEMES = ", ".join(SOURCE_SCHEMES)
ALLOWED = (
    f"a file, the chapters of one recording (a.mp4{JOINT}b.mp4, a folder or an m3u list), a URI ({_SCHEMES}), "
    f"a device (/dev/video0), match, or {FRAGMENT} and a launch fragment"
)
"""The allowed sources, in words."""


def is_match(text: str) -> bool:
    """Whether a source's name means the built-in match: ``match`` or ``match?...``."""
    return text == "match" or text.startswith("match?")


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One source. ``name`` may be shown; its text and the secrets of its address are not in the repr."""

    kind: SourceKind
    name: str
    text: str = field(repr=False)
    """The source as the user wrote it, secrets included."""
    path: Path | None = None
    """The path of a file (also one named by a URI) or a device."""
    address: Address | None = None
    """The address of a URI that does not name a file."""

    chapters: tuple[SourceSpec, ...] = ()
    """The files of a recording in several files, in their order."""

    span: Span | None = None
    """Which part of its file it is, if that holds several recordings."""

    recorded: RecordedCamera | None = None
    """What a match folder says of the camera, if it is a file of one."""

    @classmethod
    def parse(cls, text: str, looked_up: LookUp = look_up) -> SourceSpec:
        """Parse a source; text that is nothing else is a file's path.

        `looked_up` returns what is at a path, because a device may have any name. Raises ConfigError, without
        secrets, for text that cannot be a source.
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
        if found is Found.FOLDER and is_match_folder(path):
            return cls("match folder", redact_address(text), text, path)
        if found is Found.FILE and (recorded := recorded_camera(path)) is not None:
            return cls("file", redact_address(text), text, path, recorded=recorded)
        if listed := _listed(path, found):
            specs = tuple(cls("file", redact_address(str(one)), str(one), one) for one in listed)
            return cls("chapters", redact_address(text), text, chapters=specs)
        if found is Found.NOTHING and JOINT in text and (chapters := _chapters(text, looked_up)):
            specs = tuple(cls("file", redact_address(str(one)), str(one), one) for one in chapters)
            return cls("chapters", redact_address(text), text, chapters=specs)
        device = found in (Found.CAMERA, Found.LOCKED_CAMERA, Found.OTHER_DEVICE)
        missing_device = found is Found.NOTHING and Path(os.path.normpath(path)).is_relative_to("/dev")
        return cls("device" if device or missing_device else "file", redact_address(text), text, path)

    def parts(self) -> tuple[SourceSpec, ...]:
        """The recordings of which a file was put together, each as a source; none if it is one. Reads the file."""
        spans = (
            recordings_in(self.path)
            if self.kind == "file" and self.path is not None and not self.span and not self.recorded
            else []
        )
        if len(spans) < 2:
            return ()
        return tuple(
            replace(self, name=f"{self.name} (recording {number} of {len(spans)})", span=span)
            for number, span in enumerate(spans, 1)
        )

    @property
    def is_live(self) -> bool:
        """Whether it delivers in real time: cameras, streams, the built-in match, and fragments, whose elements are
        not known before they are made."""
        if self.address is not None:
            return SOURCE_SCHEMES[self.address.scheme].is_live
        return self.kind not in ("file", "chapters", "match folder")

    @property
    def is_paced(self) -> bool:
        """Whether samples arrive in bursts, from a recording or a camera."""
        return self.address is not None and SOURCE_SCHEMES[self.address.scheme].is_paced

    @property
    def is_one_stream(self) -> bool:
        """Whether it has exactly one stream, and GStreamer does not report the end of the list."""
        return self.address is not None and SOURCE_SCHEMES[self.address.scheme].is_one_stream

    @property
    def can_reconnect(self) -> bool:
        """Whether it can be reconnected: a camera or a stream, named by its address or its device."""
        return self.kind in ("uri", "device")

    @property
    def launch(self) -> str:
        """The text of its launch fragment."""
        return self.text.removeprefix(FRAGMENT)

    def refusal(self, looked_up: LookUp = look_up) -> str | None:
        """Why the path cannot be a source, because of what is there; None if it can."""
        if self.chapters:
            return next((line for one in self.chapters if (line := one.refusal(looked_up)) is not None), None)
        if self.path is None:
            return None
        if self.kind == "match folder":
            first = shown_text(str(self.path / camera_file(1)))
            return (
                f"{shown_text(str(self.path))} is a match folder; name the files of its cameras, as {first}"
            )
        return refused(self.path, looked_up(self.path), expects_device=self.kind == "device")


def _listed(path: Path, found: Found) -> list[Path]:
    """The films that the folder or the list (m3u) at `path` holds, in the order in which they were recorded."""
    if found is Found.FOLDER:
        return films_in(path)
    return films_listed(path) if found is Found.FILE and path.suffix.lower() in LIST_SUFFIXES else []


def _chapters(text: str, looked_up: LookUp) -> tuple[Path, ...]:
    """The files that `text` joins with +; () if it joins none. A file's own name may hold a + too.

    A name without a folder that does not exist is looked for beside the first file.
    """
    parts = text.split(JOINT)
    found = _existing(parts, None, looked_up)
    if found or not all(parts) or looked_up(_path_of(parts[0])) is not Found.FILE:
        return found
    return tuple(map(_path_of, parts))  # one of them is missing, which the check says


def _existing(parts: list[str], first: Path | None, looked_up: LookUp) -> tuple[Path, ...]:
    """`parts`, some of them joined again, as files that exist; () if that cannot be."""
    for count in range(1, len(parts) + 1):
        text = JOINT.join(parts[:count])
        places = [_path_of(text)] if text else []
        if text and first is not None and "/" not in text:
            places.append(first.with_name(text))
        path = next((path for path in places if looked_up(path) is Found.FILE), None)
        if path is None:
            continue
        rest = _existing(parts[count:], first or path, looked_up)
        if rest or count == len(parts):
            return (path, *rest)
    return ()


def _path_of(text: str) -> Path:
    return Path(unquote(text.removeprefix("file://")) if text.startswith("file://") else text)


def refused(path: Path, found: Found, *, expects_device: bool) -> str | None:
    """Why what was `found` at `path` is not a source; None if it is. The message may list cameras."""
    shown = shown_text(str(path))
    match found:
        case Found.FILE | Found.CAMERA:
            return None
        case Found.FOLDER:
            return f"{shown} is a folder without films{_hint(path)}"
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


def _hint(folder: Path) -> str:
    within = folders_with_films(folder)
    return f"; give {' or '.join(shown_text(str(one)) for one in within)}" if within else ""


def _known_cameras() -> str:
    return ", ".join(map(str, cameras())) or "no camera at all"
