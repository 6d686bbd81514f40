"""Plays damaged films with the real run, many in one process: python -m tests.soak.media_fuzz FILM FIRST COUNT

A run ends with a report or with a ForesightError. Another exception ends the program with a traceback, a run that
takes LONGEST_S with the stacks of all threads. Each film's number is printed before it is played.
"""

from __future__ import annotations

import faulthandler
import sys
import tempfile
from pathlib import Path

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ForesightError
from pipeline.settings import Settings
from tests.soak.mutations import mutated

LONGEST_S = 90.0
"""Of one run, on a busy machine; a source that sends nothing is given up after 20 s."""
FILMS = {"mp4": "h264", "mov": "h264", "mkv": "h264", "ts": "h264", "webm": "vp8", "avi": "mjpeg"}
"""The containers, and the codec that each one is fuzzed with."""


def play(film: Path, video: Path) -> str:
    """Play a film offline into a video; returns how it ended."""
    settings = Settings.parse(
        {
            "sources": [str(film)],
            "outputs": [str(video)],
            "size": "160x90",
            "live": False,
            "delay_s": 0.5,
            "detector": {"kind": "none"},
        }
    )
    try:
        report = PanoramaWithVirtualCamera(settings).run()
    except ForesightError as error:
        return f"refused: {error}"
    return f"played: {report.frames_out} frames"


def main(film: Path, first: int, count: int) -> None:
    """Play that many damaged films."""
    content = film.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        damaged, video = Path(folder) / film.name, Path(folder) / "video.mkv"
        for seed in range(first, first + count):
            damaged.write_bytes(mutated(content, seed))
            print(f"{film.suffix} {seed}", end=" ", flush=True)
            faulthandler.dump_traceback_later(LONGEST_S, exit=True)
            print(play(damaged, video), flush=True)
    faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
