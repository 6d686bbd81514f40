"""Parts: who is in which team, who keeps goal, who is an official, by shirts and places over the match so far.

Two colours of shirts are worn by most: trimmed k-means (Cuesta-Albertos et al. 1997, Ann. Stat. 25) finds them and
leaves out the few others. Of those, whoever stays near a goal keeps it; the others are officials, and so is whoever
stays by a touchline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline.media.track_rows import TeamName, TrackLabel
from pipeline.tracking.ground import Array
from pipeline.tracking.people.looks import WEIGHTS, Looks

Part = tuple[TrackLabel, TeamName]

TRIMMED = 0.25
"""So much of the crowd may wear other colours than the teams: goalkeepers, officials, and who is found wrongly."""

ROUNDS = 10
MOST_STARTS = 14
LEAST_PEOPLE = 6
"""With fewer people there are no teams yet."""

LEAST_SPREAD = 5.0
FOREIGN = 3.5
"""A shirt this many standard deviations from both teams' colours is of neither."""

LEAST_APART = 16.0
"""Colours that are closer than so many levels are one: the teams cannot be told apart."""

GOAL_M, GOAL_SHARE = 24.0, 0.25
"""A goalkeeper is most of the time not farther from the middle of his goal, nor than this share of the length."""

KEEPER_SHARE = 0.6
LINE_M = 2.0
LINE_SHARE = 0.6
"""A linesman is for so much of the time beside a touchline or not farther inside than LINE_M."""

LEAST_S = 3.0
"""Nobody is judged by his place before he was seen for so long."""


@dataclass(slots=True)
class Person:
    """What is known of one identity: looks, seconds seen, and in how many of them near each goal and touchline."""

    looks: Looks
    seen_s: float = 0.0
    left_goal_s: float = 0.0
    right_goal_s: float = 0.0
    line_s: float = 0.0
    x_sum: float = 0.0
    """Of the first seconds, for which half of the field is whose."""
    x_count: int = 0

    def add(self, xy_m: Array, seconds: float, size_m: tuple[float, float]) -> None:
        """Add places (n, 2), each of which stands for `seconds`, on a field of this length and width."""
        length_m, width_m = size_m
        x, y = xy_m.T
        off_m, goal_m = np.abs(y - width_m / 2), min(GOAL_M, GOAL_SHARE * length_m)
        self.seen_s += seconds * len(x)
        self.left_goal_s += seconds * int((np.hypot(x, off_m) < goal_m).sum())
        self.right_goal_s += seconds * int((np.hypot(length_m - x, off_m) < goal_m).sum())
        self.line_s += seconds * int((off_m > width_m / 2 - LINE_M).sum())
        self.x_sum += float(x.sum())
        self.x_count += len(x)


class Teams:
    """The two colours of a match, once they are known, and which of them began on the left."""

    def __init__(self, *, has_goalkeepers: bool = True) -> None:
        """`has_goalkeepers`: whether who guards a goal in other colours is one; otherwise an official."""
        self._has_goalkeepers = has_goalkeepers
        self._colours: Array | None = None
        self._spread = np.full(2, LEAST_SPREAD)
        self._left: int | None = None

    def learn(self, people: Sequence[Person]) -> None:
        """Find the colours among `people`; those before are where the search begins."""
        shirts = np.array([one.looks.mean for one in people]).reshape(-1, 3) * WEIGHTS
        weights = np.array([min(one.seen_s, 20.0) for one in people])
        known = np.isfinite(shirts).all(axis=1) & (weights > 0)
        shirts, weights = shirts[known], weights[known]
        if len(shirts) < LEAST_PEOPLE:
            return
        colours, spread = two_colours(shirts, weights, self._colours)
        if np.linalg.norm(colours[0] - colours[1]) < LEAST_APART:
            return
        self._colours, self._spread = colours, spread
        if self._left is None:
            of_team, _ = self._nearest(shirts)
            x_m = np.array([one.x_sum / max(one.x_count, 1) for one in people])[known]
            mean_m = [np.average(x_m[of_team == k], weights=weights[of_team == k]) for k in (0, 1)]
            self._left = int(np.argmin(mean_m))

    def part_of(self, one: Person) -> Part:
        """What a person is, and in which team."""
        if 2 * one.looks.official > one.looks.seen:
            return "referee", ""
        settled = one.seen_s >= LEAST_S
        if settled and one.line_s >= LINE_SHARE * one.seen_s:
            return "referee", ""
        shirt = one.looks.mean * WEIGHTS
        if self._colours is None or self._left is None or not np.isfinite(shirt).all():
            return "player", ""
        of_team, away = self._nearest(shirt[None])
        if away[0] <= FOREIGN or not settled:
            return "player", "left" if int(of_team[0]) == self._left else "right"
        if not self._has_goalkeepers:
            return "referee", ""
        if one.left_goal_s >= KEEPER_SHARE * one.seen_s:
            return "goalkeeper", "left"
        if one.right_goal_s >= KEEPER_SHARE * one.seen_s:
            return "goalkeeper", "right"
        return "referee", ""

    def _nearest(self, shirts: Array) -> tuple[NDArray[np.intp], Array]:
        """The nearest colour of each shirt (n, 3), and how many standard deviations away it is."""
        if self._colours is None:
            raise ValueError("no colours are known yet")
        away = np.linalg.norm(shirts[:, None] - self._colours, axis=-1) / self._spread
        return away.argmin(axis=1), away.min(axis=1)


def two_colours(shirts: Array, weights: Array, begin: Array | None = None) -> tuple[Array, Array]:
    """The two colours (2, 3) that most of the shirts (n, 3) have, and each one's standard deviation (2,).

    The search begins at `begin`, or at each pair of the shirts that were seen longest, and the best end is taken.
    """
    longest = np.argsort(-weights, kind="stable")[:MOST_STARTS]
    starts = [shirts[[i, j]] for i, j in combinations(longest, 2)] if begin is None else [begin]
    best, best_cost = starts[0], np.inf
    for start in starts:
        colours, cost = _settled(shirts, weights, start)
        if cost < best_cost:
            best, best_cost = colours, cost
    away = np.linalg.norm(shirts[:, None] - best, axis=-1)
    nearest, kept = away.argmin(axis=1), _kept(away.min(axis=1), weights)
    spread = np.full(2, LEAST_SPREAD)
    for k in (0, 1):
        mine = kept & (nearest == k)
        if mine.any():
            square = np.average(away[mine, k] ** 2, weights=weights[mine])
            spread[k] = max(LEAST_SPREAD, float(np.sqrt(square)))
    return best, spread


def _settled(shirts: Array, weights: Array, colours: Array) -> tuple[Array, float]:
    """Where trimmed k-means ends from `colours`, and the sum of the squares that it leaves."""
    for _ in range(ROUNDS):
        away = np.linalg.norm(shirts[:, None] - colours, axis=-1)
        nearest, kept = away.argmin(axis=1), _kept(away.min(axis=1), weights)
        moved = colours.copy()
        for k in (0, 1):
            mine = kept & (nearest == k)
            if mine.any():
                moved[k] = np.average(shirts[mine], axis=0, weights=weights[mine])
        if np.array_equal(moved, colours):
            break
        colours = moved
    away = np.linalg.norm(shirts[:, None] - colours, axis=-1).min(axis=1)
    kept = _kept(away, weights)
    return colours, float((weights * away**2)[kept].sum())


def _kept(away: Array, weights: Array) -> NDArray[np.bool_]:
    """Which shirts are not trimmed: the nearest, up to their share of the weight."""
    order = np.argsort(away, kind="stable")
    inside = np.cumsum(weights[order]) <= (1 - TRIMMED) * weights.sum() + 1e-9
    kept = np.zeros(len(away), np.bool_)
    kept[order[inside]] = True
    return kept
