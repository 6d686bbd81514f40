"""The ground truth in metres: who is where, as the picture and the truth in angles have it."""

from __future__ import annotations

import csv
from itertools import groupby

import pytest

from pipeline.match.match import match_rig
from pipeline.match.settings import MatchSettings
from pipeline.match.truth import MatchTruth, TrackTruth, TruthRows, frame_time_ns
from pipeline.media.track_rows import COLUMNS

SETTINGS = MatchSettings(seed=4)


def test_metres_and_angles_are_the_same_places() -> None:
    angles, tracks, rig = MatchTruth(SETTINGS), TrackTruth(SETTINGS), match_rig(SETTINGS)
    for index in (0, 200, 900):
        time_ns = frame_time_ns(index, SETTINGS)
        people = tracks.at(time_ns)
        for shown, row in zip(angles.at(time_ns)[1:], people[1:], strict=False):
            yaw, _ = rig.pitch_to_angles(row.x_m - 52.5, row.y_m - 34.0)
            assert float(yaw) == pytest.approx(shown.yaw_deg, abs=1e-9)


def test_each_line_is_one_of_26_and_stays_the_same_one() -> None:
    rows = TruthRows.of_tracks(SETTINGS, lambda: 5_000_000_000)
    lines = [rows.header, *rows.until(5_000_000_000 + frame_time_ns(59, SETTINGS))]
    read = list(csv.DictReader(lines))
    assert tuple(read[0]) == COLUMNS
    assert len(read) == 60 * 26
    assert float(read[26]["time_s"]) == pytest.approx(5 + 1 / 30, abs=1e-9)
    by_id = groupby(sorted(read, key=lambda row: int(row["track_id"])), key=lambda row: row["track_id"])
    parts = {number: {(row["label"], row["team"]) for row in rows} for number, rows in by_id}
    assert all(len(part) == 1 for part in parts.values())
    kinds = [next(iter(parts[str(number)])) for number in range(26)]
    eleven = [("goalkeeper", ""), *[("player", "")] * 10]
    expected = [("ball", "")]
    expected += [(label, team) for team in ("left", "right") for label, _ in eleven]
    expected += [("referee", "")] * 3
    assert kinds == expected


def test_the_teams_begin_on_their_own_sides() -> None:
    people = TrackTruth(SETTINGS).at(0)
    for team, holds in (("left", lambda x_m: x_m < 53.5), ("right", lambda x_m: x_m > 51.5)):
        assert all(holds(row.x_m) for row in people if row.team == team)
    keepers = [row for row in people if row.label == "goalkeeper"]
    assert [row.x_m < 10 for row in keepers] == [True, False]
    assert [row.x_m > 95 for row in keepers] == [False, True]
