"""Track rows: who was where on the field and when, in metres; one line of a tracks CSV each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from pipeline.timebase import ns_to_seconds, seconds_to_ns

TrackLabel = Literal["ball", "player", "goalkeeper", "referee"]
TeamName = Literal["left", "right", ""]
"""The team that defended the left goal when the run began, the one that defended the right goal, or neither."""

COLUMNS = ("time_s", "track_id", "label", "team", "x_m", "y_m", "z_m", "sigma_m", "confidence")
HEADER = ",".join(COLUMNS)
BALL_RADIUS_M = 0.11
"""The middle of the ball is so much higher than its lowest point, which `z_m` tells."""

BALL_ID = 0
"""The ball's track; people count from 1."""


@dataclass(frozen=True, slots=True)
class TrackRow:
    """One person or the ball at one running time.

    ``x_m`` is 0 at the left goal line as the cameras see it and grows to the field's length, ``y_m`` is 0 at the
    near touchline and grows to its width; both leave that range beside the field. ``z_m``: the height of the ball's
    lowest point above the ground; 0 for people. ``sigma_m``: the standard deviation of the place along each axis.
    ``confidence``: 0 to 1, how sure it is that somebody is there.
    """

    time_ns: int
    track_id: int
    label: TrackLabel
    team: TeamName
    x_m: float
    y_m: float
    z_m: float
    sigma_m: float
    confidence: float


def is_parquet(path: Path) -> bool:
    """Whether the name of a file of tracks asks for Parquet instead of CSV."""
    return path.suffix.lower() == ".parquet"


def line_of(row: TrackRow) -> str:
    """The row's line without its newline: seconds to the nanosecond, metres to the millimetre."""
    return (
        f"{ns_to_seconds(row.time_ns):.9f},{row.track_id},{row.label},{row.team},"
        f"{row.x_m:.3f},{row.y_m:.3f},{row.z_m:.3f},{row.sigma_m:.3f},{row.confidence:.3f}"
    )


def row_of(line: str) -> TrackRow:
    """The row of a line that `line_of` made."""
    time_s, number, label, team, *numbers = line.rstrip("\n").split(",")
    return TrackRow(
        seconds_to_ns(float(time_s)),
        int(number),
        cast(TrackLabel, label),
        cast(TeamName, team),
        *map(float, numbers),
    )
