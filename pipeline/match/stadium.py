"""The static background of the match, painted once: ground, stadium and sky."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from pipeline.match import goals, stands, turf
from pipeline.match.colour import Picture, to_frame
from pipeline.match.field import HALF_WIDTH_M
from pipeline.match.light import HORIZON_SLOPE, Light, light_named, light_picture
from pipeline.match.venue import SETBACK_M, Venue
from pipeline.optics.frame import Frame

_UPRIGHT_TO_SLOPE = -0.18
"""Rays below this slope meet only the ground."""
_STRIP_ROWS = 64


@lru_cache(maxsize=2)
def paint_stadium(venue: Venue, light_name: str = "day") -> Frame:
    """The empty stadium in one of `LIGHTS` as an NV12 frame, cached and read-only.

    The first call takes a second for 2880x960.
    """
    light = light_named(light_name)
    picture = np.empty((venue.height, venue.width, 3), np.float32)
    split = int(np.clip(venue.horizon_y - _UPRIGHT_TO_SLOPE * venue.focal_px, 0, venue.height))
    for top in range(0, venue.height, _STRIP_ROWS):
        rows = slice(top, min(top + _STRIP_ROWS, venue.height))
        # Upright objects have fine detail: they are painted at twice the size, then averaged.
        picture[rows] = _strip(venue, light, rows, finer=2 if top < split else 1)
    turf.paint_markings(picture, venue)
    light_picture(picture, light, _rays(venue, slice(0, venue.height), 1), venue.height_m)
    frame = to_frame(picture)
    goals.put_goals(frame, venue, light)
    for plane in frame.planes:
        plane.flags.writeable = False
    return frame


def _rays(venue: Venue, rows: slice, finer: int) -> tuple[Picture, Picture]:
    """The yaw of each column in radians and the slope of each of these rows, at `finer` times the resolution."""
    wide = (np.arange(venue.width * finer) + 0.5) / finer - 0.5
    high = (np.arange(rows.start * finer, rows.stop * finer) + 0.5) / finer - 0.5
    yaw = ((wide - venue.centre_x) / venue.focal_px).astype(np.float32)
    slope = ((venue.horizon_y - high) / venue.focal_px).astype(np.float32)
    return yaw, slope


def _strip(venue: Venue, light: Light, rows: slice, finer: int) -> Picture:
    """Some rows of the image in the day's light, but for the sky, evaluated at `finer` times the resolution and
    averaged."""
    yaw, slope = _rays(venue, rows, finer)
    picture = np.zeros((slope.size, yaw.size, 3), np.float32)
    ground = slope < HORIZON_SLOPE
    if ground.any():
        picture[ground] = _ground(venue, yaw, slope[ground], finer)
    if finer > 1:
        stands.paint_surroundings(picture, yaw, slope, venue.height_m, light)
        size = (venue.width, rows.stop - rows.start)
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
    return picture


def _ground(venue: Venue, yaw: Picture, slope: Picture, finer: int) -> Picture:
    """The turf where rays meet the ground: ``slope`` (rows,) downward, ``yaw`` (columns,)."""
    distance_m = np.float32(venue.height_m) / -slope
    u_m = distance_m[:, None] * np.sin(yaw)[None]
    v_m = distance_m[:, None] * np.cos(yaw)[None] - np.float32(SETBACK_M + HALF_WIDTH_M)
    footprint_m = distance_m**2 / np.float32(venue.height_m * venue.focal_px * finer)
    return turf.paint_turf(u_m, v_m, footprint_m[:, None])
