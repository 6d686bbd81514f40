"""Where play is: beside the pitch, above it, or with somebody who is not in play."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.fields import field_at
from pipeline.optics.rig_parts import Pitch
from pipeline.tracking.ground import LevelGround
from pipeline.tracking.play_area import PlayArea, Seen, Whereabouts

GROUND = LevelGround(8.0)
PITCH = Pitch(105.0, 68.0, (0.0, 44.0))
"""Its near touchline is 10 m before the camera."""


def at(*places: tuple[float, float, float], size_deg: tuple[float, float] = (0.0, 0.0)) -> Seen:
    """Things at x, z and height in metres, placed on the ground behind them as a reader does."""
    yaw, tilt = np.array([GROUND.metres_to_angles(*place) for place in places]).reshape(-1, 2).T
    x, z = GROUND.angles_to_metres(yaw, tilt)
    wide, high = (np.full(len(places), one) for one in size_deg)
    return Seen(x, z, yaw, tilt, wide, high)


NOBODY = Seen(*np.zeros((6, 0)))


def where(place: tuple[float, float, float], people: Seen = NOBODY) -> Whereabouts:
    return PlayArea(PITCH).whereabouts(at(place), people)


@pytest.mark.parametrize(
    ("place", "is_near", "is_beside", "is_aloft"),
    [
        ((0.0, 44.0, 0.0), True, False, False),
        ((50.0, 75.0, 0.0), True, False, False),
        ((0.0, 78.4, 0.0), True, True, False),
        ((0.0, 9.0, 0.0), True, True, False),
        ((0.0, 5.0, 0.0), False, True, False),  # this side of it: nothing flies there
        ((0.0, 90.0, 0.0), False, True, True),
        ((0.0, 40.0, 5.0), False, True, True),  # high over the middle, it seems to be behind the pitch
        ((-70.0, 20.0, 0.0), False, True, True),
    ],
)
def test_a_place_is_in_play_beside_it_or_may_be_above_it(
    place: tuple[float, float, float], is_near: bool, is_beside: bool, is_aloft: bool
) -> None:
    found = where(place)
    assert (found.near[0] > 0.4) == is_near
    assert found.beside[0] == is_beside
    assert found.aloft[0] == is_aloft


@pytest.mark.parametrize(("feet_m", "is_held"), [(9.2, True), (16.0, False)])
def test_what_somebody_beside_the_pitch_holds_is_beside_it(feet_m: float, is_held: bool) -> None:
    """A flag at 1.2 m seems to lie some metres inside; the same ball before a player does not."""
    flag = (5.0, feet_m, 1.2)
    feet = at((5.0, feet_m, 0.0))
    middle = at((5.0, feet_m, 0.9), size_deg=(2.5, 8.0))
    holder = Seen(feet.x_m, feet.z_m, middle.yaw_deg, middle.tilt_deg, middle.width_deg, middle.height_deg)
    assert where((5.0, 20.0, 0.0), holder).beside[0] is np.False_
    inside_m = at(flag).z_m[0] - 10.0
    assert where(flag, holder).beside[0] == (is_held or inside_m < 2.0)


def test_an_unknown_pitch_is_where_most_people_are() -> None:
    rng = np.random.default_rng(1)
    people = at(*((x, z, 0.0) for x, z in rng.uniform((-40, 15), (40, 70), (40, 2))))
    found = PlayArea(None).whereabouts(at((0.0, 40.0, 0.0), (0.0, 9.0, 0.0), (0.0, 120.0, 0.0)), people)
    assert found.beside.tolist() == [False, True, True]
    assert found.aloft.tolist() == [False, False, True]
    assert found.near.tolist() == [1.0, 1.0, 1.0]
    alone = PlayArea(None).whereabouts(at((0.0, 40.0, 0.0)), NOBODY)
    assert (alone.beside[0], alone.aloft[0]) == (True, False), "without people, everything may be beside"


@pytest.mark.parametrize(
    ("apart_m", "others", "is_alone"), [(4.0, 5, False), (9.0, 5, True), (9.0, 4, False)]
)
def test_a_ball_that_nobody_is_near_is_beside_play(apart_m: float, others: int, is_alone: bool) -> None:
    """If six people are seen: of fewer, the nearest may have been missed."""
    nearest = (5.0 + apart_m, 44.0, 0.0)
    people = at(nearest, *((30.0 + k, 50.0, 0.0) for k in range(others)))
    assert where((5.0, 44.0, 0.0), people).beside[0] == is_alone


def test_on_a_narrow_field_more_of_the_play_is_near_a_line() -> None:
    field, (length_m, width_m) = field_at("basketball", None)
    court = PlayArea(Pitch(length_m, width_m, (0.0, 20.0), 0.0, field))
    for inside_m, is_beside in ((1.0, False), (0.2, True)):
        place = at((0.0, 20.0 + width_m / 2 - inside_m, 0.0))
        assert court.whereabouts(place, NOBODY).beside[0] == is_beside
