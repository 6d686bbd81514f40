"""Foreground of one camera: the people and ball candidates that differ from the learnt background."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.background import OBJECT_STILL_S, THRESHOLD, Background
from pipeline.analysis.ball_candidates import BLUR_PX, ROUND, BallCandidateFinder
from pipeline.analysis.ball_features import BallSight
from pipeline.analysis.blobs import Array, Boxes, outlines, people, upright_heights
from pipeline.analysis.camera_crop import CameraCrop, Planes
from pipeline.analysis.field import Field
from pipeline.analysis.plane_ops import subtract, threshold
from pipeline.optics.frame import Frame, Plane
from pipeline.optics.stabilisation.pose import Pose

EDGE_PX = 4
"""The width of a person's blurred edge, which is outside the box."""

HEIGHTS_KEPT, LEAST_HEIGHTS = 300, 4
"""The scale of an uncalibrated rig follows the median height of the last people, if there are enough."""

WORST_GUESS = 2.0
"""The largest factor by which the scale of an uncalibrated rig is corrected."""

LINE_STILL_S = 1.0
"""An area without movement for this long is a line that reappeared."""

SURE_CANDIDATE = 0.3
"""A candidate with this score or more is not part of the player next to it."""

MOST_CANDIDATES = 64
"""Of more ball candidates those with the most room around them are judged: leaves in the wind are many."""

DOUBTFUL_STILL_S = 12.0
"""Something present from the first frame and motionless for this long is not a person but a marking or a goal."""

LYING_STILL_S = 5.0
"""How long a ball may lie where one was seen in the first frame; after that it is a marking."""

LYING_BALL = 0.5
"""The least score of a candidate in the first frame that may be a ball."""

_SPECKS = np.ones((3, 2), np.uint8)
"""The kernel that removes distant lines, which would connect people."""


@dataclass(frozen=True, slots=True)
class Foreground:
    """People and ball candidates that differ from the background in one frame, in working pixels, (N,) each."""

    people: Boxes
    height_m: Array
    filled: Array
    """The fraction of each person's box that differs, 0 to 1."""
    candidates: Boxes
    features: Array
    """What each candidate looks like, (N, len(FEATURES))."""
    lingering: NDArray[np.bool_]
    """Whether something already differed at the candidate's position one frame before."""


class ForegroundFinder:
    """Finds the foreground in a camera's crop, with a learnt background. One thread at a time."""

    def __init__(
        self,
        crop: CameraCrop,
        field: Field,
        frame: Frame,
        ball_m: float,
        *,
        scale_is_guess: bool,
        field_is_guess: bool,
    ) -> None:
        """Learn from the first frame; people on the field are removed by comparison with the plain ground.

        So is a ball that lies there, unless the field is a guess, because spare balls lie around a pitch.
        ``ball_m``: the ball's diameter. ``scale_is_guess``: the rig is not calibrated, so the scale is estimated
        from the heights of people.
        """
        self.crop = crop
        self._ball_m = ball_m
        self._px_per_m = crop.px_per_m
        self._finder = BallCandidateFinder(self._px_per_m, self._ball_m)
        self._heights: deque[float] | None = deque(maxlen=HEIGHTS_KEPT) if scale_is_guess else None
        self._body = _mask(crop.body)
        self._anywhere = _mask(crop.body | crop.air)
        self._before = self._anywhere
        now = self._last = crop.planes(frame)
        self._background = Background(now)
        standing = threshold(self._background.plain_difference(now), THRESHOLD) & self._body
        self._measure_people(standing)
        balls = np.zeros_like(self._body)
        for box in [] if field_is_guess else self._lying_balls(now, standing, field).slices():
            balls[box] = 255
        standing = cast(Plane, cv2.morphologyEx(standing, cv2.MORPH_OPEN, _SPECKS))
        boxes, _ = people(standing, self._px_per_m)
        feet = crop.to_angles((boxes.left + boxes.right) / 2, boxes.bottom)
        persons = np.zeros_like(self._body)
        for box in boxes[field.contains(*feet, 0.0)].slices():
            persons[box] = standing[box]
        persons = cast(Plane, cv2.dilate(persons, np.ones((2 * EDGE_PX + 1, 2 * EDGE_PX + 1))))
        self._background.forget(persons | balls)
        self._doubtful, self._lying = persons, balls

    def look(
        self, frame: Frame, elapsed_s: float, since_look_back_s: float | None, pose: Pose | None = None
    ) -> Foreground:
        """The foreground of a frame, ``elapsed_s`` after the previous one; `pose`: how the camera stands in it
        compared with its place.

        ``since_look_back_s`` is given now and then, as the time since it was given last: then motionless objects
        and reappearing lines become background.
        """
        now = self.crop.planes(frame, pose)
        px_per_m, background = self._px_per_m, self._background.picture
        difference, brighter = self._background.difference(now)
        busy = threshold(difference, THRESHOLD) & self._anywhere
        bodies = busy & self._body
        candidates = self._finder.find(now, background, busy, bodies, brighter)
        for candidate in candidates.boxes[
            (candidates.ball_score > SURE_CANDIDATE) & ~candidates.touching
        ].slices():
            bodies[candidate] = 0
        boxes, filled = people(bodies, px_per_m)
        real = self._without_ghosts(now, boxes, busy)
        boxes, filled = boxes[real], filled[real]
        if since_look_back_s is not None:
            self._background.look_back(now, since_look_back_s)
            self._measure_people(bodies)
            self._restore(now, boxes, busy, self._doubtful & ~self._lying, LINE_STILL_S)
            self._restore(now, boxes, busy, self._lying, LYING_STILL_S)
        self._background.learn(now, busy, elapsed_s, since_look_back_s)
        clear = self._finder.clearance(candidates, boxes, busy)
        kept = np.sort(np.argsort(-clear, kind="stable")[:MOST_CANDIDATES])
        candidates, clear = candidates[kept], clear[kept]
        slices = candidates.boxes.slices()
        lingering = np.array([self._before[candidate].any() for candidate in slices], np.bool_)
        doubtful = np.array([self._doubtful[candidate].any() for candidate in slices], np.bool_)
        sight = BallSight(now, self._last, background, busy, px_per_m, self._ball_m)
        features = sight.described(candidates, clear, boxes, np.stack([lingering, doubtful]))
        self._before, self._last = busy, now
        height_m = boxes.height / boxes.at_feet(px_per_m)
        return Foreground(boxes, height_m, filled, candidates.boxes, features, lingering)

    def _lying_balls(self, now: Planes, standing: Plane, field: Field) -> Boxes:
        """Candidates in the first frame that look like a ball: round, unlike a marking, which looks flat from
        afar."""
        plain = self._background.plain
        candidates = self._finder.find(now, plain, standing, standing, subtract(now.luma, plain.luma))
        boxes = candidates.boxes
        middle = self.crop.to_angles((boxes.left + boxes.right) / 2, (boxes.top + boxes.bottom) / 2)
        chosen = (
            (candidates.ball_score > LYING_BALL)
            & ~candidates.touching
            & (boxes.height >= ROUND * boxes.width)
        )
        return boxes[chosen & field.contains(*middle, 0.0)].enlarged(BLUR_PX)

    def _measure_people(self, bodies: Plane) -> None:
        """If the scale is a guess, correct it by the heights of upright people."""
        if self._heights is None:
            return
        self._heights.extend(upright_heights(bodies, self.crop.px_per_m))
        if len(self._heights) >= LEAST_HEIGHTS:
            factor = float(np.clip(np.median(self._heights), 1 / WORST_GUESS, WORST_GUESS))
            self._px_per_m = (self.crop.px_per_m * factor).astype(np.float32)
            self._finder = BallCandidateFinder(self._px_per_m, self._ball_m)

    def _without_ghosts(self, now: Planes, boxes: Boxes, busy: Plane) -> NDArray[np.bool_]:
        """Which boxes contain a person; the others become background and are removed from `busy`."""
        real = np.ones(len(boxes), np.bool_)
        for index, box in enumerate(boxes.enlarged(EDGE_PX).slices()):
            still_s = DOUBTFUL_STILL_S if self._doubtful[box].any() else OBJECT_STILL_S
            if self._background.is_nobody(now, box, still_s):
                self._background.accept(now, box)
                busy[box] = 0
                self._doubtful[box] = 255
                real[index] = False
        return real

    def _restore(self, now: Planes, boxes: Boxes, busy: Plane, doubtful: Plane, still_s: float) -> None:
        """Accept motionless areas as background where removing a person also removed lines and markings."""
        doubtful = busy & doubtful
        for box in boxes.enlarged(EDGE_PX).slices():
            doubtful[box] = 0
        for box in outlines(doubtful).enlarged(1.0).slices():
            if self._background.still_for_s(box) > still_s:
                self._background.accept(now, box)
                busy[box] = self._doubtful[box] = self._lying[box] = 0


def _mask(chosen: NDArray[np.bool_]) -> Plane:
    """255 where chosen."""
    return np.where(chosen, 255, 0).astype(np.uint8)
