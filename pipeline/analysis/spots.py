"""Ball candidates: spots of a ball's size at their distance, bright, grey, and clear of the players."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.analysis.blobs import Array, Boxes, Floats, outlines
from pipeline.analysis.scene import Planes
from pipeline.optics.frame import Plane

BALL_M = 0.22

SMALLEST, LARGEST, LONGEST = 0.4, 2.2, 4.0
"""A ball's extent in parts of what it has on the ground there: in flight it is nearer, fast it is a streak."""

BLUR_PX = 2.0
"""What the lens and the codec add to a small spot's extent."""

BRIGHTER_LEVELS, BRIGHT_RANGE = 25, 60
"""A ball is brighter than what it lies or flies before by so many levels, surely so by so many more."""

GREY_LEVELS = 28
"""Colour differences up to so far from grey speak fully for a ball, twice as far against it."""

ALONE_M = 0.3
"""What stirs nearer to a spot than this speaks against its being a ball."""

FEET_SHARE = 0.3
"""The lower part of a player's box, where a ball may be."""

AT_FEET, ON_BODY = 0.6, 0.1
"""What remains of the likeness there, and on the rest of a player."""


def find_spots(now: Planes, busy: Plane, brighter: Plane, px_per_m: Floats) -> tuple[Boxes, Array]:
    """Spots of a ball's size in a foreground mask, and how like a ball each is, 0 to 1.

    ``brighter``: by how many levels each pixel is brighter than the background.
    """
    spots = outlines(busy)
    ball_px = BALL_M * spots.at_feet(px_per_m)
    short, long = np.minimum(spots.width, spots.height), np.maximum(spots.width, spots.height)
    fits = (short >= SMALLEST * ball_px) & (short <= LARGEST * ball_px + BLUR_PX)
    fits &= long <= LONGEST * ball_px + BLUR_PX
    spots, ball_px = spots[fits], ball_px[fits]
    peaks = np.array([_peak(now, brighter, spot) for spot in spots.slices()], np.float64).reshape(-1, 2)
    bright = np.clip((peaks[:, 0] - BRIGHTER_LEVELS) / BRIGHT_RANGE, 0, 1)
    grey = np.clip(2 - peaks[:, 1] / GREY_LEVELS, 0, 1)
    size = np.log(np.sqrt(spots.width * spots.height) / (ball_px + BLUR_PX / 2))
    return spots, bright * grey * np.exp(-(size**2))


def clearness(spots: Boxes, players: Boxes, busy: Plane, px_per_m: Floats) -> Array:
    """What remains of the spots' likeness beside and on players, 0 to 1."""
    around = spots.grown(ALONE_M * spots.at_feet(px_per_m) + BLUR_PX)
    own = np.array([cv2.countNonZero(busy[box]) for box in spots.slices()], np.float64)
    all_round = np.array([cv2.countNonZero(busy[box]) for box in around.slices()], np.float64)
    x, y = ((spots.left + spots.right) / 2)[:, None], ((spots.top + spots.bottom) / 2)[:, None]
    within = (x >= players.left) & (x <= players.right) & (y >= players.top) & (y <= players.bottom)
    on_body = (within & (y < players.bottom - FEET_SHARE * players.height)).any(axis=1)
    place = np.where(on_body, ON_BODY, np.where(within.any(axis=1), AT_FEET, 1.0))
    return np.asarray(place * own / np.maximum(all_round, 1))


def _peak(now: Planes, brighter: Plane, spot: tuple[slice, slice]) -> tuple[int, int]:
    """At a spot's brightest pixel: by how many levels it is brighter, and how far from grey."""
    levels = brighter[spot]
    at = np.unravel_index(int(np.argmax(levels)), levels.shape)
    u, v = int(now.u[spot][at]), int(now.v[spot][at])
    return int(levels[at]), max(abs(u - 128), abs(v - 128))
