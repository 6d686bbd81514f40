"""Chapters by their names and times."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.media.file_series import names_follow, times_follow


@pytest.mark.parametrize(
    ("first", "second", "follows"),
    [
        ("GX010042.MP4", "GX020042.MP4", True),
        ("GX010042.MP4", "GX030042.MP4", False),
        ("GX010042.MP4", "GX010043.MP4", False),
        ("GH010042.mp4", "GH020042.mp4", True),
        ("GOPR0042.MP4", "GP010042.MP4", True),
        ("DJI_0012.MP4", "DJI_0013.MP4", True),
        ("DJI_20240501101500_0001_D.MP4", "DJI_20240501101500_0002_D.MP4", True),
        ("00000.MTS", "00001.MTS", True),
        ("00009.MTS", "00010.MTS", True),
        ("00001.MTS", "00000.MTS", False),
        ("part1.mp4", "part2.mp4", True),
        ("a/part1.mp4", "b/part2.mp4", False),
        ("part1.mp4", "part2.mkv", False),
        ("left.mp4", "right.mp4", False),
    ],
)
def test_names_that_follow_each_other(first: str, second: str, follows: bool) -> None:
    assert names_follow(Path(first), Path(second)) == follows


@pytest.mark.parametrize(
    ("first_s", "length_s", "second_s", "follows"),
    [
        (1000.0, 600.0, 1600.0, True),
        (1000.0, 600.0, 1603.0, True),
        (1000.0, 600.0, 1000.0, False),
        (1000.0, 600.0, 1700.0, False),
        (1000.0, 4.0, 1004.0, False),
        (None, 600.0, 1600.0, False),
        (1000.0, 600.0, None, False),
    ],
)
def test_times_that_follow_each_other(
    first_s: float | None, length_s: float, second_s: float | None, follows: bool
) -> None:
    assert times_follow(first_s, length_s, second_s) == follows
