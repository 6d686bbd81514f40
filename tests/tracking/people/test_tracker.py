"""Tests of FieldTracker: one identity a person, its place, its team, and that what is written never changes."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache

import numpy as np
import pytest

from pipeline.analysis.detector import DetectionSet
from pipeline.errors import RigError
from pipeline.media.track_rows import TrackRow
from pipeline.optics.rig import Rig
from pipeline.timebase import NS_PER_S
from pipeline.tracking.people.tracker import FieldTracker
from tests.tracking.people.seen import RIG, seen, truth_of

SECONDS = 24.0


def tracked(sets: list[DetectionSet]) -> list[TrackRow]:
    tracker = FieldTracker(RIG)
    rows = [row for one in sets for row in tracker.add(one)]
    return rows + tracker.finish()


@cache
def match_rows() -> tuple[list[list[TrackRow]], list[DetectionSet], list[TrackRow]]:
    truth = truth_of(SECONDS)
    sets = list(seen(truth))
    return truth, sets, tracked(sets)


def test_everybody_is_one_track_at_the_right_place() -> None:
    truth, _sets, rows = match_rows()
    at: dict[int, list[TrackRow]] = defaultdict(list)
    for row in rows:
        at[row.time_ns].append(row)
    away, owners = [], defaultdict(Counter)
    for frame in truth[25:-25]:
        people = [row for row in frame if row.label != "ball"]
        mine = at[frame[0].time_ns]
        for person in people:
            nearest = min(mine, key=lambda row: np.hypot(row.x_m - person.x_m, row.y_m - person.y_m))
            away.append(float(np.hypot(nearest.x_m - person.x_m, nearest.y_m - person.y_m)))
            owners[person.track_id][nearest.track_id] += 1
    assert np.median(away) < 0.2
    assert np.quantile(away, 0.95) < 1.0
    shares = [count.most_common(1)[0][1] / count.total() for count in owners.values()]
    assert len(shares) == 25
    assert np.mean(shares) > 0.95, "of the time, a person has one number"
    assert np.mean([len(mine) for mine in at.values()]) == pytest.approx(25, abs=1.0), "and nobody is made up"


def test_what_people_are_is_found_by_shirt_and_place() -> None:
    truth, _sets, rows = match_rows()
    last = {row.track_id: row for row in rows}
    people = {row.track_id: row for row in truth[-30] if row.label != "ball"}
    right = 0
    for person in people.values():
        nearest = min(
            (row for row in rows if row.time_ns == person.time_ns),
            key=lambda row: np.hypot(row.x_m - person.x_m, row.y_m - person.y_m),
        )
        found = last[nearest.track_id]
        right += (found.label, found.team) == (person.label, person.team)
    assert right >= 24


def test_rows_are_in_order_one_a_person_and_time_and_exact_as_they_say() -> None:
    truth, _sets, rows = match_rows()
    keys = [(row.time_ns, row.track_id) for row in rows]
    assert keys == sorted(set(keys))
    assert {row.time_ns for row in rows} <= {frame[0].time_ns for frame in truth}
    assert all(0.0 < row.sigma_m < 5.0 and 0.0 <= row.confidence <= 1.0 for row in rows)


def test_a_row_depends_on_nothing_after_the_window() -> None:
    _truth, sets, _rows = match_rows()
    tracker, other = FieldTracker(RIG), FieldTracker(RIG)
    first = [row for one in sets[:150] for row in tracker.add(one)]
    until_ns = sets[149].time_ns - 7 * NS_PER_S
    assert first
    assert max(row.time_ns for row in first) <= until_ns
    again = [row for one in sets for row in other.add(one)]
    assert again[: len(first)] == first


def test_a_hidden_player_keeps_his_number() -> None:
    truth = truth_of(SECONDS)
    hidden = [
        [row for row in frame if row.track_id != 14 or not 10 * NS_PER_S < row.time_ns < 12 * NS_PER_S]
        for frame in truth
    ]
    rows = tracked(list(seen(hidden, missed=0.0, false=0.0)))
    numbers = set()
    for index in (100, 170):
        person = next(row for row in truth[index] if row.track_id == 14)
        here = [row for row in rows if row.time_ns == person.time_ns]
        nearest = min(here, key=lambda row: np.hypot(row.x_m - person.x_m, row.y_m - person.y_m))
        numbers.add(nearest.track_id)
    (number,) = numbers
    between = [row for row in rows if row.track_id == number and 10 * NS_PER_S < row.time_ns < 12 * NS_PER_S]
    assert len(between) == 24, "and a row while he is hidden"
    assert max(row.sigma_m for row in between) > 2 * min(row.sigma_m for row in between)
    assert min(row.confidence for row in between) < 0.5


def test_without_a_pitch_there_is_no_place() -> None:
    with pytest.raises(RigError, match="no pitch"):
        FieldTracker(Rig.assume(1920, 1080))


def test_nothing_seen_is_nothing_written() -> None:
    empty = [DetectionSet(one.time_ns, ()) for one in match_rows()[1]]
    assert tracked(empty) == []
    assert FieldTracker(RIG).finish() == []


def test_a_frame_that_comes_late_or_twice_is_left_out() -> None:
    _truth, sets, _rows = match_rows()
    shuffled = [one for pair in zip(sets[:150], [sets[0], *sets[:149]], strict=True) for one in pair]
    assert tracked(shuffled) == tracked(sets[:150])
