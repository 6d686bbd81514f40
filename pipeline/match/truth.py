"""Ground truth of the match: ball and people in the rig's angles and in metres of the field; both as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipeline.match.field import BALL_RADIUS_M, HALF_LENGTH_M, HALF_WIDTH_M
from pipeline.match.formation import KEEPERS, TEAM
from pipeline.match.kits import HEIGHTS_M
from pipeline.match.match_state import PEOPLE, PLAYERS, Event
from pipeline.match.play import Play
from pipeline.match.settings import MatchSettings
from pipeline.match.venue import Venue
from pipeline.media import track_rows
from pipeline.media.track_rows import BALL_ID, TeamName, TrackLabel, TrackRow
from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds

ANGLES_HEADER = "time_s,yaw_deg,pitch_deg,confidence,label"


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


class TrackTruth:
    """Where everybody of one match truly is, with identities, queried in time order. Pure; one thread at a time."""

    def __init__(self, settings: MatchSettings) -> None:
        self._play = Play(settings.seed)

    def at(self, time_ns: int) -> list[TrackRow]:
        """The ball, the 22 players, the referee and both assistants, at a time not earlier than the previous one.

        ``time_ns`` counts from the first frame of the match. Raises ValueError for an earlier time.
        """
        state = self._play.at(ns_to_seconds(time_ns))
        places = state.position + np.array([HALF_LENGTH_M, HALF_WIDTH_M])
        u, v, z = state.ball
        ball = TrackRow(time_ns, BALL_ID, "ball", "", u + HALF_LENGTH_M, v + HALF_WIDTH_M, z, 0.0, 1.0)
        return [ball] + [
            TrackRow(time_ns, person + 1, *PARTS[person], x_m, y_m, 0.0, 0.0, 1.0)
            for person, (x_m, y_m) in enumerate(places.tolist())
        ]


def _part(person: int) -> tuple[TrackLabel, TeamName]:
    """What a person is in the match, and of which team."""
    if person >= PLAYERS:
        return "referee", ""
    return "goalkeeper" if person in KEEPERS else "player", "right" if TEAM[person] else "left"


PARTS = tuple(map(_part, range(PEOPLE)))
"""The label and the team of each person, by the rows of a MatchState."""


def events_until(settings: MatchSettings, end_s: float) -> list[Event]:
    """What happens in a match up to `end_s` seconds from its first frame, in order. Computes for some of it."""
    play = Play(settings.seed)
    play.at(end_s)
    return [event for event in play.heard() if event.time_s <= end_s]


class TruthRows:
    """The ground truth of one match as the rows of a CSV, frame by frame. One thread at a time."""

    def __init__(
        self,
        header: str,
        lines_at: Callable[[int, int], list[str]],
        settings: MatchSettings,
        start_ns: Callable[[], int | None] = lambda: 0,
    ) -> None:
        """`lines_at(time_ns, start_ns)` returns the lines of a frame, by its time from the first one.

        `start_ns()` returns the running time of the first frame; None, before it is drawn, counts as 0.
        """
        self.header = header
        self._lines_at = lines_at
        self._settings = settings
        self._start_ns = start_ns
        self._next = 0

    @classmethod
    def of_angles(cls, settings: MatchSettings, start_ns: Callable[[], int | None] = lambda: 0) -> TruthRows:
        """Ball and players in the rig's angles, as a track CSV."""
        truth = MatchTruth(settings)
        return cls(
            ANGLES_HEADER,
            lambda time_ns, since_ns: [_line(row, since_ns) for row in truth.at(time_ns)],
            settings,
            start_ns,
        )

    @classmethod
    def of_tracks(cls, settings: MatchSettings, start_ns: Callable[[], int | None] = lambda: 0) -> TruthRows:
        """Everybody in metres of the field, with identities, as a tracks CSV."""
        truth = TrackTruth(settings)

        def lines_at(time_ns: int, since_ns: int) -> list[str]:
            rows = truth.at(time_ns)
            return [track_rows.line_of(replace(row, time_ns=time_ns + since_ns)) for row in rows]

        return cls(track_rows.HEADER, lines_at, settings, start_ns)

    def until(self, time_ns: int) -> Iterator[str]:
        """The rows of the frames up to running time `time_ns` that have not been returned yet."""
        start_ns = self._start_ns() or 0
        end = round((time_ns - start_ns) * self._settings.fps / NS_PER_S) + 1
        while self._next < end:
            lines = self._lines_at(frame_time_ns(self._next, self._settings), start_ns)
            self._next += 1
            yield from lines


def frame_time_ns(index: int, settings: MatchSettings) -> Nanoseconds:
    """The time of a frame, counted from the first one, to the nearest nanosecond."""
    return Nanoseconds(round(index * 1_000_000_000 / settings.fps))


def _line(row: TruthRow, start_ns: int) -> str:
    time_s = ns_to_seconds(row.time_ns + start_ns)
    return f"{time_s:.9f},{row.yaw_deg:.9f},{row.tilt_deg:.9f},1,{row.label}"
