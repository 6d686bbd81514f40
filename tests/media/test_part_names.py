"""The names of the parts that follow a failure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.media.part_names import next_part, part_path

VIDEO = Path("videos/match.mp4")


@pytest.mark.parametrize(
    ("names", "number"),
    [
        ([], 1),
        (["match.mp4"], 2),
        (["match.part2.mp4"], 3),
        (["match.part7.mp4", "match.mp4"], 8),
        (["match.mkv", "rematch.mp4", "match.mp4.bak", ".match.mp4.lock", "match.part2.rig.toml"], 1),
        (["match-00004.mp4"], 2),
        (["match.part3-00000.mp4"], 4),
        (["match.part.mp4", "match.partx.mp4", "match.part2x.mp4"], 1),
    ],
)
def test_the_next_part_follows_the_highest(names: list[str], number: int) -> None:
    assert next_part(VIDEO, (".mp4",), names) == number


def test_segments_belong_to_their_playlist() -> None:
    playlist = Path("live.m3u8")
    assert next_part(playlist, (".m4s", ".mp4"), ["live-00003.m4s"]) == 2
    assert next_part(playlist, (".m4s", ".mp4"), ["live.part2-init.mp4"]) == 3


def test_the_first_part_has_the_outputs_own_name() -> None:
    assert part_path(VIDEO, 1) == VIDEO
    assert part_path(VIDEO, 2) == Path("videos/match.part2.mp4")


@given(
    st.from_regex(r"[A-Za-z0-9.()+\[\]%ä -]{1,12}\.(mp4|m3u8)", fullmatch=True),
    st.sets(st.integers(1, 99), max_size=6),
)
def test_a_part_is_never_one_that_exists(name: str, there: set[int]) -> None:
    path = Path("/videos") / name
    names = {part_path(path, number).name for number in there}
    number = next_part(path, (path.suffix,), names)
    assert part_path(path, number).name not in names
    assert number > max(there, default=0)
