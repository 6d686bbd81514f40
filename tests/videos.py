"""Frames, sound and streams of a video, read with ffmpeg and ffprobe; each video is read once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
CLICK_S = 0.03
"""How much sound shows a click of the built-in match for sure, lossy coding included."""

Read = TypeVar("Read", bound=Callable[..., Any])


def _once(read: Read) -> Read:
    """`read` for a file, read again only when the file has changed. Its arrays are read-only."""

    @lru_cache(maxsize=8)
    def kept(path: Path, _state: tuple[int, int, int], *given: Any) -> Any:
        found = read(path, *given)
        if isinstance(found, np.ndarray):
            found.flags.writeable = False
        return found

    @wraps(read)
    def asked(path: Path | str, *given: Any) -> Any:
        file = Path(path)
        if not file.is_file():  # an address, say
            return read(path, *given)
        state = file.stat()
        return kept(file, (state.st_ino, state.st_mtime_ns, state.st_size), *given)

    return asked  # type: ignore[return-value]


def _run(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout


@_once
def _probe(path: Path | str) -> dict[str, Any]:
    """What ffprobe tells of the file and its streams, packets counted."""
    shown = ["-count_packets", "-show_streams", "-show_format", "-of", "json"]
    return dict(json.loads(_run("ffprobe", "-v", "error", *shown, str(path))))


def streams(path: Path | str) -> dict[str, dict[str, str]]:
    """ffprobe's streams by kind (``video``, ``audio``), packets counted."""
    return {stream["codec_type"]: stream for stream in _probe(path)["streams"]}


def start_s(path: Path, kind: str = "") -> float:
    """The first timestamp of the video, or of its first stream of `kind`, in seconds (in mpegts not 0)."""
    return float((streams(path)[kind] if kind else _probe(path)["format"])["start_time"])


def chapters(path: Path) -> list[tuple[float, float, str]]:
    """The chapters: begin and end in seconds of the file's own time, and title."""
    found = json.loads(_run("ffprobe", "-v", "error", "-show_chapters", "-of", "json", str(path)))["chapters"]
    return [(float(one["start_time"]), float(one["end_time"]), one["tags"]["title"]) for one in found]


@_once
def frame_times(path: Path) -> NDArray[np.float64]:
    """Presentation times of the decoded frames, in seconds from the start of the video."""
    entries = ["-select_streams", "v", "-show_entries", "frame=pts_time", "-of", "csv=p=0"]
    times = _run("ffprobe", "-v", "error", *entries, str(path))
    return np.array([float(line.strip(",")) for line in times.decode().split()]) - start_s(path)


@_once
def sound(path: Path) -> NDArray[np.float32]:
    """All sound from the start of the video, mono, 48 kHz; silence where it starts later or has a gap."""
    filled = ["-vn", "-af", "aresample=async=1:min_hard_comp=0.01"]
    form = [*filled, "-ac", "1", "-ar", str(RATE_HZ), "-f", "f32le", "-"]
    data = _run("ffmpeg", "-v", "error", "-i", str(path), *form)
    late = max(0, round((start_s(path, "audio") - start_s(path)) * RATE_HZ))
    return np.concatenate([np.zeros(late, np.float32), np.frombuffer(data, np.float32)])


@_once
def pictures(path: Path, width: int, height: int) -> NDArray[np.uint8]:
    """The frames in grey, scaled to that size; shape (N, height, width)."""
    data = _run(
        "ffmpeg", "-v", "error", "-i", str(path), "-vf", f"scale={width}:{height},format=gray",
        "-fps_mode", "passthrough", "-f", "rawvideo", "-",
    )  # fmt: skip
    return np.frombuffer(data, np.uint8).reshape(-1, height, width)


def mean_luma(path: Path) -> NDArray[np.float64]:
    """The mean brightness of each frame."""
    return pictures(path, 160, 90).mean(axis=(1, 2))


def sync_marks(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The times of the match's flashes in seconds, and how much later each click comes, in milliseconds.

    A flash in the last frames is left out if the sound ends before its click: a stop may cut between the two.
    """
    from pipeline.match.sync import find_clicks, find_flashes

    flashes = np.asarray(find_flashes(frame_times(path), mean_luma(path)))
    samples = sound(path)
    clicks = np.asarray(find_clicks(samples, RATE_HZ))
    flashes = flashes[flashes < len(samples) / RATE_HZ - CLICK_S]
    nearest = np.array([clicks[np.argmin(np.abs(clicks - flash))] for flash in flashes])
    return flashes, 1000 * (nearest - flashes)


def sync_skews_ms(path: Path) -> NDArray[np.float64]:
    """How much later than its flash each click of the built-in match comes, in milliseconds."""
    return sync_marks(path)[1]
