"""The dial: a video whose every pixel tells its frame and its place, and how to read it from an output.

Luma grows from the left edge to the right, V from top to bottom, and U counts the frames. So which frame was
played, and where the camera looked, can be read from the pixels alone.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests import videos

WIDTH, HEIGHT, FPS = 720, 240, 25
COUNTS = 200
"""U repeats after that many frames: 8 s."""
_LUMA = 40.0, 176.0
_V = 60.0, 140.0

Array = NDArray[np.float64]


def make_dial(path: Path, seconds: int) -> None:
    """Write the video, WIDTH x HEIGHT, without sound."""
    luma = np.broadcast_to(_LUMA[0] + _LUMA[1] * (np.arange(WIDTH) + 0.5) / WIDTH, (HEIGHT, WIDTH))
    half = HEIGHT // 2
    v = np.broadcast_to((_V[0] + _V[1] * (np.arange(half) + 0.5) / half)[:, None], (half, WIDTH // 2))
    fixed, last = np.round(luma).astype(np.uint8).tobytes(), np.round(v).astype(np.uint8).tobytes()
    pictures = (
        fixed + bytes([20 + number % COUNTS]) * (half * WIDTH // 2) + last for number in range(seconds * FPS)
    )
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS), "-i", "-"]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-qp", "8", "-g", str(FPS), "-bf", "0"]
    command = ["ffmpeg", "-v", "error", "-y", *raw, *coded, str(path)]
    subprocess.run(command, input=b"".join(pictures), check=True)


@dataclass(frozen=True)
class Played:
    """What a video shows: one entry for each frame."""

    times_s: Array
    numbers: NDArray[np.int64]
    """The number of the dial's frame."""
    x: Array
    """The middle of the view in the dial, as a share of its width; y of its height."""
    y: Array
    width: Array
    """The share of the dial's width that the view shows."""

    def at(self, time_s: float) -> tuple[float, float, float]:
        """x, y and width of the frame that was shown after that many seconds of frames."""
        index = min(round(time_s * FPS), len(self.numbers) - 1)
        return float(self.x[index]), float(self.y[index]), float(self.width[index])

    def jump(self, from_s: float, to_s: float) -> int:
        """How many frames were skipped between these two, in seconds of frames."""
        return int((self._steps(from_s, to_s) - 1).sum())

    def is_without_a_gap(self, from_s: float = 0.0, to_s: float = np.inf, *, dropped: int = 0) -> bool:
        """Whether each frame between these two follows the previous one, in number and in time, but for as many as
        a busy machine says it has dropped."""
        steps = self._steps(from_s, to_s)
        spacing_s = np.diff(self.times_s)[: len(steps)] if from_s == 0 else steps / FPS
        return bool(
            (steps >= 1).all()
            and (steps - 1).sum() <= dropped
            and (np.abs(spacing_s - steps / FPS) < 0.003).all()
        )

    def _steps(self, from_s: float, to_s: float) -> NDArray[np.int64]:
        last = len(self.numbers) if to_s == np.inf else round(to_s * FPS)
        return np.diff(self.numbers)[round(from_s * FPS) : last]


def read_dial(path: Path, first: int = 0) -> Played:
    """Read a video made from the dial. U repeats, so its first frame gets the number nearest to `first`."""
    stream = videos.streams(path)["video"]
    width, height = int(stream["width"]), int(stream["height"])
    raw = ["-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]
    command = ["ffmpeg", "-v", "error", "-i", str(path), *raw]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    frames = np.frombuffer(data, np.uint8).reshape(-1, width * height * 3 // 2)
    luma = frames[:, : width * height].reshape(-1, height, width).astype(float)
    u, v = (
        plane.reshape(-1, height // 2, width // 2).astype(float)
        for plane in np.split(frames[:, width * height :], 2, axis=1)
    )
    row = luma[:, height // 2 - 4 : height // 2 + 4].mean(axis=1)
    places = (row - _LUMA[0]) / _LUMA[1]
    counts = np.round(u.mean(axis=(1, 2))).astype(np.int64) - 20
    steps = (np.diff(counts, prepend=first % COUNTS) + COUNTS // 2) % COUNTS - COUNTS // 2
    middle = slice(width // 2 - 4, width // 2 + 4)
    return Played(
        videos.frame_times(path),
        first + np.cumsum(steps),
        places[:, middle].mean(axis=1),
        (v[:, height // 4 - 2 : height // 4 + 2].mean(axis=(1, 2)) - _V[0]) / _V[1],
        places[:, -4:].mean(axis=1) - places[:, :4].mean(axis=1),
    )
