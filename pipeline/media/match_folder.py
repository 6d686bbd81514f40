"""The match folder: the names of its files, and its manifest ``match.json``."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pipeline.errors import ConfigError
from pipeline.timebase import seconds_to_ns

FORMAT = "foresight match"
VERSION = 1
"""Raised when an older Foresight would read a newer folder wrongly."""

MANIFEST = "match.json"
RIG, SETTINGS, LEARNED = "rig.toml", "settings.toml", "learned.jsonl"
DETECTIONS, TRACKS, PATH = "detections.jsonl", "tracks.csv", "path.csv"
TAGS, PROPOSALS, ANNOTATIONS = "tags.jsonl", "proposals.jsonl", "annotations.jsonl"
SOUND = "sound.mka"
FIXED = (MANIFEST, RIG, SETTINGS, SOUND)
LINES = (LEARNED, DETECTIONS, TRACKS, PATH, TAGS, PROPOSALS, ANNOTATIONS)
"""The files of lines, which grow while the match runs."""

MOST_MANIFEST_BYTES = 1 << 20
_CAMERA_FILE = re.compile(r"camera-([1-9]\d?)\.mkv")
_TIMES_FILE = re.compile(r"camera-([1-9]\d?)\.times\.csv")
_KEPT_FILE = re.compile(r"kept-[a-z_]+\.[A-Za-z0-9]+")
TIMES_HEADER = "time_s"


def camera_file(number: int) -> str:
    """The name of the file of a camera; the first one is 1."""
    return f"camera-{number}.mkv"


def times_file(number: int) -> str:
    """The name of the file with the exact times of a camera's frames."""
    return f"camera-{number}.times.csv"


def kept_file(setting: str, suffix: str) -> str:
    """The name of the copy of a file that a setting names, as a team's logo."""
    return f"kept-{setting}{suffix}"


def camera_number(name: str) -> int | None:
    """Which camera a file of this name is of; None for another file."""
    found = _CAMERA_FILE.fullmatch(name)
    return None if found is None else int(found[1])


def is_match_file(name: str) -> bool:
    """Whether a match folder has, or may have, a file of this name."""
    patterns = _CAMERA_FILE, _TIMES_FILE, _KEPT_FILE
    return name in (*FIXED, *LINES) or any(pattern.fullmatch(name) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """What is known of a recorded stream. Times in seconds of the match's own time, in which all files count."""

    codec: str = ""
    """The codec of its file, empty before anything came."""
    encoded_here: bool = False
    """Whether the source sent raw video or sound, which was encoded for the folder."""
    first_s: float | None = None
    """When its first frame was captured; None while that is not known."""
    end_s: float | None = None
    """When its last frame ends; None for a match that was cut off."""
    pieces: int = 0
    """How many frames, or pieces of sound, were written; 0 for a match that was cut off."""
    left_out: int = 0
    """How many were not, because encoding did not keep up."""


@dataclass(frozen=True, slots=True)
class CameraRecord(StreamRecord):
    """A camera of the match."""

    name: str = ""
    """The source as the user named it, without secrets."""
    file: str = ""
    orientation: str = "rotate-0"
    """How its frames stand, as GStreamer's image-orientation tag."""


@dataclass(frozen=True, slots=True)
class SoundRecord(StreamRecord):
    """The sound of the match. ``camera``: whose it is, the first one is 1."""

    file: str = SOUND
    camera: int = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``match.json`` holds. ``complete``: the run has ended, and all files are whole."""

    cameras: tuple[CameraRecord, ...]
    name: str = ""
    made_by: str = ""
    complete: bool = False
    begun_at: str = ""
    """The moment at which the match's own time is 0, in UTC (ISO 8601); of a file, when it was read."""
    ended_at: str | None = None
    repaired_at: str | None = None
    delay_s: float = 0.0
    sound: SoundRecord | None = None
    is_live: bool = True
    format: str = FORMAT
    version: int = VERSION
    notes: tuple[str, ...] = ()


def is_match_folder(path: Path) -> bool:
    """Whether there is a manifest. Blocks on the disk."""
    return (path / MANIFEST).is_file()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest at once: whoever reads it, or finds it after a kill, has the old one or the new one.

    Blocks on the disk. Raises OSError.
    """
    ordered = {"format": FORMAT, "version": VERSION} | asdict(manifest)
    fresh = folder / f".{MANIFEST}.new"
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / MANIFEST)
    finally:
        fresh.unlink(missing_ok=True)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder. Blocks on the disk.

    Raises ConfigError, one line, for a folder that is no match, one of another version, and a damaged manifest.
    """
    path = folder / MANIFEST
    try:
        with path.open("rb") as file:
            content = file.read(MOST_MANIFEST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(f"{folder} is no match folder: it has no {MANIFEST}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        if len(content) > MOST_MANIFEST_BYTES:
            raise ValueError("too long")
        values = json.loads(content)
    except (ValueError, RecursionError):
        raise ConfigError(f"{path} is damaged: it is not JSON; bring back a copy of it") from None
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ConfigError(f"{path} is no manifest of a match: its format is not {FORMAT!r}")
    version = values.get("version")
    if version != VERSION:
        raise ConfigError(
            f"{path} is of version {version!r}, this Foresight reads version {VERSION}; use the newer one"
        )
    try:
        cameras = tuple(_record(CameraRecord, one) for one in values["cameras"])
        sound = None if values.get("sound") is None else _record(SoundRecord, values["sound"])
        plain = {**values, "cameras": cameras, "sound": sound, "notes": tuple(values.get("notes", ()))}
        manifest = Manifest(**{key: plain[key] for key in _names(Manifest) if key in plain})
        _check(manifest)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path} is damaged: {error}; bring back a copy of it") from None
    return manifest


@dataclass(frozen=True, slots=True)
class RecordedCamera:
    """A camera's file in a match folder. Its times count as those of the match, as do those of the others.

    ``times``: the exact times of its frames, which the file rounds. ``sound``: the file of the sound, if it is this
    camera's.
    """

    orientation: str
    times: Path | None = None
    sound: Path | None = None


def recorded_camera(path: Path) -> RecordedCamera | None:
    """What the folder of a camera's file says of it; None for any other file, and where there is no manifest that
    can be read. Blocks on the disk."""
    number = camera_number(path.name)
    if number is None or not is_match_folder(path.parent):
        return None
    try:
        manifest = read_manifest(path.parent)
    except ConfigError:
        return None
    if number > len(manifest.cameras):
        return None
    sound = manifest.sound
    heard = path.parent / SOUND if sound is not None and sound.camera == number else None
    times = path.parent / times_file(number)
    has_sound = heard is not None and heard.is_file() and heard.stat().st_size > 0
    return RecordedCamera(
        manifest.cameras[number - 1].orientation,
        times if times.is_file() else None,
        heard if has_sound else None,
    )


def read_times_ns(path: Path) -> list[int]:
    """The times of a camera's frames in nanoseconds, rising. A last line without an end is passed over: its run was
    killed. Blocks on the disk. Raises ConfigError."""
    try:
        header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
        if header.strip() != TIMES_HEADER:
            raise ValueError(header)
        return sorted(seconds_to_ns(float(line)) for line in lines if line.endswith("\n"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise ConfigError(
            f"{path} holds no times of frames; delete it to use the camera's file alone"
        ) from None


def _record(kind: type[Any], values: Any) -> Any:
    if not isinstance(values, Mapping):
        raise TypeError("a camera and the sound are objects")
    hints = get_type_hints(kind)
    for name in _names(kind) & values.keys():
        allowed = get_args(hints[name]) or (hints[name],)
        given = values[name]
        fits = isinstance(given, (*allowed, int) if float in allowed else allowed)
        if not fits or (isinstance(given, bool) and bool not in allowed):
            raise ValueError(f"{name} is {given!r}")
    return kind(**{name: values[name] for name in _names(kind) if name in values})


def _names(kind: type[Any]) -> set[str]:
    return {one.name for one in fields(kind)}


def _check(manifest: Manifest) -> None:
    """Raise ValueError for what would lead out of the folder, or to no camera at all."""
    if not manifest.cameras:
        raise ValueError("it names no camera")
    for number, camera in enumerate(manifest.cameras, 1):
        if camera.file != camera_file(number):
            raise ValueError(f"the file of camera {number} is {camera.file!r}, not {camera_file(number)}")
    if manifest.sound is not None and manifest.sound.file != SOUND:
        raise ValueError(f"the file of the sound is {manifest.sound.file!r}, not {SOUND}")
    if manifest.sound is not None and not 1 <= manifest.sound.camera <= len(manifest.cameras):
        raise ValueError(f"the sound is of camera {manifest.sound.camera}, which there is not")
    if not isinstance(manifest.complete, bool):
        raise ValueError(f"complete is {manifest.complete!r}")
