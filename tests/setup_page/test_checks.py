"""The check list: what each fact makes of a line, and what it says to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.settings.model import Settings
from pipeline.setup_page.checks import Check, Facts, RigFacts, check_list, hours_left
from pipeline.setup_page.plan import MatchPlan

GB = 10**9
ONE = MatchPlan(Settings.parse({"sources": ["match"]}))
TWO = MatchPlan(Settings.parse({"sources": ["a.mp4", "b.mp4"]}))
RIGGED = TWO.with_rig(Path("rig.toml"))


def line(name: str, plan: MatchPlan, facts: Facts) -> Check | None:
    return next((check for check in check_list(plan, facts) if check.name == name), None)


def test_an_hour_of_film_takes_what_its_bit_rates_say() -> None:
    assert hours_left(ONE, 3_672_000_000) == pytest.approx(1.0)  # 8160 kbit/s


@pytest.mark.parametrize(("gigabytes", "grade"), [(100, "good"), (8, "warning"), (2, "bad"), (0, "bad")])
def test_the_disk_is_told_in_hours(gigabytes: int, grade: str) -> None:
    found = line("Disk", ONE, Facts(gigabytes * GB))
    assert found is not None
    assert found.grade == grade
    assert "hours of film" in found.text


@pytest.mark.parametrize(
    ("plan", "rig", "grade", "said"),
    [
        (ONE, None, "good", "works without"),
        (TWO, None, "bad", "not calibrated"),
        (RIGGED, RigFacts("good", "", 2), "good", "good"),
        (RIGGED, RigFacts("usable", "few lines", 2), "warning", "usable: few lines"),
        (RIGGED, RigFacts("", "", 2), "warning", "not judged"),
        (RIGGED, RigFacts("good", "", 3), "bad", "3 cameras"),
        (RIGGED, RigFacts(fault="rig.toml: no camera"), "bad", "calibrate again"),
    ],
)
def test_the_calibration_is_judged(plan: MatchPlan, rig: RigFacts | None, grade: str, said: str) -> None:
    found = line("Calibration", plan, Facts(GB, rig=rig))
    assert found is not None
    assert (found.grade, said in found.text) == (grade, True)


@pytest.mark.parametrize(("has_sound", "grade"), [(None, "unknown"), (True, "good"), (False, "warning")])
def test_sound_is_told(has_sound: bool | None, grade: str) -> None:
    found = line("Sound", ONE, Facts(GB, has_sound))
    assert found is not None
    assert found.grade == grade


@pytest.mark.parametrize(("trouble", "grade"), [(None, "unknown"), ("", "good"), ("no answer", "bad")])
def test_the_stream_is_told_if_there_is_one(trouble: str | None, grade: str) -> None:
    streaming = ONE.with_stream("youtube", "abcd-SECRET")
    found = line("Stream", streaming, Facts(GB, stream_trouble=trouble))
    assert found is not None
    assert found.grade == grade
    assert "SECRET" not in found.text
    assert line("Stream", ONE, Facts(GB, stream_trouble=trouble)) is None


def test_the_trial_is_told() -> None:
    grades = [
        line("Trial", ONE, Facts(GB, trial_notes=notes)) for notes in (None, (), ("9 frames were dropped",))
    ]
    assert [one.grade for one in grades if one is not None] == ["unknown", "good", "warning"]


@pytest.mark.parametrize(("is_open", "grade"), [(False, "unknown"), (True, "good")])
def test_whether_phones_reach_the_page_is_told(is_open: bool, grade: str) -> None:
    found = line("Phones", ONE, Facts(GB, is_open=is_open))
    assert found is not None
    assert found.grade == grade


def test_no_camera_is_not_ready() -> None:
    found = line("Cameras", MatchPlan(Settings()), Facts(GB))
    assert found is not None
    assert found.grade == "bad"
