"""What a plan costs, term by term as the style says, against a dense least-squares solution of the same terms.

Where it is known beforehand on which side of the aim, of the ball and of rest a path stays, absolute values and
dead zones are linear, and the cheapest path is the solution of a system of linear equations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from pipeline.direction.planner import SAMPLE_S, Planner, Targets
from pipeline.direction.spline import COMMITTED, STRIDE_S, Array, differences, matrix
from pipeline.direction.styles import STYLES, Style

ASPECT = 1.6
HORIZON_S = 2.0
FREE = replace(
    STYLES["broadcast"],
    pan_speed_deg_s=300.0, tilt_speed_deg_s=300.0, zoom_speed_deg_s=300.0,
    pan_acceleration_deg_s2=300.0, tilt_acceleration_deg_s2=300.0, zoom_acceleration_deg_s2=300.0,
    hfov_min_deg=1.0, hfov_max_deg=170.0,
    pan_acceleration_cost=1.1, pan_jerk_cost=0.2, tilt_acceleration_cost=0.5, tilt_jerk_cost=0.3,
    zoom_acceleration_cost=0.4, zoom_jerk_cost=0.15, zoom_cost=0.7, aim_cost=1.3,
    pan_speed_cost=0.0, outside_cost=0.0, outside_square_cost=0.0, dead_zone=0.0,
)  # fmt: skip
"""A style whose limits are far away, without dead zone and one-sided costs, each cost another number."""

SAMPLES = 11
RAMP = np.linspace(0.0, 1.0, SAMPLES)
SWING = np.sin(np.arange(SAMPLES) * 0.9)


@dataclass
class Sides:
    """On which side of the ball and of the aim a path stays all the time: -1 for left or below, 0 for neither."""

    yaw_out: int = 0
    tilt_out: int = 0
    yaw_off: int = 0
    tilt_off: int = 0
    pans: int = 0
    """Which way it pans."""
    rests_from: int = 9
    """From which control point on it does not move."""


def cheapest(asked: Targets, style: Style, sides: Sides) -> Array:
    """Control points (points, 3) of the cheapest path that stays on those sides and rests at its end."""
    count = round(HORIZON_S / STRIDE_S) + COMMITTED + 4
    basis = matrix(SAMPLE_S * np.arange(SAMPLES), count)
    squares = [*bends(style, count)]
    linear = np.zeros(3 * count)
    squares.append((axis_rows(basis, 2), asked.hfov_deg, SAMPLE_S * style.zoom_cost))
    for axis, aim_deg, low_deg, high_deg, side, off, share in (
        (0, asked.aim_yaw_deg, asked.yaw_low_deg, asked.yaw_high_deg, sides.yaw_out, sides.yaw_off, 1.0),
        (
            1,
            asked.aim_tilt_deg,
            asked.tilt_low_deg,
            asked.tilt_high_deg,
            sides.tilt_out,
            sides.tilt_off,
            1 / ASPECT,
        ),
    ):
        slack_deg = off * style.dead_zone * asked.hfov_deg / 2 * share
        squares.append((axis_rows(basis, axis), aim_deg + slack_deg, SAMPLE_S * style.aim_cost))
        if side:
            edge_deg = high_deg if side < 0 else low_deg
            out = side * axis_rows(basis, axis) - style.keep_in / 2 * share * axis_rows(basis, 2)
            squares.append((out, side * edge_deg, SAMPLE_S * style.outside_square_cost))
            linear += SAMPLE_S * style.outside_cost * out.sum(axis=0)
    linear[[0, count - 1]] += style.pan_speed_cost * sides.pans * np.array([-1.0, 1.0])
    rests_from = sides.rests_from
    one_axis = np.eye(count)[:, : rests_from + 1]
    one_axis[rests_from:, rests_from] = 1.0
    free = np.kron(np.eye(3), one_axis)
    quadratic = sum(2 * weight * rows.T @ rows for rows, _, weight in squares)
    linear -= sum(2 * weight * rows.T @ wanted for rows, wanted, weight in squares)
    solution = free @ np.linalg.solve(free.T @ quadratic @ free, -free.T @ linear)
    return solution.reshape(3, count).T


def bends(style: Style, count: int) -> Iterator[tuple[Array, Array, float]]:
    """Squared acceleration and jerk of each axis; in the tail, where nothing is known, a hundredth of it."""
    shares = np.where(np.arange(count) < round(HORIZON_S / STRIDE_S) + COMMITTED, 1.0, 0.1)
    for axis, costs in enumerate(
        (
            (style.pan_acceleration_cost, style.pan_jerk_cost),
            (style.tilt_acceleration_cost, style.tilt_jerk_cost),
            (style.zoom_acceleration_cost, style.zoom_jerk_cost),
        )
    ):
        for order, cost in zip((2, 3), costs, strict=True):
            rows = shares[order:, None] * differences(count, order) / STRIDE_S**order
            yield axis_rows(rows, axis), np.zeros(len(rows)), STRIDE_S * cost


def axis_rows(rows: Array, axis: int) -> Array:
    """Rows that apply to one of the three axes."""
    whole = np.zeros((len(rows), 3 * rows.shape[1]))
    whole[:, axis * rows.shape[1] : (axis + 1) * rows.shape[1]] = rows
    return whole


def targets(
    aim_yaw: Array | float = 0.0,
    aim_tilt: Array | float = -12.0,
    hfov: Array | float = 40.0,
    *,
    ball: tuple[Array | float, Array | float] | None = None,
    doubt: float = 0.0,
) -> Targets:
    """ball: its yaw and tilt, where the aim is if it is None; doubt: how far it may be from there."""
    yaw, tilt, width = (np.zeros(SAMPLES) + one for one in (aim_yaw, aim_tilt, hfov))
    at_yaw, at_tilt = (yaw, tilt) if ball is None else (np.zeros(SAMPLES) + one for one in ball)
    return Targets(at_yaw - doubt, at_yaw + doubt, at_tilt - doubt, at_tilt + doubt, yaw, tilt, width)


OUT = replace(FREE, outside_cost=3.0, outside_square_cost=2.0, keep_in=0.6)


@pytest.mark.parametrize(
    ("style", "asked", "sides"),
    [
        (FREE, targets(20 * RAMP, -12 + 6 * SWING, 40 + 20 * RAMP), Sides()),
        (FREE, targets(9 * SWING, -12 - 8 * RAMP, 50 - 15 * SWING), Sides()),
        (replace(FREE, pan_speed_cost=4.0), targets(20 * RAMP), Sides(pans=1, rests_from=7)),
        (replace(FREE, pan_speed_cost=4.0), targets(-20 * RAMP), Sides(pans=-1, rests_from=7)),
        (
            replace(OUT, dead_zone=0.4),
            targets(5 * RAMP, ball=(-90.0, -70.0)),
            Sides(yaw_out=1, tilt_out=1, yaw_off=-1, tilt_off=-1),
        ),
        (
            replace(OUT, dead_zone=0.4),
            targets(5 * RAMP, hfov=40 - 9 * RAMP, ball=(90.0, 60.0)),
            Sides(yaw_out=-1, tilt_out=-1, yaw_off=1, tilt_off=1),
        ),
        (OUT, targets(SWING, ball=(50 + SWING, -12.0)), Sides(yaw_out=-1)),
        (OUT, targets(SWING, ball=(-50 + SWING, -12.0)), Sides(yaw_out=1)),
        (OUT, targets(ball=(0.0, 30.0 + SWING)), Sides(tilt_out=-1)),
        (OUT, targets(ball=(0.0, -60.0 + SWING)), Sides(tilt_out=1)),
        (OUT, targets(ball=(50.0, 30.0 + SWING), doubt=5.0), Sides(yaw_out=-1, tilt_out=-1)),
    ],
)
def test_a_plan_is_the_cheapest_path(style: Style, asked: Targets, sides: Sides) -> None:
    points = Planner(style, HORIZON_S, ASPECT).solve(asked, None)
    np.testing.assert_allclose(points, cheapest(asked, style, sides), atol=0.1)
