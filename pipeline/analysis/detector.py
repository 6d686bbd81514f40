"""What a detector sees and how it is asked: the protocol that every detector, yours too, fulfils."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pipeline.optics.frame import Frame
from pipeline.timebase import Nanoseconds

Label = Literal["ball", "player", "staff", "side_referee", "main_referee"]


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing seen, in rig angles: degrees, yaw to the right, tilt upward; 0, 0 is forward and level.

    ``yaw_deg``/``tilt_deg`` is the box's centre; ``width_deg``/``height_deg`` its whole extent.
    ``score`` lies in 0..1.
    """

    label: Label
    score: float
    yaw_deg: float
    tilt_deg: float
    width_deg: float
    height_deg: float


@dataclass(frozen=True, slots=True)
class DetectionSet:
    """All that one detector saw in one frame; ``time_ns`` is that frame's running time."""

    time_ns: Nanoseconds
    detections: tuple[Detection, ...]


class Detector(Protocol):
    """Turns a rig frame into detections. Called from one thread only, the detector's own."""

    @property
    def name(self) -> str:
        """A short name for logs and statistics."""

    @property
    def rate_hz(self) -> float:
        """How many frames a second the detector wants; frames in between are not offered to it."""

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection] | None:
        """What is to be seen in `frame`, whose pixels are valid during the call only.

        An empty answer says that nothing is there; None says that the detector did not look (it is
        still learning the background, say), and nothing is written down.

        May block for as long as it takes: frames that come meanwhile are dropped and counted (live)
        or wait (offline).
        """

    def close(self) -> None:
        """Release what the detector holds. Called once, from the detector's thread."""
