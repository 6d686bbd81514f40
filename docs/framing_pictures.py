"""The contact sheets of docs/direction.md: what the director shows, one frame a second."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"

COLUMNS = 4
FRAME_WIDTH_PX = 320
GAP_PX = 4


def contact_sheet(video: Path, path: Path) -> None:
    """The first frame of each second of a video, left to right and top to bottom, as a JPEG."""
    reader = cv2.VideoCapture(str(video))
    every = round(reader.get(cv2.CAP_PROP_FPS))
    frames, index = [], 0
    while (read := reader.read())[0]:
        if index % every == 0:
            height_px = FRAME_WIDTH_PX * read[1].shape[0] // read[1].shape[1]
            frames.append(cv2.resize(read[1], (FRAME_WIDTH_PX, height_px), interpolation=cv2.INTER_AREA))
        index += 1
    rows = -(-len(frames) // COLUMNS)
    high, wide = frames[0].shape[0] + GAP_PX, FRAME_WIDTH_PX + GAP_PX
    sheet = np.full((rows * high - GAP_PX, COLUMNS * wide - GAP_PX, 3), 255, np.uint8)
    for i, frame in enumerate(frames):
        row, column = divmod(i, COLUMNS)
        top, left = row * high, column * wide
        sheet[top : top + frame.shape[0], left : left + FRAME_WIDTH_PX] = frame
    Image.fromarray(cv2.cvtColor(sheet, cv2.COLOR_BGR2RGB)).save(path, quality=72, optimize=True)


def draw_run(path: Path, *arguments: str) -> None:
    """The contact sheet of what `foresight run` makes of these arguments."""
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "view.mkv"
        command = [sys.executable, "-m", "pipeline", "run", *arguments, "--offline", "-o", str(video)]
        subprocess.run(command, cwd=ROOT, check=True)
        contact_sheet(video, path)


def draw_films(path: Path) -> None:
    """The two real films as a pair."""
    films = (str(DATA / name) for name in ("left.mp4", "right.mp4"))
    draw_run(path, *films, "--rig", str(DATA / "rig.toml"))


def draw_match_frames(path: Path) -> None:
    """Twenty seconds of the built-in match."""
    draw_run(path, "match", "--duration", "20", "--size", "1280x720")
