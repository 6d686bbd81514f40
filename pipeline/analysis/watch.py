"""One camera watched over time: its background, and the people and spots that differ from it now."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.background import STIR_S, THRESHOLD, Background
from pipeline.analysis.blobs import Array, Boxes, outlines, people, upright_heights
from pipeline.analysis.field import Field
from pipeline.analysis.planes import above, less
from pipeline.analysis.scene import CameraScene, Planes
from pipeline.analysis.spots import BLUR_PX, ROUND, SpotFinder
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

DOUBTFUL_STIR_S = 12.0
"""So long nobody stands stock-still who was there from the first frame; it is a mark or a goal."""

DOUBTFUL_SHARE = 0.25
"""What remains of the likeness of a spot that stays and is flat, or lies where somebody was wiped off: most are
bits of lines."""

FLAT = 0.45
"""A spot that stays where it is and is so many times as high as broad, or less, is a mark on the ground: a ball is
round, and broad only while it flies fast. A mark comes to light where a ball lay on it in the first frame."""

LYING_STILL_S = 5.0
"""So long a ball may lie where one was seen in the first frame; then it is a mark."""

LYING_BALL = 0.5
"""A spot in the first frame that is as like a ball as this may be one."""

_SPECKS = np.ones((3, 2), np.uint8)
"""Lines are thinner than this in the distance, where they would tie people together."""


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

    def __init__(
        self, scene: CameraScene, field: Field, frame: Frame, scale_is_guess: bool, field_is_guess: bool
    ) -> None:
        """Learn from the first frame: who stands in the field is taken out by comparison with the ground.

        A ball that lies there is too, unless the field is a guess: round a pitch lie others.
        ``scale_is_guess``: the rig was not measured, so that the people have to tell how long a metre is.
        """
        self.scene = scene
        self._px_per_m = scene.px_per_m
        self._finder = SpotFinder(self._px_per_m)
        self._heights: deque[float] | None = deque(maxlen=HEIGHTS_KEPT) if scale_is_guess else None
        self._body = _mask(scene.body)
        self._anywhere = _mask(scene.body | scene.air)
        self._before = self._anywhere
        now = scene.planes(frame)
        self._background = Background(now)
        standing = above(self._background.plain_difference(now), THRESHOLD) & self._body
        self._measure_people(standing)
        balls = np.zeros_like(self._body)
        for box in [] if field_is_guess else self._lying_balls(now, standing, field).slices():
            balls[box] = 255
        standing = cast(Plane, cv2.morphologyEx(standing, cv2.MORPH_OPEN, _SPECKS))
        boxes, _ = people(standing, self._px_per_m)
        feet = scene.to_angles((boxes.left + boxes.right) / 2, boxes.bottom)
        persons = np.zeros_like(self._body)
        for box in boxes[field.contains(*feet, 0.0)].slices():
            persons[box] = standing[box]
        persons = cast(Plane, cv2.dilate(persons, np.ones((2 * EDGE_PX + 1, 2 * EDGE_PX + 1))))
        self._background.forget(persons | balls)
        self._doubtful, self._lying = persons, balls

    def look(self, frame: Frame, elapsed_s: float, since_look_back_s: float | None) -> Sight:
        """What differs now, ``elapsed_s`` after the frame before.

        ``since_look_back_s`` is told now and then, and how long it was not: then things that never stir and
        lines that came to light are sorted out.
        """
        now = self.scene.planes(frame)
        px_per_m = self._px_per_m
        difference, brighter = self._background.difference(now)
        busy = above(difference, THRESHOLD) & self._anywhere
        bodies = busy & self._body
        spots = self._finder.find(now, self._background.picture, busy, bodies, brighter)
        for spot in spots.boxes[(spots.likeness > SURE_SPOT) & ~spots.touching].slices():
            bodies[spot] = 0
        boxes, filled = people(bodies, px_per_m)
        real = self._without_ghosts(now, boxes, busy)
        boxes, filled = boxes[real], filled[real]
        if since_look_back_s is not None:
            self._background.look_back(now, since_look_back_s)
            self._measure_people(bodies)
            self._restore(now, boxes, busy, self._doubtful & ~self._lying, LINE_STILL_S)
            self._restore(now, boxes, busy, self._lying, LYING_STILL_S)
        self._background.learn(now, busy, elapsed_s, since_look_back_s)
        likeness = spots.likeness * self._finder.clearness(spots, boxes, busy)
        slices = spots.boxes.slices()
        lingering = np.array([self._before[spot].any() for spot in slices], np.bool_)
        doubtful = np.array([self._doubtful[spot].any() for spot in slices], np.bool_)
        flat = spots.boxes.height <= FLAT * spots.boxes.width
        likeness[lingering & (doubtful | flat) & ~spots.touching] *= DOUBTFUL_SHARE
        self._before = busy
        height_m = boxes.height / boxes.at_feet(px_per_m)
        return Sight(boxes, height_m, filled, spots.boxes, likeness, lingering)

    def _lying_balls(self, now: Planes, standing: Plane, field: Field) -> Boxes:
        """Spots in the first frame that look like a ball: round, unlike a mark, which is flat from afar."""
        plain = self._background.plain
        spots = self._finder.find(now, plain, standing, standing, less(now.luma, plain.luma))
        boxes = spots.boxes
        middle = self.scene.to_angles((boxes.left + boxes.right) / 2, (boxes.top + boxes.bottom) / 2)
        chosen = (spots.likeness > LYING_BALL) & ~spots.touching & (boxes.height >= ROUND * boxes.width)
        return boxes[chosen & field.contains(*middle, 0.0)].grown(BLUR_PX)

    def _measure_people(self, bodies: Plane) -> None:
        """Where the scale is a guess, correct it by how high the upright people are."""
        if self._heights is None:
            return
        self._heights.extend(upright_heights(bodies, self.scene.px_per_m))
        if len(self._heights) >= LEAST_HEIGHTS:
            factor = float(np.clip(np.median(self._heights), 1 / WORST_GUESS, WORST_GUESS))
            self._px_per_m = (self.scene.px_per_m * factor).astype(np.float32)
            self._finder = SpotFinder(self._px_per_m)

    def _without_ghosts(self, now: Planes, boxes: Boxes, busy: Plane) -> NDArray[np.bool_]:
        """Which boxes hold somebody; the others become background and are wiped from `busy`."""
        real = np.ones(len(boxes), np.bool_)
        for index, box in enumerate(boxes.grown(EDGE_PX).slices()):
            stir_s = DOUBTFUL_STIR_S if self._doubtful[box].any() else STIR_S
            if self._background.is_nobody(now, box, stir_s):
                self._background.accept(now, box)
                busy[box] = 0
                self._doubtful[box] = 255
                real[index] = False
        return real

    def _restore(self, now: Planes, boxes: Boxes, busy: Plane, doubtful: Plane, still_s: float) -> None:
        """Where somebody was wiped off, lines and marks were too: accept what lies there still, and no person."""
        doubtful = busy & doubtful
        for box in boxes.grown(EDGE_PX).slices():
            doubtful[box] = 0
        for box in outlines(doubtful).grown(1.0).slices():
            if self._background.still_for_s(box) > still_s:
                self._background.accept(now, box)
                busy[box] = self._doubtful[box] = self._lying[box] = 0


def _mask(chosen: NDArray[np.bool_]) -> Plane:
    """255 where chosen."""
    return np.where(chosen, 255, 0).astype(np.uint8)
