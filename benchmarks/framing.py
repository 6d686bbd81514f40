"""What the director's pictures show: metres of ground, enlargement, sky, black, and the first view of the play.

    foresight bench framing          or: python -m benchmarks.framing [--json FILE]

The built-in match from its truth, at several output sizes, upright ones among them; and the real films of
``../shared/data`` from what the detector sees in them, with their rigs and without.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.framing_measure import Shown, opens_s, shown, summary
from benchmarks.harness import Row, main
from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.analysis.jsonl import read_detections
from pipeline.direction.director import Director
from pipeline.direction.metrics import measure
from pipeline.direction.spline import Array
from pipeline.direction.tracks import RecordedTrack
from pipeline.match.match import match_rig
from pipeline.match.settings import MatchSettings
from pipeline.match.truth import MatchTruth, frame_time_ns
from pipeline.optics.rig import Rig
from pipeline.tracking.ball import BallTracker
from pipeline.tracking.smoother import GRID_S

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
FPS, SECONDS, EVERY = 25, 60, 5
SIZES = ((640, 360), (1280, 720), (1920, 1080), (1080, 1920), (1080, 1080))
FILM_SIZES = ((640, 360), (1280, 720), (1920, 1080))
MOST_ENLARGED, MOST_SKY_PERCENT, MOST_BEYOND_PERCENT, LATEST_OPENING_S = 2.5, 33.4, 30.0, 0.5
LEAST_AHEAD_PERCENT = 50.0


@dataclass(frozen=True)
class Film:
    """A film of `../shared/data`: its sources, and its rig's file, or the size in pixels of one without a rig."""

    name: str
    sources: tuple[str, ...]
    rig: str | tuple[int, int]

    def known_rig(self) -> Rig:
        """The rig that a run uses."""
        return Rig.load(DATA / self.rig) if isinstance(self.rig, str) else Rig.assume(*self.rig)


FILMS = (
    Film("left and right", ("left.mp4", "right.mp4"), "rig.toml"),
    Film("left, no rig", ("left.mp4",), (3072, 1728)),
    Film("right, no rig", ("right.mp4",), (3072, 1728)),
    Film("sideline panorama", ("sideline_panorama.mp4",), "sideline_panorama.rig.toml"),
    Film("sideline panorama, no rig", ("sideline_panorama.mp4",), (2320, 348)),
    Film("wide panorama", ("wide_panorama.mp4",), "wide_panorama.rig.toml"),
    Film("wide panorama, no rig", ("wide_panorama.mp4",), (6500, 1000)),
)


def detections(film: Film, folder: Path) -> Path:
    """What the detector sees in the film, by a run of it, as JSONL in `folder`."""
    found = folder / f"{film.name}.jsonl"
    if not found.is_file():
        command = [sys.executable, "-m", "pipeline", "run", *(str(DATA / name) for name in film.sources)]
        command += ["--offline", "--size", "320x180", "--detections-out", str(found)]
        command += ["-o", str(folder / f"{film.name}.mkv")]
        command += ["--rig", str(DATA / film.rig)] if isinstance(film.rig, str) else []
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return found


def directed(rig: Rig, sets: Sequence[DetectionSet], seconds: float, size_px: tuple[int, int]) -> Array:
    """The director's path (N, 3) in degrees over so many seconds, a view for each of FPS frames a second."""
    director = Director.of_rig(RecordedTrack(sets), rig, size_px)
    views = [director.view_at(i * 10**9 // FPS) for i in range(round(seconds * FPS))]
    return np.array([(view.yaw_deg, view.tilt_deg, view.hfov_deg) for view in views])


def followed(rig: Rig, sets: Sequence[DetectionSet], seconds: float) -> Array:
    """Where the play is in each frame, yaw and tilt (N, 2) in degrees, from the detections of the whole film."""
    track = BallTracker(rig, pitch=rig.pitch).track(sets, 0, sets[-1].time_ns)
    times_s, grid_s = np.arange(round(seconds * FPS)) / FPS, np.arange(len(track.yaw_deg)) * GRID_S
    return np.stack([np.interp(times_s, grid_s, angle) for angle in (track.yaw_deg, track.tilt_deg)], axis=1)


def _rows(case: str, found: Shown, size_px: tuple[int, int], *, has_room: bool) -> list[Row]:
    """The figures of a film; `has_room`: the sources have the pixels for this size."""
    figures = summary(found)
    wide = size_px[0] > size_px[1]
    goals: dict[str, tuple[float, float] | None] = {
        "width, median, m": (30.0, 40.0) if wide and has_room else None,
        "enlargement at the centre, worst frame": (0.0, MOST_ENLARGED * 1.02) if has_room else None,
        "sky, worst frame %": (0.0, MOST_SKY_PERCENT),
        "black, worst frame %": (0.0, 0.0),
        "beyond the field, mean %": (0.0, MOST_BEYOND_PERCENT) if wide and has_room else None,
    }
    rows = []
    for name, value in figures.items():
        goal = goals.get(name)
        said = "" if goal is None else f"<= {goal[1]:.4g}" if goal[0] == 0 else f"{goal[0]:g} to {goal[1]:g}"
        rows.append(
            Row(
                f"{case}: {name}",
                value,
                "",
                goal=said,
                met=None if goal is None else goal[0] <= value <= goal[1],
            )
        )
    return rows


def match_rows() -> list[Row]:
    """The built-in match, directed by its truth."""
    settings = MatchSettings(fps=Fraction(FPS))
    rig = match_rig(settings)
    frames = list(MatchTruth(settings).frames(SECONDS * FPS))
    sets = [
        DetectionSet(
            frame_time_ns(i, settings),
            tuple(Detection(row.label, 1.0, row.yaw_deg, row.tilt_deg, 0.0, 0.0) for row in rows),
        )
        for i, rows in enumerate(frames)
    ]
    ball = np.array([(rows[0].yaw_deg, rows[0].tilt_deg) for rows in frames])
    made = []
    for size_px in SIZES:
        case = f"match, {size_px[0]}x{size_px[1]}"
        path = directed(rig, sets, SECONDS, size_px)
        some, play = path[::EVERY], ball[::EVERY]
        found = shown(rig, some, size_px, play)
        made += _rows(case, found, size_px, has_room=True)
        opens = opens_s(found, some, FPS / EVERY, size_px, play)
        made.append(Row(f"{case}: opens after", opens, "s", goal="<= 0.5", met=opens <= LATEST_OPENING_S))
        figures = measure(path, ball, FPS, size_px[0] / size_px[1])
        made.append(Row(f"{case}: ball in view", figures.in_view_percent, "%"))
        ahead = room_ahead(path, ball)
        case = f"{case}: room ahead of a running ball"
        made.append(Row(case, ahead, "% of the width", goal=">= 50", met=ahead >= LEAST_AHEAD_PERCENT))
    return made


def room_ahead(path: Array, ball: Array) -> float:
    """The mean room before a ball that runs sideways, as a percentage of the width; over 50 the play's side is
    open."""
    second = FPS
    run = ball[second:, 0] - ball[:-second, 0]
    middle = slice(second // 2, len(ball) - (second - second // 2))
    offset = (ball[middle, 0] - path[middle, 0]) / path[middle, 2] * np.sign(run)
    return float(50.0 - 100.0 * offset[np.abs(run) > 5.0].mean())


def film_rows(folder: Path) -> list[Row]:
    """The real films."""
    made = []
    for film in FILMS:
        rig = film.known_rig()
        sets = read_detections(detections(film, folder))
        seconds = sets[-1].time_ns / 1e9
        play = followed(rig, sets, seconds)
        for size_px in FILM_SIZES:
            path = directed(rig, sets, seconds, size_px)[::EVERY]
            found = shown(rig, path, size_px, play[::EVERY])
            has_room = "sideline" not in film.name or size_px[1] <= 360
            case = f"{film.name}, {size_px[0]}x{size_px[1]}"
            made += _rows(case, found, size_px, has_room=has_room)
    return made


def run() -> list[Row]:
    """What the director's pictures show, on the built-in match and on real films."""
    rows = match_rows()
    if DATA.is_dir():
        with tempfile.TemporaryDirectory() as folder:
            rows += film_rows(Path(folder))
    return rows


if __name__ == "__main__":
    main(run)
