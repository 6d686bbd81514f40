"""Tests of the note on an output that is too large for the pixels of the sources."""

from __future__ import annotations

import re

import pytest

from pipeline.match.match import match_rig
from pipeline.match.settings import MatchSettings
from pipeline.optics.rig import Rig
from pipeline.optics.shot_limits import MOST_ENLARGED, shot_limits
from pipeline.run.director_choice import enlargement_note
from pipeline.settings import Settings, Size
from tests.optics.rigs import two_cameras

COARSE = {
    "a panorama of 348 rows": Rig.assume(2320, 348),
    "a small panorama": match_rig(MatchSettings(width=960, height=320)),
    "a small camera": Rig.assume(640, 360),
    "an upright phone": Rig.assume(360, 640),
}


def note(rig: Rig, size: str, **more: object) -> str | None:
    """What a run with this rig and this size says."""
    settings = Settings.model_validate({"sources": ["match"], "size": size, **more})
    return enlargement_note(settings.film_specs[0].picture, rig)


@pytest.mark.parametrize(
    ("source", "size"),
    [
        ("a panorama of 348 rows", "1920x1080"),
        ("a small panorama", "2560x1080"),
        ("a small camera", "1080x1920"),
        ("an upright phone", "1920x1080"),
    ],
)
def test_the_size_that_a_note_gives_is_sharp_and_as_large_as_usual_sizes_are(source: str, size: str) -> None:
    rig = COARSE[source]
    said = note(rig, size)
    assert said is not None
    assert size in said
    wanted = Size.parse(size)
    enlargement = shot_limits(rig, (wanted.width_px, wanted.height_px)).enlargement
    assert f"up to {enlargement:.1f} times" in said
    (advice,) = re.findall(r"--size (\d+x\d+)", said)
    assert note(rig, advice) is None
    sharp = Size.parse(advice)
    assert sharp.width_px / sharp.height_px == pytest.approx(wanted.width_px / wanted.height_px, rel=0.01)
    assert 2.1 * sharp.width_px > wanted.width_px * MOST_ENLARGED / enlargement


@pytest.mark.parametrize(
    ("rig", "size"),
    [
        (two_cameras(), "640x360"),
        (match_rig(MatchSettings()), "1920x1080"),
        (Rig.assume(1920, 1080), "1920x1080"),
    ],
)
def test_sources_with_enough_pixels_get_none(rig: Rig, size: str) -> None:
    assert note(rig, size) is None


def test_a_view_that_nobody_directs_gets_none() -> None:
    rig = COARSE["a small camera"]
    assert note(rig, "1920x1080", mode="panorama") is None
    fixed = {"fixed_view": {"yaw_deg": 0.0, "pitch_deg": -10.0, "hfov_deg": 20.0}}
    assert note(rig, "1920x1080", director=fixed) is None
