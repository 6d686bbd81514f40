"""BallLooks: how likely a spot with given features is the ball, learned from examples.

An additive logistic model (Hastie and Tibshirani, Generalized Additive Models, 1990): each feature has a curve of
log odds, linear between its knots, and the sum of all curves tells ball from no ball. `ball_looks.json` beside this
file is what the project ships; scripts/train_ball_looks.py makes it.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.ball_features import FEATURES, HERE
from pipeline.errors import ConfigError

Array = NDArray[np.float64]

SHIPPED = Path(__file__).with_name("ball_looks.json")

KNOTS, STIFFNESS, ROUNDS, HALVINGS = 7, 3.0, 20, 8
"""Knots of a curve, at quantiles of the examples; how strongly its values are drawn to 0; rounds of Newton's
method, and how often a step is halved that is too long."""

FLAT = {"knots": [0.0, 1.0], "log_odds": [0.0, 0.0]}
"""A curve that tells nothing."""

MOST_LOG_ODDS, MOST_KNOTS, VERSION = 50.0, 100, 1


@dataclass(frozen=True, slots=True, eq=False)
class BallLooks:
    """The curves of one model. Immutable; any thread."""

    bias: float
    knots: tuple[Array, ...]
    """The places of each feature's knots, rising, at least two."""
    log_odds: tuple[Array, ...]
    """The values of each feature's curve at its knots."""

    def odds(self, features: Array) -> Array:
        """The odds (N,) that spots with these features (N, len(FEATURES)) are the ball."""
        odds: Array = np.exp(np.minimum(self.summed(features), MOST_LOG_ODDS))
        return odds

    def summed(self, features: Array) -> Array:
        """The log odds (N,) of the same."""
        total = np.full(len(features), self.bias)
        for column, knots, values in zip(features.T, self.knots, self.log_odds, strict=True):
            total += np.interp(column, knots, values)
        return total

    def __add__(self, other: BallLooks) -> BallLooks:
        """The model whose log odds are the sum of both."""
        knots = [np.union1d(one, two) for one, two in zip(self.knots, other.knots, strict=True)]
        values = [
            np.interp(places, *one) + np.interp(places, *two)
            for places, one, two in zip(
                knots,
                zip(self.knots, self.log_odds, strict=True),
                zip(other.knots, other.log_odds, strict=True),
                strict=True,
            )
        ]
        return BallLooks(self.bias + other.bias, tuple(knots), tuple(values))

    def save(self, path: Path) -> None:
        """Write the model as JSON. Blocks on the disk."""
        path.write_text(self.text(), encoding="utf-8")

    def text(self) -> str:
        """The model as JSON."""
        curves = {
            name: {"knots": np.round(knots, 4).tolist(), "log_odds": np.round(values, 4).tolist()}
            for name, knots, values in zip(FEATURES, self.knots, self.log_odds, strict=True)
        }
        return (
            json.dumps({"version": VERSION, "bias": round(self.bias, 4), "curves": curves}, indent=1) + "\n"
        )

    @classmethod
    def load(cls, path: Path) -> BallLooks:
        """Read a model. Blocks on the disk. Raises ConfigError naming the file and what does not fit."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["version"] != VERSION:
                raise ValueError(f"version {found['version']!r}")
            given = dict.fromkeys(HERE, FLAT) | found["curves"]
            curves = [(name, given[name]) for name in FEATURES]
            knots = tuple(_numbers(curve["knots"], name) for name, curve in curves)
            values = tuple(_numbers(curve["log_odds"], name) for name, curve in curves)
            for name, where, high in zip(FEATURES, knots, values, strict=True):
                if len(where) != len(high) or (np.diff(where) <= 0).any():
                    raise ValueError(f"the knots of {name} do not rise, or are not as many as its values")
            bias = float(_numbers([found["bias"], 0.0], "bias")[0])
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise ConfigError(f"cannot use {path} as a model of the ball's looks: {error!r}") from error
        return cls(bias, knots, values)


@cache
def shipped_looks() -> BallLooks:
    """The model that ships with the project, read once."""
    return BallLooks.load(SHIPPED)


def one_ball(odds: Array) -> Array:
    """The probability (N,) of each spot of a frame to be the ball, of which there is one at most."""
    probability: Array = odds / (1.0 + odds.sum())
    return probability


def fitted(
    features: Array,
    is_ball: NDArray[np.bool_],
    weight: Array,
    known: BallLooks | None = None,
    stiffness: float = STIFFNESS,
    rounds: int = ROUNDS,
) -> BallLooks:
    """The model that fits examples best: features (N, len(FEATURES)), which are the ball (N,), and weights (N,).

    Penalised maximum likelihood by Newton's method; the same examples give the same model. ``known``: a model to
    begin from, from which the result differs only as far as the examples say so.
    """
    offset = np.zeros(len(features)) if known is None else known.summed(features)
    knots = [_knots(column) for column in features.T]
    parts = [_hats(column, places) for column, places in zip(features.T, knots, strict=True)]
    inputs = np.concatenate([np.ones((len(features), 1)), *parts], axis=1)
    penalty = stiffness * np.eye(inputs.shape[1])
    found = np.zeros(inputs.shape[1])

    def likelihood(values: Array) -> float:
        total = np.clip(offset + inputs @ values, -MOST_LOG_ODDS, MOST_LOG_ODDS)
        fits = weight @ (is_ball * total - np.logaddexp(0.0, total))
        return float(fits - values @ penalty @ values / 2)

    best = likelihood(found)
    for _ in range(rounds):
        likely = 1.0 / (1.0 + np.exp(-np.clip(offset + inputs @ found, -MOST_LOG_ODDS, MOST_LOG_ODDS)))
        slope = inputs.T @ (weight * (is_ball - likely)) - penalty @ found
        curvature = (inputs * (weight * likely * (1.0 - likely))[:, None]).T @ inputs + penalty
        step = np.linalg.solve(curvature, slope)
        # Far from the best, a whole step may lead farther away.
        for _ in range(HALVINGS):
            reached = likelihood(found + step)
            if reached >= best:
                found, best = found + step, reached
                break
            step = step / 2
    values = np.split(found[1:], np.cumsum([len(places) for places in knots])[:-1])
    learned = BallLooks(float(found[0]), tuple(knots), tuple(values))
    return learned if known is None else known + learned


def _knots(column: Array) -> Array:
    """Where the curve of a feature with these values bends."""
    places = np.unique(np.quantile(column, np.linspace(0.01, 0.99, KNOTS)).round(4))
    return places if len(places) > 1 else np.array([0.0, 1.0])


def _hats(column: Array, knots: Array) -> Array:
    """The share of each knot in a linear interpolation at these values, (N, knots)."""
    return np.stack([np.interp(column, knots, one) for one in np.eye(len(knots))], axis=-1)


def _numbers(values: object, name: str) -> Array:
    """A list of numbers as an array. Raises ValueError."""
    if not isinstance(values, list) or not 2 <= len(values) <= MOST_KNOTS:
        raise ValueError(f"{name} holds no list of 2 to {MOST_KNOTS} numbers")
    for one in values:
        if (
            isinstance(one, bool)
            or not isinstance(one, int | float)
            or not math.isfinite(one)
            or abs(one) > 1e6
        ):
            raise ValueError(f"{name} holds {one!r}, which is no number")
    return np.array(values, np.float64)
