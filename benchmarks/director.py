"""The director against filters that smooth a ball track, on held-out play and a real match.

``python -m benchmarks.director`` prints the table; ``benchmarks/director_pictures.py`` draws it for docs/.
In each play the rivals get the same detections, the most confident ball of a frame, and a fixed field of view as
wide as the director's average, because a wider view sees more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from benchmarks.director_hard import hard_rows
from benchmarks.hard_play import Scene
from benchmarks.harness import Row, main
from benchmarks.other_games import other_game_rows
from benchmarks.play import METRICA, Play, clean, degraded, metrica_play, random_play
from pipeline.analysis.detector import DetectionSet
from pipeline.direction.director import Director
from pipeline.direction.metrics import PathMetrics, measure
from pipeline.direction.tracks import RecordedTrack
from pipeline.optics.rig import Pitch

Array = NDArray[np.float64]
HORIZONS_S = (0.0, 1.0, 2.0, 3.0, 5.0, 7.0)
SECONDS = 120.0

CAMERAS = ((8.0, 10.0), (8.0, 20.0), (6.0, 6.0), (12.0, 15.0), (8.0, 5.0), (8.0, 30.0))
"""Height and distance behind the touchline, metres; one for each play of a set in turn."""

TUNED = ((100, 101, 102, 103, 104, 105), (60.0, 700.0, 1500.0, 3300.0))
HELD_OUT = ((921, 922, 923, 924, 925, 926), (450.0, 1050.0, 2350.0, 3200.0, 4400.0, 5200.0))
"""Seeds of random play, and start times in the real match, in seconds. HELD_OUT was not used for tuning."""


@dataclass(frozen=True)
class Run:
    """One path over one play, and how long each plan took."""

    figures: PathMetrics
    steps_ms: Array
    path: Array


def plays(which: tuple[tuple[int, ...], tuple[float, ...]]) -> list[Play]:
    """The set's random plays, and its parts of the real match if that file exists."""
    seeds, begins = which
    cameras = [CAMERAS[i % len(CAMERAS)] for i in range(len(seeds) + len(begins))]
    made = [
        random_play(seed, SECONDS, height_m=h, distance_m=d)
        for seed, (h, d) in zip(seeds, cameras, strict=False)
    ]
    if METRICA.is_file():
        made += [
            metrica_play(begin, SECONDS, height_m=h, distance_m=d)
            for begin, (h, d) in zip(begins, cameras, strict=False)
        ]
    return made


def directed(
    play: Play, sets: Sequence[DetectionSet], lookahead_s: float = 7.0, pitch: Pitch | None = None
) -> Run:
    """The director's path, and the milliseconds of each call that made a plan."""
    director = Director(RecordedTrack(sets), play.ground, lookahead_s=lookahead_s, pitch=pitch)
    views, steps, plans = [], [], 0
    for time_ns in play.times_ns:
        begin = time.thread_time()
        views.append(director.view_at(time_ns))
        if director.state.plans != plans:
            plans = director.state.plans
            steps.append((time.thread_time() - begin) * 1e3)
    path = np.array([(view.yaw_deg, view.tilt_deg, view.hfov_deg) for view in views])
    return Run(measure(path, play.angles, play.rate_hz), np.array(steps[1:]), path)


def most_confident(play: Play, sets: Sequence[DetectionSet]) -> Array:
    """Yaw and tilt (N, 2) of each frame's most confident ball; the last one if a frame has none."""
    angles = np.full((len(play.ball), 2), np.nan)
    for one in sets:
        balls = [d for d in one.detections if d.label == "ball"]
        if balls:
            best = max(balls, key=lambda d: d.score)
            angles[round(one.time_ns * play.rate_hz / 1e9)] = best.yaw_deg, best.tilt_deg
    known = np.flatnonzero(np.isfinite(angles[:, 0]))
    latest = known[np.maximum(np.searchsorted(known, np.arange(len(angles)), side="right") - 1, 0)]
    held: Array = angles[latest]
    return held


def average_per_frame(ball: Array, rate_hz: float) -> Array:
    """Each frame goes 0.15 of the way to the ball, as in the replaced system."""
    del rate_hz
    camera = np.empty_like(ball)
    camera[0] = ball[0]
    for i in range(1, len(ball)):
        camera[i] = camera[i - 1] + 0.15 * (ball[i] - camera[i - 1])
    return camera


def average_1_s(ball: Array, rate_hz: float) -> Array:
    """An exponential average over one second."""
    camera = np.empty_like(ball)
    camera[0] = ball[0]
    share = 1 - np.exp(-1 / rate_hz)
    for i in range(1, len(ball)):
        camera[i] = camera[i - 1] + share * (ball[i] - camera[i - 1])
    return camera


def dead_zone_with_limits(ball: Array, rate_hz: float) -> Array:
    """Follows when the ball is 4 degrees off, within the director's limits of speed and acceleration."""
    camera, speed = np.empty_like(ball), np.zeros(2)
    camera[0] = ball[0]
    most_speed, most_bend = np.array([30.0, 15.0]), np.array([45.0, 22.5]) / rate_hz
    for i in range(1, len(ball)):
        error = ball[i] - camera[i - 1]
        wish = np.sign(error) * np.maximum(np.abs(error) - np.array([4.0, 2.0]), 0) * 1.2
        wish = np.clip(wish, -most_speed, most_speed)
        speed = speed + np.clip(wish - speed, -most_bend, most_bend)
        camera[i] = camera[i - 1] + speed / rate_hz
    return camera


def savitzky_golay(ball: Array, rate_hz: float) -> Array:
    """A centred cubic over 4 s, the only rival that uses the future."""
    smooth: Array = savgol_filter(ball, int(4 * rate_hz) // 2 * 2 + 1, 3, axis=0)
    return smooth


RIVALS: dict[str, Callable[[Array, float], Array]] = {
    "average 0.15 per frame": average_per_frame,
    "average over 1 s": average_1_s,
    "dead zone and limits": dead_zone_with_limits,
    "Savitzky-Golay 4 s": savitzky_golay,
}


def rival_figures(name: str, play: Play, sets: Sequence[DetectionSet], hfov_deg: float) -> PathMetrics:
    """A rival's figures with a fixed field of view."""
    camera = RIVALS[name](most_confident(play, sets), play.rate_hz)
    path = np.column_stack([camera, np.full(len(camera), hfov_deg)])
    return measure(path, play.angles, play.rate_hz)


def pooled(figures: Sequence[PathMetrics]) -> PathMetrics:
    """The mean over all plays, which are equally long; the worst value for figures that are extremes."""
    extremes = {"longest_loss_s", "highest_pan_deg_s", "highest_pan_acceleration_deg_s2"}
    names = PathMetrics.__dataclass_fields__
    return PathMetrics(
        **{
            name: float((np.max if name in extremes else np.mean)([getattr(one, name) for one in figures]))
            for name in names
        }
    )


GOALS: dict[str, dict[str, tuple[str, float]]] = {
    "clean": {
        "in_view_percent": (">=", 99.95), "central_percent": (">=", 99.5), "longest_loss_s": ("<=", 0.2),
        "pan_acceleration_deg_s2": ("<=", 0.6), "pan_jerk_deg_s3": ("<=", 0.8),
        "reversals_per_min": ("<=", 2.5), "mean_hfov_deg": ("<=", 41.0),
    },
    "degraded": {
        "in_view_percent": (">=", 99.7), "central_percent": (">=", 98.5), "longest_loss_s": ("<=", 1.0),
        "pan_acceleration_deg_s2": ("<=", 0.8), "pan_jerk_deg_s3": ("<=", 1.0),
        "reversals_per_min": ("<=", 2.5),
    },
}  # fmt: skip
ALWAYS = {"highest_pan_deg_s": ("<=", 30.0), "highest_pan_acceleration_deg_s2": ("<=", 45.0)}
UNITS = {
    "in_view_percent": "%", "central_percent": "%", "longest_loss_s": "s",
    "pan_acceleration_deg_s2": "deg/s2", "pan_jerk_deg_s3": "deg/s3", "reversals_per_min": "/min",
    "mean_hfov_deg": "deg", "highest_pan_deg_s": "deg/s", "highest_pan_acceleration_deg_s2": "deg/s2",
}  # fmt: skip


def _rows(case: str, kind: str, own: PathMetrics, rivals: dict[str, PathMetrics]) -> list[Row]:
    """One row per figure, against the best rival in it."""
    rows = []
    for name, (sense, goal) in (GOALS[kind] | ALWAYS).items():
        value = getattr(own, name)
        best = (max if sense == ">=" else min)(rivals, key=lambda rival: getattr(rivals[rival], name))
        other = getattr(rivals[best], name)
        rows.append(
            Row(
                case=f"{case}, {kind}: {name}",
                value=value,
                unit=UNITS[name],
                rival="" if name == "mean_hfov_deg" else f"{best} {other:.4g}",
                ratio=value / other if other and name != "mean_hfov_deg" else None,
                goal=f"{sense} {goal:g}",
                met=value >= goal if sense == ">=" else value <= goal,
            )
        )
    return rows


def seen(play: Play, kind: str, seed: int) -> list[DetectionSet]:
    """Simulated detections of the play, ``clean`` or ``degraded``."""
    return clean(play) if kind == "clean" else degraded(play, seed)


def run() -> list[Row]:
    """The director on tuned and held-out play, clean and degraded, against four rivals and with less look-ahead."""
    rows: list[Row] = []
    steps: list[Array] = []
    for case, which in (("tuned", TUNED), ("held out", HELD_OUT)):
        made = plays(which)
        for kind in GOALS:
            sets = [seen(play, kind, seed) for seed, play in enumerate(made)]
            runs = [directed(play, one) for play, one in zip(made, sets, strict=True)]
            steps += [one.steps_ms for one in runs]
            rivals = {
                name: pooled(
                    [
                        rival_figures(name, play, one, run.figures.mean_hfov_deg)
                        for play, one, run in zip(made, sets, runs, strict=True)
                    ]
                )
                for name in RIVALS
            }
            rows += _rows(case, kind, pooled([one.figures for one in runs]), rivals)
    worst = float(np.percentile(np.concatenate(steps), 95))
    rows.append(Row("a whole step, 95th percentile", worst, "ms", goal="<= 5", met=worst <= 5.0))
    rows += hard_rows(directed_scene)
    rows += other_game_rows(lambda play, sets, pitch: directed(play, sets, pitch=pitch).figures)
    for lookahead_s, one in horizons():
        case = f"held out, degraded, look-ahead {lookahead_s:g} s"
        rows.append(Row(f"{case}: in_view_percent", one.in_view_percent, "%"))
        rows.append(Row(f"{case}: pan_acceleration_deg_s2", one.pan_acceleration_deg_s2, "deg/s2"))
        rows.append(Row(f"{case}: mean_hfov_deg", one.mean_hfov_deg, "deg"))
    return rows


def directed_scene(one: Scene) -> tuple[Array, Array]:
    """The director's path of a hard scene, and the milliseconds of each plan."""
    run = directed(one.play, one.sets, pitch=one.pitch)
    return run.path, run.steps_ms


def horizons() -> list[tuple[float, PathMetrics]]:
    """The effect of look-ahead: pooled figures on held-out, degraded play for each of HORIZONS_S."""
    made = plays(HELD_OUT)
    sets = [degraded(play, seed) for seed, play in enumerate(made)]
    return [
        (
            lookahead_s,
            pooled([directed(play, one, lookahead_s).figures for play, one in zip(made, sets, strict=True)]),
        )
        for lookahead_s in HORIZONS_S
    ]


if __name__ == "__main__":
    main(run)
