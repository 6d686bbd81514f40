"""Silhouettes: takes a blob apart into people, by the heads in its outline, without what lies at their feet."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from pipeline.optics.frame import Plane

HEAD_M, APART_M, LEAST_PX = 0.25, 0.4, 2.0
"""Between two heads the outline is lower by the first, and they are apart by the second; in pixels at least the
third."""

TALLEST_M, BROADEST_M = 2.5, 1.3
"""The size of a player with arms and legs apart; what is larger is more than one player."""

SOLID, BROADEST_SOLID_M = 0.7, 2.2
"""A blob that fills this share of its box has no gaps, as several people would leave; so far it is one."""

USUAL_M, WIDTH_M = 1.9, 0.8
"""How high and how broad each of several is taken to be whose outlines show no border between them."""

BODY_M2, LEAST_SHARE, SURE_SHARE = 0.65, 0.3, 0.6
"""The area that one player covers, and shares of it: less than the first is an arm, a flag or a shadow; who is
known only by a step in the outline has the second."""

WAIST_M = 0.9
"""Columns that end further below the head are legs apart, shadows, things on the ground, or somebody in front."""

SHORTEST_M, NARROWEST_M = 1.3, 0.4
"""The least size of somebody known only by a step in the outline."""

FLAT = 0.8
"""What fills more of its box than this below a person is a picture or a thing, not another person."""

FULL = 0.5
"""The least share of its box that such a person fills; a ring or a shadow on the ground fills less."""

LONGER = 1.5
"""What goes on for another person's height, no broader than a person or than this factor, is a mast or a line."""

EDGE_PX = 3
"""How much lens, codec and closing enlarge a blob."""

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Rows = list[tuple[int, int, int, int]]
"""Boxes: left, top, right, bottom in pixels; right and bottom are excluded."""


def separated(part: Plane, px_per_m: Floats) -> Rows:
    """The people in a blob, as boxes in the part's pixels; `part` is not 0 where the blob is.

    ``px_per_m``: the pixels per metre of who stands at each of its rows.
    """
    filled = part > 0
    rise = _rise(filled)
    scale = float(px_per_m[-1])
    prominence, distance = max(LEAST_PX, HEAD_M * scale), max(LEAST_PX, APART_M * scale)
    heads = find_peaks(np.pad(rise, 1), prominence=prominence, distance=distance)[0] - 1
    borders = [0]
    for one, other in pairwise(heads.tolist()):
        between = rise[one : other + 1]
        low = np.flatnonzero(between == between.min())
        borders.append(one + int(low[len(low) // 2]))
    borders.append(filled.shape[1])
    return [
        box
        for left, right in pairwise(borders)
        for box in _under_one_head(filled[:, left:right], left, px_per_m)
    ]


def _under_one_head(filled: Mask, x: int, scales: Floats) -> Rows:
    """The people in columns whose outline shows one head; `x`: where the columns begin."""
    rows = np.flatnonzero(filled.any(axis=1))
    if not rows.size:
        return []
    top = int(rows[0])
    px_per_m = _at_the_feet(top, scales)
    usual_px = round(USUAL_M * px_per_m)
    trunk = np.flatnonzero(_rise(filled) > filled.shape[0] - top - WAIST_M * px_per_m)
    left, right = int(trunk[0]), int(trunk[-1]) + 1
    bottom = int(np.flatnonzero(filled[:, left:right].any(axis=1))[-1]) + 1
    levels = [(top, bottom)]
    if bottom - top - EDGE_PX > TALLEST_M * px_per_m:
        below = filled[top + usual_px : bottom]
        across = np.flatnonzero(below.any(axis=0))
        broad_px = int(across[-1] - across[0]) + 1
        share = below[:, across[0] : across[-1] + 1].mean()
        levels = [(top, top + usual_px)]
        goes_on = broad_px < max(LONGER * (right - left), BROADEST_M * px_per_m)
        if goes_on and not (
            bottom - top < 2 * TALLEST_M * px_per_m and right - left > NARROWEST_M * px_per_m
        ):
            return []  # a mast, or a line
        if (
            broad_px < BROADEST_M * px_per_m
            and share < FLAT
            and _area_m2(below, px_per_m) > LEAST_SHARE * BODY_M2
        ):
            levels.append((bottom - usual_px, bottom))  # one stands behind the other
    wide_m = (right - left - EDGE_PX) / px_per_m
    solid = filled[top:bottom, left:right].mean() > SOLID and wide_m < BROADEST_SOLID_M
    abreast = max(2, round(wide_m / WIDTH_M)) if wide_m > BROADEST_M and not solid else 1
    sides = np.linspace(left, right, abreast + 1).round().astype(int).tolist()
    found = [
        (x + one, upper, x + other, lower)
        for upper, lower in levels
        for one, other in pairwise(sides)
        if _area_m2(filled[upper:lower, one:other], px_per_m) > LEAST_SHARE * BODY_M2
    ]
    if len(levels) == 1:
        for first, last in ((0, left), (right, filled.shape[1])):
            if _is_in_front(filled[:, first:last], bottom, scales):
                found += _under_one_head(filled[:, first:last], x + first, scales)
    return found


def _is_in_front(filled: Mask, bottom: int, scales: Floats) -> bool:
    """Whether columns beside a trunk that ends at `bottom` have the size of another person, with feet below it."""
    rows, columns = (np.flatnonzero(filled.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return False
    px_per_m = float(scales[rows[-1]])
    high_m, wide_m = (float(side[-1] - side[0] + 1 - EDGE_PX) / px_per_m for side in (rows, columns))
    return (
        rows[-1] + 1 - bottom >= max(LEAST_PX, HEAD_M * px_per_m)
        and high_m > SHORTEST_M
        and wide_m > NARROWEST_M
        and _area_m2(filled, px_per_m) > SURE_SHARE * BODY_M2
        and filled[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].mean() > FULL
    )


def _at_the_feet(top: int, px_per_m: Floats) -> float:
    """The pixels per metre of who stands with the head in row `top`."""
    rows = np.arange(len(px_per_m))
    return float(px_per_m[np.argmax(rows - top >= USUAL_M * px_per_m) or -1])


def _area_m2(filled: Mask, px_per_m: float) -> float:
    return np.count_nonzero(filled) / px_per_m**2


def _rise(filled: Mask) -> NDArray[np.intp]:
    """How far each column rises above the lower edge, pixels; 0 where it is empty."""
    return np.where(filled.any(axis=0), filled.shape[0] - filled.argmax(axis=0), 0)
