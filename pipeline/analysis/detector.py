"""Detector: the protocol that every detector implements, also your own, and the detections that it returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pipeline.optics.frame import Frame
from pipeline.timebase import Nanoseconds

Label = Literal["ball", "player", "staff", "side_referee", "main_referee"]
Shirt = tuple[float, float, float]
"""The colour of a person's upper body: Y, U and V, 8 bit."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One detected object, in rig angles: degrees, yaw to the right, tilt upward; 0, 0 is forward and level.

    ``yaw_deg``/``tilt_deg`` is the centre of the bounding box, ``width_deg``/``height_deg`` its full extent.
    ``score`` is the confidence, 0..1.
    """

    label: Label
    score: float
    yaw_deg: float
    tilt_deg: float
    width_deg: float
    height_deg: float


@dataclass(frozen=True, slots=True)
class DetectionSet:
    """All detections in one frame; ``time_ns`` is the frame's running time.

    ``shirts``: one for each detection if they were read (see ShirtReader), None for the ball; otherwise empty.
    """

    time_ns: Nanoseconds
    detections: tuple[Detection, ...]
    shirts: tuple[Shirt | None, ...] = ()


class Detector(Protocol):
    """Turns rig frames into detections. Called from one thread only, the detector's own."""

    @property
    def name(self) -> str:
        """A short name for logs and statistics."""

    @property
    def rate_hz(self) -> float:
        """How many frames per second the detector wants; it does not receive frames in between."""

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection] | None:
        """The detections in `frame`, whose pixels are valid only during the call.

        An empty result means that there is nothing; None means that the detector did not examine the frame (it is
        still learning the background, for example), and nothing is recorded.

        May block as long as necessary: frames that arrive meanwhile are dropped and counted (live) or wait
        (offline).
        """

    def close(self) -> None:
        """Release the detector's resources. Called once, from the detector's thread."""
