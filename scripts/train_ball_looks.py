"""Makes pipeline/analysis/ball_looks.json: what a ball looks like, learned from the built-in match and real films.

    .venv/bin/python -m scripts.train_ball_looks --seed 1 [-o FILE]

The match is played with balls of all colours before cameras of different height and resolution, by day, in a low
sun and under floodlight, dim and bright, blurred, noisy and compressed. What only tells the ball of one match
(`HERE`) is left out: a run learns that itself. The two real films are added if the shared data is there; their ball
is in benchmarks/left_right_ball.csv, as the association over the whole film gives it. The same seed gives the same
model.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.ball_sight import PAIR, film_frames, film_rig, pair_ball
from pipeline.analysis.ball_features import ANYWHERE, FEATURES, HERE
from pipeline.analysis.ball_looks import SHIPPED, BallLooks, fitted
from pipeline.analysis.field import Field
from pipeline.analysis.motion import MotionDetector
from pipeline.match.match import Match
from pipeline.match.settings import BALLS, LIGHTS, MatchSettings
from pipeline.match.truth import MatchTruth, frame_time_ns
from pipeline.optics.frame import Frame, Plane
from pipeline.timebase import Nanoseconds

Array = NDArray[np.float64]

MATCHES, SECONDS, FPS, EVERY, FIRST_SEED = 14, 20, 25, 2, 100
NEAR_DEG = 0.45
"""A spot this near to the ball is no example of anything else; the nearest is the ball."""
FILM_WEIGHT = 1.0
"""How much an example of a real film counts."""
BALL_WEIGHT = 30.0
"""How much a ball counts: a ball that is missed costs more than a false one, which the future contradicts."""

BLANK = BallLooks(0.0, (np.array([0.0, 1.0]),) * len(FEATURES), (np.zeros(2),) * len(FEATURES))
"""Looks that tell nothing from anything: the examples do not depend on what was learned before."""


@dataclass(frozen=True)
class Style:
    """How a camera shows a match."""

    brighter: float
    gamma: float
    saturation: float
    blur_px: float
    noise: float
    quality: int
    """Of JPEG, 0 to 100."""

    def shown(self, frame: Frame) -> Frame:
        """An NV12 frame as this camera shows it."""
        level = np.arange(256)
        light = 16 + 219 * self.brighter * (np.maximum(level - 16, 0) / 219) ** self.gamma
        colour = 128 + self.saturation * (level - 128.0)
        luma = cv2.LUT(frame.luma, _levels(light))
        luma = cv2.GaussianBlur(luma, (0, 0), self.blur_px)
        grain = cv2.randn(np.empty(luma.shape, np.int16), np.zeros(1), np.full(1, self.noise))
        packed = cv2.imencode(".jpg", _levels(luma + grain), [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1]
        luma = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE))
        return Frame(
            "NV12", (luma.astype(np.uint8), cv2.LUT(frame.planes[1], _levels(colour)).astype(np.uint8))
        )


def _levels(values: NDArray[np.generic]) -> Plane:
    return np.clip(np.asarray(values, np.float64), 0, 255).astype(np.uint8)


def drawn(number: int, random: np.random.Generator) -> tuple[MatchSettings, Style]:
    """A match before a camera drawn at random; every other one is played with a white ball."""
    width = int(random.choice((1600, 2320, 2880)))
    settings = MatchSettings(
        seed=FIRST_SEED + number, fps=Fraction(FPS), width=width, height=width // 6 * 2, marks=False,
        height_m=float(random.uniform(6.0, 14.0)), ball=BALLS[(number // 2) % len(BALLS) if number % 2 else 0],
        light=LIGHTS[number % len(LIGHTS)],
    )  # fmt: skip
    brighter = float(random.uniform(0.55, 1.05))
    return settings, Style(
        brighter, float(random.uniform(0.75, 1.3)), brighter * float(random.uniform(0.5, 1.15)),
        float(random.uniform(0.2, 0.9)), float(random.uniform(0.0, 2.5)), int(random.integers(55, 96)),
    )  # fmt: skip


def match_examples(settings: MatchSettings, style: Style) -> Iterator[tuple[Array, NDArray[np.bool_]]]:
    """Features and which are the ball, of each analysed frame of a match."""
    match = Match(settings)
    detector = MotionDetector(match.rig, Field.of_pitch(match.rig), looks=BLANK)
    frame = Frame.empty("NV12", settings.width, settings.height)
    truth = list(MatchTruth(settings).frames(SECONDS * FPS))
    for index in range(0, SECONDS * FPS, EVERY):
        match.render(index, frame)
        detector.detect(style.shown(frame), frame_time_ns(index, settings))
        ball = truth[index][0]
        yield examples(detector, (ball.yaw_deg, ball.tilt_deg))


def film_examples() -> Iterator[tuple[Array, NDArray[np.bool_]]]:
    """The same of the two real films."""
    balls = pair_ball()
    detector = MotionDetector(film_rig(PAIR), looks=BLANK)
    for number, time_ns, frame in film_frames(PAIR):
        detector.detect(frame, Nanoseconds(time_ns))
        known = balls.get(number)
        found, is_ball = examples(detector, None if known is None else known[:2])
        # At a foot the ball and the boot are one spot, which teaches neither.
        yield (found, is_ball) if known is None or known[2] else (found[~is_ball], is_ball[~is_ball])


def examples(
    detector: MotionDetector, ball_deg: tuple[float, float] | None
) -> tuple[Array, NDArray[np.bool_]]:
    """The features of the spots in the detector's last frame, and which is the ball at these angles."""
    features = detector.spots.features
    is_ball = np.zeros(len(features), np.bool_)
    if ball_deg is None or not len(features):
        return features, is_ball
    places = np.array([(one.yaw_deg, one.tilt_deg) for one in detector.spots.detections])
    off = np.hypot(*(places - ball_deg).T)
    near = off < NEAR_DEG
    if near.any():
        is_ball[np.argmin(off)] = True
    kept = ~near | is_ball
    return features[kept], is_ball[kept]


def main() -> None:
    """Render, look and fit; some five minutes."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", type=Path, default=SHIPPED, metavar="FILE")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    cv2.setRNGSeed(options.seed)
    random = np.random.default_rng(options.seed)
    seen: list[tuple[Array, NDArray[np.bool_], float]] = []
    for number in range(MATCHES):
        settings, style = drawn(number, random)
        seen += [(*one, 1.0) for one in match_examples(settings, style)]
        print(
            f"match {number + 1} of {MATCHES}: {settings.ball} ball, {settings.light}, {settings.width} pixels wide"
        )
    seen += [(*one, FILM_WEIGHT) for one in film_examples()]
    features, is_ball = np.concatenate([one[0] for one in seen]), np.concatenate([one[1] for one in seen])
    weight = np.concatenate([np.full(len(one[1]), one[2]) for one in seen]) * np.where(
        is_ball, BALL_WEIGHT, 1.0
    )
    learned = fitted(features[:, : len(ANYWHERE)], is_ball, weight)
    flat = (np.array([0.0, 1.0]),) * len(HERE), (np.zeros(2),) * len(HERE)
    BallLooks(learned.bias, learned.knots + flat[0], learned.log_odds + flat[1]).save(options.o)
    print(f"{options.o}: from {is_ball.sum()} balls and {(~is_ball).sum()} other spots")


if __name__ == "__main__":
    main()
