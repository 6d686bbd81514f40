"""One, two and three films of the same run: processor time per frame, against the run with one film."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.harness import Row, main
from pipeline.application import PanoramaWithVirtualCamera
from pipeline.settings import Settings

SECONDS, ROUNDS = 4.0, 2
SOURCE = "match?size=1920x640&fps=25"
FIRST = {"size": "1280x720"}
FURTHER: tuple[dict[str, Any], ...] = (
    {"name": "upright", "size": "720x1280", "style": "close"},
    {
        "name": "goal",
        "size": "1280x720",
        "follow": "fixed",
        "view": {"yaw_deg": 35, "pitch_deg": -8, "hfov_deg": 40},
    },
    {"name": "copy", "size": "1280x720", "graphics": False},
)
CASES = {
    "one film, 1280x720": (),
    "two, with an upright one": FURTHER[:1],
    "three, with a fixed view": FURTHER[:2],
    "two of the same picture": FURTHER[2:],
}


def frame_ms(films: Sequence[dict[str, Any]], seconds: float) -> float:
    """Processor time per frame of an offline run with these further films, in milliseconds."""
    with TemporaryDirectory() as folder:
        settings = Settings.parse(
            {
                "sources": [SOURCE],
                "outputs": [str(Path(folder) / "main.mkv")],
                "films": [{"outputs": [str(Path(folder) / f"{film['name']}.mkv")], **film} for film in films],
                "live": False,
                "delay_s": 2.0,
                "duration_s": seconds,
            }
            | FIRST
        )
        report = PanoramaWithVirtualCamera(settings).run()
    return 1000 * report.cpu_s / report.frames_out


def run() -> Sequence[Row]:
    """The least of rounds in turn."""
    frame_ms(FURTHER[:2], 1.0)  # finds the limits of every picture once
    spent_ms = dict.fromkeys(CASES, math.inf)
    for _ in range(ROUNDS):
        for name, films in CASES.items():
            spent_ms[name] = min(spent_ms[name], frame_ms(films, SECONDS))
    single_ms = next(iter(spent_ms.values()))
    return [
        Row(name, ms, "ms", "one film" if CASES[name] else "", ms / single_ms if CASES[name] else None)
        for name, ms in spent_ms.items()
    ]


if __name__ == "__main__":
    main(run)
