"""Framing: from where things are to what the camera is asked for: targets, room ahead, width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.direction.planner import Targets
from pipeline.direction.styles import Style
from pipeline.optics.rig import Rig
from pipeline.timebase import NS_PER_S
from pipeline.tracking.ball import GRID_S, Following, Track
from pipeline.tracking.ground import Array, Geometry

Place = tuple[float, float]
"""x and z in metres on the ground."""

GOAL_FAR_M, GOAL_NEAR_M = 28.0, 16.0
"""The goal begins to matter when the play comes this near to it, and matters fully at the second distance."""
GOAL_HALF_M = 3.66
GOAL_WIDENS, COMPANY_WIDENS = 1.6, 1.35
"""How many times as wide the picture becomes at most, for a goal and for the players near the ball."""
FILLS = 0.85
"""How much of the picture goal and ball, or the players near the ball, may fill."""
LOST_WIDENS_DEG = 10.0


def goals_of(rig: Rig) -> tuple[Place, ...]:
    """Where a rig's goals stand, the middle of each line between the posts; nothing where the pitch is unknown."""
    if rig.pitch is None:
        return ()
    half_m = rig.pitch.length_m / 2
    x, z = rig.pitch.to_world([-half_m, half_m], [0.0, 0.0])
    return ((float(x[0]), float(z[0])), (float(x[1]), float(z[1])))


def frame(
    track: Track,
    geometry: Geometry,
    style: Style,
    now_ns: int,
    times_s: Array,
    goals: Sequence[Place] = (),
) -> Targets:
    """What `style` asks of the camera at `times_s`, counted from `now_ns`, to show what `track` tells.

    The ball, with what is doubtful about it, must be in the picture; the aim lies where it will be a moment
    later, drawn towards a goal that it comes near to; the width is so many metres at the ball's distance,
    more ahead of fast play, for the players around the ball, for the goal, and where nothing is known.
    """
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
    # A ball in the air comes down again: half its height is enough to look up.
    aim_yaw, aim_tilt = geometry.metres_to_angles(
        at(track.x_m, ahead), at(track.z_m, ahead), 0.5 * at(track.above_m, ahead)
    )
    travel = np.abs(at(track.yaw_deg, times_s + 1.0) - at(track.yaw_deg, times_s - 1.0))
    width = np.degrees(2 * np.arctan(style.picture_width_m / 2 / distance)) + style.speed_widens * travel
    company = np.degrees(2 * np.arctan(at(track.company_m) / distance)) / FILLS
    width = np.maximum(width, np.minimum(company, COMPANY_WIDENS * width))
    for goal_x, goal_z in goals:
        share = np.clip(
            (GOAL_FAR_M - np.hypot(x - goal_x, z - goal_z)) / (GOAL_FAR_M - GOAL_NEAR_M), 0.0, 1.0
        )
        goal_yaw, _ = geometry.metres_to_angles(goal_x, goal_z)
        beyond = np.sign(goal_yaw - yaw) * np.degrees(np.arctan(GOAL_HALF_M / np.hypot(goal_x, goal_z)))
        to_goal = goal_yaw + beyond - yaw
        aim_yaw = aim_yaw + share * np.clip(to_goal / 2, -width / 3, width / 3)
        width = np.maximum(width, share * np.minimum(np.abs(to_goal) / FILLS, GOAL_WIDENS * width))
    width += LOST_WIDENS_DEG * at((track.following == Following.NOTHING).astype(np.float64))
    return Targets(
        yaw - doubt_yaw,
        yaw + doubt_yaw,
        tilt_low,
        tilt_high,
        aim_yaw,
        aim_tilt,
        np.clip(width, style.hfov_min_deg, style.hfov_max_deg),
    )
