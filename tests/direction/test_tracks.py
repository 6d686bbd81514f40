"""Track and path files: every value read and written as it stands, every refusal by its line and its column."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.direction.paths import frame_times_ns, write_path
from pipeline.direction.tracks import RecordedTrack, read_track
from pipeline.errors import ConfigError, OutputError, SourceError
from pipeline.optics.angles import LARGEST_ANGLE_DEG
from pipeline.optics.view import View
from pipeline.timebase import LARGEST_TIME_S, NS_PER_S, Nanoseconds

HEADER = "time_s,yaw_deg,pitch_deg,confidence,label"
S = NS_PER_S


def read(folder: Path, *rows: str, header: str = HEADER) -> RecordedTrack:
    path = folder / "track.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return read_track(path)


def ball(score: float, yaw_deg: float, tilt_deg: float) -> Detection:
    return Detection("ball", score, yaw_deg, tilt_deg, 0.0, 0.0)


def test_rows_of_one_time_are_one_set_and_a_detection_is_a_point(tmp_path: Path) -> None:
    track = read(tmp_path, "0.5,1,-2,0.75,ball", "0.5,3,-4,1,player", "0.5,5,-6,0,ball", "2,7,8,0.5,player")
    assert track.sets == (
        DetectionSet(
            Nanoseconds(S // 2),
            (ball(0.75, 1.0, -2.0), Detection("player", 1.0, 3.0, -4.0, 0.0, 0.0), ball(0.0, 5.0, -6.0)),
        ),
        DetectionSet(Nanoseconds(2 * S), (Detection("player", 0.5, 7.0, 8.0, 0.0, 0.0),)),
    )


def test_columns_may_be_in_any_order_with_others_between_them_and_spaces_around(tmp_path: Path) -> None:
    header = " label ,x,confidence, pitch_deg,time_s,yaw_deg"
    track = read(
        tmp_path, " ball ,?,1, -3 , 4 ,5", "", " , , , , , ", "ball,?,0.5,-3,4,6,more", header=header
    )
    assert track.sets == (DetectionSet(Nanoseconds(4 * S), (ball(1.0, 5.0, -3.0), ball(0.5, 6.0, -3.0))),)


@pytest.mark.parametrize(
    "row",
    [
        f"{LARGEST_TIME_S},0,0,0,ball",
        f"0,{LARGEST_ANGLE_DEG},0,1,ball",
        f"0,{-LARGEST_ANGLE_DEG},0,1,player",
        "0,0,90,1,ball",
        "0,0,-90,0,ball",
    ],
)
def test_the_limits_themselves_are_allowed(tmp_path: Path, row: str) -> None:
    assert len(read(tmp_path, row).sets) == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("x,0,0,1,ball", "time_s is 'x'; it must be a finite number"),
        ("0,inf,0,1,ball", "yaw_deg is 'inf'; it must be a finite number"),
        ("0,0,nan,1,ball", "pitch_deg is 'nan'; it must be a finite number"),
        ("0,0,0,,ball", "confidence is ''; it must be a finite number"),
        ("0,0,0,-0.1,ball", "confidence is -0.1; allowed: 0 to 1"),
        ("0,0,0,1.1,ball", "confidence is 1.1; allowed: 0 to 1"),
        ("0,0,90.1,1,ball", "pitch_deg is 90.1; allowed: -90 to 90"),
        ("0,0,-90.1,1,ball", "pitch_deg is -90.1; allowed: -90 to 90"),
        ("0,1e9,0,1,ball", f"yaw_deg is '1e9'; allowed: {-LARGEST_ANGLE_DEG:g} to {LARGEST_ANGLE_DEG:g}"),
        ("1e12,0,0,1,ball", f"time_s is '1e12'; allowed: {-LARGEST_TIME_S:g} to {LARGEST_TIME_S:g}"),
        ("0,0,0,1,Ball", "label is 'Ball'; allowed: ball, player"),
        ("0,0,0,1", "4 values, but the header has 5 columns"),
        ("-1,0,0,1,ball", "time_s -1 is before the row above; rows must be in time order"),
    ],
)
def test_a_refused_row_is_named_with_its_column_and_what_is_allowed(
    tmp_path: Path, row: str, message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, "0,0,0,1,ball", "", row)
    assert str(refused.value) == f"{tmp_path / 'track.csv'}:4: {message}"


def test_a_refused_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "track.csv"
    with pytest.raises(ConfigError) as refused:
        read_track(path)
    assert str(refused.value) == f"{path}: no such file; name a track CSV file"
    for header, missing in (
        ("time_s,label", "yaw_deg, pitch_deg, confidence"),
        ("", ", ".join(HEADER.split(","))),
    ):
        with pytest.raises(ConfigError) as refused:
            read(tmp_path, header=header)
        assert str(refused.value) == f"{path}:1: no column {missing}; the header must be {HEADER}"
    with pytest.raises(ConfigError) as refused:
        read(tmp_path)
    assert str(refused.value) == f"{path}: there are no rows after the header; a track needs at least one"
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"track.csv: not a text file \(.*\); give a UTF-8 track CSV$"):
        read_track(path)
    with pytest.raises(SourceError, match=r": cannot be read \(Is a directory\)$"):
        read_track(tmp_path)


def test_a_track_is_known_to_its_end_and_gives_the_sets_between_two_times_with_both_ends() -> None:
    sets = [DetectionSet(Nanoseconds(time_ns), ()) for time_ns in (30, 10, 20, 40)]
    track = RecordedTrack(sets)
    assert [one.time_ns for one in track.sets] == [10, 20, 30, 40]
    assert [one.time_ns for one in track.between(20, 30)] == [20, 30]
    assert [one.time_ns for one in track.between(11, 39)] == [20, 30]
    assert track.between(41, 99) == ()
    assert track.known_until_ns > 10**6 * S
    assert track.wait_known(10**6 * S)


def test_a_path_has_a_row_for_each_view_with_nine_decimals(tmp_path: Path) -> None:
    path = tmp_path / "path.csv"
    assert write_path(path, [(S // 2, View(1.0, -2.5, 40.0)), (2 * S, View(1 / 3, 0.0, 1e-9))]) == 2
    assert path.read_bytes() == (
        b"time_s,yaw_deg,pitch_deg,hfov_deg\n"
        b"0.500000000,1.000000000,-2.500000000,40.000000000\n"
        b"2.000000000,0.333333333,0.000000000,0.000000001\n"
    )
    assert write_path(path, []) == 0


def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as refused:
        write_path(tmp_path, [])
    assert str(refused.value) == f"{tmp_path}: cannot be written (Is a directory); name another file"


@pytest.mark.parametrize(
    ("times_s", "rate_hz", "expected_s"),
    [
        ([0.0, 1.0], 4.0, [0.0, 0.25, 0.5, 0.75, 1.0]),
        ([2.0, 3.1], 2.0, [2.0, 2.5, 3.0]),
        ([2.0, 2.9999], 1.0, [2.0, 3.0]),  # a time in a CSV is rounded: the last frame is not lost
        ([2.0, 2.99], 1.0, [2.0]),
        ([7.0], None, [7.0]),
        ([0.0, 0.0401, 0.0801], None, [0.0, 0.04, 0.08]),  # the median of the steps, near a usual rate
        ([0.0, 0.1, 0.2, 0.9], None, [n / 10 for n in range(10)]),
        ([0.0, 1 / 17, 2 / 17], None, [0.0, 1 / 17, 2 / 17]),  # not near any
        ([0.0, 5.0, 10.0], None, [float(n) for n in range(11)]),  # the lowest rate
        ([0.0, 0.001, 0.002], None, [0.0]),  # the highest
        ([0.0, 1.0], 1.0, [0.0, 1.0]),
    ],
)
def test_the_frames_of_a_path_are_at_the_rate_given_or_that_of_the_track(
    times_s: list[float], rate_hz: float | None, expected_s: list[float]
) -> None:
    found = frame_times_ns([round(time_s * S) for time_s in times_s], rate_hz)
    assert [time_ns / S for time_ns in found] == pytest.approx(expected_s, abs=1e-8)


@pytest.mark.parametrize("rate_hz", [0.0, 0.99, 240.1, float("nan"), -5.0])
def test_a_rate_out_of_range_is_refused(rate_hz: float) -> None:
    with pytest.raises(ConfigError) as refused:
        frame_times_ns([0, S], rate_hz)
    assert str(refused.value) == f"the rate must be 1 to 240 Hz, not {rate_hz} Hz"
    assert len(frame_times_ns([0, S], 240.0)) == 241


def test_more_frames_than_allowed_are_refused_with_how_many_there_are() -> None:
    with pytest.raises(ConfigError) as refused:
        frame_times_ns([0, 10**7 * S], 1.0)
    assert str(refused.value) == (
        "the track lasts 1e+07 s, which is 10000001 frames at 1 Hz; allowed: 10000000; "
        "check the times of its first and last rows"
    )
