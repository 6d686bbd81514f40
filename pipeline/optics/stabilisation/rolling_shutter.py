"""RollingShutter: how long a camera takes to read out a picture, measured from how a turn bends it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.stabilisation.fit import PoseFit

LEAST_RATE_PX = 0.5
"""Frames in which the camera turns by fewer working pixels than this say nothing."""

FEWEST_FRAMES = 50
FEWEST_LANDMARKS = 10

WILD_PX = 4.0
"""A landmark that misses by more working pixels than this is on something else."""

SURE = 4.0
"""The readout is known once it is this many times its standard error, and the error is small."""

SMALL_ERROR = 0.05
"""A standard error of this share of a frame is small: two milliseconds at 25 frames a second."""

SHORTEST = 0.025
"""A readout of a smaller share, a millisecond at 25 frames a second, bends nothing that can be seen."""

LONGEST = 1.0
"""The readout takes no longer than a frame."""

MEMORY = 0.99
"""What a frame's say is worth a frame later: the first ones count with wrong rates."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Bent:
    """How a frame's landmarks would be moved by a readout of a whole frame (n, 3), and what they miss (n, 3)."""

    bend: Array
    missed: Array
    usable: Mask


class RollingShutter:
    """The readout of one camera, in frames, from the top row to the bottom one. One thread at a time; pure.

    While the camera turns, each row is exposed at another moment, so that what is seen there has turned further.
    The pose is that of the middle row; what the other rows miss grows with their distance and with the rate of the
    turn. The change from frame to frame counts, since the pictures of the landmarks were bent, too; what of it
    looks like another pose is left out. Each landmark has a slope; their weighted median is not bent by people.
    """

    def __init__(self, px_per_rad: float) -> None:
        """``px_per_rad`` in working pixels."""
        self._px_per_rad = px_per_rad
        self._turns: list[Array] = []
        """The rotation vectors of the last frames, without what the bend looks like: their rate would be wrong."""
        self._last: tuple[PoseFit, Array, Mask] | None = None
        self._bent: _Bent | None = None
        self._sums = np.zeros((0, 2))
        """(n, 2): of each landmark the bend's square, and bend times what is missed."""
        self._frames = 0
        self._share = 0.0
        self.readout = 0.0
        """The share of a frame that the readout takes, positive from the top down; 0 until it is known."""

    def skip(self) -> None:
        """A frame was not measured: rates across it are not known."""
        self._last = self._bent = None
        self._turns = []

    def add(self, fit: PoseFit, rows: Array, trusted: Mask) -> Array:
        """Take a frame's fit; returns what of its pose vector (5,) is the bend.

        ``rows`` (n,): where each landmark is, from -0.5 at the top to 0.5 at the bottom;
        ``trusted`` (n,): which of them have agreed of late, and have the same picture as in the frame before."""
        mistaken = np.zeros(5)
        if len(self._turns) == 2:
            earlier, before = self._turns
            mistaken = self._share * _taken(fit, rows, (3 * fit.vector[:3] - 4 * before + earlier) / 2)
        turn = fit.vector[:3] - mistaken[:3]
        if self._last is not None and len(self._turns) == 2:
            self._learn(*self._last, (turn - self._turns[0]) / 2)
        self._turns = [*self._turns[-1:], turn]
        self._last = fit, rows, trusted
        return mistaken if self.readout else np.zeros(5)

    def _learn(self, fit: PoseFit, rows: Array, trusted: Mask, rate_rad: Array) -> None:
        near = np.linalg.norm(fit.missed, axis=-1) * self._px_per_rad < WILD_PX
        usable = np.asarray(trusted & near & (fit.missed != 0).any(axis=-1))
        bent = _Bent(np.asarray(np.cross(rate_rad, fit.turned) * rows[:, None]), fit.missed, usable)
        last, self._bent = self._bent, bent
        if last is None or len(last.usable) != len(usable):
            self._sums, self._frames = np.zeros((len(usable), 2)), 0
            return
        both = usable & last.usable
        if both.sum() < FEWEST_LANDMARKS or np.linalg.norm(rate_rad) * self._px_per_rad < LEAST_RATE_PX:
            return
        design = fit.columns[both].reshape(-1, fit.columns.shape[-1])
        bend, missed = (
            _left_by(design, (now - then)[both])
            for now, then in ((bent.bend, last.bend), (bent.missed, last.missed))
        )
        self._sums *= MEMORY
        self._sums[both] += np.stack([(bend * bend).sum(axis=-1), (bend * missed).sum(axis=-1)], axis=-1)
        self._frames += 1
        if self._frames >= FEWEST_FRAMES:
            self._judge()

    def _judge(self) -> None:
        squares, products = self._sums[self._sums[:, 0] > 0].T
        if len(squares) < FEWEST_LANDMARKS:
            return
        slopes = products / squares
        share = self._share = float(np.clip(_middle(slopes, squares), -LONGEST, LONGEST))
        spread = 1.48 * _middle(np.abs(slopes - share), squares)
        doubt = 1.25 * spread * math.sqrt(float((squares * squares).sum())) / float(squares.sum())
        is_known = doubt < SMALL_ERROR and abs(share) > SURE * doubt and SHORTEST < abs(share) < LONGEST
        self.readout = share if is_known else 0.0


def _taken(fit: PoseFit, rows: Array, rate_rad: Array) -> Array:
    """The pose vector (5,) for which a fit takes the bend of a readout of a whole frame; radians a frame."""
    bend = np.asarray(np.cross(rate_rad, fit.turned) * rows[:, None])
    columns = fit.columns.reshape(-1, fit.columns.shape[-1])
    weighted = columns * np.repeat(fit.weights, 3)[:, None]
    normal = weighted.T @ columns + 1e-9 * np.eye(columns.shape[-1])
    return np.asarray(np.linalg.solve(normal, weighted.T @ bend.reshape(-1)), np.float64)


def _left_by(design: Array, moved: Array) -> Array:
    """What of a movement (n, 3) of landmarks no pose explains; `design` (3 n, 5) is how the poses move them."""
    taken = np.linalg.lstsq(design, moved.reshape(-1), rcond=None)[0]
    left: Array = (moved.reshape(-1) - design @ taken).reshape(-1, 3)
    return left


def _middle(values: Array, weights: Array) -> float:
    """The weighted median."""
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)])
