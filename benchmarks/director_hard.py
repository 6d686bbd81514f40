"""The director on hard play: the figures of every trial, on seeds that were not used for tuning."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.hard_play import TRIALS, Scene, Trial, scene
from benchmarks.harness import Row
from benchmarks.play import METRICA, Array
from pipeline.direction.metrics import image_position, longest_run, measure

SECONDS = 90.0
TUNED = (100, 101, 102, 103)
"""Seeds for tuning."""
REPORTED = (941, 942, 943, 944)
"""Seeds for the report."""
BEGINS_S = (470.0, 2390.0)
"""Parts of the real match for the report, for the trials with goals."""

CAMERAS = ((8.0, 10.0), (8.0, 20.0), (6.0, 6.0), (12.0, 15.0), (8.0, 5.0), (8.0, 30.0))

GOALS: dict[str, tuple[float, float]] = {"ball seen 50 %": (99.7, 1.5), "ball seen 25 %": (98.0, 3.0)}
"""The least percentage of time with the ball in view, and the longest loss in seconds."""

Directed = Callable[[Scene], tuple[Array, Array]]
"""Gives a scene's path (N, 3) and the milliseconds of each plan."""


def scenes(trial: Trial, seeds: tuple[int, ...], begins_s: tuple[float, ...] = ()) -> list[Scene]:
    """The trial's scenes of random play and, if that file exists, of the real match."""
    made = [scene(trial, seed, SECONDS, *CAMERAS[i % 6]) for i, seed in enumerate(seeds)]
    if METRICA.is_file():
        made += [scene(trial, i, SECONDS, *CAMERAS[i % 6], begin_s) for i, begin_s in enumerate(begins_s)]
    return made


def hard_rows(directed: Directed) -> list[Row]:
    """The figures of every trial; those with a goal say whether it is met."""
    rows, steps = [], []
    for trial in TRIALS:
        goal = GOALS.get(trial.name)
        runs = [(one, *directed(one)) for one in scenes(trial, REPORTED, BEGINS_S if goal else ())]
        steps += [one_steps for _, _, one_steps in runs]
        shares, losses, figures = [], [], []
        for one, path, _ in runs:
            x, y = image_position(path, one.play.angles)
            lost = (np.maximum(np.abs(x), np.abs(y)) > 1.0) & one.judged
            shares.append(100.0 * (1.0 - lost.sum() / one.judged.sum()))
            losses.append(longest_run(lost) / one.play.rate_hz)
            figures.append(measure(path, one.play.angles, one.play.rate_hz))
        case = f"hard, {trial.name}"
        share, loss = float(np.mean(shares)), float(np.max(losses))
        pan = float(np.mean([one.pan_acceleration_deg_s2 for one in figures]))
        turns = float(np.mean([one.reversals_per_min for one in figures]))
        limits = [(">=", goal[0]), ("<=", goal[1]), ("<=", 0.8), ("<=", 2.5)] if goal else [("", 0.0)] * 4
        for (name, unit, value), (sense, limit) in zip(
            (
                ("in_view_percent", "%", share),
                ("longest_loss_s", "s", loss),
                ("pan_acceleration_deg_s2", "deg/s2", pan),
                ("reversals_per_min", "/min", turns),
            ),
            limits,
            strict=True,
        ):
            met = None if not sense else value >= limit if sense == ">=" else value <= limit
            rows.append(
                Row(f"{case}: {name}", value, unit, goal=f"{sense} {limit:g}" if sense else "", met=met)
            )
    worst = float(np.percentile(np.concatenate(steps), 95))
    rows.append(Row("hard: a whole step, 95th percentile", worst, "ms", goal="<= 6", met=worst <= 6.0))
    return rows
