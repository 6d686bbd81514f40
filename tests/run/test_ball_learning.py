"""Tests of learning the ball's looks in a run: when, from what, and that every offline run learns the same."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.analysis.ball_looks import BallLooks, shipped_looks
from pipeline.analysis.detector import Detection
from pipeline.errors import OutputError
from pipeline.run import ball_learning
from pipeline.run.ball_learning import FIRST_SLOTS, SLOT_S, BallLearning
from pipeline.run.kept_looks import keep_looks, looks_path, make_ball_learning, read_looks, write_looks
from pipeline.settings import Settings
from tests.run.learned_play import RIG, STEP_NS, frames, play

SECONDS = 76.0


@pytest.fixture(scope="module")
def taught() -> tuple[BallLearning, list[list[Detection]]]:
    learning = BallLearning(RIG, live=False)
    reported = play(learning, frames(SECONDS))
    learning.close()
    return learning, reported


def found_share(reported: list[list[Detection]], begin_s: float, end_s: float) -> float:
    """In which share of the frames the ball is reported for sure."""
    part = slice(int(begin_s * 1e9) // STEP_NS, int(end_s * 1e9) // STEP_NS)
    truth = [one[3] for one in frames(SECONDS)[part]]
    return float(
        np.mean(
            [
                any(
                    one.label == "ball" and one.score > 0.3
                    and np.hypot(one.yaw_deg - ball[0], one.tilt_deg - ball[1]) < 0.1
                    for one in found
                )
                for found, ball in zip(reported[part], truth, strict=True)
            ]
        )
    )  # fmt: skip


def test_what_the_match_proves_is_used_from_the_first_minute_on(
    taught: tuple[BallLearning, list[list[Detection]]],
) -> None:
    learning, reported = taught
    assert learning.learned is not None
    assert learning.looks == (learning.learned,)
    before, after = found_share(reported, 0.0, 36.0), found_share(reported, 60.0, SECONDS)
    assert after > before + 0.1


def test_an_offline_run_learns_the_same_again(taught: tuple[BallLearning, list[list[Detection]]]) -> None:
    learning, reported = taught
    again = BallLearning(RIG, live=False)
    assert play(again, frames(SECONDS)) == reported
    again.close()
    assert learning.learned is not None
    assert again.learned is not None
    assert again.learned.text() == learning.learned.text()


def test_models_change_at_the_end_of_a_slot_only() -> None:
    learning = BallLearning(RIG, live=False)
    looks, changes = learning.looks, []
    for time_ns, players, spots, _ in frames(SECONDS):
        after = learning.seen(time_ns, [*players, *_sure(spots.detections)], spots)
        if after != looks:
            changes.append(time_ns)
        looks = after
    learning.close()
    assert changes
    assert all(change // 10**9 % SLOT_S == 0 and change % 10**9 < STEP_NS for change in changes)
    assert changes[0] // 10**9 > FIRST_SLOTS * SLOT_S


def _sure(spots: list[Detection]) -> list[Detection]:
    return [Detection("ball", 0.8, one.yaw_deg, one.tilt_deg, 0.2, 0.2) for one in spots[11:]]


def test_live_nothing_waits_for_a_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first lesson never ends: frames go on being taken in, with the looks there are."""
    waited: list[float | None] = []

    class Endless:
        result, news = None, ""

        def __init__(self, *_: object) -> None:
            pass

        def wait(self, timeout_s: float | None) -> bool:
            waited.append(timeout_s)
            return False

    monkeypatch.setattr(ball_learning, "_Job", Endless)
    learning = BallLearning(RIG, live=True)
    play(learning, frames(3.0 * SLOT_S))
    assert learning.looks == (shipped_looks(),)
    assert waited
    assert set(waited) == {0.0}
    learning.close()
    assert learning.learned is None


def test_a_model_that_later_frames_refute_is_neither_used_nor_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = shipped_looks()
    learned = replace(shipped, bias=shipped.bias + 1.0)
    results = [None, learned, shipped]
    used: list[tuple[BallLooks, ...]] = []

    class Scripted:
        news = ""

        def __init__(self, *_: object) -> None:
            self.result = results.pop(0)

        def wait(self, timeout_s: float | None) -> bool:
            return True

    monkeypatch.setattr(ball_learning, "_Job", Scripted)
    learning = BallLearning(RIG, live=True)
    for time_ns, players, spots, _ in frames(3.0 * SLOT_S + 1.0):
        used.append(learning.seen(time_ns, players, spots))
    assert used[-1] == (learned,)
    assert learning.learned is learned
    learning.close()
    assert learning.looks == (shipped,)
    assert learning.learned is None


def test_a_lesson_that_fails_is_told_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("no proof")

    monkeypatch.setattr(ball_learning, "proven_ball", fails)
    learning = BallLearning(RIG, live=False)
    with caplog.at_level(logging.WARNING):
        play(learning, frames(2.0 * SLOT_S + 1.0))
        learning.close()
    assert learning.looks == (shipped_looks(),)
    assert [one.message for one in caplog.records] == [
        "nothing is learned of the ball's looks: ValueError: no proof"
    ]


def test_play_that_jumps_back_is_no_chain() -> None:
    learning = BallLearning(RIG, live=False)
    play(learning, frames(5.0))
    for time_ns, players, spots, _ in frames(1.0):
        assert learning.seen(time_ns, players, spots) == (shipped_looks(),)
    learning.close()


def test_a_kept_model_judges_beside_the_shipped_one_until_the_match_decides(
    taught: tuple[BallLearning, list[list[Detection]]],
) -> None:
    kept = taught[0].learned
    assert kept is not None
    learning = BallLearning(RIG, live=False, kept=kept)
    assert learning.looks == (shipped_looks(), kept)
    play(learning, frames(SECONDS))
    learning.close()
    assert len(learning.looks) == 1


def test_another_ball_at_the_same_place_is_learned_as_well() -> None:
    other = BallLearning(RIG, live=False)
    play(other, frames(SECONDS, red=-1.0))
    other.close()
    assert other.learned is not None
    learning = BallLearning(RIG, live=False, kept=other.learned)
    reported = play(learning, frames(SECONDS))
    learning.close()
    assert learning.looks[0] is not other.learned
    assert found_share(reported, 60.0, SECONDS) > 0.5


def settings(tmp_path: Path, **detector: Any) -> Settings:
    rig = tmp_path / "club.toml"
    RIG.save(rig)
    return Settings.parse({"sources": ["match"], "rig": str(rig), "live": False, "detector": detector})


def test_what_was_learned_is_kept_beside_the_rig_and_used_by_the_next_run(
    tmp_path: Path, taught: tuple[BallLearning, list[list[Detection]]]
) -> None:
    run = settings(tmp_path)
    notes: list[str] = []
    learning = make_ball_learning(run, RIG, notes.append)
    assert learning is not None
    assert learning.looks == (shipped_looks(),)
    assert keep_looks(learning, run) is None  # nothing was learned
    assert not (tmp_path / "club.looks.json").exists()
    assert keep_looks(taught[0], run) == tmp_path / "club.looks.json"
    after = make_ball_learning(run, RIG, notes.append)
    assert after is not None
    assert len(after.looks) == 2
    assert taught[0].learned is not None
    assert after.looks[1].text() == taught[0].learned.text()
    assert notes == []
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["club.looks.json", "club.toml"]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"version": 99}'])
def test_a_bad_file_is_told_in_one_line_and_ignored(tmp_path: Path, text: str) -> None:
    run = settings(tmp_path)
    (tmp_path / "club.looks.json").write_text(text)
    notes: list[str] = []
    learning = make_ball_learning(run, RIG, notes.append)
    assert learning is not None
    assert learning.looks == (shipped_looks(),)
    assert len(notes) == 1
    assert "club.looks.json" in notes[0]
    assert "ignored" in notes[0]
    assert "\n" not in notes[0]


def test_nobody_learns_if_that_is_switched_off_or_there_is_no_motion_detector(tmp_path: Path) -> None:
    assert make_ball_learning(settings(tmp_path, learn=False), RIG, print) is None
    assert make_ball_learning(settings(tmp_path, kind="none"), RIG, print) is None


def test_a_match_without_a_rig_file_keeps_nothing() -> None:
    assert looks_path(Settings.parse({"sources": ["match"]})) is None


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot keep .*looks\.json.*learns it anew"):
        write_looks(tmp_path / "gone" / "club.looks.json", shipped_looks())


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "club.looks.json"
    write_looks(path, shipped_looks())
    read = read_looks(path, print)
    assert isinstance(read, BallLooks)
    assert read.text() == shipped_looks().text()
