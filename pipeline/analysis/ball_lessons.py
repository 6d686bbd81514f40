"""Ball lessons: what a match has proven about its ball, and the model of its looks that is learned from that."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.analysis.ball_features import FEATURES
from pipeline.analysis.ball_looks import BallLooks, fitted, one_ball
from pipeline.timebase import NS_PER_S, Nanoseconds

Array = np.typing.NDArray[np.float64]

SURE = 0.3
"""A spot is taken for the ball with this probability or more."""

BLOCK_S, OF_BLOCKS = 3, 3
"""Of so many blocks of time, as long as the first, one is held out: models are compared on it alone."""

MOST_LESSONS, MOST_TESTS = 900, 600
"""The newest frames that are learned from, and those that are held out."""

LEAST_BALLS, LEAST_TESTS = 80, 40
"""With fewer frames that show the ball nothing is learned, or compared."""

HARDEST = 8
"""Of the other spots in a frame, so many that look most like a ball are learned from."""

BALL_WEIGHT, DISTRUST, ROUNDS = 4.0, 10.0, 8
"""How much a ball counts; how strongly a match's model is drawn to the one that it began from; rounds of Newton's
method."""

LIFTS = (0.0, 0.7, 1.4, 2.1)
"""What is learned is also tried with log odds raised by so much: few balls make it too strict."""

AS_MANY = 0.98
"""This share of the balls that another model finds is as many: a proven place is wrong now and then."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A frame in which the ball's place is proven: the features of its spots (N, len(FEATURES)), and which of them
    is the ball; None if it is none of them."""

    time_ns: Nanoseconds
    features: Array
    ball: int | None


@dataclass(frozen=True, slots=True)
class Grade:
    """How a model does on lessons."""

    found: int
    """Frames in which it takes the ball for the ball."""
    missed: int
    """Frames that show the ball in which it does not."""
    false: int
    """Other spots that it takes for the ball."""

    def beats(self, other: Grade) -> bool:
        """Whether it makes fewer mistakes, finds the ball as often and takes nothing more for it."""
        is_no_worse = self.found >= AS_MANY * other.found and self.false <= other.false
        return is_no_worse and self.missed + self.false < other.missed + other.false


class Lessons:
    """The newest lessons of a match. One thread at a time."""

    def __init__(self) -> None:
        self._lessons: deque[Lesson] = deque(maxlen=MOST_LESSONS)
        self._tests: deque[Lesson] = deque(maxlen=MOST_TESTS)

    def add(self, lessons: Iterable[Lesson]) -> None:
        """Take lessons in; every third block of time is held out."""
        for one in lessons:
            is_test = one.time_ns // (BLOCK_S * NS_PER_S) % OF_BLOCKS == OF_BLOCKS - 1
            (self._tests if is_test else self._lessons).append(one)

    @property
    def is_enough(self) -> bool:
        """Whether a model can be learned and compared."""
        balls, tests = (sum(one.ball is not None for one in some) for some in (self._lessons, self._tests))
        return balls >= LEAST_BALLS and tests >= LEAST_TESTS

    def best(self, looks: Sequence[BallLooks]) -> BallLooks:
        """The best of these on what is held out: the first, or one that beats those before it."""
        best = looks[0]
        for one in looks[1:]:
            if self.grade(one).beats(self.grade(best)):
                best = one
        return best

    def grade(self, looks: BallLooks) -> Grade:
        """How a model does on what is held out."""
        return graded(looks, self._tests)

    def learned(self, known: BallLooks) -> list[BallLooks]:
        """What is learned from the lessons, beginning from a known model, from the strictest on. Takes some tenths
        of a second."""
        parts = [_hardest(one, known) for one in self._lessons]
        features = np.concatenate([one[0] for one in parts])
        is_ball = np.concatenate([one[1] for one in parts])
        weight = np.where(is_ball, BALL_WEIGHT, 1.0)
        learned = fitted(features, is_ball, weight, known, DISTRUST, ROUNDS)
        return [replace(learned, bias=learned.bias + lift) for lift in LIFTS]


def graded(looks: BallLooks, lessons: Iterable[Lesson]) -> Grade:
    """How a model does on these lessons."""
    found = missed = false = 0
    for one in lessons:
        sure = one_ball(looks.odds(one.features)) > SURE
        is_found = one.ball is not None and bool(sure[one.ball])
        found += is_found
        missed += one.ball is not None and not is_found
        false += int(sure.sum()) - is_found
    return Grade(found, missed, false)


def _hardest(lesson: Lesson, known: BallLooks) -> tuple[Array, np.typing.NDArray[np.bool_]]:
    """The ball of a frame and the other spots that look most like one."""
    odds = known.odds(lesson.features)
    if lesson.ball is not None:
        odds[lesson.ball] = np.inf
    chosen = np.argsort(-odds, kind="stable")[: HARDEST + (lesson.ball is not None)]
    is_ball = np.zeros(len(chosen), np.bool_)
    is_ball[:1] = lesson.ball is not None
    return lesson.features[chosen].reshape(-1, len(FEATURES)), is_ball
