"""Tests of odd tracks: a track is refused by file and line, or it becomes a path of finite numbers."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.direction.director import Director
from pipeline.direction.paths import MOST_FRAMES, frame_times_ns, write_path
from pipeline.direction.tracks import read_track
from pipeline.errors import ConfigError
from pipeline.tracking.ground import LevelGround
from tests.faults.record import Area, fault

HEADER = "time_s,yaw_deg,pitch_deg,confidence,label"

odd = st.sampled_from(
    ["1e308", "-1e308", "1e-308", "nan", "inf", "-inf", "", "1e999", "9" * 400, "x" * 200_000, '"', "-1", "0"]
)
rows = st.tuples(
    st.floats(0.0, 20.0).map(repr) | odd,
    st.floats(-180.0, 180.0).map(repr) | st.floats(allow_nan=False).map(repr) | odd,
    st.floats(-90.0, 90.0).map(repr) | odd,
    st.floats(0.0, 1.0).map(repr) | odd,
    st.sampled_from(["ball", "player"]) | odd,
)
plain_rows = st.tuples(
    st.floats(0.0, 10.0).map(repr),
    st.floats(-3600.0, 3600.0).map(repr),
    st.floats(-90.0, 90.0).map(repr),
    st.floats(0.0, 1.0).map(repr),
    st.sampled_from(["ball", "player"]),
)


@fault(
    Area.INPUT,
    "a track with odd numbers",
    seen="refused in one line that names the file and the line; status 2",
)
@settings(max_examples=150)
@given(st.lists(rows, max_size=4) | st.lists(plain_rows, max_size=4).map(sorted))
def test_a_track_of_any_numbers_is_refused_or_becomes_a_path(rows: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "track.csv"
        path.write_text("\n".join([HEADER, *map(",".join, rows)]), encoding="utf-8")
        track, refusal = None, ""
        try:
            track = read_track(path)
            times_ns = frame_times_ns([one.time_ns for one in track.sets])
        except ConfigError as error:
            refusal = str(error)
        if track is None or refusal:
            assert refusal.count("\n") == 0
            assert 0 < len(refusal) < 500
            return
        director = Director(track, LevelGround(8.0), "broadcast", 2.0)
        views = [(time_ns, director.view_at(time_ns)) for time_ns in times_ns[:30]]
        assert write_path(Path(folder) / "path.csv", views) == len(views)
    for _, view in views:
        assert all(map(math.isfinite, (view.yaw_deg, view.tilt_deg, view.hfov_deg)))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1e308,0,0,1,ball", "time_s is '1e308'"),
        ("1,1e300,0,1,ball", "yaw_deg is '1e300'"),
        ('"' + 200_000 * "x", "not CSV"),
    ],
)
def test_a_number_beyond_all_measure_is_refused_by_its_line(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "track.csv"
    path.write_text(f"{HEADER}\n0,0,0,1,ball\n{row}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        read_track(path)
    assert str(refused.value).startswith(f"{path}:3: ")
    assert said in str(refused.value)


def test_a_path_of_too_many_frames_is_refused() -> None:
    with pytest.raises(ConfigError, match=f"allowed: {MOST_FRAMES}"):
        frame_times_ns([0, 10**18], 50.0)
