"""Director: moves the virtual camera by what the detector sees, look-ahead included."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from pipeline.analysis.detector import DetectionSet
from pipeline.direction.camera_path import WAITING, Follows, PathState
from pipeline.direction.edges import Edges
from pipeline.direction.far_edge import FarEdge
from pipeline.direction.framing import first_known_s, frame, goals_of
from pipeline.direction.planner import Planner, Targets, view_of
from pipeline.direction.spline import COMMITTED, STRIDE_NS, STRIDE_S, Array, continued, value
from pipeline.direction.styles import Style, operator_style, style_in, style_named
from pipeline.errors import ConfigError
from pipeline.optics.rig import Rig
from pipeline.optics.rig_parts import Pitch, play_on
from pipeline.optics.shot_limits import shot_limits
from pipeline.optics.view import View
from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds, seconds_to_ns
from pipeline.tracking.ball import BallTracker, Following
from pipeline.tracking.ground import Geometry
from pipeline.tracking.smoother import GRID_S

LONGEST_LOOKAHEAD_S = 30.0
SHORTEST_HORIZON_S = 2.4
"""With a shorter look-ahead a plan still covers this time, with extrapolated targets."""

LONGEST_LEAP_S = 20.0
"""A view requested this much later than the last one starts a new path."""

COMMAND_PAUSE_NS = NS_PER_S // 20
"""An operator's command takes effect this long after the last plan, instead of with the next stride."""

TRACK_MARGIN_NS = 2 * NS_PER_S
"""The track extends this far beyond the plan at both ends, because framing looks back and ahead."""

DEFAULT_VIEW = View(0.0, -12.0, 60.0)
"""The view before anything was detected, if neither the field nor the rig's edges say where to look."""

FOLLOWS: dict[Following, Follows] = {
    Following.BALL: "ball",
    Following.PLAYERS: "players",
    Following.NOTHING: "ball not found",
}


class SeenTimeline(Protocol):
    """What the director needs of a timeline of detections."""

    @property
    def known_until_ns(self) -> Nanoseconds:
        """The running time up to which, inclusive, every frame has been analysed or never will be."""

    def between(self, t0_ns: int, t1_ns: int) -> Sequence[DetectionSet]:
        """The detection sets in [t0_ns, t1_ns], both ends included, in time order."""

    def wait_known(self, time_ns: int, timeout_s: float | None = None) -> bool:
        """Block until the timeline is known up to `time_ns`; False after `timeout_s`."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Control points (points, 3) of yaw, tilt, hfov from `start_ns` on; immutable, so any thread may read it."""

    start_ns: int
    points: Array
    state: PathState


class Director:
    """A CameraPath that follows the play, one view per frame.

    Only the streaming thread calls `view_at`, with times that never decrease. The director makes a new plan every
    0.4 s of video time, counted from the first view (or the last `reset` or command), from detections no later than
    the plan's time plus the look-ahead. So the view at t depends on nothing later than t + look-ahead, and the same
    detections give the same views bit for bit.

    All other methods may be called from any thread: each reads or replaces one immutable reference.
    """

    def __init__(
        self,
        timeline: SeenTimeline,
        geometry: Geometry,
        style: str | Style = "broadcast",
        lookahead_s: float = 7.0,
        aspect: float = 16 / 9,
        limit: Callable[[View], View] | None = None,
        edges: Edges | None = None,
        pitch: Pitch | None = None,
        patience_s: float | None = 0.0,
    ) -> None:
        """``edges``: the views that the rig can fill, to which plans and views are limited; ``limit``: replaces
        ``edges.limit`` as the final limit of every view; ``pitch``: where the game is, and of which sport, so that
        nobody beside it is followed, the ball moves at that sport's pace, and the camera shows as much as its play
        needs, and a goal that the play comes near. `of_rig` gives all of these.

        ``patience_s``: how long a plan waits for the timeline to be known up to its horizon: 0 live, None (for
        ever) offline. Raises ConfigError for a look-ahead outside 0..30 s or an unknown style.
        """
        if not 0.0 <= lookahead_s <= LONGEST_LOOKAHEAD_S:
            raise ConfigError(f"the look-ahead must be 0 to {LONGEST_LOOKAHEAD_S:g} s, not {lookahead_s} s")
        if not aspect > 0:
            raise ConfigError(f"the aspect ratio must be positive, not {aspect}")
        football = style_named(style) if isinstance(style, str) else style
        self._play = play_on(pitch)
        self.style = style_in(football, self._play)
        self._timeline = timeline
        self._goals = goals_of(pitch)
        self._geometry = geometry
        self._patience_s = patience_s
        self._lookahead_ns = seconds_to_ns(lookahead_s)
        self._tracker = BallTracker(geometry, pitch=pitch)
        self._edges = edges
        self._limit = edges.limit if limit is None and edges is not None else limit
        far = FarEdge(geometry, pitch)
        self._planner = Planner(self.style, max(lookahead_s, SHORTEST_HORIZON_S), aspect, edges, far)
        self._operator_planner = Planner(operator_style(self.style), SHORTEST_HORIZON_S, aspect, edges)
        self._plan: _Plan | None = None
        self._operator: View | None = None
        self._plans = self._solved = 0
        self._begin_anew = False
        self._has_opened = False
        """Whether the path has reached the time at which the play is first seen."""
        self._is_commanded = False

    @classmethod
    def of_rig(
        cls,
        timeline: SeenTimeline,
        rig: Rig,
        size_px: tuple[int, int],
        style: str | Style = "broadcast",
        lookahead_s: float = 7.0,
        edges: Edges | None = None,
        patience_s: float | None = 0.0,
    ) -> Director:
        """A director of a rig's cameras, for an output of this size in pixels.

        ``edges``: the rig's, where they change during a run. Everything else: see the constructor.
        """
        width_px, height_px = size_px
        return cls(
            timeline,
            rig,
            style,
            lookahead_s,
            aspect=width_px / height_px,
            edges=shot_limits(rig, size_px) if edges is None else edges,
            pitch=rig.pitch,
            patience_s=patience_s,
        )

    def view_at(self, time_ns: int) -> View:
        """The view of the frame at `time_ns`. The streaming thread; blocks for at most `patience_s`.

        A time before the last plan, or far after it, starts a new path, as `reset` does.
        """
        plan = self._plan
        if (
            plan is None
            or time_ns < plan.start_ns
            or time_ns > plan.start_ns + LONGEST_LEAP_S * NS_PER_S
            or self._begin_anew
        ):
            self._begin_anew = self._has_opened = False
            plan = self._replan(time_ns, None)
        while time_ns >= plan.start_ns + STRIDE_NS:
            plan = self._replan(plan.start_ns + STRIDE_NS, plan)
        if self._is_commanded and time_ns >= plan.start_ns + COMMAND_PAUSE_NS:
            self._is_commanded = False
            plan = self._replan(time_ns, plan)
        return self._view(plan, time_ns)

    def reset(self, time_ns: int) -> None:
        """Start a new path with the next view, after a seek to `time_ns`. Any thread."""
        del time_ns  # the next view has the time
        self._begin_anew = True

    def plan(self, t0_ns: int, t1_ns: int) -> list[tuple[int, View]]:
        """The present plan over [t0_ns, t1_ns], one view every 0.2 s, for an overlay. Any thread; never blocks."""
        plan = self._plan
        if plan is None:
            return []
        end_ns = min(t1_ns, plan.start_ns + (len(plan.points) - COMMITTED) * STRIDE_NS)
        times = range(max(t0_ns, plan.start_ns), end_ns + 1, STRIDE_NS // 2)
        return [(time_ns, self._view(plan, time_ns)) for time_ns in times]

    def take_over(self, yaw_deg: float, tilt_deg: float, hfov_deg: float) -> None:
        """Steer the camera to this view, smoothly and within the limits, until `hand_back`. Any thread.

        Raises ConfigError unless all three angles are finite.
        """
        if not all(map(math.isfinite, (yaw_deg, tilt_deg, hfov_deg))):
            raise ConfigError(f"not a view: yaw {yaw_deg}, tilt {tilt_deg}, hfov {hfov_deg} degrees")
        self._operator = View(yaw_deg, tilt_deg, hfov_deg)
        self._is_commanded = True

    def hold(self) -> None:
        """Stop the camera at its present view, until `hand_back` or `take_over`. Any thread."""
        plan = self._plan
        self._operator = self._overview() if plan is None else view_of(plan.points[COMMITTED])
        self._is_commanded = True

    def hand_back(self) -> None:
        """Return control to the director, which moves the camera back to the play smoothly. Any thread."""
        self._operator = None
        self._is_commanded = True

    @property
    def state(self) -> PathState:
        """What the camera follows now, and how far into the future. Any thread."""
        plan = self._plan
        return WAITING if plan is None else plan.state

    def _replan(self, now_ns: int, last: _Plan | None) -> _Plan:
        horizon_ns = now_ns + self._lookahead_ns
        if self._patience_s != 0.0:
            self._timeline.wait_known(horizon_ns, self._patience_s)
        known_s = ns_to_seconds(min(horizon_ns, self._timeline.known_until_ns) - now_ns)
        operator = self._operator
        follows: Follows
        if operator is not None:
            planner, follows = self._operator_planner, "operator"
            targets = _targets_for(operator, planner)
        else:
            planner = self._planner
            if last is None:
                self._tracker.forget()
            targets, follows = self._targets(now_ns, horizon_ns, last)
        committed = None if last is None else _committed(last, now_ns)
        near = None if last is None else _resized(last.points[1:], planner.points)
        points = planner.solve(targets, committed, near)
        self._plans += 1
        self._solved += points is not None
        if points is None and last is not None and now_ns != last.start_ns + STRIDE_NS:
            return last  # a command between two strides that cannot be solved now waits for the next stride
        if points is None and last is not None:
            points = _resized(last.points[1:], planner.points)
        elif points is None:
            middle = (targets.aim_yaw_deg[0], targets.aim_tilt_deg[0], targets.hfov_deg[0])
            points = np.tile(np.array(middle), (planner.points, 1))
        if committed is not None:
            points[:COMMITTED] = committed
        points = self._within_limits(points)
        state = PathState(follows, max(0.0, known_s), self._plans, self._solved, Nanoseconds(now_ns))
        self._plan = _Plan(now_ns, points, state)
        return self._plan

    def _targets(self, now_ns: int, horizon_ns: int, last: _Plan | None) -> tuple[Targets, Follows]:
        """The targets of the play, and what they follow; the previous view if nothing was detected."""
        begin_ns = now_ns - round(self._tracker.past_s * NS_PER_S)
        sets = self._timeline.between(begin_ns, horizon_ns)
        end_ns = now_ns + max(self._planner.strides * STRIDE_NS, horizon_ns - now_ns) + TRACK_MARGIN_NS
        track = self._tracker.track(sets, now_ns - TRACK_MARGIN_NS, end_ns)
        if not (track.following != Following.NOTHING).any():
            view = self._overview() if last is None else view_of(last.points[COMMITTED])
            wide = replace(view, hfov_deg=max(view.hfov_deg, DEFAULT_VIEW.hfov_deg))
            return _targets_for(wide, self._planner), "ball not found"
        opens_s = -math.inf if self._has_opened else first_known_s(track, now_ns)
        self._has_opened |= opens_s <= 0.0
        times_s = self._planner.sample_times_s
        targets = frame(track, self._geometry, self.style, now_ns, times_s, self._goals, opens_s, self._play)
        return targets, FOLLOWS[Following(track.following[round(ns_to_seconds(TRACK_MARGIN_NS) / GRID_S)])]

    def _overview(self) -> View:
        """The view while nothing was detected: of the field's middle, or of what the rig sees."""
        if self._goals:
            x, z = np.mean(self._goals, axis=0)
            yaw, tilt = (float(angle) for angle in self._geometry.metres_to_angles(x, z))
            return replace(DEFAULT_VIEW, yaw_deg=yaw, tilt_deg=tilt)
        if self._edges is None:
            return DEFAULT_VIEW
        return replace(DEFAULT_VIEW, yaw_deg=sum(self._edges.yaw_range_deg(DEFAULT_VIEW.hfov_deg)) / 2)

    def _within_limits(self, points: Array) -> Array:
        """`points` with every control point after the committed ones moved into the hard limits."""
        style = self.style
        speed = np.array([style.pan_speed_deg_s, style.tilt_speed_deg_s, style.zoom_speed_deg_s]) * STRIDE_S
        bend = np.array(
            [style.pan_acceleration_deg_s2, style.tilt_acceleration_deg_s2, style.zoom_acceleration_deg_s2]
        ) * (STRIDE_S**2)
        if (np.abs(np.diff(points, axis=0)) <= speed).all() and (
            np.abs(np.diff(points, n=2, axis=0)) <= bend
        ).all():
            return points
        points = points.copy()
        for i in range(1, len(points)):
            step = np.clip(points[i] - points[i - 1], -speed, speed)
            if i >= 2:
                before = points[i - 1] - points[i - 2]
                step = np.clip(step, before - bend, before + bend)
            points[i] = points[i - 1] + step
        return points

    def _view(self, plan: _Plan, time_ns: int) -> View:
        view = view_of(value(plan.points, ns_to_seconds(time_ns - plan.start_ns)))
        return view if self._limit is None else self._limit(view)


def _committed(last: _Plan, now_ns: int) -> Array:
    """The control points of a plan made at `now_ns` that the views already shown determine; exact a stride after
    `last`."""
    if now_ns == last.start_ns + STRIDE_NS:
        return last.points[1 : 1 + COMMITTED]
    return continued(last.points, ns_to_seconds(now_ns - last.start_ns))


def _resized(points: Array, count: int) -> Array:
    """`points` cut to `count`, or extended at rest."""
    held = np.repeat(points[-1:], max(0, count - len(points)), axis=0)
    return np.concatenate([points, held])[:count]


def _targets_for(view: View, planner: Planner) -> Targets:
    """Targets that ask for one fixed view."""
    yaw, tilt, hfov = (
        np.full(planner.samples, angle) for angle in (view.yaw_deg, view.tilt_deg, view.hfov_deg)
    )
    hfov = np.clip(hfov, planner.style.hfov_min_deg, planner.style.hfov_max_deg)
    return Targets(yaw, yaw, tilt, tilt, yaw, tilt, hfov)
