"""Adding to the score: whatever the order, whoever is at it, nothing is lost, and a refusal changes nothing."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.buffering import annotations
from pipeline.errors import ConfigError, LateError, OutputError, StateError
from pipeline.run.match_entry import MatchEntry, UndoneTag
from pipeline.scoring import MatchScore
from pipeline.scoring.values import SIDES
from pipeline.settings import Settings
from pipeline.timebase import NS_PER_S
from tests.buffering.pipes import Pipes, video_source

S = NS_PER_S


@pytest.fixture
def pipes() -> Pipes:
    return Pipes(video_source(30, live=False), "appsrc name=video_src ! fakesink name=video_out", live=False)


def entry(pipes: Pipes, sport: str = "football") -> MatchEntry:
    failed: list[OutputError] = []
    match = MatchEntry(Settings.parse({"teams": {"sport": sport}}), pipes.manager, failed.append)
    match.begin()
    return match


def shown(pipes: Pipes, at_ns: int) -> MatchScore:
    held = pipes.manager.annotations.at("score", at_ns)
    return MatchScore() if held is None else held.data


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(SIDES), st.integers(1, 3)), max_size=12))
def test_each_frame_shows_all_that_was_added_until_then_whatever_the_order(
    added: list[tuple[int, str, int]],
) -> None:
    pipes = Pipes(video_source(1, live=False), "appsrc name=video_src ! fakesink name=video_out", live=False)
    match = entry(pipes, "basketball")
    for second, side, points in added:
        match.add_to_score(second * S, side, points)  # type: ignore[arg-type]
    for second in range(10):
        home, away = (
            sum(points for at, of, points in added if at <= second and of == side) for side in SIDES
        )
        assert shown(pipes, second * S) == MatchScore(home, away)


def test_a_late_goal_changes_every_score_that_was_set_for_later(pipes: Pipes) -> None:
    match = entry(pipes)
    match.set_score(10 * S, 1, 0)
    match.set_score(30 * S, 1, 1)
    assert match.add_to_score(20 * S, "home", 1).value == MatchScore(2, 0)
    assert [shown(pipes, at * S) for at in (5, 10, 20, 30)] == [
        MatchScore(0, 0),
        MatchScore(1, 0),
        MatchScore(2, 0),
        MatchScore(2, 1),
    ]
    match.add_to_score(20 * S, "home", -1)
    assert [shown(pipes, at * S) for at in (20, 30)] == [MatchScore(1, 0), MatchScore(1, 1)]


@pytest.mark.parametrize(
    ("later", "points", "fouls", "told"),
    [
        (MatchScore(0, 5), -1, 0, "the home team has nothing left to take away"),
        (MatchScore(99, 0), 1, 0, "allowed: a whole number, 0 to 99"),
        (MatchScore(1, 0), 0, 1, "home_fouls"),
        (MatchScore(1, 0), 0, 0, "give points or fouls"),
    ],
)
def test_all_scores_change_or_none(
    pipes: Pipes, later: MatchScore, points: int, fouls: int, told: str
) -> None:
    match = entry(pipes)
    match.set_score(10 * S, 1, 0)
    match.set_score(20 * S, later.home, later.away)
    with pytest.raises(ConfigError, match=told):
        match.add_to_score(10 * S, "home", points, fouls)
    assert [shown(pipes, at * S) for at in (10, 20)] == [MatchScore(1, 0), later]


def test_where_there_is_no_room_for_another_score_nothing_changes(
    pipes: Pipes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotations, "MOST_OF_A_KIND", 2)
    match = entry(pipes)
    match.add_to_score(10 * S, "home", 1)
    match.add_to_score(20 * S, "away", 1)
    match.add_to_score(10 * S, "home", 1)  # of the same times: no further place is needed
    with pytest.raises(StateError, match="2 annotations"):
        match.add_to_score(5 * S, "home", 1)
    assert [shown(pipes, at * S) for at in (5, 10, 20)] == [
        MatchScore(),
        MatchScore(2, 0),
        MatchScore(2, 1),
    ]


def test_two_who_press_plus_at_once_lose_no_goal(pipes: Pipes) -> None:
    match, ready = entry(pipes, "basketball"), threading.Barrier(2)

    def press(first: int) -> None:
        ready.wait(10)
        for number in range(100):
            match.add_to_score((first + number) * S, "home", 1)

    threads = [threading.Thread(target=press, args=[first]) for first in (0, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert shown(pipes, 1000 * S).home == 200


def test_what_comes_too_late_is_refused_or_counts_from_the_soonest_frame_on(pipes: Pipes) -> None:
    match = entry(pipes)
    with pipes:
        pipes.play()
        pipes.wait_eos()
        last_ns = pipes.manager.newest_ns
        assert last_ns is not None
        with pytest.raises(LateError, match=r"score for 0\.500 s comes 0\.4"):
            match.add_to_score(S // 2, "home", 1)
        with pytest.raises(LateError, match=r"score for 0\.500 s comes 0\.4"):
            match.set_score(S // 2, 1, 0)
        with pytest.raises(LateError, match="clock for"):
            match.set_clock(0, True)
        added = match.add_to_score(S // 2, "home", 1, if_late="soonest")
        assert last_ns < added.from_ns < last_ns + S // 100
        assert added.late_ns == added.from_ns - S // 2
        assert (shown(pipes, last_ns), shown(pipes, added.from_ns)) == (MatchScore(), MatchScore(1, 0))
        clock = match.set_clock(0, True, if_late="soonest")
        assert clock.from_ns == clock.late_ns == added.from_ns
        held = pipes.manager.annotations.at("clock", 60 * S)
        assert held is not None
        assert held.data.text_at(60 * S, match.sport) == "01:00"  # it counts from its moment
        in_time = match.set_score(10 * S, 2, 0, if_late="soonest")
        assert (in_time.from_ns, in_time.late_ns) == (10 * S, 0)


def test_the_points_of_a_tag_go_with_it(pipes: Pipes) -> None:
    match = entry(pipes)
    goal = match.add_tag(20 * S, "goal", "home", "Meyer", "phone")
    match.add_to_score(20 * S, "home", 1, tag=goal.number)
    match.add_to_score(40 * S, "away", 1)
    assert match.views([goal])[0].points == 1
    with pytest.raises(StateError, match="tag 1 counts already"):
        match.add_to_score(20 * S, "home", 1, tag=goal.number)
    with pytest.raises(StateError, match="there is no tag 7"):
        match.add_to_score(20 * S, "home", 1, tag=7)
    assert match.undo_tag(goal.number, "") == UndoneTag(goal, 1)
    assert [shown(pipes, at * S) for at in (20, 40)] == [MatchScore(), MatchScore(0, 1)]
    with pytest.raises(StateError, match="there is no tag 1"):
        match.undo_tag(goal.number, "")
    with pytest.raises(StateError, match="there is no tag 1"):
        match.add_to_score(20 * S, "home", 1, tag=goal.number)
    assert shown(pipes, 40 * S) == MatchScore(0, 1)


def test_a_tag_can_be_taken_back_after_its_points_were(pipes: Pipes) -> None:
    match = entry(pipes)
    goal = match.add_tag(20 * S, "goal", "home", "", "")
    match.add_to_score(20 * S, "home", 1, tag=goal.number)
    match.add_to_score(20 * S, "home", -1)
    assert match.undo_tag(goal.number, "") == UndoneTag(goal, 0)
    assert (match.tags(), shown(pipes, 20 * S)) == ((), MatchScore())


def test_the_points_of_a_tag_that_was_shown_go_from_the_soonest_frame_on(pipes: Pipes) -> None:
    match = entry(pipes)
    goal = match.add_tag(S // 2, "goal", "home", "", "")
    match.add_to_score(S // 2, "home", 1, tag=goal.number)
    with pipes:
        pipes.play()
        pipes.wait_eos()
        assert match.undo_tag(goal.number, "").points == 1
        assert [shown(pipes, at_ns) for at_ns in (S // 2, 2 * S)] == [MatchScore(1, 0), MatchScore()]


@pytest.mark.parametrize(
    ("sport", "period", "left"),
    [
        ("basketball", 2, MatchScore(2, 0, 0, 1)),
        ("basketball", 5, MatchScore(2, 0, 3, 1)),  # an overtime goes on with those of the fourth quarter
        ("futsal", 3, MatchScore(2, 0, 3, 1)),
    ],
)
def test_a_new_period_begins_without_fouls_unless_it_keeps_them(
    pipes: Pipes, sport: str, period: int, left: MatchScore
) -> None:
    match = entry(pipes, sport)
    match.set_clock(0, True, period=period - 1)
    match.add_to_score(10 * S, "home", 2, fouls=3)
    match.add_to_score(30 * S, "away", fouls=1)
    match.set_clock(20 * S, False, period=period)
    assert shown(pipes, 15 * S) == MatchScore(2, 0, 3, 0)
    assert shown(pipes, 30 * S) == left
    match.set_clock(40 * S, True)
    match.set_clock(50 * S, period=period - 1)  # a correction
    assert shown(pipes, 60 * S) == left


def test_the_view_tells_what_may_be_entered_and_what_holds(pipes: Pipes) -> None:
    match = entry(pipes, "basketball")
    first = match.view()
    assert (first.sport.steps, first.sport.most_fouls, first.clock, first.shown) == ([1, 2, 3], 5, None, None)
    assert (first.newest.home, first.newest.clock, first.home.name) == (0, "", "Home")
    match.add_to_score(0, "away", 2, fouls=1)
    match.set_clock(0, True)
    for number in range(10):
        match.add_tag(number, f"tag {number}", None, "", "")
    with pipes:
        pipes.play()
        pipes.wait_eos()
        view = match.view()
    assert (view.newest.away, view.newest.away_fouls, view.newest.clock) == (2, 1, "10:00")
    assert view.shown == view.newest
    assert view.clock is not None
    assert view.clock.elapsed_s == pytest.approx(29 / 30)
    assert [tag.kind for tag in view.tags] == [f"tag {number}" for number in range(9, 1, -1)]
    assert {tag.clock for tag in view.tags} == {"10:00"}
    assert entry(pipes).view().sport.points == {"goal": 1}
