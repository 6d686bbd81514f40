"""Background model of a fixed camera: the empty pitch, learnt during play, and the difference from it."""

from __future__ import annotations

import math
from typing import cast

import cv2
import numpy as np

from pipeline.analysis.camera_crop import Planes
from pipeline.analysis.plane_ops import absdiff, downscaled, maximum, scale, subtract, upscaled
from pipeline.optics.frame import Plane

THRESHOLD = 20
"""Foreground pixels differ by more than this many brightness levels; colour differences count double."""

SHADOW_SHARE = 0.4
"""A pixel that loses up to this fraction of its brightness and keeps its colour is in shadow."""

QUIET_S = 8.0
"""Time constant of the running mean for background pixels."""

BUSY_S = 120.0
"""Time constant for foreground pixels: a bag that is put down becomes background after some minutes."""

COARSE = 8
"""Movement is tracked at an eighth of the resolution."""

PLAIN_ACROSS, PLAIN_DOWN, PLAIN_MEDIAN = 16, 4, 9
"""The median filter that removes people from the ground: downscaling across and down in working pixels, and the
kernel size. Wider than a person, but low, because distant ground is a narrow strip."""

MOVEMENT_LEVELS = 14
"""Between two checks a person changes by more levels than this somewhere, an object does not."""

FLASH_LEVELS = 3.0
"""If the brightness of the whole image changes more than this between two checks, no movement is recorded."""

OBJECT_STILL_S = 30.0
"""Anything that has not moved for this long is an object, not a person."""

GHOST_SHARE = 0.6
"""A box is a ghost (a person who was learnt as background and has left) if the image differs from plain ground by
less than this fraction of the background's difference."""


class Background:
    """A background model: running means of brightness and colour. One thread at a time."""

    def __init__(self, first: Planes) -> None:
        self._planes = [plane.copy() for plane in first.all()]
        self._means = [plane.astype(np.float32) for plane in first.all()]
        self._before = first
        self._still_s = np.zeros(_coarse_size(first.luma)[::-1], np.float32)
        self._plain = self._without_people()

    @property
    def picture(self) -> Planes:
        """The learnt background: the empty pitch."""
        return Planes(*self._planes)

    @property
    def plain(self) -> Planes:
        """The background without people and lines, at low resolution."""
        return Planes(*self._plain)

    def plain_difference(self, now: Planes) -> Plane:
        """The difference of each pixel from plain ground: people present from the start, and lines."""
        return _largest_difference(now, self.plain)

    def forget(self, mask: Plane) -> None:
        """Replace the background by plain ground where `mask` is not 0."""
        for mean, shown, plain in zip(self._means, self._planes, self._plain, strict=True):
            cv2.copyTo(plain, mask, shown)
            mean[mask > 0] = plain[mask > 0]

    def look_back(self, now: Planes, elapsed_s: float) -> None:
        """Record what moved since the last call, and update the plain ground."""
        if abs(_drift(self._before.luma, now.luma)) > FLASH_LEVELS:
            self._still_s += elapsed_s
            return
        movement = downscaled(_largest_difference(now, self._before), _coarse_size(now.luma))
        peak = cv2.dilate(movement, np.ones((3, 3), np.uint8))
        self._still_s = np.where(peak * 3 > MOVEMENT_LEVELS, 0.0, self._still_s + elapsed_s).astype(
            np.float32
        )
        self._before = now
        self._plain = self._without_people()

    def still_for_s(self, box: tuple[slice, slice]) -> float:
        """Seconds since anything in the box moved."""
        rows, columns = (slice(side.start // COARSE, -(-side.stop // COARSE)) for side in box)
        still_s = self._still_s[rows, columns]
        return float(still_s.min()) if still_s.size else 0.0

    def is_nobody(self, now: Planes, box: tuple[slice, slice], still_s: float = OBJECT_STILL_S) -> bool:
        """Whether the box contains a ghost (its person has left) or an object that has not moved for `still_s`."""
        if self.still_for_s(box) > still_s:
            return True
        shown = before = 0.0
        for seen, learnt, plain in zip(now.all(), self._planes, self._plain, strict=True):
            shown += cv2.norm(seen[box], plain[box], cv2.NORM_L1)
            before += cv2.norm(learnt[box], plain[box], cv2.NORM_L1)
        return shown < GHOST_SHARE * before

    def accept(self, now: Planes, box: tuple[slice, slice]) -> None:
        """Make the present content of the box part of the background."""
        for mean, shown, seen in zip(self._means, self._planes, now.all(), strict=True):
            mean[box] = shown[box] = seen[box]

    def difference(self, now: Planes) -> tuple[Plane, Plane]:
        """The difference of each pixel from the background in levels: total, and by being brighter.

        A change of the whole image's brightness (exposure, a cloud) is compensated first.
        """
        luma, u, v = self._planes
        drift = _drift(luma, now.luma)
        if drift:
            luma = scale(luma, offset=drift)
        brighter = subtract(now.luma, luma)
        darker = subtract(subtract(luma, now.luma), scale(luma, SHADOW_SHARE))
        colour = maximum(absdiff(now.u, u), absdiff(now.v, v))
        return maximum(brighter, scale(maximum(darker, colour), 2.0)), brighter

    def learn(self, now: Planes, busy: Plane, elapsed_s: float, busy_elapsed_s: float | None = None) -> None:
        """Update the running means; slowly where `busy` is not 0, and there only if ``busy_elapsed_s`` is given."""
        quiet = cv2.bitwise_not(busy)
        for mean, plane, shown in zip(self._means, now.all(), self._planes, strict=True):
            cv2.accumulateWeighted(plane, mean, 1 - math.exp(-elapsed_s / QUIET_S), quiet)
            if busy_elapsed_s is not None:
                cv2.accumulateWeighted(plane, mean, 1 - math.exp(-busy_elapsed_s / BUSY_S), busy)
            cv2.convertScaleAbs(mean, shown)

    def _without_people(self) -> list[Plane]:
        """The background without people and lines, at low resolution."""
        planes = []
        for plane in self._planes:
            size = plane.shape[1], plane.shape[0]
            flat = max(1, plane.shape[1] // PLAIN_ACROSS), max(1, plane.shape[0] // PLAIN_DOWN)
            coarse = cv2.medianBlur(downscaled(plane, flat), PLAIN_MEDIAN)
            planes.append(upscaled(cast(Plane, coarse), size))
        return planes


def _coarse_size(plane: Plane) -> tuple[int, int]:
    """Width and height of a plane at low resolution."""
    return max(1, plane.shape[1] // COARSE), max(1, plane.shape[0] // COARSE)


def _drift(before: Plane, now: Plane) -> float:
    """The change of brightness of the whole image, in levels."""
    return float(np.median(now[::16, ::16].astype(np.int16) - before[::16, ::16]))


def _largest_difference(a: Planes, b: Planes) -> Plane:
    """The largest difference in levels: brightness counts once, colour twice."""
    colour = maximum(absdiff(a.u, b.u), absdiff(a.v, b.v))
    return maximum(absdiff(a.luma, b.luma), scale(colour, 2.0))
