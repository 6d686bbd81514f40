"""What a match folder holds: its cameras, their lengths, tags, and whether it is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.match_folder.annotation_lines import read_entries
from pipeline.media.match_folder import (
    ANNOTATIONS,
    DETECTIONS,
    LINES,
    MANIFEST,
    SOUND,
    TAGS,
    Manifest,
    read_manifest,
    times_file,
)
from pipeline.scoring.tags import Tag, TagLog

TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera's file. Seconds of the match's time; None where its times are not known."""

    name: str
    file: str
    codec: str
    size_bytes: int
    """0 for a file that is missing."""
    first_s: float | None
    last_s: float | None
    """When its last frame ends; of a match that was cut off, when it was captured."""
    is_missing: bool


@dataclass(frozen=True, slots=True)
class MatchInfo:
    """A match folder. ``state``: complete, repaired, or cut off; ``faults``: what cannot be read, a line each."""

    folder: str
    name: str
    version: int
    made_by: str
    state: str
    begun_at: str
    length_s: float
    delay_s: float
    size_bytes: int
    cameras: Sequence[CameraInfo]
    has_sound: bool
    detections: int
    tags: int
    annotations: int
    faults: Sequence[str]


def match_info(folder: Path) -> MatchInfo:
    """Look into a match folder, also of a run that was killed or goes on. Blocks on the disk.

    Raises ConfigError for a folder that is none.
    """
    manifest = read_manifest(folder)
    cameras = [_camera(folder, manifest, number) for number in range(1, len(manifest.cameras) + 1)]
    faults = [f"{camera.file} is missing" for camera in cameras if camera.is_missing]
    counts = {_tags: 0, _annotations: 0}
    for count in counts:
        try:
            counts[count] = count(folder)
        except ConfigError as error:
            faults.append(str(error))
    firsts = [camera.first_s for camera in cameras if camera.first_s is not None]
    lasts = [camera.last_s for camera in cameras if camera.last_s is not None]
    return MatchInfo(
        str(folder),
        manifest.name,
        manifest.version,
        manifest.made_by,
        state_of(manifest),
        manifest.begun_at,
        max(lasts) - min(firsts) if firsts and lasts else 0.0,
        manifest.delay_s,
        sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
        cameras,
        _size(folder / SOUND) > 0,
        _lines(folder / DETECTIONS),
        counts[_tags],
        counts[_annotations],
        faults,
    )


def state_of(manifest: Manifest) -> str:
    """``complete``, ``repaired``, or ``cut off``: its run was killed, a file of it failed, or it goes on."""
    if manifest.repaired_at is not None:
        return "repaired"
    return "complete" if manifest.complete else "cut off"


def info_lines(info: MatchInfo) -> Iterator[str]:
    """The same for people."""
    yield f"{info.name}: {info.length_s:.1f} s, {info.state}; {info.size_bytes / 1e6:.1f} MB, begun {info.begun_at}"
    yield f"{MANIFEST} of version {info.version}, made by {info.made_by}; delay {info.delay_s:g} s"
    for number, camera in enumerate(info.cameras, 1):
        what = f"{camera.codec or 'nothing came'}, {camera.size_bytes / 1e6:.1f} MB"
        span = ""
        if camera.first_s is not None and camera.last_s is not None:
            span = f", {camera.first_s:.3f} to {camera.last_s:.3f} s"
        shown = "missing" if camera.is_missing else what
        yield f"camera {number}: {camera.name}: {camera.file}, {shown}{span}"
    yield f"sound: {SOUND if info.has_sound else 'none'}"
    counts = f"{info.tags} tags, {info.annotations} scores, clocks and graphics"
    yield f"{info.detections} frames with detections, {counts}"
    if info.state == "cut off":
        yield f"cut off: it can be a source as it is; foresight match repair {info.folder} makes its files whole"
    yield from (f"fault: {fault}" for fault in info.faults)


def read_tags_of(folder: Path) -> list[Tag]:
    """The tags that hold in a match folder, none without the file. Raises ConfigError."""
    path = folder / TAGS
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            return TagLog.read(file, str(path)).tags()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error


def last_line(path: Path) -> str | None:
    """The last whole line of a file of lines, without its end; None if there is none. Blocks on the disk."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_BYTES))
            tail = file.read()
    except OSError:
        return None
    whole = tail[: tail.rfind(b"\n")] if b"\n" in tail else b""
    return whole.rpartition(b"\n")[2].decode("utf-8", "replace") if whole else None


def has_half_line(path: Path) -> bool:
    """Whether a file of lines ends within one."""
    try:
        with path.open("rb") as file:
            if not file.seek(0, 2):
                return False
            file.seek(-1, 2)
            return file.read(1) != b"\n"
    except OSError:
        return False


def half_lines(folder: Path, cameras: int) -> list[Path]:
    """The files of lines that end within one."""
    names = [*LINES, *(times_file(number) for number in range(1, cameras + 1))]
    return [folder / name for name in names if has_half_line(folder / name)]


def _camera(folder: Path, manifest: Manifest, number: int) -> CameraInfo:
    camera = manifest.cameras[number - 1]
    path, times = folder / camera.file, folder / times_file(number)
    is_whole = manifest.complete or manifest.repaired_at is not None
    last_s = camera.end_s if is_whole else _number(last_line(times))
    first_s = camera.first_s
    if last_s is not None and first_s is None:
        with times.open(encoding="utf-8") as file:
            next(file)
            first_s = _number(file.readline())
    return CameraInfo(
        camera.name, camera.file, camera.codec, _size(path), first_s, last_s, not path.is_file()
    )


def _number(line: str | None) -> float | None:
    try:
        return None if line is None else float(line)
    except ValueError:
        return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _lines(path: Path) -> int:
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def _tags(folder: Path) -> int:
    return len(read_tags_of(folder))


def _annotations(folder: Path) -> int:
    path = folder / ANNOTATIONS
    return len(read_entries(path)) if path.is_file() else 0
