"""What `foresight direct` reads besides a track CSV: a run's detections, and tracks in metres of the field."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.analysis.jsonl import to_line
from pipeline.cli import main
from pipeline.direction.tracks import ASSUMED_PITCH, read_recorded, read_track
from pipeline.errors import ConfigError
from pipeline.match.match import match_rig
from pipeline.match.settings import MatchSettings
from pipeline.match.truth import TruthRows
from pipeline.optics.rig import Rig
from pipeline.timebase import NS_PER_S
from pipeline.tracking.ground import LevelGround

SETTINGS = MatchSettings(seed=3)
RIG = match_rig(SETTINGS)


def written(path: Path, rows: TruthRows) -> Path:
    path.write_text("".join(f"{line}\n" for line in [rows.header, *rows.until(NS_PER_S)]))
    return path


def directed(track: Path, *options: str) -> np.ndarray:
    path = track.with_suffix(".path.csv")
    with pytest.raises(SystemExit) as exit_info:
        main(["direct", str(track), "-o", str(path), *options])
    assert int(exit_info.value.code or 0) == 0
    return np.loadtxt(path, delimiter=",", skiprows=1)


def test_metres_and_angles_of_one_match_are_one_track(tmp_path: Path) -> None:
    angles = read_track(written(tmp_path / "angles.csv", TruthRows.of_angles(SETTINGS)))
    tracks = written(tmp_path / "tracks.csv", TruthRows.of_tracks(SETTINGS))
    for geometry, pitch in ((RIG, RIG.pitch), (LevelGround(SETTINGS.height_m), ASSUMED_PITCH)):
        metres = read_recorded(tracks, geometry, pitch)
        assert [one.time_ns for one in metres.sets] == [one.time_ns for one in angles.sets]
        for one, other in zip(metres.sets, angles.sets, strict=True):
            balls = [[d for d in some.detections if d.label == "ball"] for some in (one, other)]
            assert balls[0][0].yaw_deg == pytest.approx(balls[1][0].yaw_deg, abs=0.01)
            assert balls[0][0].tilt_deg == pytest.approx(balls[1][0].tilt_deg, abs=0.01)
            assert sum(d.label == "player" for d in one.detections) == 22, "officials are no players"


def test_the_files_of_a_run_are_directed_as_they_are(tmp_path: Path) -> None:
    rig, tracks = tmp_path / "rig.toml", written(tmp_path / "tracks.csv", TruthRows.of_tracks(SETTINGS))
    RIG.save(rig)
    detections = tmp_path / "detections.jsonl"
    recorded = read_recorded(tracks, RIG, RIG.pitch)
    detections.write_text("".join(f"{to_line(one)}\n" for one in recorded.sets))
    one, other = directed(tracks, "--rig", str(rig)), directed(detections, "--rig", str(rig))
    np.testing.assert_allclose(one, other, atol=1e-6)
    assert directed(tracks).shape == one.shape, "without a rig, too"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column"),
        ("time_s,track_id,x_m\n", "no column label, y_m, z_m, confidence"),
        ("time_s,track_id,label,x_m,y_m,z_m,confidence\n", "no rows"),
        ("time_s,track_id,label,x_m,y_m,z_m,confidence\n0,1,dog,1,2,0,1\n", "label is 'dog'"),
        ("time_s,track_id,label,x_m,y_m,z_m,confidence\n0,1,ball,1,nan,0,1\n", "y_m is 'nan'"),
        ("time_s,track_id,label,x_m,y_m,z_m,confidence\n0,1,ball,1,2,0,7\n", "confidence is 7"),
        ("time_s,track_id,label,x_m,y_m,z_m,confidence\n1,1,ball,1,2,0,1\n0,1,ball,1,2,0,1\n", "time order"),
        ('{"time_s": 1}\n', "line 1: expected"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "any.csv"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said) as error:
        read_recorded(path, RIG, RIG.pitch)
    assert str(path) in str(error.value)


def test_metres_need_the_pitch_of_the_rig(tmp_path: Path) -> None:
    tracks = written(tmp_path / "tracks.csv", TruthRows.of_tracks(SETTINGS))
    with pytest.raises(ConfigError, match="no \\[pitch\\]"):
        read_recorded(tracks, Rig.assume(1920, 1080), None)
