"""Tests of the sound, of finding flashes and clicks, and of the ground-truth file."""

from __future__ import annotations

import csv
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.match.play import Play
from pipeline.match.settings import MatchSettings
from pipeline.match.sound import RATE_HZ, Sound
from pipeline.match.sync import FLASH_LIFT, click, find_clicks, find_flashes, is_marked, mark_time
from pipeline.match.truth import MatchTruth, TruthRows, frame_time_ns

SETTINGS = MatchSettings(seed=3)


@pytest.fixture(scope="module")
def ten_seconds() -> np.ndarray:
    return Sound(SETTINGS).read(0, 10 * RATE_HZ)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(1, 9000), min_size=5, max_size=25))
def test_the_sound_is_the_same_in_chunks_of_any_size(ten_seconds: np.ndarray, portions: list[int]) -> None:
    sound, position = Sound(SETTINGS), 0
    for count in portions:
        assert np.array_equal(sound.read(position, count), ten_seconds[position : position + count])
        position += count


def test_the_sound_never_clips_and_is_never_silent() -> None:
    sound = Sound(SETTINGS).read(0, 60 * RATE_HZ) / 32768.0
    assert np.abs(sound).max() < 0.98
    seconds = sound.reshape(60, RATE_HZ, 2).std(axis=1)
    assert seconds.min() > 0.01
    assert np.corrcoef(sound[:RATE_HZ].T)[0, 1] < 0.6


def test_the_crowd_gets_louder_when_a_goal_is_near() -> None:
    sound = Sound(MatchSettings(seed=11, marks=False)).read(0, 80 * RATE_HZ).astype(np.float64)
    loudness = sound.reshape(-1, RATE_HZ, 2).std(axis=(1, 2))
    play = Play(11)
    danger = np.array([play.at(second + 0.5).danger for second in range(80)])
    calm, tense = danger < np.quantile(danger, 0.3), danger > np.quantile(danger, 0.95)
    assert loudness[tense].mean() > 1.3 * loudness[calm].mean()


def test_the_sound_cannot_go_back_in_time() -> None:
    sound = Sound(SETTINGS)
    sound.read(4800, 10)
    with pytest.raises(ValueError, match="does not run back"):
        sound.read(0, 10)


def test_clicks_begin_exactly_at_the_marks(ten_seconds: np.ndarray) -> None:
    found = find_clicks(ten_seconds, RATE_HZ)
    assert np.rint(found * RATE_HZ).tolist() == [second * RATE_HZ for second in range(1, 10)]


def test_without_marks_there_are_no_clicks() -> None:
    assert find_clicks(Sound(MatchSettings(seed=3, marks=False)).read(0, 10 * RATE_HZ), RATE_HZ).size == 0


@pytest.mark.parametrize(
    "fps", [Fraction(30), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(24)]
)
def test_flash_and_click_have_the_same_time_at_any_rate(fps: Fraction) -> None:
    marked = [index for index in range(round(12 * fps)) if is_marked(index, fps)]
    times = [Fraction(index) / fps for index in marked]
    assert times == [mark_time(second, fps) for second in range(1, 1 + len(marked))]
    assert all(second <= time < second + 1 / fps for second, time in enumerate(times, 1))
    found = find_clicks(Sound(MatchSettings(seed=2, fps=fps)).read(0, 5 * RATE_HZ), RATE_HZ)
    assert found == pytest.approx([float(time) for time in times[: len(found)]], abs=0.6 / RATE_HZ)
    assert len(found) == 4


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.02, 0.6), st.sampled_from([44100, 48000, 96000]))
def test_clicks_are_found_in_noise_at_any_level_and_rate(seed: int, level: float, rate_hz: int) -> None:
    rng = np.random.default_rng(seed)
    sound = rng.standard_normal(3 * rate_hz) * 0.1 * level
    starts = sorted(rng.integers(100, rate_hz - 1000, 3) + np.arange(3) * rate_hz)
    starts = [start for i, start in enumerate(starts) if i == 0 or start - starts[i - 1] > 0.6 * rate_hz]
    for start in starts:
        samples = level * click(rate_hz)
        sound[start : start + samples.size] += samples
    assert np.abs(find_clicks(sound, rate_hz) * rate_hz - starts).max() <= 1


def test_flashes_are_found_on_a_view_that_drifts_and_jumps() -> None:
    rng = np.random.default_rng(0)
    times = np.arange(300) / 30 + 7.0
    luma = 90 + 15 * np.sin(times * 1.3) + 0.15 * rng.standard_normal(300)
    luma[150:] += 20.0
    marks = [index for index in range(300) if is_marked(index, Fraction(30))]
    luma[marks] += FLASH_LIFT
    assert find_flashes(times, luma) == pytest.approx(times[marks])


def test_nothing_is_found_without_marks() -> None:
    assert find_flashes([], []).size == 0
    assert find_flashes(np.arange(50) / 30, np.full(50, 80.0)).size == 0
    assert find_clicks(np.zeros(48000), 48000).size == 0
    assert find_clicks(np.zeros(10), 48000).size == 0


@pytest.mark.parametrize("step", [1, 3, 10])
def test_the_ground_truth_is_a_track_in_however_many_steps_it_is_read(step: int) -> None:
    truth = TruthRows.of_angles(SETTINGS, lambda: 7_000_000_000)
    lines = [truth.header]
    for index in (*range(0, 9, step), 9):
        lines += truth.until(7_000_000_000 + frame_time_ns(index, SETTINGS))
    assert list(truth.until(7_000_000_000)) == [], "each frame once"
    rows = list(csv.DictReader(lines))
    assert list(rows[0]) == ["time_s", "yaw_deg", "pitch_deg", "confidence", "label"]
    assert len(rows) == 10 * 23
    assert [row["label"] for row in rows[:23]] == ["ball"] + ["player"] * 22
    assert float(rows[23]["time_s"]) == pytest.approx(7 + 1 / 30, abs=1e-9)
    expected = MatchTruth(SETTINGS).at(frame_time_ns(0, SETTINGS))[0]
    assert float(rows[0]["yaw_deg"]) == pytest.approx(expected.yaw_deg, abs=1e-9)
