"""Ball candidates: spots of a ball's size at their distance, bright, white on green, and clear of the players."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.blobs import Array, Boxes, Floats, outlines
from pipeline.analysis.planes import above, apart, larger
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

GREEN_LEVELS, PALER_SHARE = 20, 0.3
"""Where the background is so far from grey, a ball is paler than it, surely so by this share."""

WHITE_LEVELS = 45
"""So much brighter, and no more colourful than `GREY_LEVELS`, is a ball that touches a player."""

ROUND = 0.6
"""Such a spot's short side in parts of the long one, at least."""

BREADTH = 0.75
"""It holds a disc of so many parts of a ball's extent."""

ALONE_M = 0.3
"""What stirs nearer to a spot than this speaks against its being a ball."""

FEET_SHARE = 0.3
"""The lower part of a player's box, where a ball may be."""

TELLING_PX = 6.0
"""From so many pixels on a ball at a foot can be told from a sock; with fewer it counts for less."""

LEG_M = 0.4
"""Where something stirs so far below a white part, it is a body with legs and no ball."""

AT_FEET, ON_BODY, TOUCHING = 0.6, 0.1, 0.7
"""What remains of the likeness there, on the rest of a player, and of a spot that touches something."""


@dataclass(frozen=True, slots=True)
class Spots:
    """Ball candidates in working pixels: their boxes, how like a ball each is (0 to 1), and its sort."""

    boxes: Boxes
    likeness: Array
    touching: NDArray[np.bool_]
    """Whether the spot is a white part of something larger: a ball at a foot, or a boot."""
    white: Plane
    """255 where the picture holds something white and as broad as a ball."""


class SpotFinder:
    """Finds spots of a ball's size in a picture of known scale. Immutable; any thread."""

    def __init__(self, px_per_m: Floats) -> None:
        """``px_per_m``: working pixels a metre of what stands on the ground at each pixel."""
        self._px_per_m = px_per_m

    def find(self, now: Planes, before: Planes, busy: Plane, bodies: Plane, brighter: Plane) -> Spots:
        """The spots in a foreground mask, alone or as a round white part of something larger.

        ``before``: the background; ``bodies``: the part of the mask where players are; ``brighter``: by how
        many levels each pixel is brighter than the background.
        """
        alone = outlines(busy)
        alone = alone[self._fits(alone)]
        white = self._broad_whites(now, bodies, brighter)
        touching = outlines(white)
        short = np.minimum(touching.width, touching.height)
        is_round = short >= ROUND * np.maximum(touching.width, touching.height)
        touching = touching[self._fits(touching) & is_round & ~_within(touching, alone)]
        boxes = Boxes.of(np.concatenate([alone.rows, touching.rows]))
        is_touching = np.arange(len(boxes)) >= len(alone)
        ball_px = BALL_M * boxes.at_feet(self._px_per_m)
        likeness = self._likeness(now, before, boxes, brighter)
        likeness[is_touching] *= TOUCHING * np.clip(ball_px[is_touching] / TELLING_PX, 0, 1)
        return Spots(boxes, likeness, is_touching, white)

    def clearness(self, spots: Spots, players: Boxes, busy: Plane) -> Array:
        """What remains of the spots' likeness beside and on players, 0 to 1."""
        boxes = spots.boxes
        metre_px = boxes.at_feet(self._px_per_m)
        around = boxes.grown(ALONE_M * metre_px + BLUR_PX).slices()
        masks = [spots.white if touches else busy for touches in spots.touching]
        shares = [
            cv2.countNonZero(mask[box]) / max(1, cv2.countNonZero(mask[ring]))
            for mask, box, ring in zip(masks, boxes.slices(), around, strict=True)
        ]
        x, y = ((boxes.left + boxes.right) / 2)[:, None], ((boxes.top + boxes.bottom) / 2)[:, None]
        within = (x >= players.left) & (x <= players.right) & (y >= players.top) & (y <= players.bottom)
        on_body = (within & (y < players.bottom - FEET_SHARE * players.height)).any(axis=1)
        below = Boxes(boxes.left, boxes.bottom + BLUR_PX, boxes.right, boxes.bottom + LEG_M * metre_px)
        has_legs = np.array([busy[box].any() for box in below.slices()], np.bool_)
        on_body |= has_legs & spots.touching
        place = np.where(on_body, ON_BODY, np.where(within.any(axis=1), AT_FEET, 1.0))
        return np.asarray(place * np.array(shares, np.float64))

    def _broad_whites(self, now: Planes, bodies: Plane, brighter: Plane) -> Plane:
        """255 where the foreground is white over a ball's breadth: socks and lines are narrower."""
        broad = np.zeros_like(bodies)
        bright = above(brighter, WHITE_LEVELS) & bodies
        boxes = outlines(bright)
        ball_px = BALL_M * boxes.at_feet(self._px_per_m)
        large_enough = np.minimum(boxes.width, boxes.height) >= np.maximum(np.floor(BREADTH * ball_px), 2)
        for box, breadth_px in zip(
            boxes[large_enough].slices(), (BREADTH * ball_px[large_enough]).astype(int).tolist(), strict=True
        ):
            white = bright[box] & ~above(larger(_from_grey(now.u[box]), _from_grey(now.v[box])), GREY_LEVELS)
            if breadth_px > 1:
                white = _opened(white, _disc(breadth_px))
            broad[box] |= white
        return broad

    def _fits(self, boxes: Boxes) -> NDArray[np.bool_]:
        """Which boxes have a ball's size where they are."""
        ball_px = BALL_M * boxes.at_feet(self._px_per_m)
        short, long = np.minimum(boxes.width, boxes.height), np.maximum(boxes.width, boxes.height)
        fits = (short >= SMALLEST * ball_px) & (short <= LARGEST * ball_px + BLUR_PX)
        return np.asarray(fits & (long <= LONGEST * ball_px + BLUR_PX))

    def _likeness(self, now: Planes, before: Planes, boxes: Boxes, brighter: Plane) -> Array:
        """How like a ball the boxes are by brightness, colour and size, 0 to 1."""
        peaks = np.array([_peak(now, before, brighter, box) for box in boxes.slices()], np.float64)
        levels, colour, colour_before = peaks.reshape(-1, 3).T
        bright = np.clip((levels - BRIGHTER_LEVELS) / BRIGHT_RANGE, 0, 1)
        grey = np.clip(2 - colour / GREY_LEVELS, 0, 1)
        paler = np.clip((colour_before - colour) / (PALER_SHARE * np.maximum(colour_before, 1)), 0, 1)
        paler[colour_before < GREEN_LEVELS] = 1.0
        ball_px = BALL_M * boxes.at_feet(self._px_per_m)
        size = np.log(np.sqrt(boxes.width * boxes.height) / (ball_px + BLUR_PX / 2))
        return np.asarray(bright * grey * paler * np.exp(-(size**2)))


def _disc(breadth_px: int) -> Plane:
    """A round kernel."""
    return cast(Plane, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (breadth_px, breadth_px)))


def _opened(mask: Plane, kernel: Plane) -> Plane:
    """What of a mask holds the whole kernel; nothing lies beyond its edge."""
    edge = cv2.BORDER_CONSTANT
    return cast(Plane, cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel, borderType=edge, borderValue=(0,)))


def _from_grey(colour: Plane) -> Plane:
    """How far a colour difference is from grey, in levels."""
    return apart(colour, np.full_like(colour, 128))


def _within(boxes: Boxes, others: Boxes) -> NDArray[np.bool_]:
    """Which boxes lie in one of the others."""
    across = (boxes.left[:, None] >= others.left) & (boxes.right[:, None] <= others.right)
    down = (boxes.top[:, None] >= others.top) & (boxes.bottom[:, None] <= others.bottom)
    return np.asarray((across & down).any(axis=1))


def _peak(now: Planes, before: Planes, brighter: Plane, spot: tuple[slice, slice]) -> tuple[int, int, int]:
    """At a spot's brightest pixel: by how many levels, how far from grey it is, and how far the background."""
    levels = brighter[spot]
    at = np.unravel_index(int(np.argmax(levels)), levels.shape)
    colour, colour_before = (
        max(abs(int(planes.u[spot][at]) - 128), abs(int(planes.v[spot][at]) - 128))
        for planes in (now, before)
    )
    return int(levels[at]), colour, colour_before
