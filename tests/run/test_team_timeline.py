"""A camera that follows one team: who is in it, where it looks, and what is said if it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.analysis.detector import Detection, DetectionSet, Shirt
from pipeline.analysis.timeline import Timeline
from pipeline.match.match import match_rig
from pipeline.match.settings import MatchSettings
from pipeline.optics.shot_limits import shot_limits
from pipeline.run.director_choice import path_for
from pipeline.run.team_timeline import TeamTimeline, followed_timeline, shirt_colour, team_note
from pipeline.settings import Settings
from pipeline.timebase import NS_PER_S, Nanoseconds

RIG = match_rig(MatchSettings(width=960, height=320))
BLUE, RED, BLACK = ((70.0, 165.0, 105.0), (95.0, 110.0, 175.0), (35.0, 128.0, 128.0))
"""Shirts as a camera sees them: paler than the colours of the settings."""


def person(yaw_deg: float) -> Detection:
    return Detection("player", 0.9, yaw_deg, -10.0, 0.6, 1.8)


def match_timeline(shirts: bool = True) -> Timeline:
    """Ten seconds: the home team on the left, the visitors on the right, the ball and an official in the middle."""
    timeline = Timeline()
    for frame in range(100):
        sway = np.sin(frame / 20)
        home, away = ([at + sway for at in range(centre - 4, centre + 6, 2)] for centre in (-25, 25))
        ball = Detection("ball", 0.9, float(sway), -10.0, 0.2, 0.2)
        seen = (ball, *(person(float(yaw)) for yaw in (*home, *away, 0.5)))
        worn: tuple[Shirt | None, ...] = (None, *[BLUE] * 5, *[RED] * 5, BLACK)
        timeline.add(DetectionSet(Nanoseconds(frame * NS_PER_S // 10), seen, worn if shirts else ()))
    timeline.finish()
    return timeline


def settings(follow: str = "play", **values: object) -> Settings:
    film = {"name": "film", "follow": follow, "outputs": ["film.mp4"]}
    return Settings.parse({"sources": ["match"], "films": [film], "size": "640x360", "live": False} | values)


def yaw_deg(follow: str, timeline: Timeline) -> float:
    """Where the camera of such a film looks after three seconds."""
    given = settings(follow)
    picture = given.film_specs[0].picture
    followed = followed_timeline(given, follow, timeline)
    path = path_for(given, picture, followed, RIG, shot_limits(RIG, picture.size_px))
    return [path.view_at(frame * NS_PER_S // 10).yaw_deg for frame in range(31)][-1]


def test_the_camera_frames_the_team_that_it_follows() -> None:
    timeline = match_timeline()
    assert abs(yaw_deg("play", timeline)) < 6
    assert yaw_deg("team:home", timeline) < -14
    assert yaw_deg("team:away", timeline) > 14


def test_whom_it_sees_wears_the_teams_colour() -> None:
    timeline = match_timeline()
    followed = followed_timeline(settings(), "team:home", timeline)
    sets = followed.between(0, NS_PER_S)
    assert len(sets) == 11
    assert {shirt for one in sets for shirt in one.shirts if shirt != BLACK} == {BLUE}
    assert all(found.label == "player" for one in sets for found in one.detections)
    assert isinstance(followed, TeamTimeline)
    assert followed.has_seen


def test_without_shirts_it_follows_the_play() -> None:
    timeline = match_timeline(shirts=False)
    followed = followed_timeline(settings(), "team:home", timeline)
    assert followed.between(0, NS_PER_S) == timeline.between(0, NS_PER_S)
    assert isinstance(followed, TeamTimeline)
    assert not followed.has_seen
    assert abs(yaw_deg("team:home", timeline)) < 6


@pytest.mark.parametrize(
    ("follow", "values", "said"),
    [
        ("play", {"detector": {"kind": "none"}}, None),
        ("team:away", {}, None),
        (
            "team:away",
            {"detector": {"kind": "none"}},
            "team:away cannot be followed: without a detector nobody is seen; the film follows the play",
        ),
        (
            "team:home",
            {"teams": {"home_colour": "#c62828", "away_colour": "#c22a2a"}},
            "team:home cannot be followed: teams.home_colour and teams.away_colour are too alike; the film "
            "follows the play",
        ),
    ],
)
def test_a_team_that_cannot_be_followed_is_told_in_a_line(
    follow: str, values: dict[str, object], said: str | None
) -> None:
    given = settings(follow, **values)
    assert team_note(given, follow) == said
    timeline = match_timeline()
    assert (followed_timeline(given, follow, timeline) is timeline) == (said is not None or follow == "play")


def test_colours_are_those_of_video() -> None:
    np.testing.assert_allclose(shirt_colour("#000000"), (16, 128, 128), atol=0.5)
    np.testing.assert_allclose(shirt_colour("#ffffff"), (235, 128, 128), atol=0.5)
    np.testing.assert_allclose(shirt_colour("#ff0000"), (63, 102, 240), atol=0.6)  # ITU-R BT.709-6
