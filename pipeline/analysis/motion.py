"""The motion detector, the default: no model, only what differs from the empty field, judged by its size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.blobs import USUAL_HEIGHT_M, Array, Boxes
from pipeline.analysis.detector import Detection, Label
from pipeline.analysis.field import DEFAULT_MARGIN_M, Field
from pipeline.analysis.scene import CameraScene
from pipeline.analysis.watch import CameraWatch, Sight
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.timebase import Nanoseconds, ns_to_seconds

RATE_HZ = 12.5

LOOK_BACK_S = 0.5
"""How often ghosts and things that do not stir are looked for."""

HEIGHT_SPREAD_M = 0.9
"""How fast the score falls for boxes that are higher or lower than a player."""

WELL_FILLED = 0.5
"""A box is surely a player's when so much of it differs from the background."""

AIRBORNE = 0.75
"""What flies before stands and trees is a ball a little less surely than what is over the field."""

MOST_BALLS = 6
"""The best candidates of a frame; more of them are weather."""

LEAST_BALL = 0.05
"""A less likely candidate is not worth mentioning."""

LONGEST_PAUSE_S = 1.0
"""After a longer pause the background is not taken to have been watched meanwhile."""


class MotionDetector:
    """Players and ball candidates from background subtraction, camera by camera. One thread at a time.

    Learns the empty field from the first frame on; whoever stands there already is seen at once. A ball
    that lies still from the first frame on is seen when it moves.
    """

    name = "motion"

    def __init__(
        self,
        rig: Rig,
        field: Field | None = None,
        margin_m: float = DEFAULT_MARGIN_M,
        rate_hz: float = RATE_HZ,
    ) -> None:
        """Without a field the turf's colour in the first frame shows where it is."""
        self.rate_hz = rate_hz
        self._rig = rig
        self._given_field = field
        self._margin_m = margin_m
        self._watches: list[CameraWatch] = []
        self._field = field
        self._last_ns = self._looked_back_ns = Nanoseconds(0)

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection]:
        """Players and ball candidates; computes for some ten milliseconds.

        Raises RigError when the frame is not of the rig's size.
        """
        self._rig.check_frame(frame.width, frame.height)
        if not self._watches:
            self._begin(frame)
            self._last_ns = self._looked_back_ns = time_ns
        elapsed_s = min(LONGEST_PAUSE_S, max(0.0, ns_to_seconds(time_ns - self._last_ns)))
        since_s: float | None = ns_to_seconds(abs(time_ns - self._looked_back_ns))
        self._last_ns = time_ns
        if since_s is not None and since_s < LOOK_BACK_S:
            since_s = None
        else:
            self._looked_back_ns = time_ns
        players: list[Detection] = []
        balls: list[Detection] = []
        for watch in self._watches:
            sight = watch.look(frame, elapsed_s, since_s)
            players += self._players(watch.scene, sight)
            balls += self._balls(watch.scene, sight)
        return players + sorted(balls, key=lambda ball: -ball.score)[:MOST_BALLS]

    def close(self) -> None:
        """Forget what was learnt."""
        self._watches = []
        self._field = self._given_field

    def _begin(self, frame: Frame) -> None:
        """Set every camera up that sees any of the field."""
        field = self._field = self._given_field or Field.of_turf(self._rig, frame)
        scenes = [CameraScene(self._rig, i, field, self._margin_m) for i in range(len(self._rig.cameras))]
        is_guess = self._rig.pitch is None and not self._rig.quality
        self._watches = [
            CameraWatch(scene, field, frame, is_guess, self._given_field is None)
            for scene in scenes
            if scene.seen
        ]

    def _players(self, scene: CameraScene, sight: Sight) -> list[Detection]:
        """The people who stand in the field where this camera answers for it."""
        boxes = sight.people
        foot = scene.to_angles((boxes.left + boxes.right) / 2, boxes.bottom)
        score = np.exp(-(((sight.height_m - USUAL_HEIGHT_M) / HEIGHT_SPREAD_M) ** 2))
        score *= np.clip(sight.filled / WELL_FILLED, 0, 1)
        return _in_angles(scene, boxes, "player", score, scene.is_ours(*foot) & self._inside(*foot))

    def _balls(self, scene: CameraScene, sight: Sight) -> list[Detection]:
        """The spots that may be the ball: over the field, or flying before what is behind it."""
        boxes = sight.spots
        middle = scene.to_angles((boxes.left + boxes.right - 1) / 2, (boxes.top + boxes.bottom - 1) / 2)
        outside = np.where(sight.lingering, 0.0, AIRBORNE)
        score = sight.likeness * np.where(self._inside(*middle), 1.0, outside)
        return _in_angles(scene, boxes, "ball", score, scene.is_ours(*middle) & (score > LEAST_BALL))

    def _inside(self, yaw_deg: Array, tilt_deg: Array) -> NDArray[np.bool_]:
        return np.asarray(self._field is None or self._field.contains(yaw_deg, tilt_deg, self._margin_m))


def _in_angles(
    scene: CameraScene, boxes: Boxes, label: Label, score: Array, chosen: NDArray[np.bool_]
) -> list[Detection]:
    """The chosen boxes as detections."""
    boxes, score = boxes[chosen], score[chosen]
    x, y = (boxes.left + boxes.right - 1) / 2, (boxes.top + boxes.bottom - 1) / 2
    left, top, right, bottom = (boxes.rows - 0.5).T
    yaw_deg, tilt_deg = scene.to_angles(np.stack([x, left, right, x, x]), np.stack([y, y, y, top, bottom]))
    width_deg, height_deg = np.abs(yaw_deg[2] - yaw_deg[1]), np.abs(tilt_deg[3] - tilt_deg[4])
    numbers = np.stack([score, yaw_deg[0], tilt_deg[0], width_deg, height_deg], axis=-1)
    return [Detection(label, *row) for row in numbers.tolist()]
