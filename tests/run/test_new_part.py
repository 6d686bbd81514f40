"""The settings of a run that continues another one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pipeline.config_builder import ConfigBuilder
from pipeline.errors import OutputError
from pipeline.run.new_part import in_new_part
from pipeline.settings import Settings
from pipeline.supervision.worker import Worker

FIRST = Worker(1)


def settings(folder: Path, *outputs: str, **flags: object) -> Settings:
    paths = [str(folder / name) for name in outputs]
    exports = {"export__path_out": folder / "path.csv", "export__detections_out": Path("/dev/null")}
    return ConfigBuilder().flags(sources=["match"], outputs=paths, **exports, **flags).build()


def names(made: Settings) -> list[str]:
    return [path.name for path in (*made.outputs, made.export.path_out, made.export.detections_out) if path]


def test_the_first_part_has_the_names_of_the_settings(tmp_path: Path) -> None:
    before = settings(tmp_path, "match.mp4")
    assert in_new_part(before, FIRST) == before


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ("match.mp4", "part2"),
        ("match.part2.mp4", "part3"),
        ("path.csv", "part2"),
        ("live.part4-00017.ts", "part5"),
        ("match-00001.mp4", "part2"),
    ],
)
def test_all_files_get_the_same_free_part(tmp_path: Path, there: str, expected: str) -> None:
    before = settings(tmp_path, "match.mp4", "live.m3u8", split_s=10)
    (tmp_path / there).touch()
    assert names(in_new_part(before, FIRST)) == [
        f"match.{expected}.mp4",
        f"live.{expected}.m3u8",
        f"path.{expected}.csv",
        "null",
    ]


def test_every_film_gets_the_same_part(tmp_path: Path) -> None:
    (tmp_path / "phone.mp4").touch()
    phone = {"name": "phone", "graphics": False, "outputs": [str(tmp_path / "phone.mp4")]}
    made = in_new_part(settings(tmp_path, "match.mp4", films=[phone]), FIRST)
    assert names(made)[0] == "match.part2.mp4"
    assert [path.name for path in made.films[0].outputs] == ["phone.part2.mp4"]
    assert not made.film_specs[1].files[0].graphics


def test_a_part_without_graphics_stays_without(tmp_path: Path) -> None:
    (tmp_path / "clean.mp4").touch()
    made = in_new_part(settings(tmp_path, "clean.mp4?graphics=off"), FIRST)
    assert names(made)[0] == "clean.part2.mp4?graphics=off"


def test_the_rig_that_the_first_part_has_calibrated_is_used(tmp_path: Path) -> None:
    before = settings(tmp_path, "match.mp4").model_copy(update={"sources": ("match", "match")})
    (tmp_path / "match.rig.toml").touch()
    assert in_new_part(before, FIRST).rig is None  # the first part finds it itself
    (tmp_path / "match.mp4").touch()
    assert in_new_part(before, FIRST).rig == tmp_path / "match.rig.toml"


def test_a_live_duration_becomes_what_is_left(tmp_path: Path) -> None:
    before = settings(tmp_path, "match.mp4", duration_s=100, delay_s=7, live=True)
    assert in_new_part(before, FIRST).duration_s == 100
    left_s = in_new_part(before, Worker(1, time.monotonic() - 53)).duration_s
    assert left_s == pytest.approx(40, abs=5)
    with pytest.raises(OutputError, match="the end of the video is missing"):
        in_new_part(before, Worker(1, time.monotonic() - 93))


def test_an_offline_duration_is_the_whole_of_it(tmp_path: Path) -> None:
    before = settings(tmp_path, "match.mp4", duration_s=100, live=False)
    assert in_new_part(before, Worker(1, time.monotonic() - 1000)).duration_s == 100
