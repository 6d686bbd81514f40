"""A match as a detector might see it whose ball is told from much else by its colour: for tests of learning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from pipeline.analysis.ball_features import FEATURES
from pipeline.analysis.detector import Detection
from pipeline.analysis.motion import Spots, likeliest
from pipeline.match.match import match_rig
from pipeline.match.settings import MatchSettings
from pipeline.match.truth import MatchTruth
from pipeline.run.ball_learning import BallLearning
from pipeline.timebase import Nanoseconds

SETTINGS = MatchSettings(seed=6)
RIG = match_rig(SETTINGS)
STEP_NS = 80_000_000
RED = FEATURES.index("red")
BALL = {
    "rule": 0.25, "clear": 0.9, "person_m": 2.0, "filled": 0.8, "strong": 4.1, "grey": 20.0, "peak": 2.0,
    "alone": 1.0, "moved": 0.6,
}  # fmt: skip
"""The shipped model is in doubt about such a spot."""
BOOT = BALL | {"clear": 0.4, "filled": 0.6, "alone": 0.6, "slender": -0.4}
"""It takes such a spot for a ball now and then."""
Seen = tuple[Nanoseconds, list[Detection], Spots, tuple[float, float]]


@lru_cache
def frames(seconds: float, red: float = 1.0) -> Sequence[Seen]:
    """Time, players, spots and the true ball of each frame. The ball is seen in two frames of three; spots at the
    players' feet look a little like it, but for its colour."""
    return tuple(_frames(seconds, red))


def _frames(seconds: float, red: float) -> Iterator[Seen]:
    random = np.random.default_rng(3)
    truth = MatchTruth(SETTINGS)
    for number in range(int(seconds * 1e9) // STEP_NS):
        time_ns = Nanoseconds(number * STEP_NS)
        ball, *people = truth.at(time_ns)
        players = [Detection("player", 0.9, one.yaw_deg, one.tilt_deg, 0.8, 2.0) for one in people]
        places = [(one.yaw_deg + 0.3, one.tilt_deg - 0.8) for one in people[::2]]
        features = [_features(BOOT, random) for _ in places]
        if random.random() < 0.66:
            places.append((ball.yaw_deg, ball.tilt_deg))
            features.append(_features(BALL, random))
            features[-1][RED] += red
        spots = Spots([Detection("ball", 0.0, *place, 0.2, 0.2) for place in places], np.array(features))
        yield time_ns, players, spots, (ball.yaw_deg, ball.tilt_deg)


def play(learning: BallLearning, seen: Iterable[Seen]) -> list[list[Detection]]:
    """What a detector reports in each frame while it learns."""
    looks, reported = learning.looks, []
    for time_ns, players, spots, _ in seen:
        reported.append(players + likeliest(looks, spots))
        looks = learning.seen(time_ns, reported[-1], spots)
    return reported


def _features(typical: dict[str, float], random: np.random.Generator) -> np.ndarray:
    values = np.array([typical.get(name, 0.0) for name in FEATURES])
    values[FEATURES.index("strong")] += 0.15 * random.normal()
    return values + 0.05 * random.normal(size=len(FEATURES))
