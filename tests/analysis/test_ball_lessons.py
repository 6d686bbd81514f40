"""Tests of what a match teaches about its ball: a model is replaced by one that is better on what is held out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.analysis.ball_features import FEATURES
from pipeline.analysis.ball_lessons import BLOCK_S, OF_BLOCKS, Grade, Lesson, Lessons, graded
from pipeline.analysis.ball_looks import BallLooks, fitted, shipped_looks
from pipeline.timebase import NS_PER_S, Nanoseconds

RED = FEATURES.index("red")
TYPICAL = {
    "rule": 0.2,
    "clear": 0.8,
    "person_m": 2.0,
    "filled": 0.8,
    "strong": 3.5,
    "grey": 20.0,
    "peak": 2.0,
}


def lesson(number: int, random: np.random.Generator, red: float = 1.0, has_ball: bool = True) -> Lesson:
    """A frame whose ball is told from eleven other spots by its colour alone."""
    typical = np.array([TYPICAL.get(name, 0.0) for name in FEATURES])
    features = typical + 0.05 * random.normal(size=(12, len(FEATURES)))
    if has_ball:
        features[4, RED] += red
    return Lesson(Nanoseconds(number * NS_PER_S // 12), features, 4 if has_ball else None)


def lessons(count: int, seed: int = 1, **how: float) -> list[Lesson]:
    random = np.random.default_rng(seed)
    return [lesson(number, random, has_ball=number % 4 != 0, **how) for number in range(count)]


def taught(count: int = 600, **how: float) -> Lessons:
    learned = Lessons()
    learned.add(lessons(count, **how))
    return learned


def test_the_colour_of_this_match_is_learned_and_found_in_frames_that_were_not_learned_from() -> None:
    school = taught()
    assert school.is_enough
    learned = school.best([shipped_looks(), *school.learned(shipped_looks())])
    assert learned is not shipped_looks()
    fresh = lessons(200, seed=9)
    before, after = graded(shipped_looks(), fresh), graded(learned, fresh)
    assert after.found > 0.9 * sum(one.ball is not None for one in fresh)
    assert after.found > before.found + 50
    assert after.false <= before.false


def test_the_same_lessons_give_the_same_model() -> None:
    one, other = (taught().learned(shipped_looks()) for _ in range(2))
    assert [looks.text() for looks in one] == [looks.text() for looks in other]


def test_nothing_to_learn_leaves_the_old_model() -> None:
    """Where nothing tells the ball from the other spots, no model is better."""
    school = taught(red=0.0)
    assert school.best([shipped_looks(), *school.learned(shipped_looks())]) is shipped_looks()


def test_a_worse_model_is_not_taken() -> None:
    school = taught()
    learned = school.best([shipped_looks(), *school.learned(shipped_looks())])
    blind = BallLooks(-9.0, (np.array([0.0, 1.0]),) * len(FEATURES), (np.zeros(2),) * len(FEATURES))
    assert school.best([learned, blind, shipped_looks()]) is learned


@pytest.mark.parametrize(("count", "enough"), [(60, False), (150, False), (600, True)])
def test_a_little_is_not_enough(count: int, enough: bool) -> None:
    assert taught(count).is_enough == enough


def test_whole_blocks_of_time_are_held_out() -> None:
    """Frames that follow each other look alike: a frame beside one that was learned from tests nothing."""
    school = Lessons()
    random = np.random.default_rng(2)
    held_out = [number for number in range(400) if number // 12 // BLOCK_S % OF_BLOCKS == OF_BLOCKS - 1]
    school.add(lesson(number, random) for number in held_out)
    blank = BallLooks(0.0, (np.array([0.0, 1.0]),) * len(FEATURES), (np.zeros(2),) * len(FEATURES))
    assert school.grade(blank) == Grade(found=0, missed=len(held_out), false=0)
    assert not school.is_enough
    with pytest.raises(ValueError, match="concatenate"):
        school.learned(blank)


@given(*[st.integers(0, 50)] * 6)
def test_of_two_models_at_most_one_beats_the_other(a: int, b: int, c: int, d: int, e: int, f: int) -> None:
    one, other = Grade(a, b, c), Grade(d, e, f)
    assert not (one.beats(other) and other.beats(one))
    assert not one.beats(one)
    if one.beats(other):
        assert one.found >= other.found - 1
        assert one.false <= other.false


def test_a_sum_of_models_adds_their_log_odds() -> None:
    random = np.random.default_rng(4)
    features = random.normal(size=(300, len(FEATURES)))
    weight = np.ones(len(features))
    one, other = (fitted(features, features[:, column] > 0.3, weight) for column in (0, 3))
    assert (one + other).summed(features) == pytest.approx(one.summed(features) + other.summed(features))
