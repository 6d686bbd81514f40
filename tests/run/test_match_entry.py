"""Entering score, clock and tags by captured time: what stays, what is refused, and what the film then shows."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ConfigError, OutputError, StateError
from pipeline.run.match_entry import Entered, MatchEntry, UndoneTag
from pipeline.run.tag_book import read_tags
from pipeline.scoring import Clock, MatchScore
from pipeline.settings import Settings
from pipeline.timebase import NS_PER_S
from tests.buffering.pipes import Pipes, video_source
from tests.videos import pictures


def entry(pipes: Pipes, failed: list[OutputError] | None = None, **settings: object) -> MatchEntry:
    return MatchEntry(Settings.parse(settings), pipes.manager, ([] if failed is None else failed).append)


@pytest.fixture
def pipes() -> Pipes:
    return Pipes(video_source(30, live=False), "appsrc name=video_src ! fakesink name=video_out", live=False)


def test_what_is_left_out_of_a_score_stays_as_it_was_at_that_time(pipes: Pipes) -> None:
    match = entry(pipes, teams={"sport": "basketball"})
    match.set_score(10 * NS_PER_S, 4, 2, home_fouls=3)
    assert match.set_score(20 * NS_PER_S, 6, 2, away_fouls=1).value == MatchScore(6, 2, 3, 1)
    assert match.set_score(5 * NS_PER_S, 1, 0) == Entered(MatchScore(1, 0, 0, 0), 5 * NS_PER_S)
    with pytest.raises(ConfigError, match="allowed"):
        match.set_score(20 * NS_PER_S, 1000, 0)
    with pytest.raises(ConfigError, match="home_fouls"):
        entry(pipes).set_score(0, 1, 0, home_fouls=1)


def test_the_clock_stops_and_goes_on_where_it_is_and_a_period_begins_at_0(pipes: Pipes) -> None:
    match, second = entry(pipes), NS_PER_S
    match.set_clock(10 * second, True)
    stopped = match.set_clock(25 * second, False, added_min=2)
    assert stopped == Entered(Clock(25 * second, False, 1, 15 * second, 2), 25 * second)
    assert match.set_clock(40 * second, True).value == Clock(40 * second, True, 1, 15 * second, 2)
    assert match.set_clock(50 * second, period=2).value == Clock(50 * second, True, 2)
    assert match.set_clock(55 * second, elapsed_s=100.5).value.elapsed_ns == 100_500_000_000


def test_a_lower_third_needs_a_run_that_draws(pipes: Pipes) -> None:
    match = entry(pipes)
    for show in (lambda: match.set_lower_third(0, "Eva"), lambda: match.set_replay(0, "Replay")):
        with pytest.raises(StateError, match="start it with --scoreboard"):
            show()


def test_a_moment_is_given_in_one_of_three_ways(pipes: Pipes) -> None:
    match = entry(pipes)
    assert match.captured_ns(12.5, None) == 12_500_000_000
    for given in ((None, None), (1.0, 1.0), (1.0, None, 0.0), (None, 0.0, 0.0)):
        with pytest.raises(ConfigError, match="captured_s, seconds_ago or shown_seconds_ago, one of them"):
            match.captured_ns(*given)
    with pytest.raises(StateError, match="nothing has been captured yet"):
        match.captured_ns(None, 1.0)
    with pytest.raises(StateError, match="nothing has been shown yet"):
        match.captured_ns(None, None, 0.0)
    with pipes:
        pipes.play()
        pipes.wait_eos()
        newest_ns = pipes.manager.newest_ns
        assert newest_ns == 29 * NS_PER_S // 30
        assert match.captured_ns(None, 0.5) == newest_ns - NS_PER_S // 2
        assert match.captured_ns(None, 60.0) == 0
        shown_ns = pipes.manager.playhead_ns
        assert shown_ns is not None
        assert match.captured_ns(None, None, 0.25) == shown_ns - NS_PER_S // 4


def test_tags_are_set_from_the_start_on_and_kept_if_their_file_fails(pipes: Pipes, tmp_path: Path) -> None:
    failed: list[OutputError] = []
    match = entry(pipes, failed, export={"tags_out": str(tmp_path / "none" / "tags.jsonl")})
    with pytest.raises(StateError, match="not started yet"):
        match.add_tag(0, "goal", "home", "", "")
    assert match.tags() == ()
    match.begin()
    assert "tags.jsonl: cannot be written" in str(failed[0])
    tag = match.add_tag(0, "goal", "home", "", "")
    assert match.tags() == (tag,)
    assert match.undo_tag(1, "phone") == UndoneTag(tag)
    match.close()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"teams": {"sport": "soccer"}}, "teams.sport: there is no sport"),
        ({"teams": {"home": "a\nb"}}, "teams.home: the team's name"),
        ({"teams": {"away_colour": "red"}}, "teams.away: the team's colour is 'red'"),
        ({"teams": {"home_short": "much too long"}}, "teams.home: the team's short name"),
        ({"teams": {"home_logo": "none.png"}}, "teams.home_logo: there is no file none.png"),
        ({"graphics": {"sponsor": "none.png"}}, "graphics.sponsor: there is no file none.png"),
        ({"graphics": {"scoreboard": True, "template": "none.svg"}}, "none.svg"),
        ({"graphics": {"scoreboard": True, "template": "board"}}, "there is no template 'board'"),
    ],
)
def test_what_cannot_be_shown_is_refused_before_the_run(settings: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        PanoramaWithVirtualCamera(Settings.parse({"sources": ["match"], "outputs": ["x.mkv"], **settings}))
    assert "\n" not in str(caught.value)


def test_a_run_draws_score_and_clock_at_their_frames_and_writes_its_tags(tmp_path: Path) -> None:
    film, tags = tmp_path / "match.mkv", tmp_path / "tags.jsonl"
    settings = Settings.parse(
        {
            "sources": ["match?size=640x214&fps=10"],
            "outputs": [str(film)],
            "size": "640x360",
            "delay_s": 1.0,
            "duration_s": 3.0,
            "live": False,
            "detector": {"kind": "none"},
            "encoder": {"bitrate_kbps": 20_000},
            "graphics": {"scoreboard": True},
            "export": {"tags_out": str(tags)},
        }
    )
    run = PanoramaWithVirtualCamera(settings)
    run.match.set_score(12 * NS_PER_S // 10, 11, 0)
    run.match.set_clock(20 * NS_PER_S // 10, True)
    once = itertools.count()

    def goal(_progress: object) -> None:
        if next(once) == 0:
            run.match.add_tag(12 * NS_PER_S // 10, "goal", "home", "Meyer", "phone")

    run.run(goal)
    frames = pictures(film, 640, 360)
    assert len(frames) == 30
    scores = [frame[16:34, 123:143].astype(int) for frame in frames]  # the home team's score
    clocks = [frame[15:35, 15:60].astype(int) for frame in frames]
    changed = [frame for frame in range(1, 30) if np.abs(scores[frame] - scores[frame - 1]).mean() > 15]
    assert changed == [12]
    assert np.abs(clocks[20] - clocks[19]).mean() > 40
    assert [tag.label for tag in read_tags(tags)] == ["Meyer"]
