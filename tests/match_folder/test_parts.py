"""Recorded paths, lines of score and clock, and the check of half lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.direction.recorded import RecordedPath
from pipeline.errors import ConfigError, StateError
from pipeline.graphics.content import LowerThird
from pipeline.match_folder.annotation_lines import Entry, line_of, read_entries
from pipeline.match_folder.info import has_half_line, last_line
from pipeline.media.match_folder import read_times_ns
from pipeline.optics.view import View
from pipeline.scoring.clock import Clock
from pipeline.scoring.match_score import MatchScore
from pipeline.timebase import NS_PER_MS, NS_PER_S

HEADER = "time_s,yaw_deg,pitch_deg,hfov_deg"


def test_a_recorded_path_is_exact_at_its_rows_and_even_between_them(tmp_path: Path) -> None:
    file = tmp_path / "path.csv"
    file.write_text(f"{HEADER}\n1.000000000,10.0,-5.0,40.0\n2.000000000,20.0,-7.0,60.0\n3.0,0.0,0.")
    path = RecordedPath.load(file)
    assert path.view_at(0) == path.view_at(NS_PER_S) == View(10.0, -5.0, 40.0)
    assert path.view_at(NS_PER_S + NS_PER_MS // 2) == View(10.0, -5.0, 40.0)
    assert path.view_at(NS_PER_S * 3 // 2) == View(15.0, -6.0, 50.0)
    assert path.view_at(9 * NS_PER_S) == View(20.0, -7.0, 60.0)  # half a line is passed over
    assert [time_ns for time_ns, _view in path.plan(NS_PER_S, 9 * NS_PER_S)][-1] == 2 * NS_PER_S
    assert path.state.follows == "recorded path"
    with pytest.raises(StateError, match="recorded"):
        path.hold()


@pytest.mark.parametrize(
    "row", ["1,2,3\n", "a,b,c,d\n", "nan,0,0,40\n", "1,0,0,0\n", "1,0,0,400\n", "1e30,0,0,9\n"]
)
def test_a_row_that_is_none_is_named(tmp_path: Path, row: str) -> None:
    file = tmp_path / "path.csv"
    file.write_text(f"{HEADER}\n{row}")
    with pytest.raises(ConfigError, match="line 2: not a row"):
        RecordedPath.load(file)


@pytest.mark.parametrize(
    ("text", "words"), [("x,y\n", "is no path"), ("", "is no path"), (f"{HEADER}\n", "no view")]
)
def test_a_file_that_is_no_path_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "path.csv"
    file.write_text(text)
    with pytest.raises(ConfigError, match=words):
        RecordedPath.load(file)


def test_what_was_entered_is_read_as_it_was_written(tmp_path: Path) -> None:
    entries = [
        Entry(NS_PER_S, "score", MatchScore(2, 1, 3, 0)),
        Entry(1_234_567_891, "clock", Clock(1_000_000_001, True, 2, 5_000_000_003, 4)),
        Entry(5, "lower_third", LowerThird("Eva", "captain", 7 * NS_PER_S)),
        Entry(6, "lower_third", None),
        Entry(7, "replay", "Replay"),
        Entry(8, "replay", None),
    ]
    file = tmp_path / "annotations.jsonl"
    file.write_text("".join(f"{line_of(entry)}\n" for entry in entries) + '{"time_s": 9')
    assert read_entries(file) == entries


def test_half_a_line_is_seen_and_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "camera-1.times.csv"
    file.write_text("time_s\n0.100000000\n0.140000001\n0.18")
    assert has_half_line(file)
    assert last_line(file) == "0.140000001"
    assert read_times_ns(file) == [100_000_000, 140_000_001]
    file.write_text("time_s\n")
    assert not has_half_line(file)
    file.write_text("frames\n1\n")
    with pytest.raises(ConfigError, match="no times of frames"):
        read_times_ns(file)
