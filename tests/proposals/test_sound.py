"""Whistles and crowds in the sound: what is found, and what is not taken for them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.proposals.crowd import CrowdFinder, CrowdRise
from pipeline.proposals.sound_frames import SoundAnalyser, SoundFrames
from pipeline.proposals.whistle import Whistle, WhistleFinder
from pipeline.timebase import NS_PER_S
from tests.proposals import sounds
from tests.proposals.sounds import RATE_HZ, Array, from_then_on, noise

pytestmark = pytest.mark.timeout(600)

SECONDS = 40.0
LATE_S = 25.0
MURMUR = 0.01


def frames_of(sound: Array, rate_hz: int = RATE_HZ) -> SoundFrames:
    return SoundAnalyser(rate_hz).add(0, sound.astype(np.float32))


def whistles_in(sound: Array, rate_hz: int = RATE_HZ) -> list[Whistle]:
    end = np.zeros(rate_hz // 2)  # a whistle ends when something else follows
    return WhistleFinder().add(frames_of(np.concatenate([sound, end]), rate_hz))


def rises_in(sound: Array) -> list[CrowdRise]:
    return CrowdFinder().add(frames_of(sound))


def with_whistle(hz: float, pea_hz: float, seconds: float, level: float, crowd: float) -> Array:
    sound = crowd * noise(6.0)
    begin = 3 * RATE_HZ
    blown = level * sounds.whistle(seconds, hz, pea_hz)
    sound[begin : begin + len(blown)] += blown
    return sound


@pytest.mark.parametrize("hz", [2850.0, 3500.0, 4250.0])
@pytest.mark.parametrize("pea_hz", [0.0, 35.0])
@pytest.mark.parametrize("seconds", [0.35, 1.2])
@pytest.mark.parametrize("crowd", [0.0, 0.05])
def test_a_whistle_is_found_at_its_time(hz: float, pea_hz: float, seconds: float, crowd: float) -> None:
    (found,) = whistles_in(with_whistle(hz, pea_hz, seconds, 0.05, crowd))
    assert abs(found.begin_ns - 3 * NS_PER_S) < 0.1 * NS_PER_S
    assert abs(found.end_ns - found.begin_ns - seconds * NS_PER_S) < 0.15 * NS_PER_S
    assert abs(found.tone_hz - hz) < 100.0


@pytest.mark.parametrize(
    ("hz", "seconds"), [(3300.0, 0.05), (3300.0, 5.0), (1200.0, 0.5), (7000.0, 0.5)], ids=str
)
def test_what_is_too_short_too_long_or_no_whistles_tone_is_none(hz: float, seconds: float) -> None:
    sound = 0.01 * noise(10.0)
    begin = 3 * RATE_HZ
    tone = 0.05 * sounds.whistle(seconds, hz)
    sound[begin : begin + len(tone)] += tone
    assert whistles_in(sound) == []


NEGATIVES = {
    "silence": sounds.silence(SECONDS),
    "white noise": 0.1 * noise(SECONDS, 0.0),
    "pink noise": 0.1 * noise(SECONDS, 1.0),
    "wind": 0.1 * noise(SECONDS, 2.0),
    "music": 0.1 * sounds.music(SECONDS, 13, 220.0),
    "flute": 0.1 * sounds.music(SECONDS, 4, 700.0),
    "speech": 0.1 * sounds.speech(SECONDS),
    "drums": 0.1 * sounds.drums(SECONDS),
    "music that begins": MURMUR * noise(SECONDS)
    + from_then_on(0.1 * sounds.music(SECONDS, 13, 220.0), LATE_S),
    "a flute that begins": MURMUR * noise(SECONDS)
    + from_then_on(0.1 * sounds.music(SECONDS, 4, 700.0), LATE_S),
    "a voice that begins": MURMUR * noise(SECONDS) + from_then_on(0.1 * sounds.speech(SECONDS), LATE_S),
    "drums that begin": MURMUR * noise(SECONDS) + from_then_on(0.1 * sounds.drums(SECONDS), LATE_S),
    "slowly louder": MURMUR * noise(SECONDS) * np.linspace(1.0, 10.0, round(SECONDS * RATE_HZ)),
    "a bang": MURMUR * noise(SECONDS) + 0.5 * noise(SECONDS) * (abs(sounds.times(SECONDS) - LATE_S) < 0.1),
}


@pytest.mark.parametrize("sound", NEGATIVES.values(), ids=NEGATIVES)
def test_what_is_no_whistle_and_no_crowd_is_taken_for_neither(sound: Array) -> None:
    assert whistles_in(sound) == []
    assert rises_in(sound) == []


@pytest.mark.parametrize("times", [2.5, 4.0, 10.0])
def test_a_crowd_that_rises_is_found_with_its_height_and_its_length(times: float) -> None:
    at_s = sounds.times(SECONDS)
    loud = np.interp(at_s, [LATE_S, LATE_S + 0.5, LATE_S + 7.5, LATE_S + 9.0], [1.0, times, times, 1.0])
    (rise,) = rises_in(MURMUR * noise(SECONDS) * loud)
    assert abs(rise.begin_ns / NS_PER_S - LATE_S) < 1.0
    assert abs(rise.rise_db - 20 * np.log10(times)) < 2.0
    assert 6.0 < rise.lasts_ns / NS_PER_S < 9.0
    assert rise.is_over


def test_the_first_seconds_of_a_match_are_no_rise() -> None:
    assert rises_in(0.1 * from_then_on(noise(SECONDS), 1.0)) == []


@given(st.lists(st.integers(0, 9000), max_size=30), st.sampled_from([8_000, 16_000, 44_100, 48_000]))
def test_frames_do_not_depend_on_the_portions(portions: list[int], rate_hz: int) -> None:
    sound = noise(1.0)[: rate_hz // 2].astype(np.float32)
    whole = SoundAnalyser(rate_hz).add(5 * NS_PER_S, sound)
    analyser, parts, begin = SoundAnalyser(rate_hz), [], 0
    for portion in [*portions, len(sound)]:
        piece = sound[begin : begin + portion]
        parts.append(analyser.add(5 * NS_PER_S + begin * NS_PER_S // rate_hz, piece))
        begin += len(piece)
    levels = np.concatenate([part.level_db for part in parts])
    np.testing.assert_allclose(levels, whole.level_db, atol=1e-4)
    assert abs(np.concatenate([part.time_ns for part in parts]) - whole.time_ns).max(initial=0) < 100_000


def test_sound_after_a_gap_begins_anew() -> None:
    analyser, second = SoundAnalyser(RATE_HZ), noise(1.0).astype(np.float32)
    analyser.add(0, second)
    later = analyser.add(10 * NS_PER_S, second)
    assert int(later.time_ns[0]) >= 10 * NS_PER_S


def test_sound_of_a_telephone_has_no_whistles_and_does_no_harm() -> None:
    assert whistles_in(0.1 * noise(2.0)[:12_000], 4_000) == []
