"""What a fixed camera sees when nobody is there, learnt while they are; and what differs from it now."""

from __future__ import annotations

import math
from typing import cast

import cv2
import numpy as np

from pipeline.analysis.planes import apart, grown, larger, less, scaled, shrunk
from pipeline.analysis.scene import Planes
from pipeline.optics.frame import Plane

THRESHOLD = 20
"""Levels of brightness by which a pixel must differ; differences of colour count double."""

SHADOW_SHARE = 0.4
"""What loses up to this share of its light and keeps its colour is a shadow."""

QUIET_S = 8.0
"""Time constant with which a pixel follows what it sees while nothing stands there."""

BUSY_S = 120.0
"""The same while something stands there: a bag that is put down is forgotten after some minutes."""

COARSE = 8
"""What stirs is noted at an eighth of the size."""

PLAIN_ACROSS, PLAIN_DOWN, PLAIN_MEDIAN = 16, 4, 9
"""A median of so many pixels of so many working pixels wipes people off the ground: broader than a person,
and low, for in the distance the ground is a narrow strip."""

STIR_LEVELS = 14
"""Between two looks a person changes by more levels somewhere, a thing does not."""

FLASH_LEVELS = 3.0
"""When the whole picture's light changes more than this between two looks, nothing is said to have stirred."""

STIR_S = 30.0
"""What has not stirred for so long is a thing."""

GHOST_SHARE = 0.6
"""Where the picture differs from plain ground by less than this share of what the background does, a
person was learnt as background and has left."""


class Background:
    """Running means of brightness and colour. One thread at a time."""

    def __init__(self, first: Planes) -> None:
        self._planes = [plane.copy() for plane in first.all()]
        self._means = [plane.astype(np.float32) for plane in first.all()]
        self._before = first
        self._stirred_s = np.zeros(_coarse_size(first.luma)[::-1], np.float32)
        self._plain = self._without_people()

    @property
    def picture(self) -> Planes:
        """What was learnt: the field when nobody is there."""
        return Planes(*self._planes)

    @property
    def plain(self) -> Planes:
        """The same with people and lines wiped off, coarse."""
        return Planes(*self._plain)

    def plain_difference(self, now: Planes) -> Plane:
        """How much each pixel differs from plain ground: people who stood there from the start, and lines."""
        return _largest_difference(now, self.plain)

    def forget(self, mask: Plane) -> None:
        """Take plain ground for the background where `mask` is not 0."""
        for mean, shown, plain in zip(self._means, self._planes, self._plain, strict=True):
            cv2.copyTo(plain, mask, shown)
            mean[mask > 0] = plain[mask > 0]

    def look_back(self, now: Planes, elapsed_s: float) -> None:
        """Note what stirred since the last look back, and what the ground looks like without people."""
        if abs(_drift(self._before.luma, now.luma)) > FLASH_LEVELS:
            self._stirred_s += elapsed_s
            return
        stir = shrunk(_largest_difference(now, self._before), _coarse_size(now.luma))
        peak = cv2.dilate(stir, np.ones((3, 3), np.uint8))
        self._stirred_s = np.where(peak * 3 > STIR_LEVELS, 0.0, self._stirred_s + elapsed_s).astype(
            np.float32
        )
        self._before = now
        self._plain = self._without_people()

    def still_for_s(self, box: tuple[slice, slice]) -> float:
        """How long nothing in the box has stirred."""
        rows, columns = (slice(side.start // COARSE, -(-side.stop // COARSE)) for side in box)
        stirred_s = self._stirred_s[rows, columns]
        return float(stirred_s.min()) if stirred_s.size else 0.0

    def is_nobody(self, now: Planes, box: tuple[slice, slice], stir_s: float = STIR_S) -> bool:
        """Whether the box holds a ghost (its person has left) or a thing that has not stirred for `stir_s`."""
        if self.still_for_s(box) > stir_s:
            return True
        shown = before = 0.0
        for seen, learnt, plain in zip(now.all(), self._planes, self._plain, strict=True):
            shown += cv2.norm(seen[box], plain[box], cv2.NORM_L1)
            before += cv2.norm(learnt[box], plain[box], cv2.NORM_L1)
        return shown < GHOST_SHARE * before

    def accept(self, now: Planes, box: tuple[slice, slice]) -> None:
        """Take what the box shows now for the background."""
        for mean, shown, seen in zip(self._means, self._planes, now.all(), strict=True):
            mean[box] = shown[box] = seen[box]

    def difference(self, now: Planes) -> tuple[Plane, Plane]:
        """How much each pixel differs, in levels: in any way, and by being brighter.

        A drift of the whole picture's brightness (the exposure, a cloud) is taken out first.
        """
        luma, u, v = self._planes
        drift = _drift(luma, now.luma)
        if drift:
            luma = scaled(luma, offset=drift)
        brighter = less(now.luma, luma)
        darker = less(less(luma, now.luma), scaled(luma, SHADOW_SHARE))
        colour = larger(apart(now.u, u), apart(now.v, v))
        return larger(brighter, scaled(larger(darker, colour), 2.0)), brighter

    def learn(self, now: Planes, busy: Plane, elapsed_s: float, busy_elapsed_s: float | None = None) -> None:
        """Follow what is seen, where `busy` is not 0 slowly and only when ``busy_elapsed_s`` is told."""
        quiet = cv2.bitwise_not(busy)
        for mean, plane, shown in zip(self._means, now.all(), self._planes, strict=True):
            cv2.accumulateWeighted(plane, mean, 1 - math.exp(-elapsed_s / QUIET_S), quiet)
            if busy_elapsed_s is not None:
                cv2.accumulateWeighted(plane, mean, 1 - math.exp(-busy_elapsed_s / BUSY_S), busy)
            cv2.convertScaleAbs(mean, shown)

    def _without_people(self) -> list[Plane]:
        """The background with people and lines wiped off, coarse."""
        planes = []
        for plane in self._planes:
            size = plane.shape[1], plane.shape[0]
            flat = max(1, plane.shape[1] // PLAIN_ACROSS), max(1, plane.shape[0] // PLAIN_DOWN)
            coarse = cv2.medianBlur(shrunk(plane, flat), PLAIN_MEDIAN)
            planes.append(grown(cast(Plane, coarse), size))
        return planes


def _coarse_size(plane: Plane) -> tuple[int, int]:
    """Width and height of a plane's coarse picture."""
    return max(1, plane.shape[1] // COARSE), max(1, plane.shape[0] // COARSE)


def _drift(before: Plane, now: Plane) -> float:
    """By how many levels the whole picture has become brighter."""
    return float(np.median(now[::16, ::16].astype(np.int16) - before[::16, ::16]))


def _largest_difference(a: Planes, b: Planes) -> Plane:
    """Levels of difference: brightness once, colour twice."""
    colour = larger(apart(a.u, b.u), apart(a.v, b.v))
    return larger(apart(a.luma, b.luma), scaled(colour, 2.0))
