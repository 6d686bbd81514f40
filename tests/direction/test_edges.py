"""Tests of edges: views stay inside the rig's coverage, and motion along an edge is as smooth as elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from benchmarks.play import Play, clean, random_play
from pipeline.direction.director import Director
from pipeline.direction.tracks import RecordedTrack
from pipeline.optics.view import View


@dataclass(frozen=True, slots=True)
class BoxEdges:
    """A range of angles in degrees that limits every view, for views of width / height = ``aspect``.

    The vertical extent of a view is taken as its width over the aspect, and its sides as vertical.
    """

    yaw_min_deg: float
    yaw_max_deg: float
    tilt_min_deg: float
    tilt_max_deg: float
    aspect: float = 16 / 9

    @property
    def max_hfov_deg(self) -> float:
        """The widest view that fits both ways."""
        return min(self.yaw_max_deg - self.yaw_min_deg, (self.tilt_max_deg - self.tilt_min_deg) * self.aspect)

    def min_hfov_deg(self, yaw_deg: float) -> float:
        """As narrow as one likes."""
        del yaw_deg
        return 0.0

    def yaw_range_deg(self, hfov_deg: float) -> tuple[float, float]:
        """The least and the largest yaw of a view of this width."""
        return self.yaw_min_deg + hfov_deg / 2, self.yaw_max_deg - hfov_deg / 2

    def tilt_range_deg(self, yaw_deg: float, hfov_deg: float) -> tuple[float, float]:
        """The least and the largest tilt of a view of this width."""
        del yaw_deg
        half_deg = hfov_deg / self.aspect / 2
        return self.tilt_min_deg + half_deg, self.tilt_max_deg - half_deg

    def limit(self, view: View) -> View:
        """The nearest view that fits."""
        hfov_deg = min(view.hfov_deg, self.max_hfov_deg)
        left, right = self.yaw_range_deg(hfov_deg)
        bottom, top = self.tilt_range_deg(view.yaw_deg, hfov_deg)
        return replace(
            view,
            yaw_deg=min(max(view.yaw_deg, left), right),
            tilt_deg=min(max(view.tilt_deg, bottom), top),
            hfov_deg=hfov_deg,
        )

    def fill(self, view: View) -> View:
        """The nearest view that fits."""
        return self.limit(view)


BOX = BoxEdges(-35.0, 40.0, -22.0, 5.0)


@pytest.fixture(scope="module")
def play() -> Play:
    return random_play(seed=9, seconds=60.0, distance_m=10.0)


def test_a_box_limits_the_width_first_and_then_the_position() -> None:
    assert BOX.max_hfov_deg == pytest.approx(27.0 * 16 / 9)
    assert BOX.limit(View(0.0, -10.0, 20.0)) == View(0.0, -10.0, 20.0)
    limited = BOX.limit(View(90.0, -60.0, 120.0))
    assert limited.hfov_deg == BOX.max_hfov_deg
    assert limited.yaw_deg == pytest.approx(40.0 - limited.hfov_deg / 2)
    assert limited.tilt_deg == pytest.approx(-8.5)


def test_the_path_stays_inside_the_edges_without_clamping(play: Play) -> None:
    free = Director(RecordedTrack(clean(play)), play.ground, edges=BOX, limit=lambda view: view)
    views = [free.view_at(time_ns) for time_ns in play.times_ns]
    assert np.abs(play.angles[:, 0]).max() > 40.0, "the ball itself must leave the edges"
    for view in views:
        limited = BOX.limit(view)
        assert limited.yaw_deg == pytest.approx(view.yaw_deg, abs=0.05)
        assert limited.tilt_deg == pytest.approx(view.tilt_deg, abs=0.05)
    speed = np.diff([view.yaw_deg for view in views]) * play.rate_hz
    assert np.abs(np.diff(speed) * play.rate_hz).max() < 45.0


def test_an_operator_cannot_leave_the_edges(play: Play) -> None:
    director = Director(RecordedTrack(clean(play)), play.ground, edges=BOX)
    director.view_at(0)
    director.take_over(170.0, 80.0, 10.0)
    last = [director.view_at(time_ns) for time_ns in play.times_ns[:300]][-1]
    assert BOX.limit(last) == last
    assert last.yaw_deg == pytest.approx(40.0 - last.hfov_deg / 2, abs=1.0)
