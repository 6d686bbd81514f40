"""TeamTimeline: a timeline of one team's players alone, told by their shirts, for a camera that follows them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.analysis.detector import DetectionSet, Shirt
from pipeline.direction.director import SeenTimeline
from pipeline.scoring.values import SIDES, Side
from pipeline.settings import Settings
from pipeline.timebase import Nanoseconds
from pipeline.tracking.ground import Array
from pipeline.tracking.people.looks import WEIGHTS
from pipeline.tracking.people.parts import LEAST_APART

UNKNOWN: Shirt = (math.nan,) * 3
"""Nearer to no colour than to another one."""


class TeamTimeline:
    """What a director needs of a timeline, with nobody but the players of one team, and without the ball.

    Whose shirt is nearer to the team's colour than to the other's is one of them. Where nobody is seen in the
    team's colour, everything is there, so that the play is followed. One thread reads it; `has_seen` any.
    """

    def __init__(self, timeline: SeenTimeline, own: Array, other: Array) -> None:
        """`own`, `other`: the colours of the shirts, as `shirt_colour` gives them."""
        self._timeline = timeline
        self._colours = np.stack([own, other]) * WEIGHTS
        self.has_seen = False
        """Whether anybody was seen in the team's colour."""

    @property
    def known_until_ns(self) -> Nanoseconds:
        """As the timeline's."""
        return self._timeline.known_until_ns

    def between(self, t0_ns: int, t1_ns: int) -> Sequence[DetectionSet]:
        """The sets in [t0_ns, t1_ns], in time order."""
        sets = self._timeline.between(t0_ns, t1_ns)
        found = [self._only_team(one) for one in sets]
        if not any(one.detections for one in found):
            return sets
        self.has_seen = True
        return found

    def wait_known(self, time_ns: int, timeout_s: float | None = None) -> bool:
        """As the timeline's."""
        return self._timeline.wait_known(time_ns, timeout_s)

    def _only_team(self, seen: DetectionSet) -> DetectionSet:
        worn = np.array([shirt or UNKNOWN for shirt in seen.shirts]).reshape(-1, 1, 3) * WEIGHTS
        own, other = np.linalg.norm(worn - self._colours, axis=-1).T
        kept = np.flatnonzero(own < other).tolist()
        return replace(
            seen,
            detections=tuple(seen.detections[index] for index in kept),
            shirts=tuple(seen.shirts[index] for index in kept),
        )


def shirt_colour(colour: str) -> Array:
    """Y, U and V (8 bit, video range, BT.709) of a colour such as ``#1565c0``."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return np.array(
        [16 + 219 * bright, 128 + 224 * (blue - bright) / 1.8556, 128 + 224 * (red - bright) / 1.5748]
    )


def team_of(follow: str) -> Side | None:
    """The team that a picture follows; None if it follows something else."""
    return next((side for side in SIDES if follow == f"team:{side}"), None)


def team_note(settings: Settings, follow: str) -> str | None:
    """Why the team of `follow` cannot be followed; None if it can be, or if it is none."""
    if team_of(follow) is None:
        return None
    why = None
    if settings.detector.kind == "none":
        why = "without a detector nobody is seen"
    else:
        home, away = (shirt_colour(settings.teams.team(side).colour) for side in SIDES)
        if np.linalg.norm((home - away) * WEIGHTS) < LEAST_APART:
            why = "teams.home_colour and teams.away_colour are too alike"
    return None if why is None else f"{follow} cannot be followed: {why}; the film follows the play"


def followed_timeline(settings: Settings, follow: str, timeline: SeenTimeline) -> SeenTimeline:
    """What the director of a picture reads of `timeline`."""
    side = team_of(follow)
    if side is None or team_note(settings, follow) is not None:
        return timeline
    own, other = (
        shirt_colour(settings.teams.team(one).colour) for one in sorted(SIDES, key=lambda one: one != side)
    )
    return TeamTimeline(timeline, own, other)
