"""The motion detector, the default: finds players and ball by background subtraction and size, without a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.blobs import USUAL_HEIGHT_M, Array, Boxes
from pipeline.analysis.camera_crop import CameraCrop
from pipeline.analysis.detector import Detection, Label
from pipeline.analysis.field import DEFAULT_MARGIN_M, Field
from pipeline.analysis.foreground import Foreground, ForegroundFinder
from pipeline.analysis.sway_history import PoseSource, standing
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.timebase import Nanoseconds, ns_to_seconds

RATE_HZ = 12.5

LOOK_BACK_S = 0.5
"""How often ghosts and motionless objects are removed."""

HEIGHT_SPREAD_M = 0.9
"""How fast the score decreases for boxes that are higher or lower than a player."""

WELL_FILLED = 0.5
"""A box with this filled fraction or more has the full player score."""

AIRBORNE = 0.75
"""The score factor of a candidate in front of stands and trees instead of the field."""

MOST_BALLS = 6
"""The number of best ball candidates per frame; more are caused by weather."""

LEAST_BALL = 0.05
"""The least score of a ball candidate that is reported."""

LONGEST_PAUSE_S = 1.0
"""A longer pause counts as this long for the background model."""


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
    ) -> None:
        """Without a field, the turf's colour in the first frame gives it. ``pose_at``: how the cameras sway."""
        self.rate_hz = rate_hz
        self._rig = rig
        self._given_field = field
        self._margin_m = margin_m
        self._finders: list[ForegroundFinder] = []
        self._field = field
        self._pose_at = pose_at
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
        balls: list[Detection] = []
        for finder in self._finders:
            camera = finder.crop.camera
            finder.crop.first_pose = None if pose.first is None else pose.first[camera]
            stands = None if pose.from_place is None else pose.from_place[camera]
            foreground = finder.look(frame, elapsed_s, since_s, stands)
            players += self._players(finder.crop, foreground)
            balls += self._balls(finder.crop, foreground)
        return players + sorted(balls, key=lambda ball: -ball.score)[:MOST_BALLS]

    def close(self) -> None:
        """Discard everything learnt."""
        self._finders = []
        self._field = self._given_field

    def _begin(self, frame: Frame) -> None:
        """Set up every camera that sees part of the field."""
        field = self._field = self._given_field or Field.of_turf(self._rig, frame)
        crops = [CameraCrop(self._rig, i, field, self._margin_m) for i in range(len(self._rig.cameras))]
        is_guess = self._rig.scale_is_guess
        self._finders = [
            ForegroundFinder(crop, field, frame, is_guess, self._given_field is None)
            for crop in crops
            if crop.seen
        ]

    def _players(self, crop: CameraCrop, foreground: Foreground) -> list[Detection]:
        """The players on the part of the field for which this camera is responsible."""
        boxes = foreground.people
        foot = crop.to_angles((boxes.left + boxes.right) / 2, boxes.bottom)
        score = np.exp(-(((foreground.height_m - USUAL_HEIGHT_M) / HEIGHT_SPREAD_M) ** 2))
        score *= np.clip(foreground.filled / WELL_FILLED, 0, 1)
        return _in_angles(crop, boxes, "player", score, crop.is_ours(*foot) & self._inside(*foot))

    def _balls(self, crop: CameraCrop, foreground: Foreground) -> list[Detection]:
        """The ball candidates over the field, or in the air in front of what is behind it."""
        boxes = foreground.candidates
        middle = crop.to_angles((boxes.left + boxes.right - 1) / 2, (boxes.top + boxes.bottom - 1) / 2)
        outside = np.where(foreground.lingering, 0.0, AIRBORNE)
        score = foreground.ball_score * np.where(self._inside(*middle), 1.0, outside)
        return _in_angles(crop, boxes, "ball", score, crop.is_ours(*middle) & (score > LEAST_BALL))

    def _inside(self, yaw_deg: Array, tilt_deg: Array) -> NDArray[np.bool_]:
        return np.asarray(self._field is None or self._field.contains(yaw_deg, tilt_deg, self._margin_m))


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
