"""PlayArea: where the ball may be in play, from the pitch if it is known, otherwise from where the players are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.optics.rig_parts import Pitch
from pipeline.tracking.ground import Array

INSIDE_M, WIDE_M = 2.0, 60.0
"""Nearer to the line a thing may be somebody's who walks along it; on a pitch that is not as wide as the second, as
much nearer as it is narrower: more of the play is near a line there."""

LINE_M, OUTSIDE_M = 0.5, 1.5
"""A ball touches the line up to the first distance outside the pitch; beyond, its likelihood is halved this far on
and falls with the square: a ball that is out comes back, and whoever holds another one there does not."""

TAKES_PART_M = 1.0
"""Who is farther outside the pitch takes no part."""

HELD = 0.8
"""What is this near to the middle of a person's box, in widths and in heights of it, may be held by that person."""

ALONE_M = 6.0
"""Nobody plays a ball that is farther from everybody."""

SIGHT_LINE = np.linspace(0.1, 0.9, 9)
"""The places on the way to a thing at which the pitch below is looked for."""

ENOUGH_PLAYERS, MOST_PLAYERS = 6, 0.9
"""From so many players on, an unknown pitch is where this share of them is, along either axis."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Things of one frame, arrays (N,): metres on the ground, degrees of the middle and the size of the box."""

    x_m: Array
    z_m: Array
    yaw_deg: Array
    tilt_deg: Array
    width_deg: Array
    height_deg: Array

    def __getitem__(self, chosen: NDArray[np.bool_]) -> Seen:
        return Seen(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    @property
    def range_m(self) -> Array:
        return np.asarray(np.hypot(self.x_m, self.z_m))


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Of each ball of a frame, arrays (N,)."""

    near: Array
    """How likely a ball is there that is on the ground, 0 to 1."""
    beside: NDArray[np.bool_]
    """Whether it is where no play is, with somebody who is, or where nobody is."""
    aloft: NDArray[np.bool_]
    """Whether it would be in play if it flew: it is beyond the pitch, over which the eye passes."""


class PlayArea:
    """Where play is. Immutable; any thread."""

    def __init__(self, pitch: Pitch | None) -> None:
        self._pitch = pitch
        self._inside_m = 0.0 if pitch is None else INSIDE_M * min(pitch.width_m / WIDE_M, 1.0)

    @property
    def is_known(self) -> bool:
        """Whether the pitch is known."""
        return self._pitch is not None

    def taking_part(self, people: Seen) -> NDArray[np.bool_]:
        """Who of the people (N,), whose places are their feet, may play."""
        return self._outside_m(people.x_m, people.z_m) <= TAKES_PART_M

    def whereabouts(self, balls: Seen, people: Seen) -> Whereabouts:
        """Where the balls are, seen together with these people."""
        if self._pitch is None:
            return _among(balls, people)
        outside_m = self._outside_m(balls.x_m, balls.z_m)
        near = 1.0 / (1.0 + (np.maximum(outside_m - LINE_M, 0.0) / OUTSIDE_M) ** 2)
        outsiders = people[self._outside_m(people.x_m, people.z_m) > -LINE_M]
        beside = (outside_m > -self._inside_m) | _held(balls, outsiders) | _left_alone(balls, people)
        below_m = self._outside_m(SIGHT_LINE[:, None] * balls.x_m, SIGHT_LINE[:, None] * balls.z_m)
        aloft = (outside_m > LINE_M) & (below_m < -self._inside_m).any(axis=0)
        return Whereabouts(near, beside, aloft)

    def _outside_m(self, x_m: Array, z_m: Array) -> Array:
        """How far these places are outside the pitch, negative inside; 0 if it is unknown."""
        if self._pitch is None:
            return np.zeros(np.shape(x_m))
        along, across = self._pitch.from_world(x_m, z_m)
        return np.maximum(np.abs(along) - self._pitch.length_m / 2, np.abs(across) - self._pitch.width_m / 2)


def _among(balls: Seen, people: Seen) -> Whereabouts:
    """The whereabouts on an unknown pitch: among most of the people, if there are enough of them."""
    near = np.ones(len(balls.x_m))
    if len(people.x_m) < ENOUGH_PLAYERS:
        return Whereabouts(near, near > 0, near < 0)
    places = np.stack([balls.x_m, balls.z_m])
    rest = (1.0 - MOST_PLAYERS) / 2
    low_m, high_m = np.quantile([people.x_m, people.z_m], (rest, 1.0 - rest), axis=1)[:, :, None]
    beside: NDArray[np.bool_] = np.any((places < low_m) | (places > high_m), axis=0)
    return Whereabouts(near, beside, balls.range_m > np.quantile(people.range_m, 1.0 - rest))


def _left_alone(balls: Seen, people: Seen) -> NDArray[np.bool_]:
    """Which balls (N,) nobody is near, where enough people are seen to tell."""
    if len(people.x_m) < ENOUGH_PLAYERS:
        return np.zeros(len(balls.x_m), np.bool_)
    apart_m = np.hypot(balls.x_m[:, None] - people.x_m, balls.z_m[:, None] - people.z_m)
    alone: NDArray[np.bool_] = apart_m.min(axis=1) > ALONE_M
    return alone


def _held(balls: Seen, people: Seen) -> NDArray[np.bool_]:
    """Which balls (N,) may be held by one of these people."""
    aside = np.abs(balls.yaw_deg[:, None] - people.yaw_deg) <= HELD * people.width_deg
    level = np.abs(balls.tilt_deg[:, None] - people.tilt_deg) <= HELD * people.height_deg
    held: NDArray[np.bool_] = np.any(aside & level, axis=1)
    return held
