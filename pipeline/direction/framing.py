"""Framing: from where things are to what the camera is asked for: targets, room ahead, width."""

from __future__ import annotations

import numpy as np

from pipeline.analysis.ball import GRID_S, Following, Track
from pipeline.analysis.ground import Array, Geometry
from pipeline.direction.planner import Targets
from pipeline.direction.styles import Style
from pipeline.timebase import NS_PER_S


def frame(track: Track, geometry: Geometry, style: Style, now_ns: int, times_s: Array) -> Targets:
    """What `style` asks of the camera at `times_s`, counted from `now_ns`, to show what `track` tells."""
    track_s = (track.start_ns - now_ns) / NS_PER_S + np.arange(len(track.x_m)) * GRID_S

    def at(values: Array, times: Array = times_s) -> Array:
        return np.interp(times, track_s, values)

    x, z, above, doubt = at(track.x_m), at(track.z_m), at(track.above_m), at(track.uncertainty_m)
    yaw, _ = geometry.metres_to_angles(x, z)
    distance = np.maximum(np.hypot(x, z), 1.0)
    doubt_yaw = np.degrees(np.arctan(doubt / distance))
    nearer, farther = np.maximum(distance - doubt, 0.6 * distance) / distance, (distance + doubt) / distance
    _, pitch_low = geometry.metres_to_angles(x * nearer, z * nearer, above)
    _, pitch_high = geometry.metres_to_angles(x * farther, z * farther, above)
    ahead = times_s + style.lead_s
    aim_yaw, aim_pitch = geometry.metres_to_angles(
        at(track.x_m, ahead), at(track.z_m, ahead), 0.5 * at(track.above_m, ahead)
    )
    travel = np.abs(at(track.yaw_deg, times_s + 1.0) - at(track.yaw_deg, times_s - 1.0))
    width = np.degrees(2 * np.arctan(style.picture_width_m / 2 / distance)) + style.speed_widens * travel
    lost = at((track.following == Following.NOTHING).astype(np.float64))
    width += 10.0 * lost
    return Targets(
        yaw - doubt_yaw,
        yaw + doubt_yaw,
        pitch_low,
        pitch_high,
        aim_yaw,
        aim_pitch,
        np.clip(width, style.hfov_min_deg, style.hfov_max_deg),
    )
