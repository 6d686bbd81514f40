"""Framing: turns a track into targets for the planner: aim, lead room and field of view."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.direction.planner import Targets
from pipeline.direction.styles import Style
from pipeline.fields import FOOTBALL_PLAY, Play
from pipeline.optics.rig_parts import Pitch
from pipeline.timebase import NS_PER_S
from pipeline.tracking.ball import Following, Track
from pipeline.tracking.ground import Array, Geometry
from pipeline.tracking.smoother import GRID_S

Place = tuple[float, float]
"""x and z in metres on the ground."""

GOAL_FAR_M, GOAL_NEAR_M = 28.0, 16.0
"""The goal starts to attract the camera when the play is this near, and attracts it fully at the second
distance."""
GOAL_HALF_M = 3.66
"""In football; in other sports all three are as much nearer or smaller as the play is narrower."""
GOAL_WIDENS, PLAYERS_WIDEN = 1.6, 1.35
"""The largest factors by which a goal, and the players near the ball, widen the view."""
LARGEST_FILL = 0.85
"""The largest fraction of the view's width that goal and ball, or the players near the ball, may take."""
LOST_WIDENS_DEG = 10.0
RUN_S = -0.5, 2.5
RUN_SHARE = 0.5
"""Play runs sideways if it covers this share of the view's width between these times: the camera leads it then."""
KNOWN_M = 0.5
"""A ball with no more uncertainty than this is seen."""


def goals_of(pitch: Pitch | None) -> tuple[Place, ...]:
    """The positions of a pitch's goals, the centres of the goal lines; empty without a pitch."""
    if pitch is None:
        return ()
    half_m = pitch.length_m / 2
    x, z = pitch.to_world([-half_m, half_m], [0.0, 0.0])
    return ((float(x[0]), float(z[0])), (float(x[1]), float(z[1])))


def first_known_s(track: Track, now_ns: int) -> float:
    """Seconds from `now_ns` to when the track first knows where the play is; infinite if it never does."""
    ball = (track.following == Following.BALL) & (track.uncertainty_m <= KNOWN_M)
    known = ball | (track.following == Following.PLAYERS)
    if not known.any():
        return np.inf
    return (track.start_ns - now_ns) / NS_PER_S + float(np.argmax(known)) * GRID_S


def frame(
    track: Track,
    geometry: Geometry,
    style: Style,
    now_ns: int,
    times_s: Array,
    goals: Sequence[Place] = (),
    opens_s: float = -np.inf,
    play: Play = FOOTBALL_PLAY,
) -> Targets:
    """The targets that `style` sets for `track` at `times_s` (N,), in seconds after `now_ns`. Pure; any thread.

    The ball, its uncertainty included, must be in view. The aim is the ball's position a moment later, moved
    towards a goal that it comes near. The view is a number of metres wide at the ball's distance, and wider ahead
    of fast play, for the players around the ball, for the goal, and if the ball is lost. What runs sideways is
    led: the view may not lag behind the aim.

    `play`: of the sport whose goals these are. Before `opens_s` the targets are those of that time: a film opens
    on the play that is about to be seen.
    """
    times_s = np.maximum(times_s, opens_s)
    track_s = (track.start_ns - now_ns) / NS_PER_S + np.arange(len(track.x_m)) * GRID_S

    def at(values: Array, times: Array = times_s) -> Array:
        return np.interp(times, track_s, values)

    x, z, above, doubt = at(track.x_m), at(track.z_m), at(track.above_m), at(track.uncertainty_m)
    yaw, _ = geometry.metres_to_angles(x, z)
    distance = np.maximum(np.hypot(x, z), 1.0)
    doubt_yaw = np.degrees(np.arctan(doubt / distance))
    nearer, farther = np.maximum(distance - doubt, 0.6 * distance) / distance, (distance + doubt) / distance
    _, tilt_low = geometry.metres_to_angles(x * nearer, z * nearer, above)
    _, tilt_high = geometry.metres_to_angles(x * farther, z * farther, above)
    ahead = times_s + style.lead_s
    # A ball in the air comes down again, so the camera looks up by half its height only.
    aim_yaw, aim_tilt = geometry.metres_to_angles(
        at(track.x_m, ahead), at(track.z_m, ahead), 0.5 * at(track.above_m, ahead)
    )
    travel = np.abs(at(track.yaw_deg, times_s + 1.0) - at(track.yaw_deg, times_s - 1.0))
    width = np.degrees(2 * np.arctan(style.picture_width_m / 2 / distance)) + style.speed_widens * travel
    run = at(track.yaw_deg, times_s + RUN_S[1]) - at(track.yaw_deg, times_s + RUN_S[0])
    players = np.degrees(2 * np.arctan(at(track.players_reach_m) / distance)) / LARGEST_FILL
    width = np.maximum(width, np.minimum(players, PLAYERS_WIDEN * width))
    far_m, near_m, half_m = (play.breadth * each for each in (GOAL_FAR_M, GOAL_NEAR_M, GOAL_HALF_M))
    for goal_x, goal_z in goals:
        share = np.clip((far_m - np.hypot(x - goal_x, z - goal_z)) / (far_m - near_m), 0.0, 1.0)
        goal_yaw, _ = geometry.metres_to_angles(goal_x, goal_z)
        beyond = np.sign(goal_yaw - yaw) * np.degrees(np.arctan(half_m / np.hypot(goal_x, goal_z)))
        to_goal = goal_yaw + beyond - yaw
        aim_yaw = aim_yaw + share * np.clip(to_goal / 2, -width / 3, width / 3)
        width = np.maximum(width, share * np.minimum(np.abs(to_goal) / LARGEST_FILL, GOAL_WIDENS * width))
    width += LOST_WIDENS_DEG * at((track.following == Following.NOTHING).astype(np.float64))
    return Targets(
        yaw - doubt_yaw,
        yaw + doubt_yaw,
        tilt_low,
        tilt_high,
        aim_yaw,
        aim_tilt,
        np.clip(width, style.hfov_min_deg, style.hfov_max_deg),
        np.clip(run / (RUN_SHARE * width), -1.0, 1.0),
    )
