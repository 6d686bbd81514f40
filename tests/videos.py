"""Frames, sound and streams of a video, read with ffmpeg and ffprobe."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000


def _run(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout


def streams(path: Path | str) -> dict[str, dict[str, str]]:
    """ffprobe's streams by kind (``video``, ``audio``), packets counted."""
    probed = json.loads(
        _run("ffprobe", "-v", "error", "-count_packets", "-show_streams", "-of", "json", str(path))
    )
    return {stream["codec_type"]: stream for stream in probed["streams"]}


def start_s(path: Path, kind: str = "") -> float:
    """The first timestamp of the video, or of its first stream of `kind`, in seconds (in mpegts not 0)."""
    if kind:
        return float(streams(path)[kind]["start_time"])
    probed = json.loads(_run("ffprobe", "-v", "error", "-show_format", "-of", "json", str(path)))
    return float(probed["format"]["start_time"])


def frame_times(path: Path) -> NDArray[np.float64]:
    """Presentation times of the decoded frames, in seconds from the start of the video."""
    entries = ["-select_streams", "v", "-show_entries", "frame=pts_time", "-of", "csv=p=0"]
    times = _run("ffprobe", "-v", "error", *entries, str(path))
    return np.array([float(line.strip(",")) for line in times.decode().split()]) - start_s(path)


def sound(path: Path) -> NDArray[np.float32]:
    """All sound from the start of the video, mono, 48 kHz; silence where it starts later or has a gap."""
    filled = ["-vn", "-af", "aresample=async=1:min_hard_comp=0.01"]
    form = [*filled, "-ac", "1", "-ar", str(RATE_HZ), "-f", "f32le", "-"]
    data = _run("ffmpeg", "-v", "error", "-i", str(path), *form)
    late = max(0, round((start_s(path, "audio") - start_s(path)) * RATE_HZ))
    return np.concatenate([np.zeros(late, np.float32), np.frombuffer(data, np.float32)])


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
    """The times of the match's flashes in seconds, and how much later each click comes, in milliseconds."""
    from pipeline.match.sync import find_clicks, find_flashes

    flashes = np.asarray(find_flashes(frame_times(path), mean_luma(path)))
    clicks = np.asarray(find_clicks(sound(path), RATE_HZ))
    nearest = np.array([clicks[np.argmin(np.abs(clicks - flash))] for flash in flashes])
    return flashes, 1000 * (nearest - flashes)


def sync_skews_ms(path: Path) -> NDArray[np.float64]:
    """How much later than its flash each click of the built-in match comes, in milliseconds."""
    return sync_marks(path)[1]
