"""One camera watched over time: its background, and the people and spots that differ from it now."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.background import THRESHOLD, Background
from pipeline.analysis.blobs import Array, Boxes, outlines, people, upright_heights
from pipeline.analysis.field import Field
from pipeline.analysis.planes import above
from pipeline.analysis.scene import CameraScene, Planes
from pipeline.analysis.spots import clearness, find_spots
from pipeline.optics.frame import Frame, Plane

EDGE_PX = 4
"""A person's blurred edge, which no box holds."""

HEIGHTS_KEPT, LEAST_HEIGHTS = 300, 4
"""The scale of an unmeasured rig follows the median of so many people's heights, from so many on."""

WORST_GUESS = 2.0
"""An unmeasured rig is not taken to be wrong by a larger factor."""

LINE_STILL_S = 1.0
"""So long nothing may stir where a line is taken to come to light."""

SURE_SPOT = 0.3
"""A spot as like a ball as this is not taken for a part of the player beside it."""

_SPECKS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Sight:
    """What differs from the background in one frame, in working pixels."""

    people: Boxes
    height_m: Array
    filled: Array
    """How much of each person's box differs, 0 to 1."""
    spots: Boxes
    likeness: Array
    """How like a ball each spot is, 0 to 1."""
    lingering: NDArray[np.bool_]
    """Whether something differed at the spot one frame before already."""


class CameraWatch:
    """A camera's scene with all that was learnt about it. One thread at a time."""

    def __init__(self, scene: CameraScene, field: Field, frame: Frame, scale_is_guess: bool) -> None:
        """Learn from the first frame: who stands in the field is taken out by comparison with the ground.

        ``scale_is_guess``: the rig was not measured, so that the people have to tell how long a metre is.
        """
        self.scene = scene
        self._px_per_m = scene.px_per_m
        self._heights: deque[float] | None = deque(maxlen=HEIGHTS_KEPT) if scale_is_guess else None
        self._body = _mask(scene.body)
        self._anywhere = _mask(scene.body | scene.air)
        self._before = self._anywhere
        now = scene.planes(frame)
        self._background = Background(now)
        standing = above(self._background.plain_difference(now), THRESHOLD) & self._body
        standing = cast(Plane, cv2.morphologyEx(standing, cv2.MORPH_OPEN, _SPECKS))
        self._measure_people(standing)
        boxes, _ = people(standing, self._px_per_m)
        feet = scene.to_angles((boxes.left + boxes.right) / 2, boxes.bottom)
        persons = np.zeros_like(self._body)
        for box in boxes[field.contains(*feet, 0.0)].grown(EDGE_PX).slices():
            persons[box] = 255
        self._background.forget(persons)
        self._doubtful = persons

    def look(self, frame: Frame, elapsed_s: float, since_look_back_s: float | None) -> Sight:
        """What differs now, ``elapsed_s`` after the frame before.

        ``since_look_back_s`` is told now and then, and how long it was not: then ghosts and things that
        never stir are sorted out.
        """
        now = self.scene.planes(frame)
        px_per_m = self._px_per_m
        difference, brighter = self._background.difference(now)
        busy = above(difference, THRESHOLD) & self._anywhere
        if since_look_back_s is not None:
            self._background.look_back(now, since_look_back_s)
            self._restore_lines(now, busy)
        spots, likeness = find_spots(now, busy, brighter, px_per_m)
        bodies = busy & self._body
        for spot in spots[likeness > SURE_SPOT].slices():
            bodies[spot] = 0
        boxes, filled = people(bodies, px_per_m)
        if since_look_back_s is not None:
            self._measure_people(bodies)
        real = self._without_ghosts(now, boxes, busy)
        boxes, filled = boxes[real], filled[real]
        self._background.learn(now, busy, elapsed_s, since_look_back_s)
        likeness = likeness * clearness(spots, boxes, busy, px_per_m)
        lingering = np.array([self._before[spot].any() for spot in spots.slices()], np.bool_)
        self._before = busy
        return Sight(boxes, boxes.height / boxes.at_feet(px_per_m), filled, spots, likeness, lingering)

    def _measure_people(self, bodies: Plane) -> None:
        """Where the scale is a guess, correct it by how high the upright people are."""
        if self._heights is None:
            return
        self._heights.extend(upright_heights(bodies, self.scene.px_per_m))
        if len(self._heights) >= LEAST_HEIGHTS:
            factor = float(np.clip(np.median(self._heights), 1 / WORST_GUESS, WORST_GUESS))
            self._px_per_m = (self.scene.px_per_m * factor).astype(np.float32)

    def _restore_lines(self, now: Planes, busy: Plane) -> None:
        """Where people were wiped off or came to light, lines may too; what lies there still is one."""
        for box in outlines(busy & self._doubtful).grown(1.0).slices():
            if self._background.still_for_s(box) > LINE_STILL_S:
                self._background.accept(now, box)
                busy[box] = self._doubtful[box] = 0

    def _without_ghosts(self, now: Planes, boxes: Boxes, busy: Plane) -> NDArray[np.bool_]:
        """Which boxes hold somebody; the others become background and are wiped from `busy`."""
        real = np.ones(len(boxes), np.bool_)
        for index, box in enumerate(boxes.grown(EDGE_PX).slices()):
            if self._background.is_nobody(now, box):
                self._background.accept(now, box)
                busy[box] = 0
                self._doubtful[box] = 255
                real[index] = False
        return real


def _mask(chosen: NDArray[np.bool_]) -> Plane:
    """255 where chosen."""
    return np.where(chosen, 255, 0).astype(np.uint8)
