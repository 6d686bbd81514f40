"""Tests of the learned score of ball candidates: the model, its file, and balls that no rule describes."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.analysis.ball_features import FEATURES
from pipeline.analysis.ball_looks import SHIPPED, BallLooks, fitted, one_ball, shipped_looks
from pipeline.analysis.field import Field
from pipeline.analysis.motion import MotionDetector
from pipeline.errors import ConfigError
from pipeline.match.match import Match
from pipeline.match.settings import BALLS, MatchSettings
from pipeline.match.truth import MatchTruth, frame_time_ns
from pipeline.optics.frame import Frame

COUNT = len(FEATURES)


def examples(size: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Spots whose first feature is in the middle for balls: no straight line tells them from the others."""
    random = np.random.default_rng(3)
    features = random.normal(size=(size, COUNT))
    return features, np.abs(features[:, 0]) < 0.5


def test_a_fitted_model_tells_by_a_feature_that_is_neither_high_nor_low() -> None:
    features, is_ball = examples()
    odds = fitted(features, is_ball, np.ones(len(features))).odds(features)
    assert ((odds > 1.0) == is_ball).mean() > 0.9


def test_the_same_examples_give_the_same_model_and_the_file_keeps_it(tmp_path: Path) -> None:
    features, is_ball = examples()
    one, other = (fitted(features, is_ball, np.ones(len(features))) for _ in range(2))
    one.save(tmp_path / "one.json")
    other.save(tmp_path / "other.json")
    assert (tmp_path / "one.json").read_text() == (tmp_path / "other.json").read_text()
    assert np.allclose(BallLooks.load(tmp_path / "one.json").odds(features), one.odds(features), rtol=0.01)


@given(st.lists(st.floats(0.0, 1e20), max_size=40))
def test_the_probabilities_of_a_frame_keep_their_order_and_are_one_ball_at_most(odds: list[float]) -> None:
    found = one_ball(np.array(odds))
    assert found.sum() <= 1.0 + 1e-9
    assert (found >= 0.0).all()
    assert (np.diff(found[np.argsort(odds, kind="stable")]) >= 0.0).all()


def test_the_shipped_model_gives_finite_odds_for_any_spot() -> None:
    features = np.random.default_rng(1).normal(scale=1e3, size=(200, COUNT))
    assert np.isfinite(shipped_looks().odds(features)).all()


BROKEN: dict[str, Any] = {
    "another version": {"version": 2},
    "no bias": {"bias": None},
    "a bias that is no number": {"bias": "high"},
    "no curves": {"curves": {}},
    "knots that do not rise": {"curves": {FEATURES[0]: {"knots": [1.0, 1.0], "log_odds": [0.0, 0.0]}}},
    "fewer values than knots": {"curves": {FEATURES[0]: {"knots": [0.0, 1.0, 2.0], "log_odds": [0.0, 0.0]}}},
    "not a number": {"curves": {FEATURES[0]: {"knots": [0.0, float("nan")], "log_odds": [0.0, 0.0]}}},
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_does_not_fit_is_refused_by_name(tmp_path: Path, change: dict[str, Any]) -> None:
    model = json.loads(SHIPPED.read_text())
    curves = {**model["curves"], **change["curves"]} if change.get("curves") else change.get("curves")
    model |= {**change, **({} if curves is None else {"curves": curves})}
    path = tmp_path / "looks.json"
    path.write_text(json.dumps(model))
    with pytest.raises(ConfigError, match=r"looks\.json as a model of the ball's looks"):
        BallLooks.load(path)


@pytest.mark.parametrize("text", ["", "[]", "{", '"text"', "[" * 10_000])
def test_what_is_no_model_at_all_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "looks.json").write_text(text)
    with pytest.raises(ConfigError, match=r"looks\.json"):
        BallLooks.load(tmp_path / "looks.json")


@pytest.mark.parametrize("ball", BALLS)
def test_a_ball_of_any_colour_is_seen_and_little_else_for_sure(ball: str) -> None:
    settings = MatchSettings(
        seed=4, width=1440, height=480, fps=Fraction(25), height_m=8.0, marks=False, ball=ball
    )
    match = Match(settings)
    detector = MotionDetector(match.rig, Field.of_pitch(match.rig))
    frame = Frame.empty("NV12", settings.width, settings.height)
    off_deg = []
    for index, people in enumerate(MatchTruth(settings).frames(60)):
        if index % 2:
            continue
        match.render(index, frame)
        for one in detector.detect(frame, frame_time_ns(index, settings)):
            if one.label == "ball" and one.score > 0.3:
                off_deg.append(np.hypot(one.yaw_deg - people[0].yaw_deg, one.tilt_deg - people[0].tilt_deg))
    assert np.count_nonzero(np.array(off_deg) < 0.6) >= 10
    assert np.mean(np.array(off_deg) < 0.6) > 0.65
