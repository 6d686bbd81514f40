"""The motion detector, the default: finds players and ball by background subtraction and size, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.ball_features import FEATURES
from pipeline.analysis.ball_looks import BallLooks, one_ball, shipped_looks
from pipeline.analysis.blobs import USUAL_HEIGHT_M, Array, Boxes
from pipeline.analysis.camera_crop import CameraCrop
from pipeline.analysis.detector import Detection, Label
from pipeline.analysis.field import DEFAULT_MARGIN_M, Field
from pipeline.analysis.foreground import Foreground, ForegroundFinder
from pipeline.analysis.sway_history import PoseSource, standing
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.optics.rig_parts import play_on
from pipeline.timebase import Nanoseconds, ns_to_seconds

RATE_HZ = 12.5

LOOK_BACK_S = 0.5
"""How often ghosts and motionless objects are removed."""

HEIGHT_SPREAD_M = 0.9
"""How fast the score decreases for boxes that are higher or lower than a player."""

WELL_FILLED = 0.5
"""A box with this filled fraction or more has the full player score."""

MOST_BALLS = 6
"""The number of best ball candidates per frame; more are caused by weather."""

LEAST_BALL = 0.05
"""The least score of a ball candidate that is reported."""

LONGEST_PAUSE_S = 1.0
"""A longer pause counts as this long for the background model."""


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """What may be a ball in one frame, whatever its score: where, and what it looks like (N, len(FEATURES))."""

    detections: list[Detection]
    features: Array


class LooksLearner(Protocol):
    """Learns what the ball looks like while a detector runs. Called in the detector's thread."""

    @property
    def looks(self) -> tuple[BallLooks, ...]:
        """The models that judge the first frame, all alike."""

    def seen(self, time_ns: Nanoseconds, found: Sequence[Detection], spots: Spots) -> tuple[BallLooks, ...]:
        """Take in what a frame showed; returns the models for the next one."""


class MotionDetector:
    """Finds players and ball candidates by background subtraction in each camera. One thread at a time.

    Learns the empty field from the first frame on; people already there are detected at once. A ball that lies
    still from the first frame on is detected once it moves.
    """

    name = "motion"

    def __init__(
        self,
        rig: Rig,
        field: Field | None = None,
        margin_m: float = DEFAULT_MARGIN_M,
        rate_hz: float = RATE_HZ,
        pose_at: PoseSource = standing,
        looks: BallLooks | None = None,
        learner: LooksLearner | None = None,
    ) -> None:
        """Without a field, the turf's colour in the first frame gives it. ``pose_at``: how the cameras sway;
        ``looks``: what a ball looks like, otherwise as the project ships it; ``learner``: who learns that while the
        detector runs, and says it instead."""
        self.rate_hz = rate_hz
        self._rig = rig
        self._given_field = field
        self._margin_m = margin_m
        self._finders: list[ForegroundFinder] = []
        self._field = field
        self._pose_at = pose_at
        self._learner = learner
        self._looks = (looks or shipped_looks(),) if learner is None else learner.looks
        self.spots = Spots([], np.zeros((0, len(FEATURES))))
        """What the last frame showed, from which looks are learned. Read it in the detector's thread."""
        self._last_ns = self._looked_back_ns = Nanoseconds(0)

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection]:
        """Players and ball candidates; takes some ten milliseconds.

        Raises RigError if the frame does not have the rig's size.
        """
        self._rig.check_frame(frame.width, frame.height)
        if not self._finders:
            self._begin(frame)
            self._last_ns = self._looked_back_ns = time_ns
        elapsed_s = min(LONGEST_PAUSE_S, max(0.0, ns_to_seconds(time_ns - self._last_ns)))
        since_s: float | None = ns_to_seconds(abs(time_ns - self._looked_back_ns))
        self._last_ns = time_ns
        if since_s is not None and since_s < LOOK_BACK_S:
            since_s = None
        else:
            self._looked_back_ns = time_ns
        pose = self._pose_at(time_ns)
        players: list[Detection] = []
        spots: list[Detection] = []
        features = [np.zeros((0, len(FEATURES)))]
        for finder in self._finders:
            camera = finder.crop.camera
            finder.crop.first_pose = None if pose.first is None else pose.first[camera]
            stands = None if pose.from_place is None else pose.from_place[camera]
            foreground = finder.look(frame, elapsed_s, since_s, stands)
            players += self._players(finder.crop, foreground)
            spots_here, features_here = self._spots(finder.crop, foreground)
            spots += spots_here
            features.append(features_here)
        self.spots = Spots(spots, np.concatenate(features))
        found = players + likeliest(self._looks, self.spots)
        if self._learner is not None:
            self._looks = self._learner.seen(time_ns, found, self.spots)
        return found

    def close(self) -> None:
        """Discard everything learnt."""
        self._finders = []
        self._field = self._given_field

    def _begin(self, frame: Frame) -> None:
        """Set up every camera that sees part of the field."""
        field = self._field = self._given_field or Field.of_turf(self._rig, frame)
        crops = [CameraCrop(self._rig, i, field, self._margin_m) for i in range(len(self._rig.cameras))]
        make = partial(
            ForegroundFinder,
            field=field,
            frame=frame,
            ball_m=play_on(self._rig.pitch).ball_m,
            scale_is_guess=self._rig.scale_is_guess,
            field_is_guess=self._given_field is None,
        )
        self._finders = [make(crop) for crop in crops if crop.seen]

    def _players(self, crop: CameraCrop, foreground: Foreground) -> list[Detection]:
        """The players on the part of the field for which this camera is responsible."""
        boxes = foreground.people
        foot = crop.to_angles((boxes.left + boxes.right) / 2, boxes.bottom)
        score = np.exp(-(((foreground.height_m - USUAL_HEIGHT_M) / HEIGHT_SPREAD_M) ** 2))
        score *= np.clip(foreground.filled / WELL_FILLED, 0, 1)
        return _in_angles(crop, boxes, "player", score, crop.is_ours(*foot) & self._inside(*foot))

    def _spots(self, crop: CameraCrop, foreground: Foreground) -> tuple[list[Detection], Array]:
        """The ball candidates over the field, or in the air in front of what is behind it, without a score, and
        their features."""
        boxes = foreground.candidates
        middle = crop.to_angles((boxes.left + boxes.right - 1) / 2, (boxes.top + boxes.bottom - 1) / 2)
        chosen = crop.is_ours(*middle) & (self._inside(*middle) | ~foreground.lingering)
        return _in_angles(crop, boxes, "ball", np.zeros(len(boxes)), chosen), foreground.features[chosen]

    def _inside(self, yaw_deg: Array, tilt_deg: Array) -> NDArray[np.bool_]:
        return np.asarray(self._field is None or self._field.contains(yaw_deg, tilt_deg, self._margin_m))


def likeliest(looks: Sequence[BallLooks], spots: Spots) -> list[Detection]:
    """The spots of a frame that are most likely the ball, with their score: the mean of what the models say."""
    score = np.mean([one_ball(one.odds(spots.features)) for one in looks], axis=0)
    best = [i for i in np.argsort(-score, kind="stable")[:MOST_BALLS].tolist() if score[i] > LEAST_BALL]
    return [replace(spots.detections[i], score=float(score[i])) for i in best]


def _in_angles(
    crop: CameraCrop, boxes: Boxes, label: Label, score: Array, chosen: NDArray[np.bool_]
) -> list[Detection]:
    """The chosen boxes as detections."""
    boxes, score = boxes[chosen], score[chosen]
    x, y = (boxes.left + boxes.right - 1) / 2, (boxes.top + boxes.bottom - 1) / 2
    left, top, right, bottom = (boxes.rows - 0.5).T
    yaw_deg, tilt_deg = crop.to_angles(np.stack([x, left, right, x, x]), np.stack([y, y, y, top, bottom]))
    width_deg, height_deg = np.abs(yaw_deg[2] - yaw_deg[1]), np.abs(tilt_deg[3] - tilt_deg[4])
    numbers = np.stack([score, yaw_deg[0], tilt_deg[0], width_deg, height_deg], axis=-1)
    return [Detection(label, *row) for row in numbers.tolist()]
