"""SkillCorner's form: a frame each tenth of a second, places from the field's middle, and who the tracks are."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.media.skillcorner import roll_of, tracking_lines
from pipeline.media.track_rows import TeamName, TrackLabel, TrackRow
from pipeline.timebase import NS_PER_S


def row(time_s: float, number: int, label: TrackLabel, team: TeamName, x_m: float, y_m: float) -> TrackRow:
    return TrackRow(
        round(time_s * NS_PER_S), number, label, team, x_m, y_m, 0.5 if number == 0 else 0.0, 0.1, 1.0
    )


def frames(rows: list[TrackRow]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in tracking_lines(rows, roll_of(rows), 100.0, 60.0)]


def walk(times_s: list[float]) -> list[TrackRow]:
    """Somebody who walks along x by 2 m/s from the left goal line, and the ball at the middle."""
    return [
        one
        for at_s in times_s
        for one in (row(at_s, 0, "ball", "", 50.0, 30.0), row(at_s, 7, "player", "left", 2 * at_s, 30.0))
    ]


@given(st.lists(st.integers(1, 99), min_size=1, max_size=20), st.integers(0, 5000))
def test_each_tenth_of_a_second_has_a_frame_and_whoever_walks_is_where_he_is_then(
    steps: list[int], begin: int
) -> None:
    hundredths = [begin + sum(steps[:i]) for i in range(len(steps) + 1)]
    found = frames(walk([at / 100 for at in hundredths]))
    assert [one["frame"] for one in found] == list(range(-(-hundredths[0] // 10), hundredths[-1] // 10 + 1))
    for one in found:
        ball, player = one["data"]
        assert (ball["group_name"], ball["x"], ball["y"], ball["z"]) == ("balls", 0.0, 0.0, 0.5)
        assert player["group_name"] == "home team"
        assert abs(player["x"] - (2 * one["frame"] / 10 - 50.0)) < 2e-3
        hours, minutes, seconds = one["timestamp"].split(":")
        assert abs(3600 * int(hours) + 60 * int(minutes) + float(seconds) - one["frame"] / 10) < 1e-6


def test_over_a_long_gap_nobody_is_known() -> None:
    found = frames(walk([0.0, 0.5, 2.5, 2.6]))
    assert [len(one["data"]) for one in found] == [2] * 6 + [0] * 19 + [2, 2]


def test_the_match_file_says_who_the_tracks_are() -> None:
    rows = [
        row(3.0, 1, "goalkeeper", "right", 95.0, 30.0),
        row(3.0, 2, "player", "left", 20.0, 30.0),
        row(3.0, 3, "referee", "", 50.0, 20.0),
        row(3.0, 4, "player", "", 50.0, 20.0),
        row(70.0, 5, "player", "right", 50.0, 20.0),
    ]
    match = roll_of(rows).match(100.0, 60.0)
    assert (match["pitch_length"], match["pitch_width"]) == (100.0, 60.0)
    assert [one["trackable_object"] for one in match["referees"]] == [3]
    assert [
        (one["trackable_object"], one["team_id"], one["player_role"]["name"], one["start_time"])
        for one in match["players"]
    ] == [
        (1, 2, "Goalkeeper", "00:00:00"),
        (2, 1, "Unknown", "00:00:00"),
        (5, 2, "Unknown", "00:01:10"),
    ]


def test_nothing_seen_is_nothing_written() -> None:
    assert frames([]) == []
    assert roll_of([]).match(100.0, 60.0)["players"] == []
