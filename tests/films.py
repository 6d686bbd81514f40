"""Films as devices write them, made with ffmpeg: a moving test picture of 4 s, and what a test asks for."""

from __future__ import annotations

import subprocess
from pathlib import Path

SECONDS = 4
FPS = 25
PICTURE = ("-f", "lavfi", "-i", f"testsrc2=size=320x180:rate={FPS}:duration={SECONDS}")
TONE = ("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={SECONDS}")
CODED = ("-c:v", "libx264", "-preset", "ultrafast", "-g", str(FPS), "-pix_fmt", "yuv420p", "-c:a", "aac")
NONE_COME = "noise=drop=1"
"""The bitstream filter that lets none of a stream's packets through; the stream is announced all the same."""


def make_film(path: Path, *arguments: str) -> Path:
    """Write `path` with ffmpeg; returns it."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments, str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


def picture_and_tone(path: Path, *arguments: str) -> Path:
    """The picture with a tone, and with more of ffmpeg's output options."""
    return make_film(path, *PICTURE, *TONE, *CODED, *arguments)
