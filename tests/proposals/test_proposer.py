"""What sound and tracks tell together: made up cues, and the built-in match against its truth."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from pipeline.match.settings import MatchSettings
from pipeline.match.sound import RATE_HZ, Sound
from pipeline.match.truth import TrackTruth, events_until
from pipeline.media.track_rows import TrackRow
from pipeline.proposals.play import GoalMouth
from pipeline.proposals.proposal import Proposal
from pipeline.proposals.proposer import Proposer
from pipeline.timebase import NS_PER_S
from tests.proposals import sounds
from tests.proposals.test_play import AT_REST, PLAYED, STEP_NS, crowd, kick_off, row

pytestmark = pytest.mark.timeout(600)

FIELD = GoalMouth(105.0, 68.0, 3.66, 2.44)
SEED, SECONDS = 11, 42
"""Its first goal is at 24 s, the next kick-off at 35 s."""


def held(said: Sequence[Proposal]) -> list[Proposal]:
    """The last of each number, without those that were withdrawn."""
    last = {one.number: one for one in said}
    return [one for one in last.values() if one.confidence]


def match_said(*, with_tracks: bool) -> list[Proposal]:
    settings = MatchSettings(seed=SEED)
    sound, truth, said = Sound(settings), TrackTruth(settings), list[Proposal]()
    proposer = Proposer(FIELD if with_tracks else None)
    for second in range(SECONDS):
        samples = sound.read(second * RATE_HZ, RATE_HZ).astype(np.float32) / 32768
        said += proposer.hear(second * NS_PER_S, samples, RATE_HZ)
        rows: list[TrackRow] = []
        for step in range(12):
            rows += truth.at(second * NS_PER_S + step * NS_PER_S // 12)
        said += proposer.see(rows)
    return said


def test_the_goal_of_the_match_is_proposed_at_its_moment_and_surer_after_the_kick_off() -> None:
    events = events_until(MatchSettings(seed=SEED), SECONDS)
    (goal_s,) = (event.time_s for event in events if event.kind == "goal")
    kick_off_s = max(event.time_s for event in events if event.kind == "kick-off")
    by_sound, by_both = match_said(with_tracks=False), match_said(with_tracks=True)
    for said in (by_sound, by_both):
        (goal,) = (one for one in held(said) if one.kind == "goal")
        assert abs(goal.captured_ns / NS_PER_S - goal_s) < 1.0
        assert {cue.split()[0] for cue in goal.cues} >= {"crowd", "whistle"}
        assert not [
            one for one in held(said) if one.kind == "stop" and abs(one.captured_ns / 1e9 - goal_s) < 2
        ]
    first = next(one for one in by_sound if one.kind == "goal")
    assert first.known_ns - first.captured_ns < 7 * NS_PER_S  # before the usual delay is over
    (sure,) = (one for one in held(by_both) if one.kind == "goal")
    assert sure.confidence > first.confidence
    assert sure.cues[0].startswith("start at the centre spot")
    (kick_off,) = (one for one in held(by_both) if one.kind == "kick-off" and one.captured_ns > 30 * NS_PER_S)
    assert abs(kick_off.captured_ns / NS_PER_S - kick_off_s) < 0.5
    assert [one for one in by_sound if one.kind == "kick-off"] == []


def test_it_says_the_same_each_time_and_nothing_twice() -> None:
    said = match_said(with_tracks=False)
    assert said == match_said(with_tracks=False)
    for before, now in itertools.pairwise(said):
        assert before != now


def test_silence_and_an_empty_field_are_worth_nothing() -> None:
    proposer = Proposer(FIELD)
    silence = np.zeros((RATE_HZ, 2), np.float32)
    for second in range(60):
        assert proposer.hear(second * NS_PER_S, silence, RATE_HZ) == []
        assert proposer.see([]) == []


def test_a_kick_offs_whistle_is_no_stop_however_long_ago_it_was() -> None:
    proposer, said = Proposer(FIELD), list[Proposal]()
    blown = np.zeros((3 * RATE_HZ, 1), np.float32)
    whistle = 0.05 * sounds.whistle(0.6, 3300.0)
    blown[RATE_HZ + 36_000 : RATE_HZ + 36_000 + len(whistle), 0] = (
        whistle  # the ball leaves the spot at 1.75 s
    )
    blown += (0.002 * sounds.noise(3.0)).astype(np.float32)[:, None]
    people = crowd(kick_off, teams=True)
    for step, ball in enumerate([*AT_REST, *PLAYED]):
        time_ns = step * STEP_NS
        rows = [row(time_ns, 0, "", *ball), *(replace(one, time_ns=time_ns) for one in people)]
        said += proposer.see(rows)
    said += proposer.hear(0, blown, RATE_HZ)
    silence = np.zeros((RATE_HZ, 1), np.float32)
    for second in range(3, 200):
        said += proposer.hear(second * NS_PER_S, silence, RATE_HZ)
    assert [one.kind for one in held(said)] == ["kick-off"]


def test_only_what_is_wanted_is_said() -> None:
    sound = 0.01 * sounds.noise(6.0)
    blown = 0.05 * sounds.whistle(0.6, 3300.0)
    sound[RATE_HZ : RATE_HZ + len(blown)] += blown
    samples = sound.astype(np.float32)[:, None]
    (stop,) = Proposer(None).hear(0, samples, RATE_HZ)
    assert (stop.kind, stop.why, round(stop.captured_ns / NS_PER_S, 1)) == ("stop", "whistle", 1.0)
    assert Proposer(None, ["goal", "chance"]).hear(0, samples, RATE_HZ) == []
