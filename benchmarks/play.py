"""Play for the director's benchmark: random matches, a real match's events, and simulated detections of both."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.timebase import Nanoseconds
from pipeline.tracking.ground import LevelGround

Array = NDArray[np.float64]
Found = list[tuple[float, float, float]]
"""Balls reported in one frame: x and y in metres, score."""

LENGTH_M, WIDTH_M = 105.0, 68.0
METRICA = Path(__file__).resolve().parents[2] / "shared" / "data" / "metrica_game1_events.csv"


@dataclass(frozen=True)
class Play:
    """The true ball on the pitch at a constant rate: (N, 2) metres, x along, y across, from the near left corner.

    ``players``: (N, P, 2); P may be 0. The camera stands `distance_m` behind the near touchline's middle.
    """

    name: str
    rate_hz: float
    ball: Array
    players: Array
    height_m: float = 8.0
    distance_m: float = 10.0
    size_m: tuple[float, float] = (LENGTH_M, WIDTH_M)
    angles: Array = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "angles", np.stack(self.to_angles(self.ball), axis=1))

    @property
    def ground(self) -> LevelGround:
        return LevelGround(self.height_m)

    @property
    def times_ns(self) -> list[int]:
        return [round(i * 1e9 / self.rate_hz) for i in range(len(self.ball))]

    def to_angles(self, metres: Array) -> tuple[Array, Array]:
        """Yaw and tilt in degrees of pitch places (..., 2)."""
        return self.ground.metres_to_angles(
            metres[..., 0] - self.size_m[0] / 2, metres[..., 1] + self.distance_m
        )


def random_play(
    seed: int,
    seconds: float,
    rate_hz: float = 25.0,
    height_m: float = 8.0,
    distance_m: float = 10.0,
    players: bool = False,
) -> Play:
    """A seeded match: passes that slow down on the turf, runs with the ball, shots, throw-ins, dead balls."""
    rng = np.random.default_rng(seed)
    dt = 1.0 / rate_hz
    count = int(seconds * rate_hz)
    place = np.array([LENGTH_M / 2, WIDTH_M / 2])
    drift = rng.uniform(-1, 1)
    places: list[Array] = []
    while len(places) < count:
        kind = rng.choice(["pass", "pass", "pass", "long", "run", "run", "hold", "dead"],
                          p=[0.2, 0.2, 0.15, 0.07, 0.13, 0.12, 0.08, 0.05])  # fmt: skip
        if kind in ("pass", "long"):
            reach = rng.uniform(6, 24) if kind == "pass" else rng.uniform(25, 50)
            angle = rng.normal(0 if drift > 0 else np.pi, 1.1)
            target = place + reach * np.array([np.cos(angle), np.sin(angle)])
            target = np.clip(target, [1, 1], [LENGTH_M - 1, WIDTH_M - 1])
            way = float(np.hypot(*(target - place)))
            start_speed = min(27.0, rng.uniform(9, 16) if kind == "pass" else rng.uniform(16, 26))
            slowing = rng.uniform(1.0, 3.0)
            t, s, v = 0.0, 0.0, start_speed
            unit = (target - place) / max(way, 1e-6)
            origin = place
            while s < way and v > 3.0:
                s, v, t = s + v * dt, v - slowing * dt, t + dt
                places.append(origin + unit * min(s, way))
            place = origin + unit * min(s, way)
        elif kind == "run":
            speed, angle = rng.uniform(2, 7.5), rng.normal(0 if drift > 0 else np.pi, 0.9)
            bend = rng.normal(0, 0.3)
            for _ in range(int(rng.uniform(0.8, 5) * rate_hz)):
                angle += bend * dt
                place = np.clip(
                    place + speed * dt * np.array([np.cos(angle), np.sin(angle)]), [0.5, 0.5],
                    [LENGTH_M - 0.5, WIDTH_M - 0.5],
                )  # fmt: skip
                places.append(place)
        elif kind == "hold":
            places.extend([place] * int(rng.uniform(0.3, 2.5) * rate_hz))
        else:
            # Out of play: the ball rolls over a line, lies, and play goes on from a throw-in or a corner.
            line = np.array([place[0], 0.0 if place[1] < WIDTH_M / 2 else WIDTH_M])
            steps = max(2, int(np.hypot(*(line - place)) / 12.0 * rate_hz))
            places.extend(place + (line - place) * (i + 1) / steps for i in range(steps))
            place = line
            places.extend([place] * int(rng.uniform(3, 12) * rate_hz))
        if rng.random() < 0.12 or not 12 < place[0] < LENGTH_M - 12:
            drift = rng.uniform(0.1, 1) if place[0] < LENGTH_M / 2 else -rng.uniform(0.1, 1)
            if 12 < place[0] < LENGTH_M - 12 and rng.random() < 0.5:
                drift = -drift
    ball = np.array(places[:count])
    return Play(
        f"random {seed}", rate_hz, ball,
        formation(rng, ball, rate_hz) if players else np.zeros((count, 0, 2)), height_m, distance_m,
    )  # fmt: skip


def metrica_play(
    begin_s: float, seconds: float, rate_hz: float = 25.0, height_m: float = 8.0, distance_m: float = 10.0
) -> Play:
    """Part of the real match: the ball moves straight and evenly between the events' starts and ends.

    Metrica Sports sample data, game 1. Raises FileNotFoundError if the file is missing.
    """
    knots: list[tuple[float, float, float]] = []
    with METRICA.open(newline="") as file:
        for row in csv.DictReader(file):
            for side in ("Start", "End"):
                time_text, x, y = (row[f"{side} {what}"] for what in ("Time [s]", "X", "Y"))
                if "NaN" in (x, y, time_text) or not x:
                    continue
                if not knots or float(time_text) > knots[-1][0] + 0.03:
                    knots.append((float(time_text), float(x) * LENGTH_M, float(y) * WIDTH_M))
    table = np.array(knots)
    times = begin_s + np.arange(int(seconds * rate_hz)) / rate_hz
    ball = np.stack([np.interp(times, table[:, 0], table[:, k]) for k in (1, 2)], axis=1)
    return Play(f"metrica {begin_s:g} s", rate_hz, ball, np.zeros((len(ball), 0, 2)), height_m, distance_m)


def formation(rng: np.random.Generator, ball: Array, rate_hz: float) -> Array:
    """22 players in a formation that drifts after the ball; the nearest two run to it."""
    count = len(ball)
    home = np.stack([rng.uniform(8, LENGTH_M - 8, 22), rng.uniform(5, WIDTH_M - 5, 22)], axis=1)
    home[0], home[1] = (4.0, WIDTH_M / 2), (LENGTH_M - 4.0, WIDTH_M / 2)
    place = home.copy()
    places = np.empty((count, 22, 2))
    ahead = int(rate_hz)
    for i in range(count):
        soon = ball[min(i + ahead, count - 1)]
        wish = home + 0.45 * (soon - [LENGTH_M / 2, WIDTH_M / 2])
        wish[:2] = home[:2]
        nearest = np.argsort(np.hypot(*(place - soon).T))[:2]
        wish[nearest] = soon
        step = wish - place
        length = np.hypot(*step.T)[:, None]
        place = place + step / np.maximum(length, 1e-9) * np.minimum(length, 7.0 / rate_hz)
        places[i] = place
    return places


def clean(play: Play) -> list[DetectionSet]:
    """Perfect detections: every frame's ball, and its players if there are any."""
    return detection_sets(play, [[(place[0], place[1], 1.0)] for place in play.ball], play.players)


def degraded(
    play: Play,
    seed: int,
    noise_m: float = 0.3,
    dropout: float = 0.3,
    gaps_per_min: float = 2.0,
    gap_s: float = 2.0,
    false_share: float = 0.03,
) -> list[DetectionSet]:
    """Simulated detections: noise, dropouts, gaps, and false balls, some of which lie still for seconds."""
    rng = np.random.default_rng(seed + 1_000_003)
    count, rate = len(play.ball), play.rate_hz
    seen = rng.random(count) >= dropout
    for begin in rng.uniform(0, count / rate, rng.poisson(gaps_per_min * count / rate / 60)):
        seen[int(begin * rate) : int((begin + gap_s) * rate)] = False
    found: list[Found] = [[] for _ in range(count)]
    for i in np.flatnonzero(seen):
        x, y = play.ball[i] + rng.normal(0, noise_m, 2)
        found[i].append((x, y, rng.uniform(0.5, 1.0)))
    for i in np.flatnonzero(rng.random(count) < false_share):
        x, y = rng.uniform([-3, -3], [play.size_m[0] + 3, play.size_m[1] + 3])
        if rng.random() < 0.1:
            for k in range(i, min(count, i + int(rng.uniform(1, 6) * rate))):
                if rng.random() < 0.8:
                    dx, dy = rng.normal(0, 0.1, 2)
                    found[k].append((x + dx, y + dy, rng.uniform(0.3, 0.9)))
        else:
            found[i].append((x, y, rng.uniform(0.3, 0.9)))
    players = play.players + rng.normal(0, noise_m, play.players.shape)
    return detection_sets(play, found, players)


def detection_sets(play: Play, balls: list[Found], players: Array) -> list[DetectionSet]:
    """What a detector would report: the balls of each frame, and the players (N, P, 2) in metres."""
    sets = []
    for i, time_ns in enumerate(play.times_ns):
        things: list[Detection] = []
        for x, y, score in balls[i]:
            if y + play.distance_m < 0.5:
                continue
            yaw, tilt = play.to_angles(np.array([x, y]))
            things.append(Detection("ball", score, float(yaw), float(tilt), 0.0, 0.0))
        yaws, tilts = play.to_angles(players[i])
        for yaw, tilt in zip(yaws, tilts, strict=True):
            things.append(Detection("player", 0.9, float(yaw), float(tilt), 0.0, 0.0))
        if things:
            sets.append(DetectionSet(Nanoseconds(time_ns), tuple(things)))
    return sets
