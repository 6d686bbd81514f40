"""Hard play for the director's benchmark: a ball seldom seen among things that look like it and are seen often.

Each scene is a `Play` and what a detector would report of it: linesmen with flags, spare balls, ball boys,
substitutes who warm up with a ball, a match on the next field, and half-time. Seeded; the same scene each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.play import (
    LENGTH_M,
    WIDTH_M,
    Array,
    Found,
    Play,
    detection_sets,
    formation,
    metrica_play,
    random_play,
)
from pipeline.analysis.detector import DetectionSet
from pipeline.optics.rig import Pitch

NOISE_M = 0.3
WALK_M_S, RUN_M_S = 1.4, 6.0
HALF_TIME_S = 40.0


@dataclass(frozen=True)
class Scene:
    """A play and its detections. ``judged``: the samples (N,) that count; ``pitch``: what the rig would know."""

    play: Play
    sets: list[DetectionSet]
    pitch: Pitch | None
    judged: NDArray[np.bool_]


@dataclass(frozen=True)
class Trial:
    """One kind of scene: how often the ball is seen, what else is there, and what the director is told.

    The ball is not seen in ``gaps_per_min`` gaps of ``gap_s``, and in between as often as makes ``seen_share`` of
    all frames in all.
    """

    name: str
    seen_share: float = 0.5
    gap_s: float = 3.0
    gaps_per_min: float = 2.0
    linesmen: int = 1
    spare_balls: int = 1
    ball_boys: int = 0
    warm_ups: int = 0
    second_field: bool = False
    half_time: bool = False
    with_players: bool = False
    with_pitch: bool = False
    often_seen: float = 0.8
    """How often everything that is not the ball is seen."""
    false_share: float = 0.03


TRIALS = (
    Trial("ball seen 50 %"),
    Trial("ball seen 25 %", seen_share=0.25),
    Trial("two linesmen, three spare balls", seen_share=0.4, linesmen=2, spare_balls=3),
    Trial("ball boys", seen_share=0.4, linesmen=2, ball_boys=5),
    Trial("warm-up", seen_share=0.4, linesmen=2, warm_ups=2, with_players=True, with_pitch=True),
    Trial("next field", seen_share=0.4, second_field=True, with_players=True, with_pitch=True),
    Trial("half-time", seen_share=0.5, linesmen=2, half_time=True, with_players=True, with_pitch=True),
)  # fmt: skip


def scene(
    trial: Trial, seed: int, seconds: float, height_m: float, distance_m: float, begin_s: float | None = None
) -> Scene:
    """A scene of the trial, from random play or, with ``begin_s``, from that time of the real match."""
    rng = np.random.default_rng(seed + 7_000_003)
    if begin_s is None:
        play = random_play(seed, seconds, height_m=height_m, distance_m=distance_m)
    else:
        play = metrica_play(begin_s, seconds, height_m=height_m, distance_m=distance_m)
    judged = np.ones(len(play.ball), np.bool_)
    if trial.half_time:
        play, judged = _with_half_time(rng, play)
    balls: list[Found] = [[] for _ in play.ball]
    _report(rng, balls, play.ball, _seen(rng, trial, play), (0.5, 1.0))
    people: list[Array] = []
    if trial.with_players:
        people.append(_players_of(rng, play, judged))
    for side in range(trial.linesmen):
        way = linesman(rng, play, side % 2 == 1)
        _report_often(rng, balls, way, trial.often_seen)
        people.append(way[:, None])
    for _ in range(trial.spare_balls):
        _report_often(rng, balls, np.tile(_beside(rng), (len(play.ball), 1)), trial.often_seen)
    for _ in range(trial.ball_boys):
        way = wanderer(rng, play, _beside(rng), 2.0)
        _report_often(rng, balls, way, 0.7 * trial.often_seen)
        people.append(way[:, None])
    for _ in range(trial.warm_ups):
        ball, substitutes = warm_up(rng, play)
        _report_often(rng, balls, ball, trial.often_seen)
        people.append(substitutes)
    if trial.second_field:
        other = random_play(seed + 500_000, len(play.ball) / play.rate_hz, players=True)
        aside = np.array([0.0, WIDTH_M + 8.0])
        _report_often(rng, balls, other.ball + aside, trial.often_seen)
        people.append(other.players + aside)
    _report_false(rng, balls, trial.false_share)
    everybody = np.concatenate(people, axis=1) if trial.with_players else np.zeros((len(play.ball), 0, 2))
    everybody = everybody + rng.normal(0, NOISE_M, everybody.shape)
    pitch = Pitch(LENGTH_M, WIDTH_M, (0.0, distance_m + WIDTH_M / 2)) if trial.with_pitch else None
    return Scene(play, detection_sets(play, balls, everybody), pitch, judged)


def linesman(rng: np.random.Generator, play: Play, far: bool) -> Array:
    """The way (N, 2) of an assistant along a touchline: level with the play in his half, at a run at most."""
    line = WIDTH_M + rng.uniform(0.5, 1.2) if far else -rng.uniform(0.5, 1.2)
    low, high = (0.0, LENGTH_M / 2) if far else (LENGTH_M / 2, LENGTH_M)
    wish = np.clip(play.ball[:, 0] + rng.normal(0, 3), low, high)
    along = np.empty(len(wish))
    along[0] = wish[0]
    for i in range(1, len(wish)):
        step = np.clip(0.8 * (wish[i] - along[i - 1]), -RUN_M_S, RUN_M_S)
        along[i] = along[i - 1] + step / play.rate_hz
    return np.stack([along, line + 0.2 * np.sin(along / 4)], axis=1)


def wanderer(rng: np.random.Generator, play: Play, home: Array, radius_m: float) -> Array:
    """The way (N, 2) of somebody who stands at a place and walks a few steps now and then."""
    way = np.empty((len(play.ball), 2))
    place, wish = home.copy(), home
    for i in range(len(way)):
        if rng.random() < 0.1 / play.rate_hz:
            wish = home + rng.uniform(-radius_m, radius_m, 2)
        place = place + np.clip(wish - place, -WALK_M_S / play.rate_hz, WALK_M_S / play.rate_hz)
        way[i] = place
    return way


def warm_up(rng: np.random.Generator, play: Play) -> tuple[Array, Array]:
    """The ball (N, 2) and the people (N, 3, 2) of substitutes who pass to each other beside the field."""
    middle = np.array([rng.uniform(20, LENGTH_M - 20), rng.choice([-4.0, WIDTH_M + 5.0])])
    homes = middle + np.array([[-7.0, 0.0], [7.0, 1.0], [0.0, 3.0 * np.sign(middle[1])]])
    people = np.stack([wanderer(rng, play, home, 1.5) for home in homes], axis=1)
    ball = np.empty((len(play.ball), 2))
    holder, i = 0, 0
    while i < len(ball):
        for _ in range(int(rng.uniform(0.5, 3.0) * play.rate_hz)):
            if i < len(ball):
                ball[i] = people[i, holder]
                i += 1
        target = (holder + rng.integers(1, 3)) % 3
        steps = int(np.hypot(*(homes[target] - homes[holder])) / rng.uniform(7, 12) * play.rate_hz) + 1
        for k in range(steps):
            if i < len(ball):
                ball[i] = homes[holder] + (people[i, target] - homes[holder]) * (k + 1) / steps
                i += 1
        holder = target
    return ball, people


def _with_half_time(rng: np.random.Generator, play: Play) -> tuple[Play, NDArray[np.bool_]]:
    """The play with an interval in its middle, when the ball is carried off and back; and when play is on (N,)."""
    middle, steps = len(play.ball) // 2, int(HALF_TIME_S * play.rate_hz)
    side = np.array([LENGTH_M / 2, -3.0])
    places = np.array([play.ball[middle - 1], side, side, play.ball[middle]])
    away = np.stack(
        [np.interp(np.linspace(0, 1, steps), [0, 0.4, 0.6, 1], places[:, k]) for k in (0, 1)], axis=1
    )
    ball = np.concatenate([play.ball[:middle], away, play.ball[middle:]])
    judged = np.ones(len(ball), np.bool_)
    judged[middle : middle + steps] = False
    return replace(play, ball=ball, players=np.zeros((len(ball), 0, 2))), judged


def _players_of(rng: np.random.Generator, play: Play, judged: NDArray[np.bool_]) -> Array:
    """22 players (N, 22, 2) who play, and walk to the side while play is interrupted."""
    players = formation(rng, play.ball, play.rate_hz)
    if not judged.all():
        off = np.flatnonzero(~judged)
        share = np.minimum(np.minimum(np.arange(len(off)), np.arange(len(off))[::-1]) / (0.4 * len(off)), 1.0)
        side = np.stack([LENGTH_M / 2 + np.linspace(-10, 10, 22), np.full(22, -4.0)], axis=1)
        players[off] += share[:, None, None] * (side - players[off])
    return players


def _seen(rng: np.random.Generator, trial: Trial, play: Play) -> NDArray[np.bool_]:
    """In which samples the ball is seen (N,)."""
    count, rate = len(play.ball), play.rate_hz
    hidden = np.zeros(count, np.bool_)
    minutes = count / rate / 60
    for begin in rng.uniform(0, count / rate, rng.poisson(trial.gaps_per_min * minutes)):
        hidden[int(begin * rate) : int((begin + trial.gap_s) * rate)] = True
    share = min(1.0, trial.seen_share / max(1e-9, 1 - hidden.mean()))
    seen: NDArray[np.bool_] = ~hidden & (rng.random(count) < share)
    return seen


def _beside(rng: np.random.Generator) -> Array:
    """A place a few metres outside the field."""
    out = rng.uniform(1.0, 4.0)
    along, across = rng.uniform(0, LENGTH_M), rng.uniform(0, WIDTH_M)
    return np.array([[along, -out], [along, WIDTH_M + out], [-out, across], [LENGTH_M + out, across]])[
        rng.integers(4)
    ]


def _report(
    rng: np.random.Generator,
    balls: Sequence[Found],
    way: Array,
    seen: NDArray[np.bool_],
    score: tuple[float, float],
) -> None:
    for i in np.flatnonzero(seen):
        x, y = way[i] + rng.normal(0, NOISE_M, 2)
        balls[i].append((x, y, rng.uniform(*score)))


def _report_often(rng: np.random.Generator, balls: Sequence[Found], way: Array, share: float) -> None:
    _report(rng, balls, way, rng.random(len(balls)) < share, (0.4, 1.0))


def _report_false(rng: np.random.Generator, balls: Sequence[Found], share: float) -> None:
    for i in np.flatnonzero(rng.random(len(balls)) < share):
        x, y = rng.uniform([-3, -3], [LENGTH_M + 3, WIDTH_M + 3])
        balls[i].append((x, y, rng.uniform(0.3, 0.9)))
