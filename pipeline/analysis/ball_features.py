"""Ball features: what each spot that may be a ball looks like, as numbers that a learned score judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.ball_candidates import BLUR_PX, BallCandidates
from pipeline.analysis.blobs import Array, Boxes
from pipeline.analysis.camera_crop import Planes
from pipeline.analysis.silhouettes import Floats
from pipeline.optics.frame import Plane

ANYWHERE = (
    "size", "slender", "rule", "clear", "person_m", "touching", "lingering", "doubtful", "filled", "strong", "grey",
    "peak", "alone", "moved",
)  # fmt: skip
"""What tells a ball in any match: the size compared with a ball's and width / height (natural logarithms), the
score of a rule for white balls, how clear of others it is, metres to the nearest person, three flags, and what
`_looks` says of the pixels."""

HERE = ("lighter", "blue", "red", "even")
"""What tells the ball of one match from the rest of it: its own brightness and colour (`_own_looks`)."""

FEATURES = ANYWHERE + HERE
"""The columns of `BallSight.described`, in its order."""

RING_PX, GRID = 3, 11
"""The ground around a spot is this wide; both are looked at on a grid of so many points either way."""

FARTHEST_M = 5.0
"""Distances to people count up to this."""

NOISE_LEVELS = 8.0
"""Contrasts are compared with those around a spot and this."""

BLACK, DARK_LEVELS = 16.0, 16.0
"""Brightness and colour above black are compared with the brightness of the ground around and the second."""

Points = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True, slots=True)
class BallSight:
    """What the pixels of one camera show in one frame, (height, width) each."""

    now: Planes
    last: Planes
    """The frame before."""
    background: Planes
    busy: Plane
    """Not 0 where the frame differs from the background."""
    px_per_m: Floats
    ball_m: float

    def described(
        self, found: BallCandidates, clear: Array, people: Boxes, flags: NDArray[np.bool_]
    ) -> Array:
        """The features (N, len(FEATURES)) of the candidates.

        ``clear``: the factors of `clearance`; ``flags`` (2, N): lingering, doubtful.
        """
        boxes = found.boxes
        if not len(boxes):
            return np.zeros((0, len(FEATURES)))
        scale = boxes.at_feet(self.px_per_m)
        columns = [
            np.log(np.sqrt(boxes.width * boxes.height) / (self.ball_m * scale + BLUR_PX / 2)),
            np.log(boxes.width / boxes.height),
            found.ball_score,
            clear,
            np.minimum(_apart_px(boxes, people) / scale, FARTHEST_M),
            found.touching,
            *flags,
            *self._looks(boxes),
        ]
        return np.stack(columns, axis=-1).astype(np.float64)

    def _looks(self, boxes: Boxes) -> list[Array]:
        """The filled share, how much the spot differs from the ground around it, its distance from grey, its
        brightness compared with that around it, the share of the ring that is empty, how much it changed since the
        frame before, and its own looks; (N,) each."""
        at, inside = _grid(boxes, self.busy.shape)
        rows, busy = np.arange(len(boxes)), self.busy[at] > 0
        spot = inside & busy
        spot |= inside & ~spot.any(axis=1, keepdims=True)
        ring = ~inside
        luma = self.now.luma[at].astype(np.float32)
        ground, clutter = _middle(luma, ring), _spread(luma, ring)
        peak = np.where(inside, luma, -1.0).max(axis=1) - ground
        grey, change, colours = np.zeros(len(boxes)), np.zeros(len(boxes)), []
        # Chroma is blurred: the strongest colour counts, not the mean.
        for plane, base in ((self.now.u, self.background.u), (self.now.v, self.background.v)):
            seen, was = plane[at].astype(np.float32) - 128.0, base[at].astype(np.float32) - 128.0
            strongest = seen[rows, np.where(spot, np.abs(seen - was), -1.0).argmax(axis=1)]
            grey = np.maximum(grey, np.abs(strongest))
            beside = strongest - _mean(seen, ring)
            change = np.hypot(change, beside)
            colours.append(beside)
        moved = np.where(spot, np.abs(luma - self.last.luma[at]), 0.0).max(axis=1)
        return [
            spot.sum(axis=1) / inside.sum(axis=1),
            np.log(np.hypot(peak, 2.0 * change) + 5.0),
            grey,
            peak / (clutter + NOISE_LEVELS),
            1.0 - (ring & busy).sum(axis=1) / ring.sum(axis=1),
            moved / (np.abs(peak) + NOISE_LEVELS),
            *_own_looks(luma, spot, ground, colours),
        ]


def _own_looks(luma: Floats, spot: NDArray[np.bool_], ground: Array, colours: Sequence[Array]) -> list[Array]:
    """How bright the whole spot is compared with the ground (natural logarithm), its blue and red beside the
    ground's, whatever light falls on both, and how evenly bright it is; (N,) each."""
    light = np.maximum(ground - BLACK, 0.0) + DARK_LEVELS
    own = np.maximum(_mean(luma, spot) - BLACK, 0.0) + DARK_LEVELS
    apart = np.abs(luma - ground[:, None].astype(np.float32))
    strongest = np.where(spot, apart, 0.0).max(axis=1)
    even = _mean(apart, spot) / (strongest + NOISE_LEVELS)
    return [np.log(own / light), *(colour / light for colour in colours), even]


def _grid(boxes: Boxes, shape: tuple[int, ...]) -> tuple[Points, NDArray[np.bool_]]:
    """The pixels of a grid over each box and the ring around it, (N, GRID ** 2), and which are in the box."""
    share = np.linspace(0.0, 1.0, GRID)
    x = np.rint(boxes.left[:, None] - RING_PX + (boxes.width[:, None] + 2 * RING_PX - 1) * share)
    y = np.rint(boxes.top[:, None] - RING_PX + (boxes.height[:, None] + 2 * RING_PX - 1) * share)
    across = (x >= boxes.left[:, None]) & (x < boxes.right[:, None])
    down = (y >= boxes.top[:, None]) & (y < boxes.bottom[:, None])
    inside = (down[:, :, None] & across[:, None, :]).reshape(len(boxes), -1)
    column = np.clip(x, 0, shape[1] - 1).astype(np.intp)
    row = np.clip(y, 0, shape[0] - 1).astype(np.intp)
    return (np.repeat(row, GRID, axis=1), np.tile(column, (1, GRID))), inside


def _mean(values: Floats, chosen: NDArray[np.bool_]) -> Array:
    return np.asarray((values * chosen).sum(axis=1) / chosen.sum(axis=1), np.float64)


def _middle(values: Floats, chosen: NDArray[np.bool_]) -> Array:
    """The median of the chosen values in each row."""
    in_order = np.sort(np.where(chosen, values, np.inf), axis=1)
    middle = in_order[np.arange(len(values)), chosen.sum(axis=1) // 2]
    return np.asarray(middle, np.float64)


def _spread(values: Floats, chosen: NDArray[np.bool_]) -> Array:
    """The standard deviation of the chosen values in each row."""
    off = values - _mean(values, chosen)[:, None].astype(np.float32)
    return np.sqrt(_mean(off * off, chosen))


def _apart_px(boxes: Boxes, people: Boxes) -> Array:
    """The distance in pixels from each box's middle to the nearest person's box: 0 inside, infinite without."""
    x, y = ((boxes.left + boxes.right) / 2)[:, None], ((boxes.top + boxes.bottom) / 2)[:, None]
    aside = np.maximum(np.maximum(people.left - x, x - people.right), 0.0)
    level = np.maximum(np.maximum(people.top - y, y - people.bottom), 0.0)
    apart: Array = np.hypot(aside, level).min(axis=1, initial=np.inf)
    return apart
