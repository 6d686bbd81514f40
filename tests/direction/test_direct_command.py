"""Tests of foresight direct: file formats, and one clear line for unusable input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.cli import main
from pipeline.direction.metrics import image_position
from pipeline.direction.styles import STYLES
from pipeline.optics.rig import Rig

HEADER = "time_s,yaw_deg,pitch_deg,confidence,label"


def direct(track: Path, *options: str) -> int:
    """Run the command on that track; returns its exit status."""
    with pytest.raises(SystemExit) as exit_info:
        main(["direct", str(track), "-o", str(track.with_suffix(".path.csv")), *options])
    return int(exit_info.value.code or 0)


def written(track: Path) -> np.ndarray:
    return np.loadtxt(track.with_suffix(".path.csv"), delimiter=",", skiprows=1, ndmin=2)


@pytest.fixture
def track(tmp_path: Path) -> Path:
    path = tmp_path / "track.csv"
    rows = [f"{i / 25:.6f},{5 * np.sin(i / 40):.6f},-10.0,0.9,ball" for i in range(100)]
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def test_there_is_one_row_for_each_frame_from_the_first_time_to_the_last(track: Path) -> None:
    assert direct(track, "--rate", "30") == 0
    lines = track.with_suffix(".path.csv").read_text().splitlines()
    assert lines[0] == "time_s,yaw_deg,pitch_deg,hfov_deg"
    assert all(len(value.split(".")[1]) >= 9 for line in lines[1:] for value in line.split(","))
    path = written(track)
    np.testing.assert_allclose(path[:, 0], np.arange(len(path)) / 30, atol=1e-9)
    assert len(path) == int(99 / 25 * 30 + 1e-3) + 1


def test_without_a_rate_the_rows_are_the_frames_of_the_track(track: Path) -> None:
    assert direct(track) == 0
    np.testing.assert_allclose(written(track)[:, 0], np.arange(100) / 25, atol=1e-9)


def test_two_runs_are_identical(track: Path) -> None:
    direct(track)
    first = track.with_suffix(".path.csv").read_bytes()
    direct(track)
    assert track.with_suffix(".path.csv").read_bytes() == first


def test_a_byte_order_mark_crlf_and_blank_lines_are_accepted(track: Path) -> None:
    direct(track)
    plain = track.with_suffix(".path.csv").read_bytes()
    text = track.read_text().rstrip("\n").replace("\n", "\r\n") + "\r\n\r\n"
    track.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert direct(track) == 0
    assert track.with_suffix(".path.csv").read_bytes() == plain


def test_a_single_row_gives_a_single_view(track: Path) -> None:
    track.write_text(f"{HEADER}\n3.5,12.0,-9.0,0.8,ball\n")
    assert direct(track) == 0
    path = written(track)
    assert len(path) == 1
    np.testing.assert_allclose(path[0, :2], [3.5, 12.0], atol=0.01)
    across, up = image_position(path[:, 1:], np.array([[12.0, -9.0]]))
    assert abs(across[0]) < 0.01
    assert abs(up[0]) < STYLES["broadcast"].dead_zone + 0.02


def test_more_look_ahead_than_is_useful_is_no_error(track: Path) -> None:
    assert direct(track, "--lookahead", "600") == 0
    assert len(written(track)) == 100


def test_a_rig_gives_ground_and_edges(track: Path) -> None:
    rig = track.with_name("rig.toml")
    Rig.assume(1920, 1080).save(rig)
    assert direct(track, "--rig", str(rig)) == 0
    path = written(track)
    assert (np.abs(path[:, 1]) + path[:, 3] / 2 <= 45.5).all()
    assert direct(track, "--rig", str(rig), "--height-m", "8") == 2


def test_a_plot_is_written(track: Path) -> None:
    picture = track.with_suffix(".png")
    assert direct(track, "--plot", str(picture)) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "1: no column"),
        (HEADER, "no rows"),
        ("time_s,yaw_deg,pitch_deg,label\n0,0,0,ball", "1: no column confidence"),
        (f"{HEADER}\n0,0,-9,1,ball\n0.1,nan,-9,1,ball", ":3: yaw_deg is 'nan'"),
        (f"{HEADER}\n0,0,,1,ball", ":2: pitch_deg is ''"),
        (f"{HEADER}\n0,0,-9,1.5,ball", ":2: confidence is 1.5"),
        (f"{HEADER}\n0,0,-9,1,horse", ":2: label is 'horse'"),
        (f"{HEADER}\n1,0,-9,1,ball\n0.5,0,-9,1,ball", ":3: time_s 0.5 is before"),
        (f"{HEADER}\n0,0,-9,1", ":2: 4 values"),
    ],
)
def test_a_bad_track_is_refused_in_one_line_with_file_and_line(
    track: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    track.write_text(text)
    assert direct(track) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(track) in error
    assert says in error


def test_a_binary_track_is_refused(track: Path, capsys: pytest.CaptureFixture[str]) -> None:
    track.write_bytes(b"\x00\xff\xfe")
    assert direct(track) == 2
    assert "not a text file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--lookahead", "-1"], "look-ahead"),
        (["--lookahead", "nan"], "look-ahead"),
        (["--rate", "0"], "rate"),
        (["--rate", "inf"], "rate"),
        (["--height-m", "0"], "height"),
        (["--style", "wild"], "style"),
    ],
)
def test_unusable_options_are_refused_in_one_line_with_status_2(
    track: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    assert direct(track, *options) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert says in error


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("track.csv -o track.csv", "--output: track.csv is also read (TRACK.csv)"),
        ("track.csv -o link.csv", "--output: link.csv is also read (TRACK.csv)"),
        ("track.csv -o p.csv --plot track.csv", "--plot: track.csv is also read (TRACK.csv)"),
        ("track.csv --rig rig.toml -o rig.toml", "--output: rig.toml is also read (--rig)"),
        ("track.csv -o p.png --plot p.png", "--plot: p.png is also written as --output"),
        ("track.csv -o no/path.csv", "--output: there is no folder no; make it with: mkdir -p no"),
        ("track.csv -o p.csv --plot no/p.png", "--plot: there is no folder no"),
        ("track.csv -o .", "--output: . is a folder"),
        (". -o p.csv", "TRACK.csv: . is a folder"),
        ("trak.csv -o p.csv", "TRACK.csv: there is no file trak.csv (did you mean track.csv?)"),
        ("track.csv -o p.csv --rig no.toml", "--rig: there is no file no.toml"),
    ],
)
def test_unusable_files_are_refused_before_the_work_and_none_is_overwritten(
    arguments: str,
    says: str,
    track: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(track.parent)
    track.write_text("no track")  # a command that starts the work prints this instead
    Path("link.csv").symlink_to(track)
    Rig.assume(1920, 1080).save(Path("rig.toml"))
    before = {path.name: path.read_bytes() for path in track.parent.iterdir()}
    with pytest.raises(SystemExit) as exit_info:
        main(["direct", *arguments.split()])
    assert exit_info.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert says in error
    assert {path.name: path.read_bytes() for path in track.parent.iterdir()} == before
