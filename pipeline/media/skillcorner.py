"""Tracks in the open form of SkillCorner (V2), which kloppy and other analysis libraries load as it is.

A tracking file with a line of JSON for each tenth of a second, and a match file that says who the tracks are.
https://github.com/SkillCorner/opendata
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from pipeline.media.track_rows import BALL_ID, TeamName, TrackLabel, TrackRow
from pipeline.timebase import NS_PER_S, ns_to_seconds

FRAMES_A_SECOND = 10
"""The form has this rate, and no field for another."""

LONGEST_GAP_NS = NS_PER_S
"""Between rows that are farther apart nothing is known."""

SIDES: dict[TeamName, tuple[int, str]] = {"left": (1, "home team"), "right": (2, "away team")}
"""The number and the group of each team: home defends the left goal at first."""

ROLES: dict[TrackLabel, tuple[int | None, str]] = {
    "goalkeeper": (0, "Goalkeeper"),
    "player": (None, "Unknown"),
}

Place = tuple[float, float, float]


@dataclass(slots=True)
class Roll:
    """Who was there: label, team and the time of the first row of each track, except the ball's."""

    parts: dict[int, tuple[TrackLabel, TeamName, int]]

    def match(self, length_m: float, width_m: float) -> dict[str, Any]:
        """The match file of a field of this size. Tracks with neither team nor whistle are left out."""
        return {
            "id": None,
            "date_time": None,
            "home_team": {"id": 1, "name": "left"},
            "away_team": {"id": 2, "name": "right"},
            "home_team_score": None,
            "away_team_score": None,
            "home_team_coach": None,
            "away_team_coach": None,
            "pitch_length": length_m,
            "pitch_width": width_m,
            "ball": {"trackable_object": BALL_ID},
            "referees": [
                {"id": number, "trackable_object": number, "first_name": "", "last_name": f"referee {number}"}
                for number, (label, _, _) in self.parts.items()
                if label == "referee"
            ],
            "players": [
                self._player(number, label, team, begin_ns)
                for number, (label, team, begin_ns) in self.parts.items()
                if team in SIDES and label in ROLES
            ],
        }

    def group(self, number: int) -> str | None:
        """The group of a track."""
        label, team, _ = self.parts[number]
        return "referee" if label == "referee" else SIDES[team][1] if team in SIDES else None

    def _player(self, number: int, label: TrackLabel, team: TeamName, begin_ns: int) -> dict[str, Any]:
        role, name = ROLES[label]
        first_ns = min(at_ns for _, _, at_ns in self.parts.values())
        return {
            "id": number,
            "trackable_object": number,
            "team_id": SIDES[team][0],
            "number": None,
            "first_name": "",
            "last_name": f"{label} {number}",
            "start_time": _clock(0 if begin_ns - first_ns < NS_PER_S else begin_ns, 0),
            "end_time": None,
            "player_role": {"id": role, "name": name},
        }


def is_skillcorner(path: Path) -> bool:
    """Whether the name of a file of tracks asks for this form instead of CSV."""
    return path.suffix.lower() == ".jsonl"


def match_path(path: Path) -> Path:
    """Where the match file of a tracking file is: tracks.jsonl has tracks_match.json."""
    return path.with_name(f"{path.stem}_match.json")


def roll_of(rows: Iterable[TrackRow]) -> Roll:
    """Who is in the rows of a match, which are in order of time and say the same of a track each time."""
    parts: dict[int, tuple[TrackLabel, TeamName, int]] = {}
    for row in rows:
        if row.label != "ball":
            parts.setdefault(row.track_id, (row.label, row.team, row.time_ns))
    return Roll(parts)


def tracking_lines(rows: Iterable[TrackRow], roll: Roll, length_m: float, width_m: float) -> Iterator[str]:
    """The lines of the tracking file, without newlines, of rows in order of time: places from the field's middle.

    Between two times of the rows, places are interpolated.
    """
    before: tuple[int, Mapping[int, Place]] | None = None
    for time_ns, here in groupby(rows, key=lambda row: row.time_ns):
        after = time_ns, {row.track_id: (row.x_m, row.y_m, row.z_m) for row in here}
        begin, end = _ticks_until(after[0] if before is None else before[0] + 1), _ticks_until(time_ns + 1)
        for tick in range(begin, end):
            places = _between(before, after, tick * NS_PER_S // FRAMES_A_SECOND)
            yield _line(tick, places, roll, (length_m / 2, width_m / 2))
        before = after


def _ticks_until(time_ns: int) -> int:
    """The first frame at or after a time."""
    return -(-time_ns * FRAMES_A_SECOND // NS_PER_S)


def _between(
    before: tuple[int, Mapping[int, Place]] | None, after: tuple[int, Mapping[int, Place]], at_ns: int
) -> dict[int, Place]:
    """The places at a time between two others, of whoever is known at both."""
    last_ns, there = after
    if before is None or at_ns == last_ns:
        return dict(there)
    first_ns, here = before
    if last_ns - first_ns > LONGEST_GAP_NS:
        return {}
    part = (at_ns - first_ns) / (last_ns - first_ns)
    found = {}
    for number in here.keys() & there.keys():
        (x, y, z), (next_x, next_y, next_z) = here[number], there[number]
        found[number] = x + part * (next_x - x), y + part * (next_y - y), z + part * (next_z - z)
    return found


def _line(tick: int, places: Mapping[int, Place], roll: Roll, middle: tuple[float, float]) -> str:
    data: list[dict[str, Any]] = []
    for number, (x, y, z) in sorted(places.items()):
        one: dict[str, Any] = {
            "track_id": number,
            "trackable_object": number,
            "group_name": "balls" if number == BALL_ID else roll.group(number),
            "x": round(x - middle[0], 3),
            "y": round(y - middle[1], 3),
        }
        if number == BALL_ID:
            one["z"] = round(z, 3)
        data.append(one)
    frame = {
        "frame": tick,
        "timestamp": _clock(tick * NS_PER_S // FRAMES_A_SECOND, 2),
        "period": 1,
        "possession": {"trackable_object": None, "group": None},
        "data": data,
    }
    return json.dumps(frame, separators=(",", ":"))


def _clock(time_ns: int, digits: int) -> str:
    """A running time as hours, minutes and seconds, with so many digits after the point."""
    minutes, rest_ns = divmod(time_ns, 60 * NS_PER_S)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{ns_to_seconds(rest_ns):0{digits + 3 if digits else 2}.{digits}f}"
    return f"{hours:02d}:{minutes:02d}:{seconds}"
