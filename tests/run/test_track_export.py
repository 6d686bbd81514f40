"""The export of tracks: it grows, is made final at its end, as CSV or Parquet, and fails alone."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from pipeline.media.track_rows import COLUMNS
from pipeline.optics.rig import Rig
from pipeline.run.export_file import ExportFile
from pipeline.run.exports import Exports
from pipeline.run.track_export import TrackLines
from pipeline.settings import Settings
from tests.tracking.people.seen import RIG, seen, truth_of

pyarrow = pytest.importorskip("pyarrow")
SETS = list(seen(truth_of(11.0)))


def exported(path: Path, rig: Rig = RIG) -> list[str]:
    """Export the tracks of SETS; returns the failures."""
    failures: list[str] = []
    settings = Settings.parse({"sources": ["match"], "export": {"tracks_out": str(path)}})
    exports = Exports(settings.export, lambda error: failures.append(str(error)), live=False)
    exports.begin([], rig)
    for one in SETS:
        exports.detected(one)
    exports.close(at_once=False)
    return failures


def read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_the_file_holds_everybody_and_each_stays_what_he_is(tmp_path: Path) -> None:
    path = tmp_path / "tracks.csv"
    assert exported(path) == []
    rows = read(path)
    assert tuple(rows[0]) == COLUMNS
    assert {row["time_s"] for row in rows} <= {f"{one.time_ns / 1e9:.9f}" for one in SETS}
    parts = defaultdict(set)
    for row in rows:
        parts[row["track_id"]].add((row["label"], row["team"]))
    assert all(len(part) == 1 for part in parts.values())
    assert len(parts) >= 25
    assert [one.name for one in tmp_path.iterdir()] == ["tracks.csv"]


def test_what_has_left_the_window_is_in_the_file_before_the_run_ends(tmp_path: Path) -> None:
    path = tmp_path / "tracks.csv"
    lines = TrackLines(RIG, path)
    file = ExportFile(
        path, lines.header, lines.of, lambda _error: None, live=False
    )  # killed: nothing is completed
    for one in SETS:
        file.add(one)
    file.close()
    times = [float(row["time_s"]) for row in read(path)]
    assert times == sorted(times)
    assert times[-1] >= SETS[-1].time_ns / 1e9 - 8.1


def test_parquet_holds_the_same_rows(tmp_path: Path) -> None:
    from pyarrow import parquet

    assert exported(tmp_path / "tracks.csv") == exported(tmp_path / "tracks.parquet") == []
    table = parquet.read_table(tmp_path / "tracks.parquet")
    assert tuple(table.column_names) == COLUMNS
    rows = table.to_pylist()
    expected = read(tmp_path / "tracks.csv")
    assert len(rows) == len(expected)
    for row, other in zip(rows, expected, strict=True):
        assert {name: str(value) for name, value in row.items() if isinstance(value, str | int)} == {
            name: other[name] for name in ("track_id", "label", "team")
        }
        assert row["x_m"] == float(other["x_m"])
        assert row["time_s"] == float(other["time_s"])
    assert {one.name for one in tmp_path.iterdir()} == {"tracks.csv", "tracks.parquet"}


@pytest.mark.parametrize("name", ["/dev/full", "none/tracks.csv", "none/tracks.parquet"])
def test_a_file_that_cannot_be_written_is_one_failure(tmp_path: Path, name: str) -> None:
    (failure,) = exported(tmp_path / name)
    assert name in failure


def test_without_a_pitch_it_fails_at_once_and_alone(tmp_path: Path) -> None:
    (failure,) = exported(tmp_path / "tracks.csv", Rig.assume(1920, 1080))
    assert "the rig has no pitch" in failure
    assert list(tmp_path.iterdir()) == []


def test_without_pyarrow_parquet_is_refused_with_what_to_install(tmp_path: Path) -> None:
    script = (
        "import importlib.util as u, sys; find = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'pyarrow' else find(name, *more)\n"
        "from pipeline.cli import main\n"
        f"sys.argv = 'foresight run match -o {tmp_path}/a.mkv --tracks-out {tmp_path}/t.parquet'.split()\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'foresight[parquet]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # kloppy leaves a file open
def test_kloppy_reads_the_same_places_teams_and_keepers(tmp_path: Path) -> None:
    pytest.importorskip("kloppy")
    from kloppy import skillcorner
    from kloppy.domain import Ground, PositionType

    assert exported(tmp_path / "tracks.csv") == exported(tmp_path / "tracks.jsonl") == []
    assert {one.name for one in tmp_path.iterdir()} == {"tracks.csv", "tracks.jsonl", "tracks_match.json"}
    dataset = skillcorner.load(
        meta_data=str(tmp_path / "tracks_match.json"),
        raw_data=str(tmp_path / "tracks.jsonl"),
        coordinates="skillcorner",
    )
    assert dataset.metadata.pitch_dimensions.pitch_length == 105.0
    grounds = {"left": Ground.HOME, "right": Ground.AWAY}
    rows = {
        (round(float(row["time_s"]), 3), int(row["track_id"])): row for row in read(tmp_path / "tracks.csv")
    }
    compared = 0
    for frame in dataset.records:
        at_s = round(frame.timestamp.total_seconds(), 3)  # every fourth of them is an analysed time
        for player, data in frame.players_data.items():
            row = rows.get((at_s, int(player.player_id)))
            if row is None:
                continue
            compared += 1
            assert data.coordinates.x == pytest.approx(float(row["x_m"]) - 52.5, abs=2e-3)
            assert data.coordinates.y == pytest.approx(float(row["y_m"]) - 34.0, abs=2e-3)
            assert player.team.ground == grounds[row["team"]]
            is_keeper = player.starting_position == PositionType.Goalkeeper
            assert is_keeper == (row["label"] == "goalkeeper")
    with_a_team = [row for (at_s, _), row in rows.items() if row["team"] and round(at_s * 10, 6).is_integer()]
    assert compared == len(with_a_team) > 100
