"""Films as devices write them: turned, interlaced, anamorphic, full range. Made with ffmpeg, once per test run."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.once import made_once

WIDTH, HEIGHT, FRAMES = 320, 180, 20
X264 = ("-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "8")

MATRICES = {
    "rotate-90": (0, 1, -1, 0),
    "rotate-180": (-1, 0, 0, -1),
    "rotate-270": (0, -1, 1, 0),
    "flip-rotate-0": (-1, 0, 0, 1),
    "flip-rotate-90": (0, -1, -1, 0),
    "flip-rotate-180": (1, 0, 0, -1),
    "flip-rotate-270": (0, 1, 1, 0),
}
"""The numbers a, b, c and d of a track header's display matrix, by GStreamer's image-orientation tag."""


def scene(width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """A picture, RGB, whose corners differ: red, green, blue, grey from the top left; a disk in the middle."""
    picture = np.full((height, width, 3), 90, np.uint8)
    picture[: height // 3, : width // 3] = (220, 40, 40)
    picture[: height // 3, -(width // 3) :] = (40, 200, 40)
    picture[-(height // 3) :, : width // 3] = (40, 40, 220)
    rows, columns = np.mgrid[:height, :width]
    picture[np.hypot(rows - height / 2, columns - width / 2) < height / 8] = 235
    return picture


def record(path: Path, frames: list[NDArray[np.uint8]], *options: str | Path, rate: int = 25) -> None:
    """Write the RGB frames with ffmpeg's output `options`."""
    height, width, _ = frames[0].shape
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(rate), "-i", "-"]
    data = b"".join(frame.tobytes() for frame in frames)
    subprocess.run(["ffmpeg", "-v", "error", "-y", *raw, *options, path], input=data, check=True)


def film(
    factory: pytest.TempPathFactory, name: str, *options: str | Path, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> Path:
    """The still scene as FRAMES frames in the file `name`."""
    frames = [scene(*size)] * FRAMES
    return made_once(factory, name, lambda path: record(path, frames, *(options or X264)))


def turned(factory: pytest.TempPathFactory, orientation: str, suffix: str = ".mp4") -> Path:
    """The scene with this orientation written into its track header."""
    plain = film(factory, f"plain{suffix}")
    a, b, c, d = (value * 0x10000 for value in MATRICES[orientation])

    def write(path: Path) -> None:
        content = bytearray(plain.read_bytes())
        upright = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
        at = content.index(upright, content.index(b"tkhd"))
        content[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000)
        path.write_bytes(content)

    return made_once(factory, f"{orientation}{suffix}", write)


def corners(bgr: NDArray[np.uint8]) -> list[str]:
    """The colours of the corners: top left, top right, bottom right, bottom left."""
    height, width, _ = bgr.shape
    at = [
        (height // 8, width // 8),
        (height // 8, -width // 8),
        (-height // 8, -width // 8),
        (-height // 8, width // 8),
    ]
    return [_name(bgr[spot].astype(int)) for spot in at]


def _name(bgr: NDArray[np.int_]) -> str:
    blue, green, red = (int(value) for value in bgr)
    if max(red, green, blue) - min(red, green, blue) < 60:
        return "grey"
    return {red: "red", green: "green", blue: "blue"}[max(red, green, blue)]


UPRIGHT_CORNERS = ["red", "green", "grey", "blue"]


def moving_bar(frames: int, width: int, height: int, step_px: int) -> list[NDArray[np.uint8]]:
    """A white bar that moves to the right by `step_px` a frame, over grey."""
    made = []
    for index in range(frames):
        frame = np.full((height, width, 3), 60, np.uint8)
        at = 8 + index * step_px
        frame[:, at : at + 24] = 230
        made.append(frame)
    return made
