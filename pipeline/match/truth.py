"""Ground truth of the match: true positions of ball and players in the rig's angles, and as a track CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.match.field import BALL_RADIUS_M
from pipeline.match.kits import HEIGHTS_M
from pipeline.match.match_state import PLAYERS
from pipeline.match.play import Play
from pipeline.match.settings import MatchSettings
from pipeline.match.venue import Venue
from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds


@dataclass(frozen=True, slots=True)
class TruthRow:
    """The true direction of the ball's centre or of a player's middle at one time, in degrees."""

    time_ns: Nanoseconds
    yaw_deg: float
    tilt_deg: float
    label: Literal["ball", "player"]


class MatchTruth:
    """The ground truth of one match, queried in time order. Pure; one thread at a time."""

    def __init__(self, settings: MatchSettings) -> None:
        self._settings = settings
        self._venue = Venue.of(settings)
        self._play = Play(settings.seed)

    def at(self, time_ns: int) -> list[TruthRow]:
        """The ball, then the 22 players, at a time not earlier than the previous one.

        ``time_ns`` counts from the first frame of the match. Raises ValueError for an earlier time.
        """
        state = self._play.at(ns_to_seconds(time_ns))
        u, v, z = state.ball
        place = np.concatenate([[[u, v]], state.position[:PLAYERS]])
        up_m = np.concatenate([[z + BALL_RADIUS_M], np.array(HEIGHTS_M[:PLAYERS]) / 2])
        yaw, tilt = self._venue.angles(place[:, 0], place[:, 1], up_m)
        return [
            TruthRow(Nanoseconds(time_ns), yaw_deg, tilt_deg, "player" if row else "ball")
            for row, (yaw_deg, tilt_deg) in enumerate(zip(yaw.tolist(), tilt.tolist(), strict=True))
        ]

    def frames(self, count: int) -> Iterator[list[TruthRow]]:
        """The ground truth of each of the first `count` frames."""
        for index in range(count):
            yield self.at(frame_time_ns(index, self._settings))


class TruthRows:
    """The ground truth of one match as the rows of a track CSV, frame by frame. One thread at a time."""

    header = "time_s,yaw_deg,pitch_deg,confidence,label"

    def __init__(self, settings: MatchSettings, start_ns: Callable[[], int | None] = lambda: 0) -> None:
        """`start_ns()` returns the running time of the first frame; None, before it is drawn, counts as 0."""
        self._settings = settings
        self._start_ns = start_ns
        self._truth = MatchTruth(settings)
        self._next = 0

    def until(self, time_ns: int) -> Iterator[str]:
        """The rows of the frames up to running time `time_ns` that have not been returned yet."""
        start_ns = self._start_ns() or 0
        end = round((time_ns - start_ns) * self._settings.fps / NS_PER_S) + 1
        while self._next < end:
            rows = self._truth.at(frame_time_ns(self._next, self._settings))
            self._next += 1
            yield from (_line(row, start_ns) for row in rows)


def frame_time_ns(index: int, settings: MatchSettings) -> Nanoseconds:
    """The time of a frame, counted from the first one, to the nearest nanosecond."""
    return Nanoseconds(round(index * 1_000_000_000 / settings.fps))


def _line(row: TruthRow, start_ns: int) -> str:
    time_s = ns_to_seconds(row.time_ns + start_ns)
    return f"{time_s:.9f},{row.yaw_deg:.9f},{row.tilt_deg:.9f},1,{row.label}"
