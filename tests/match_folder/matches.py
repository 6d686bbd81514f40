"""Small matches in folders, for the tests."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.run.progress import Progress, RunReport
from pipeline.settings import Settings
from pipeline.timebase import NS_PER_S

SMALL_MATCH = "match?size=720x240&fps=25"
FPS = 25


def play(sources: list[str], output: Path, **values: Any) -> RunReport:
    """A small run, which must not fail."""
    report = run_of(sources, output, **values).run()
    assert not report.failures
    return report


def run_of(sources: list[str], output: Path, **values: Any) -> PanoramaWithVirtualCamera:
    """A small run that has not begun."""
    return PanoramaWithVirtualCamera(Settings.parse({"sources": sources, "outputs": [str(output)]} | values))


def record_match(folder: Path, output: Path, *, live: bool = False, seconds: float = 4.0) -> RunReport:
    """A run of the small match into a folder: the clock runs from 0.4 s on, a goal at 1.2 s, 1:0 from 2 s on."""
    run = run_of(
        [SMALL_MATCH],
        output,
        size="320x180",
        live=live,
        delay_s=2.0,
        duration_s=seconds,
        match_folder=str(folder),
        graphics={"scoreboard": True},
        export={"path_out": str(output.with_suffix(".csv"))},
        teams={"home": "Reds"},
    )
    run.match.set_clock(4 * NS_PER_S // 10, True)
    run.match.set_score(2 * NS_PER_S, 1, 0)
    tagged: list[int] = []

    def tag(_progress: Progress) -> None:
        if not tagged and run.buffer_manager.newest_ns is not None:
            tagged.append(1)
            run.match.add_tag(12 * NS_PER_S // 10, "goal", "home", "Meyer", "")

    report = run.run(tag)
    assert not report.failures
    assert tagged
    return report


def path_rows(path: Path) -> dict[float, tuple[float, ...]]:
    """Yaw, pitch and field of view of a path CSV by time."""
    with path.open() as file:
        rows = list(csv.reader(file))[1:]
    return {float(row[0]): tuple(map(float, row[1:])) for row in rows}
