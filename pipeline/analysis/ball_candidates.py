"""Ball candidates: bright foreground blobs of a ball's size and colour, judged by brightness, colour and size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.blobs import Array, Boxes, outlines
from pipeline.analysis.camera_crop import Planes
from pipeline.analysis.plane_ops import absdiff, maximum, threshold
from pipeline.analysis.silhouettes import Floats
from pipeline.optics.frame import Plane

Extent = tuple[float, float, float]
"""The smallest and the largest short side, and the longest side, relative to a ball on the ground."""

USUAL: Extent = (0.4, 2.2, 4.0)
"""The extent of a white ball there: in flight it is nearer, and fast it is a streak."""

ANY: Extent = (0.3, 3.0, 5.0)
"""The extent of all candidates: what looks like no usual ball is left to the learned score."""

BLUR_PX = 2.0
"""How much lens and codec enlarge a small candidate."""

BRIGHTER_LEVELS, BRIGHT_RANGE = 25, 60
"""A ball is brighter than its background by at least the first, and has the full score at the second in
addition."""

GREY_LEVELS = 28
"""Colour differences up to this far from grey give the full score, twice as far none."""

GREEN_LEVELS, PALER_SHARE = 20, 0.3
"""If the background is at least the first from grey, a ball is paler; by this fraction it has the full score."""

WHITE_LEVELS = 45
"""A ball that touches a player is brighter by this, and no more colourful than `GREY_LEVELS`."""

ROUND = 0.6
"""The least ratio of the short to the long side of a candidate that touches something."""

BREADTH = 0.75
"""The diameter of the disc that fits into such a candidate, relative to a ball."""

ALONE_M = 0.3
"""Foreground within this distance of a candidate lowers its score."""

FEET_SHARE = 0.3
"""The lower fraction of a player's box in which a ball may be."""

TELLING_PX = 6.0
"""A ball at a foot of this many pixels or more can be distinguished from a sock; a smaller one has a lower
score."""

LEG_M = 0.4
"""Foreground this far below a white part means that it belongs to a body with legs."""

AT_FEET, ON_BODY, TOUCHING = 0.6, 0.1, 0.7
"""The score factors at a player's feet, on the rest of a player, and of a candidate that touches something."""


@dataclass(frozen=True, slots=True)
class BallCandidates:
    """Ball candidates in working pixels: boxes, scores (0 to 1), (N,) each, and where the image is white."""

    boxes: Boxes
    ball_score: Array
    touching: NDArray[np.bool_]
    """Whether the candidate is a white part of something larger: a ball at a foot, or a boot."""
    white: Plane
    """255 where the image shows something white and at least as wide as a ball."""

    def __getitem__(self, chosen: NDArray[np.intp]) -> BallCandidates:
        return BallCandidates(self.boxes[chosen], self.ball_score[chosen], self.touching[chosen], self.white)


class BallCandidateFinder:
    """Finds ball candidates in an image of known scale. Immutable; any thread."""

    def __init__(self, px_per_m: Floats, ball_m: float) -> None:
        """``px_per_m`` (height, width): working pixels per metre for objects on the ground at each pixel.

        ``ball_m``: the ball's diameter.
        """
        self._px_per_m, self._ball_m = px_per_m, ball_m

    def find(
        self, now: Planes, before: Planes, busy: Plane, bodies: Plane, brighter: Plane
    ) -> BallCandidates:
        """The ball candidates in the foreground mask `busy`: separate ones, and round white parts of larger blobs.

        ``before``: the background; ``bodies``: the part of the mask where players may be; ``brighter``: the
        levels by which each pixel is brighter than the background.
        """
        alone = outlines(busy)
        alone = alone[self._fits(alone, ANY)]
        white = self._broad_whites(now, bodies, brighter)
        touching = outlines(white)
        short = np.minimum(touching.width, touching.height)
        is_round = short >= ROUND * np.maximum(touching.width, touching.height)
        touching = touching[self._fits(touching, ANY) & is_round & ~_within(touching, alone)]
        boxes = Boxes.of(np.concatenate([alone.rows, touching.rows]))
        is_touching = np.arange(len(boxes)) >= len(alone)
        ball_px = self._ball_m * boxes.at_feet(self._px_per_m)
        ball_score = self._ball_score(now, before, boxes, brighter)
        ball_score[is_touching] *= TOUCHING * np.clip(ball_px[is_touching] / TELLING_PX, 0, 1)
        return BallCandidates(boxes, ball_score, is_touching, white)

    def clearance(self, candidates: BallCandidates, players: Boxes, busy: Plane) -> Array:
        """The score factors (N,) of candidates next to and on players, 0 to 1."""
        boxes = candidates.boxes
        metre_px = boxes.at_feet(self._px_per_m)
        around = boxes.enlarged(ALONE_M * metre_px + BLUR_PX).slices()
        masks = [candidates.white if touches else busy for touches in candidates.touching]
        shares = [
            cv2.countNonZero(mask[box]) / max(1, cv2.countNonZero(mask[ring]))
            for mask, box, ring in zip(masks, boxes.slices(), around, strict=True)
        ]
        x, y = ((boxes.left + boxes.right) / 2)[:, None], ((boxes.top + boxes.bottom) / 2)[:, None]
        within = (x >= players.left) & (x <= players.right) & (y >= players.top) & (y <= players.bottom)
        on_body = (within & (y < players.bottom - FEET_SHARE * players.height)).any(axis=1)
        below = Boxes(boxes.left, boxes.bottom + BLUR_PX, boxes.right, boxes.bottom + LEG_M * metre_px)
        has_legs = np.array([busy[box].any() for box in below.slices()], np.bool_)
        on_body |= has_legs & candidates.touching
        place = np.where(on_body, ON_BODY, np.where(within.any(axis=1), AT_FEET, 1.0))
        return np.asarray(place * np.array(shares, np.float64))

    def _broad_whites(self, now: Planes, bodies: Plane, brighter: Plane) -> Plane:
        """255 where the foreground is white and at least as wide as a ball; socks and lines are narrower."""
        broad = np.zeros_like(bodies)
        bright = threshold(brighter, WHITE_LEVELS) & bodies
        boxes = outlines(bright)
        ball_px = self._ball_m * boxes.at_feet(self._px_per_m)
        large_enough = np.minimum(boxes.width, boxes.height) >= np.maximum(np.floor(BREADTH * ball_px), 2)
        for box, breadth_px in zip(
            boxes[large_enough].slices(), (BREADTH * ball_px[large_enough]).astype(int).tolist(), strict=True
        ):
            white = bright[box] & ~threshold(
                maximum(_from_grey(now.u[box]), _from_grey(now.v[box])), GREY_LEVELS
            )
            if breadth_px > 1:
                white = _opened(white, _disc(breadth_px))
            broad[box] |= white
        return broad

    def _fits(self, boxes: Boxes, extent: Extent) -> NDArray[np.bool_]:
        """Which boxes have this extent at their position."""
        ball_px = self._ball_m * boxes.at_feet(self._px_per_m)
        short, long = np.minimum(boxes.width, boxes.height), np.maximum(boxes.width, boxes.height)
        smallest, largest, longest = extent
        fits = (short >= smallest * ball_px) & (short <= largest * ball_px + BLUR_PX)
        return np.asarray(fits & (long <= longest * ball_px + BLUR_PX))

    def _ball_score(self, now: Planes, before: Planes, boxes: Boxes, brighter: Plane) -> Array:
        """How much the boxes (N,) are like a white ball in brightness, colour and size, 0 to 1."""
        peaks = np.array([_peak(now, before, brighter, box) for box in boxes.slices()], np.float64)
        levels, colour, colour_before = peaks.reshape(-1, 3).T
        bright = np.clip((levels - BRIGHTER_LEVELS) / BRIGHT_RANGE, 0, 1)
        grey = np.clip(2 - colour / GREY_LEVELS, 0, 1)
        paler = np.clip((colour_before - colour) / (PALER_SHARE * np.maximum(colour_before, 1)), 0, 1)
        paler[colour_before < GREEN_LEVELS] = 1.0
        ball_px = self._ball_m * boxes.at_feet(self._px_per_m)
        size = np.log(np.sqrt(boxes.width * boxes.height) / (ball_px + BLUR_PX / 2))
        return np.asarray(bright * grey * paler * np.exp(-(size**2)) * self._fits(boxes, USUAL))


def _disc(breadth_px: int) -> Plane:
    """A round kernel."""
    return cast(Plane, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (breadth_px, breadth_px)))


def _opened(mask: Plane, kernel: Plane) -> Plane:
    """The morphological opening of a mask; beyond its edge it is empty."""
    edge = cv2.BORDER_CONSTANT
    return cast(Plane, cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel, borderType=edge, borderValue=(0,)))


def _from_grey(colour: Plane) -> Plane:
    """The distance of a colour difference from grey, in levels."""
    return absdiff(colour, np.full_like(colour, 128))


def _within(boxes: Boxes, others: Boxes) -> NDArray[np.bool_]:
    """Which boxes lie inside one of the others, (N,)."""
    across = (boxes.left[:, None] >= others.left) & (boxes.right[:, None] <= others.right)
    down = (boxes.top[:, None] >= others.top) & (boxes.bottom[:, None] <= others.bottom)
    return np.asarray((across & down).any(axis=1))


def _peak(
    now: Planes, before: Planes, brighter: Plane, candidate: tuple[slice, slice]
) -> tuple[int, int, int]:
    """At a candidate's brightest pixel: the levels above the background, its distance from grey, the
    background's."""
    levels = brighter[candidate]
    at = np.unravel_index(int(np.argmax(levels)), levels.shape)
    colour, colour_before = (
        max(abs(int(planes.u[candidate][at]) - 128), abs(int(planes.v[candidate][at]) - 128))
        for planes in (now, before)
    )
    return int(levels[at]), colour, colour_before
