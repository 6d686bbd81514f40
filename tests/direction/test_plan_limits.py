"""What a plan may do at most: it uses its limits, keeps a margin to the edges, and refuses a bad solution."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import piqp
import pytest

from pipeline.direction.planner import (
    EDGE_MARGIN_DEG,
    LARGEST_BREACH_DEG,
    LARGEST_DUAL_RESIDUAL,
    Planner,
    Targets,
    view_of,
)
from pipeline.direction.spline import COMMITTED, STRIDE_S
from pipeline.direction.styles import STYLES, operator_style
from pipeline.optics.view import View
from tests.direction.test_edges import BoxEdges

ASPECT = 16 / 9
STYLE = replace(operator_style(STYLES["broadcast"]), zoom_speed_deg_s=12.0)
"""So slow that a zoom from one end to the other gets there."""
LIMITS = {
    0: (STYLE.pan_speed_deg_s, STYLE.pan_acceleration_deg_s2),
    1: (STYLE.tilt_speed_deg_s, STYLE.tilt_acceleration_deg_s2),
    2: (STYLE.zoom_speed_deg_s, STYLE.zoom_acceleration_deg_s2),
}
START = np.array([0.0, -12.0, 50.0])


def looking(planner: Planner, yaw: float, tilt: float, hfov: float) -> Targets:
    """Targets that ask for one view."""
    flat = np.zeros(planner.samples)
    return Targets(*(flat + angle for angle in (yaw, yaw, tilt, tilt, yaw, tilt, hfov)))


def settled(planner: Planner, asked: tuple[float, float, float]) -> np.ndarray:
    """The yaw, tilt and width shown once plan after plan has asked for that view."""
    points = planner.solve(looking(planner, *asked), None)
    for _ in range(12):
        assert points is not None
        points = planner.solve(looking(planner, *asked), points[1 : 1 + COMMITTED], points)
    assert points is not None
    return points[0]


@pytest.mark.parametrize(
    ("axis", "asked"),
    [
        (0, (170.0, -12.0, 50.0)),
        (0, (-170.0, -12.0, 50.0)),
        (1, (0.0, 70.0, 50.0)),
        (1, (0.0, -90.0, 50.0)),
        (2, (0.0, -12.0, 79.0)),
        (2, (0.0, -12.0, 22.5)),
    ],
)
def test_a_plan_that_must_be_quick_uses_its_limits_and_rests_at_its_end(
    axis: int, asked: tuple[float, float, float]
) -> None:
    planner = Planner(STYLE, 4.0, ASPECT)
    points = planner.solve(looking(planner, *asked), np.tile(START, (COMMITTED, 1)))
    assert points is not None
    speed, bend = LIMITS[axis]
    rates = np.diff(points[:, axis]) / STRIDE_S
    bends = np.diff(rates) / STRIDE_S
    way = np.sign(asked[axis] - START[axis])
    assert (way * bends).max() == pytest.approx(0.995 * bend, rel=1e-3)
    if abs(asked[axis] - START[axis]) > 25:
        assert (way * rates).max() == pytest.approx(0.995 * speed, rel=1e-3)
    assert np.ptp(points[-3:], axis=0).max() < 1e-3
    others = [other for other in range(3) if other != axis]
    np.testing.assert_allclose(points[:, others], np.tile(START[others], (len(points), 1)), atol=0.2)


@pytest.mark.parametrize(("asked", "shown"), [(5.0, 22.0), (150.0, 80.0), (40.0, 40.0)])
def test_a_view_is_as_wide_as_its_style_allows(asked: float, shown: float) -> None:
    assert settled(Planner(STYLE, 2.4, ASPECT), (0.0, -12.0, asked))[2] == pytest.approx(shown, abs=0.05)


BOX = BoxEdges(-35.0, 40.0, -22.0, 5.0)


@pytest.mark.parametrize(
    ("aim", "edge", "at_deg"),
    [
        ((90.0, -9.0), (1.0, 0.0, 0.5), 40.0 - EDGE_MARGIN_DEG),
        ((-90.0, -9.0), (1.0, 0.0, -0.5), -35.0 + EDGE_MARGIN_DEG),
        ((0.0, 80.0), (0.0, 1.0, 0.5 / ASPECT), 5.0 - EDGE_MARGIN_DEG),
        ((0.0, -80.0), (0.0, 1.0, -0.5 / ASPECT), -22.0 + EDGE_MARGIN_DEG),
    ],
)
def test_a_view_beside_an_edge_keeps_the_margin(
    aim: tuple[float, float], edge: tuple[float, float, float], at_deg: float
) -> None:
    """edge: what of yaw, tilt and width makes the edge of the view."""
    shown = settled(Planner(STYLE, 2.4, ASPECT, BOX), (*aim, 30.0))
    assert shown @ np.array(edge) == pytest.approx(at_deg, abs=0.02)
    assert BOX.limit(view_of(shown)) == view_of(shown)


class RoundEdges(BoxEdges):
    """A box whose top and bottom come nearer to each other beside its middle, as those of a cylinder do."""

    def tilt_range_deg(self, yaw_deg: float, hfov_deg: float) -> tuple[float, float]:
        bottom, top = super().tilt_range_deg(yaw_deg, hfov_deg)
        return bottom + 0.005 * yaw_deg**2, top - 0.005 * yaw_deg**2


@pytest.mark.parametrize("yaw", [-15.0, 10.0])
def test_where_the_edges_are_round_a_view_keeps_the_margin_at_its_place(yaw: float) -> None:
    edges = RoundEdges(-35.0, 40.0, -22.0, 5.0)
    shown = settled(Planner(STYLE, 2.4, ASPECT, edges), (yaw, 80.0, 30.0))
    top = 5.0 - 0.005 * shown[0] ** 2 - EDGE_MARGIN_DEG
    assert shown[1] + shown[2] / 2 / ASPECT == pytest.approx(top, abs=0.05)
    assert abs(shown[0]) > 2


def test_amid_the_edges_a_view_is_what_is_asked() -> None:
    shown = settled(Planner(STYLE, 2.4, ASPECT, BOX), (4.0, -8.0, 30.0))
    np.testing.assert_allclose(shown, [4.0, -8.0, 30.0], atol=0.1)


@pytest.mark.parametrize(
    "box", [BoxEdges(-5.0, 5.0, -22.0, 5.0), BoxEdges(-35.0, 40.0, -12.0, -12.0 + 10 / ASPECT)]
)
def test_edges_that_are_narrower_than_the_style_are_the_width(box: BoxEdges) -> None:
    shown = settled(Planner(STYLE, 2.4, ASPECT, box), (3.0, -12.0, 50.0))
    assert shown[2] <= 10.0
    assert BOX.limit(view_of(shown)) == view_of(shown)


@dataclass
class Info:
    primal_res: float
    dual_res: float


@dataclass
class Result:
    x: np.ndarray
    info: Info


@pytest.mark.parametrize(
    ("status", "primal", "dual", "is_taken"),
    [
        (piqp.PIQP_SOLVED, 1.0, 1.0, True),
        (piqp.PIQP_MAX_ITER_REACHED, LARGEST_BREACH_DEG / 2, LARGEST_DUAL_RESIDUAL / 2, True),
        (piqp.PIQP_MAX_ITER_REACHED, LARGEST_BREACH_DEG * 2, LARGEST_DUAL_RESIDUAL / 2, False),
        (piqp.PIQP_MAX_ITER_REACHED, LARGEST_BREACH_DEG / 2, LARGEST_DUAL_RESIDUAL * 2, False),
        (piqp.PIQP_PRIMAL_INFEASIBLE, 0.0, 0.0, False),
        (piqp.PIQP_NUMERICS, 0.0, 0.0, False),
    ],
)
def test_a_solution_is_taken_if_it_is_one(
    monkeypatch: pytest.MonkeyPatch, status: object, primal: float, dual: float, is_taken: bool
) -> None:
    """One that the limit of iterations has stopped is, if it keeps the limits and is nearly the best."""

    class Solver(piqp.SparseSolver):
        def solve(self) -> object:
            super().solve()
            return status

        @property
        def result(self) -> Result:
            return Result(super().result.x, Info(primal, dual))

    monkeypatch.setattr(piqp, "SparseSolver", Solver)
    planner = Planner(STYLE, 2.4, ASPECT)
    assert (planner.solve(looking(planner, 0.0, -12.0, 40.0), None) is not None) == is_taken


def test_a_solution_that_is_not_finite_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Solver(piqp.SparseSolver):
        @property
        def result(self) -> Result:
            return Result(np.full_like(super().result.x, np.nan), Info(0.0, 0.0))

    monkeypatch.setattr(piqp, "SparseSolver", Solver)
    planner = Planner(STYLE, 2.4, ASPECT)
    assert planner.solve(looking(planner, 0.0, -12.0, 40.0), None) is None


def test_a_view_is_yaw_tilt_and_width() -> None:
    assert view_of(np.array([1.0, 2.0, 3.0])) == View(1.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("horizon_s", "strides"), [(0.1, 1), (0.4, 1), (0.41, 2), (2.4, 6), (7.0, 18), (7.2, 18)]
)
def test_a_plan_covers_its_horizon_in_whole_strides(horizon_s: float, strides: int) -> None:
    planner = Planner(STYLE, horizon_s, ASPECT)
    assert planner.strides == strides
    np.testing.assert_allclose(planner.sample_times_s, np.arange(2 * strides + 1) * 0.2)
    assert planner.samples == 2 * strides + 1
    assert planner.points == strides + COMMITTED + 4
