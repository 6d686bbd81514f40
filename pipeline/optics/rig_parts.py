"""The parts of a rig: cameras, blend, pitch and their regions; RigParts holds what a rig file holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.errors import RigError
from pipeline.fields import FOOTBALL_PLAY, Markings, Play, PlayingField, football
from pipeline.optics.angles import LARGEST_ANGLE_DEG, Array, rotation
from pipeline.optics.lens import Lens
from pipeline.optics.outline import Outline, check_outline, within
from pipeline.optics.surface import Surface

LARGEST_POSITION_M = 1e4
GAIN_RANGE = (1e-3, 1e3)
FASTEST_RATE = 1000.0
PITCH_SIDE_RANGE_M = (0.1, 1e4)
LARGEST_CENTRE_M = 1e5
"""Beyond these sizes no venue exists, and the arithmetic overflows."""

Quality = Mapping[str, float | int | str | bool]


_DEGREES = f"a number of degrees within +-{LARGEST_ANGLE_DEG:g}"


def _within(largest: float, *values: float) -> bool:
    return all(abs(value) <= largest for value in values)


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera: lens, orientation in degrees, position in metres, colour gains and time offset.

    ``gain_bgr`` multiplies blue, green and red; frame ``i + frame_offset`` shows the same moment as frame ``i`` of
    the first camera. If the cameras' frame rates differ, each has its ``frame_rate`` in frames per second, and its
    frame ``frame_offset`` shows the moment of the first camera's frame 0; without (0), the footage tells its rate.
    ``outline_px``: the corners of the picture in frames with a black border; none if all of the frame is picture.
    Raises RigError for values that no real camera has.
    """

    name: str
    lens: Lens
    yaw_deg: float = 0.0
    tilt_deg: float = 0.0
    roll_deg: float = 0.0
    position_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gain_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)
    frame_offset: int = 0
    outline_px: Outline = ()
    frame_rate: float = 0.0

    def __post_init__(self) -> None:
        for key in ("yaw_deg", "tilt_deg", "roll_deg"):
            if not _within(LARGEST_ANGLE_DEG, getattr(self, key)):
                raise RigError(f"{key} is {getattr(self, key)}; allowed: {_DEGREES}")
        if len(self.position_m) != 3 or not _within(LARGEST_POSITION_M, *self.position_m):
            raise RigError(
                f"position_m is {list(self.position_m)}; allowed: three numbers of metres within "
                f"+-{LARGEST_POSITION_M:g}"
            )
        least, largest = GAIN_RANGE
        if len(self.gain_bgr) != 3 or not all(least <= gain <= largest for gain in self.gain_bgr):
            raise RigError(
                f"gain_bgr is {list(self.gain_bgr)}; allowed: three positive numbers, {least:g} to {largest:g}"
            )
        if not 0 <= self.frame_rate <= FASTEST_RATE:
            raise RigError(
                f"frame_rate is {self.frame_rate}; allowed: frames per second, up to {FASTEST_RATE:g}; 0 if all "
                "cameras have the same"
            )
        check_outline(self.outline_px, self.size_px)

    def shows(self, pixels: Array) -> NDArray[np.bool_]:
        """Which of the pixels (..., 2) lie in the picture: in the frame, and inside its outline."""
        inside = self.lens.contains(pixels)
        return inside & within(self.outline_px, self.size_px, pixels) if self.outline_px else inside

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the image in pixels."""
        return self.lens.size_px

    @property
    def rotation(self) -> Array:
        """The 3x3 rotation camera -> world."""
        return rotation(self.yaw_deg, self.tilt_deg, self.roll_deg)


@dataclass(frozen=True, slots=True)
class Blend:
    """Where the images of neighbouring cameras meet, and the angle over which they are blended.

    ``seam_deg`` holds the yaw of each seam from left to right, one fewer than there are cameras; empty means
    midway between the optical axes of neighbours. ``feather_deg`` is the width of the blend.
    """

    seam_deg: tuple[float, ...] = ()
    feather_deg: float = 1.0

    def __post_init__(self) -> None:
        in_order = list(self.seam_deg) == sorted(set(self.seam_deg))
        if not in_order or not _within(LARGEST_ANGLE_DEG, *self.seam_deg):
            raise RigError(
                f"seam_deg is {list(self.seam_deg)}; allowed: numbers of degrees from left to right"
            )
        if not 1e-6 <= self.feather_deg <= 360:
            raise RigError(
                f"feather_deg is {self.feather_deg}; allowed: a positive number of degrees, 1e-06 to 360"
            )


@dataclass(frozen=True, slots=True)
class Pitch:
    """The pitch on the ground: size, centre (x, z in world metres) and rotation.

    Pitch coordinates are metres from the centre: u along the length, v across it, away from the cameras.
    ``yaw_deg`` rotates the pitch clockwise as seen from above; at 0 its length is parallel to the world's x axis.
    ``kind`` is the field of the sport whose markings are painted on it.
    """

    length_m: float = 105.0
    width_m: float = 68.0
    centre_m: tuple[float, float] = (0.0, 45.0)
    yaw_deg: float = 0.0
    kind: PlayingField = field(default_factory=football)

    def __post_init__(self) -> None:
        for key in ("length_m", "width_m"):
            least, largest = PITCH_SIDE_RANGE_M
            if not least <= getattr(self, key) <= largest:
                raise RigError(
                    f"{key} is {getattr(self, key)}; allowed: a positive number of metres, {least:g} to {largest:g}"
                )
        if len(self.centre_m) != 2 or not _within(LARGEST_CENTRE_M, *self.centre_m):
            raise RigError(
                f"centre_m is {list(self.centre_m)}; allowed: two numbers of metres within +-{LARGEST_CENTRE_M:g}"
            )
        if not _within(LARGEST_ANGLE_DEG, self.yaw_deg):
            raise RigError(f"yaw_deg is {self.yaw_deg}; allowed: {_DEGREES}")

    @property
    def markings(self) -> Markings:
        """What is painted on it, in pitch coordinates."""
        return self.kind.markings(self.length_m, self.width_m)

    def to_world(self, u_m: ArrayLike, v_m: ArrayLike) -> tuple[Array, Array]:
        """World x and z in metres of pitch coordinates in metres, any shape."""
        cos, sin = math.cos(math.radians(self.yaw_deg)), math.sin(math.radians(self.yaw_deg))
        u, v = np.asarray(u_m, np.float64), np.asarray(v_m, np.float64)
        return self.centre_m[0] + cos * u + sin * v, self.centre_m[1] - sin * u + cos * v

    def from_world(self, x_m: ArrayLike, z_m: ArrayLike) -> tuple[Array, Array]:
        """Pitch coordinates in metres of world x and z in metres, any shape."""
        cos, sin = math.cos(math.radians(self.yaw_deg)), math.sin(math.radians(self.yaw_deg))
        x, z = np.asarray(x_m, np.float64) - self.centre_m[0], np.asarray(z_m, np.float64) - self.centre_m[1]
        return cos * x - sin * z, sin * x + cos * z


def play_on(pitch: Pitch | None) -> Play:
    """What is played on a pitch: football where none is known."""
    return FOOTBALL_PLAY if pitch is None else pitch.kind.play


@dataclass(frozen=True, slots=True)
class Region:
    """The rectangle of one camera's image in the rig frame, in luma pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The smallest range of yaw and tilt, in degrees, around all that a rig sees; its corners may be unseen."""

    yaw_min_deg: float
    yaw_max_deg: float
    tilt_min_deg: float
    tilt_max_deg: float


class RigParts(NamedTuple):
    """The contents of a rig file, in the order of Rig's fields; Rig checks that the parts fit together."""

    cameras: tuple[Camera, ...]
    surface: Surface
    blend: Blend
    pitch: Pitch | None
    quality: Quality
