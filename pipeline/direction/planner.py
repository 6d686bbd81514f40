"""Planner: optimises pan, tilt and zoom over the look-ahead as one sparse convex quadratic programme (QP)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import piqp
from scipy import sparse

from pipeline.direction.edges import Edges
from pipeline.direction.far_edge import FarEdge
from pipeline.direction.spline import COMMITTED, STRIDE_S, Array, differences, matrix
from pipeline.direction.styles import Style
from pipeline.optics.view import View

SAMPLE_S = 0.2
"""The spacing of the samples at which the path is compared with the targets."""

NARROWER = 0.8
"""To look lower without showing black, a view may be this fraction of its wanted width."""

SAMPLES_PER_STRIDE = 2
"""Samples per stride."""

TAIL = 4
"""Control points beyond the horizon, enough for any movement within the limits to come to rest."""

LIMIT_SHARE = 0.995
"""The fraction of each limit that the QP may use; the rest covers the solver's tolerance."""


EDGE_MARGIN_DEG = 0.2
"""The distance that a plan keeps from the rig's edges, if there is room."""
WIDTH_MARGIN_DEG = 0.1
"""Plans are so much wider than the narrowest view."""
EDGE_POINTS = 9
EDGE_ROUNDS = 3
"""The number of control points that are kept within the curved edges, and of solutions at most to get there."""
OVER_THE_EDGE_COST = 1000.0
"""Per degree of one control point."""

LARGEST_BREACH_DEG = 1e-6
LARGEST_DUAL_RESIDUAL = 0.2
"""Accepted residuals of a solution stopped by the iteration limit; the costs' gradients are in the tens."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What the path should show at each sample: arrays of the planner's ``samples``, in degrees."""

    yaw_low_deg: Array
    yaw_high_deg: Array
    tilt_low_deg: Array
    tilt_high_deg: Array
    """What must be in view: the ball, or its possible positions."""
    aim_yaw_deg: Array
    aim_tilt_deg: Array
    """Where the camera should look."""
    hfov_deg: Array
    """How wide the view should be."""
    running: Array | float = 0.0
    """How much the play runs sideways, from -1, to the left, to 1, to the right."""


def view_of(point: Array) -> View:
    """The view of yaw, tilt and hfov in degrees, shape (3,)."""
    return View(float(point[0]), float(point[1]), float(point[2]))


class Planner:
    """A QP of fixed structure that is solved repeatedly; only its vectors change. One thread at a time.

    It minimises squared acceleration and jerk, absolute pan speed, squared distance from the aim outside the dead
    zone, squared distance from the wanted width, and the part of the target that is out of view. The limits of
    speed and acceleration are constraints on control points and so hold at every instant; the view stays inside
    the edges. All paths come to rest in the tail, so that a next solution always exists.
    """

    def __init__(
        self,
        style: Style,
        horizon_s: float,
        aspect: float,
        edges: Edges | None = None,
        far: FarEdge | None = None,
    ) -> None:
        """``far``: the field's far side, which the upper edge of a view rises above for the ball only."""
        self.style = style
        self.strides = max(1, math.ceil(horizon_s / STRIDE_S - 1e-9))
        self.points = self.strides + COMMITTED + TAIL
        self.samples = self.strides * SAMPLES_PER_STRIDE + 1
        self.sample_times_s: Array = SAMPLE_S * np.arange(self.samples, dtype=np.float64)
        self.aspect = aspect
        self._edges = edges
        self._far = far
        widest_deg = style.hfov_max_deg if edges is None else min(style.hfov_max_deg, edges.max_hfov_deg)
        self._widths_deg = min(style.hfov_min_deg, widest_deg), widest_deg
        self._layout()
        self._basis = matrix(self.sample_times_s, self.points)
        self._quadratic, self._linear = self._costs()
        self._rows = self._constraints()
        self._free, self._bound = self._solver(committed=False), self._solver(committed=True)

    def _layout(self) -> None:
        """The slice of each group of variables."""
        n, m = self.points, self.samples
        sizes = {"yaw": n, "tilt": n, "hfov": n, "speed": n - 1,
                 "out_yaw": m, "out_tilt": m, "off_yaw": m, "off_tilt": m}  # fmt: skip
        if self._edges is not None:
            sizes |= {"over_yaw": n, "over_tilt": n}
        begin = 0
        self._at: dict[str, slice] = {}
        for name, size in sizes.items():
            self._at[name] = slice(begin, begin + size)
            begin += size
        self._variables = begin

    def _costs(self) -> tuple[Array, Array]:
        """The quadratic cost (V, V) and the linear cost (V,), the latter without the targets' part."""
        style, at = self.style, self._at
        quadratic, linear = np.zeros((self._variables, self._variables)), np.zeros(self._variables)
        # Braking in the tail is nearly free: the unknown future must not slow down the known one.
        braking = np.where(np.arange(self.points) < self.strides + COMMITTED, 1.0, 0.1)
        for name, acceleration, jerk in (
            ("yaw", style.pan_acceleration_cost, style.pan_jerk_cost),
            ("tilt", style.tilt_acceleration_cost, style.tilt_jerk_cost),
            ("hfov", style.zoom_acceleration_cost, style.zoom_jerk_cost),
        ):
            a = braking[2:, None] * differences(self.points, 2) / STRIDE_S**2
            j = braking[3:, None] * differences(self.points, 3) / STRIDE_S**3
            quadratic[at[name], at[name]] = 2 * STRIDE_S * (acceleration * a.T @ a + jerk * j.T @ j)
        width = at["hfov"]
        quadratic[width, width] += 2 * SAMPLE_S * style.zoom_cost * self._basis.T @ self._basis
        eye = np.eye(self.samples)
        for axis in ("yaw", "tilt"):
            quadratic[at[f"off_{axis}"], at[f"off_{axis}"]] = 2 * SAMPLE_S * style.aim_cost * eye
            quadratic[at[f"out_{axis}"], at[f"out_{axis}"]] = 2 * SAMPLE_S * style.outside_square_cost * eye
            linear[at[f"out_{axis}"]] = SAMPLE_S * style.outside_cost
            if self._edges is not None:
                linear[at[f"over_{axis}"]] = OVER_THE_EDGE_COST
        linear[at["speed"]] = STRIDE_S * style.pan_speed_cost
        # Columns without a cost get a tiny one, so that the minimum is unique.
        quadratic[np.diag_indices(self._variables)] += 1e-5
        return quadratic, linear

    def _constraints(self) -> _Rows:
        """All inequalities; those of the targets are named, and `solve` sets their bounds."""
        style, n = self.style, self.points
        rows = _Rows(self._at, self._variables)
        basis, eye_m = self._basis, np.eye(self.samples)
        # The vertical extent is approximated by hfov / aspect, a little less than that of a rectilinear view.
        for axis, reach in (("yaw", style.keep_in / 2), ("tilt", style.keep_in / 2 / self.aspect)):
            out = f"out_{axis}"
            rows.add(f"{axis}_low", -math.inf, 0, **{axis: basis, "hfov": -reach * basis, out: -eye_m})
            rows.add(f"{axis}_high", 0, math.inf, **{axis: basis, "hfov": reach * basis, out: eye_m})
            rows.add(f"{axis}_aim", 0, 0, **{axis: basis, f"off_{axis}": -eye_m})
        first, second = differences(n, 1) / STRIDE_S, differences(n, 2) / STRIDE_S**2
        eye_v = np.eye(n - 1)
        rows.add("speed_up", -math.inf, 0, yaw=first, speed=-eye_v)
        rows.add("speed_down", 0, math.inf, yaw=first, speed=eye_v)
        tilt, zoom = LIMIT_SHARE * style.tilt_speed_deg_s, LIMIT_SHARE * style.zoom_speed_deg_s
        rows.add("tilt_speed", -tilt, tilt, tilt=first)
        rows.add("zoom_speed", -zoom, zoom, hfov=first)
        for axis, acceleration in (
            ("yaw", style.pan_acceleration_deg_s2),
            ("tilt", style.tilt_acceleration_deg_s2),
            ("hfov", style.zoom_acceleration_deg_s2),
        ):
            most = LIMIT_SHARE * acceleration
            rows.add(f"{axis}_acceleration", -most, most, **{axis: second})
        every = np.eye(n)
        narrowest, widest = self._widths_deg
        if self._edges is None:
            rows.add("width", narrowest, widest, hfov=every)
            return rows
        # Soft constraints, so that a solution always exists; their cost per degree outweighs all others.
        rows.add("width", narrowest, math.inf, hfov=every, over_yaw=every)
        rows.add("widest", -math.inf, widest, hfov=every)
        for axis, low, high, half in (
            ("yaw", "left", "right", 0.5),
            ("tilt", "bottom", "top", 0.5 / self.aspect),
        ):
            over = f"over_{axis}"
            rows.add(low, 0, math.inf, **{axis: every, "hfov": -half * every, over: every})
            rows.add(high, -math.inf, 0, **{axis: every, "hfov": half * every, over: -every})
        return rows

    def _bounds(self) -> tuple[Array, Array]:
        """Bounds of single variables: slack variables are not negative, the pan speed has its maximum."""
        low, high = np.full(self._variables, -np.inf), np.full(self._variables, np.inf)
        for name in self._at.keys() - {"yaw", "tilt", "hfov", "off_yaw", "off_tilt"}:
            low[self._at[name]] = 0.0
        high[self._at["speed"]] = LIMIT_SHARE * self.style.pan_speed_deg_s
        return low, high

    def _equalities(self, committed: bool) -> Array:
        """The equality constraints: rest at the end and, if `committed`, the views already shown at the start."""
        names = ("yaw", "tilt", "hfov")
        rest = differences(self.points, 1)[-2:]
        start = np.eye(self.points)[: COMMITTED if committed else 0]
        matrix = np.zeros((3 * (len(rest) + len(start)), self._variables))
        for i, name in enumerate(names):
            matrix[2 * i : 2 * i + 2, self._at[name]] = rest
            begin = 6 + i * len(start)
            matrix[begin : begin + len(start), self._at[name]] = start
        return matrix

    def _solver(self, committed: bool) -> piqp.SparseSolver:
        solver = piqp.SparseSolver()
        solver.settings.eps_abs = solver.settings.eps_rel = 1e-4
        solver.settings.eps_duality_gap_abs = solver.settings.eps_duality_gap_rel = 1e-4
        solver.settings.max_iter = 60
        rows = self._rows
        equal = self._equalities(committed)
        low, high = self._bounds()
        solver.setup(
            sparse.csc_matrix(self._quadratic), self._linear,
            sparse.csc_matrix(equal), np.zeros(len(equal)),
            sparse.csc_matrix(rows.matrix), rows.lower, rows.upper, low, high,
        )  # fmt: skip
        return solver

    def solve(self, targets: Targets, committed: Array | None, near: Array | None = None) -> Array | None:
        """The optimal control points (points, 3) of yaw, tilt, hfov for `targets`; None if the solver fails.

        The path starts with `committed`, the control points (3, 3) already shown, or anywhere if that is None. The
        rig's edges are curved: they are linearised around `near`, control points (points, 3), or a guess, and again
        around the solution if it lies outside them.
        """
        targets = self._within_widths(targets)
        linear, lower, upper = self._asked(targets)
        start = np.zeros(0) if committed is None else committed.T.ravel()
        solver = self._free if committed is None else self._bound
        points = near
        for _ in range(1 if self._edges is None else EDGE_ROUNDS):
            if self._edges is not None:
                self._set_edges(self._edges, lower, upper, self._guess(targets) if points is None else points)
            if committed is not None:  # exact, regardless of the solver's last digit
                for name in self._rows.place.keys() & {"width", "widest"}:
                    settled = slice(self._rows.place[name].start, self._rows.place[name].start + COMMITTED)
                    lower[settled], upper[settled] = 0.0, 180.0
            solver.update(c=linear, b=np.concatenate([np.zeros(6), start]), h_l=lower, h_u=upper)
            found = self._found(solver)
            if found is None:
                return None
            points = found
            if self._inside(points):
                break
        return points

    def _within_widths(self, targets: Targets) -> Targets:
        """The targets with no view narrower than the edges allow where it looks."""
        if self._edges is None:
            return targets
        least_deg = np.array([self._edges.min_hfov_deg(yaw_deg) for yaw_deg in targets.aim_yaw_deg.tolist()])
        return replace(targets, hfov_deg=np.maximum(targets.hfov_deg, least_deg))

    def _asked(self, targets: Targets) -> tuple[Array, Array, Array]:
        """Linear cost, lower and upper bounds for `targets`."""
        style, place = self.style, self._rows.place
        linear, lower, upper = self._linear.copy(), self._rows.lower.copy(), self._rows.upper.copy()
        linear[self._at["hfov"]] -= 2 * SAMPLE_S * style.zoom_cost * (self._basis.T @ targets.hfov_deg)
        upper[place["yaw_low"]], lower[place["yaw_high"]] = targets.yaw_low_deg, targets.yaw_high_deg
        upper[place["tilt_low"]], lower[place["tilt_high"]] = targets.tilt_low_deg, targets.tilt_high_deg
        slack_deg = style.dead_zone * targets.hfov_deg / 2
        # Running play has no dead zone behind the aim: the camera leads, and the play's side is the open one.
        yaw, tilt = place["yaw_aim"], place["tilt_aim"]
        lower[yaw] = targets.aim_yaw_deg - (1.0 - np.maximum(targets.running, 0.0)) * slack_deg
        upper[yaw] = targets.aim_yaw_deg + (1.0 + np.minimum(targets.running, 0.0)) * slack_deg
        lower[tilt] = targets.aim_tilt_deg - slack_deg / self.aspect
        upper[tilt] = targets.aim_tilt_deg + slack_deg / self.aspect
        if self._far is not None:
            # Within the dead zone the view looks as low as still shows the far side of the field: no needless sky.
            upper[tilt] = np.clip(self._lowest(targets, self._far), lower[tilt], upper[tilt])
        return linear, lower, upper

    def _lowest(self, targets: Targets, far: FarEdge) -> Array:
        """The lowest tilts with which views of the wanted widths show the far side, and fit when NARROWER."""
        top_deg = far.tilt_deg(targets.aim_yaw_deg, targets.hfov_deg)
        lowest: Array = top_deg - targets.hfov_deg / 2 / self.aspect
        if self._edges is None:
            return lowest
        views = zip(targets.aim_yaw_deg.tolist(), (NARROWER * targets.hfov_deg).tolist(), strict=True)
        bottom_deg = np.array(
            [self._edges.tilt_range_deg(yaw_deg, hfov_deg)[0] for yaw_deg, hfov_deg in views]
        )
        return np.maximum(lowest, bottom_deg + EDGE_MARGIN_DEG)

    def _found(self, solver: piqp.SparseSolver) -> Array | None:
        status, result = solver.solve(), solver.result
        # A solution stopped by the iteration limit may still be nearly optimal, and within all limits.
        fit = status == piqp.PIQP_SOLVED or (
            status == piqp.PIQP_MAX_ITER_REACHED
            and result.info.primal_res < LARGEST_BREACH_DEG
            and result.info.dual_res < LARGEST_DUAL_RESIDUAL
        )
        if not fit or not np.isfinite(result.x).all():
            return None
        return np.stack([result.x[self._at[name]] for name in ("yaw", "tilt", "hfov")], axis=1)

    def _guess(self, targets: Targets) -> Array:
        """Control points near the `targets`, for a first plan."""
        place = np.minimum(np.maximum(np.arange(self.points) - 1, 0) * SAMPLES_PER_STRIDE, self.samples - 1)
        wanted: Array = np.stack([targets.aim_yaw_deg, targets.aim_tilt_deg, targets.hfov_deg], axis=1)
        guess: Array = wanted[place]
        return guess

    def _set_edges(self, edges: Edges, lower: Array, upper: Array, points: Array) -> None:
        """Set the edges' bounds: exact for the views of `points` (points, 3), linearised around them."""
        place = self._rows.place
        for i, point in enumerate(points):
            view = edges.limit(view_of(point))
            half = view.hfov_deg / 2
            least_deg = edges.min_hfov_deg(view.yaw_deg) + WIDTH_MARGIN_DEG
            lower[place["width"].start + i] = max(self._widths_deg[0], least_deg)
            upper[place["widest"].start + i] = max(self._widths_deg[1], least_deg)
            left, right = edges.yaw_range_deg(view.hfov_deg)
            bottom, top = edges.tilt_range_deg(view.yaw_deg, view.hfov_deg)
            room = min(EDGE_MARGIN_DEG, (right - left) / 2, (top - bottom) / 2)
            lower[place["left"].start + i] = left + room - half
            upper[place["right"].start + i] = right - room + half
            lower[place["bottom"].start + i] = bottom + room - half / self.aspect
            upper[place["top"].start + i] = top - room + half / self.aspect

    def _inside(self, points: Array) -> bool:
        """Whether the views of the first control points lie within the edges; later plans check the rest."""
        if self._edges is None:
            return True
        limited = (self._edges.limit(view_of(point)) for point in points[:EDGE_POINTS])
        return all(view_of(point) == view for point, view in zip(points, limited, strict=False))


class _Rows:
    """Rows of inequalities under construction: lower <= matrix @ variables <= upper, in named groups."""

    def __init__(self, at: dict[str, slice], variables: int) -> None:
        self._at = at
        self.matrix: Array = np.zeros((0, variables))
        self.lower: Array = np.zeros(0)
        self.upper: Array = np.zeros(0)
        self.place: dict[str, slice] = {}

    def add(self, name: str, lower: float, upper: float, **blocks: Array) -> None:
        """A group of rows between two bounds, given as blocks of columns by group of variables."""
        size = len(next(iter(blocks.values())))
        rows = np.zeros((size, self.matrix.shape[1]))
        for variable, block in blocks.items():
            rows[:, self._at[variable]] = block
        self.place[name] = slice(len(self.lower), len(self.lower) + size)
        self.matrix = np.concatenate([self.matrix, rows])
        self.lower = np.concatenate([self.lower, np.full(size, lower)])
        self.upper = np.concatenate([self.upper, np.full(size, upper)])
