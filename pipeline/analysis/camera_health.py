"""CameraHealth: how one camera sways, what happened to it, what it shows; in words and numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.analysis.bumps import LEAST_BUMP_RAD, Bump
from pipeline.analysis.clock_watch import ClockHealth, ClockStatus
from pipeline.analysis.colour_history import ColourHealth
from pipeline.analysis.seam_error import LEAST_TOLD_PX
from pipeline.optics.stabilisation.pose import Pose

Lost = Literal["covered", "elsewhere", "dark", "frozen"]
Status = Literal["ok", "sways", "covered", "elsewhere", "dark", "frozen", "gone"]

LEAST_SWAY_DEG = 0.03
"""Less is not told: a pixel of a wide camera."""

LEAST_OFFSET_MS, LEAST_GAIN = 50.0, 0.05
"""Less of a clock's offset or of a gain is not told."""

LOST_WORDS = {
    "covered": "is covered",
    "dark": "is dark",
    "elsewhere": "shows something else: it was moved away, or something stands before it",
    "frozen": "sends the same picture again and again",
    "gone": "is offline",
}


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """What is known of one camera."""

    camera: str
    """The camera's name in the rig."""
    status: Status
    """`elsewhere`: it was moved away, or something stands before it; `gone`: it is offline."""
    told: str
    """A line for the user: the status, and what happened."""
    now_deg: float
    """How far it swayed from where it stands, at most, in the last 5 s, in degrees."""
    worst_deg: float
    """How far it swayed at most so far, in degrees."""
    off_deg: float
    """How far it stands from its place in the rig, in degrees; corrected."""
    bumps: int
    """How often it was bumped."""
    readout_ms: float
    """How long a picture is read out (rolling shutter), from the top row down; 0 while it is not known."""
    is_steadied: bool
    """Whether its video is corrected; a camera that stands still at its place is left as it is."""
    is_lost: bool
    """Whether too little of the backdrop is seen: it is covered, or looks elsewhere."""
    lost_frames: int
    """Frames in which that was so."""
    clock: ClockStatus = "first"
    """`first`: the others are shown by its clock; `measuring`; `followed`; `kept`: too little moves to measure it;
    `unseen`: no other camera sees the same."""
    clock_offset_ms: float = 0.0
    """How much later its frames are shown than their times say."""
    clock_drift_ppm: float = 0.0
    """By how many millionths its clock is fast (negative: slow), compared with the first camera's."""
    gain_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """What its blue, green and red are multiplied by besides the rig's gains, so that neighbours agree."""
    seam_error_px: float | None = None
    """How far its ground lies beside its neighbour's where they meet, in pixels; null where that is not known."""


def with_seams(
    camera: CameraHealth, clock: ClockHealth, colour: ColourHealth, seam_error_px: float | None
) -> CameraHealth:
    """The same camera with what is known of its clock, its colours and its seams."""
    said = [camera.told]
    if abs(clock.offset_ms) >= LEAST_OFFSET_MS:
        ahead = "behind" if clock.offset_ms > 0 else "ahead"
        kept = ", not measured now" if clock.status == "kept" else ""
        said.append(f"its clock is {abs(clock.offset_ms) / 1e3:.1f} s {ahead}, corrected{kept}")
    most = max(abs(gain - 1) for gain in colour.gain_bgr)
    if most >= LEAST_GAIN:
        said.append(f"colours corrected by up to {100 * most:.0f} %")
    if seam_error_px is not None and seam_error_px >= LEAST_TOLD_PX:
        said.append(f"off by {seam_error_px:.0f} px at its seam")
    return replace(
        camera,
        told="; ".join(said),
        clock=clock.status,
        clock_offset_ms=clock.offset_ms,
        clock_drift_ppm=clock.drift_ppm,
        gain_bgr=colour.gain_bgr,
        seam_error_px=None if seam_error_px is None else round(seam_error_px, 2),
    )


def named(camera: str) -> str:
    """A camera's name in a sentence."""
    return camera if camera.startswith("camera") else f"camera {camera}"


def offline(camera: CameraHealth) -> CameraHealth:
    """The same camera, which sends no video now."""
    return replace(camera, status="gone", told=LOST_WORDS["gone"])


def health_line(status: Status, now_deg: float, last_bump: str | None) -> str:
    """What the dashboard says of a camera."""
    said = LOST_WORDS.get(status, "ok")
    if status == "sways":
        said = f"sways {now_deg:.1f}°" if now_deg >= 0.1 else f"sways {now_deg:.2f}°"
    return said if last_bump is None else f"{said}; {last_bump}"


def bump_words(bump: Bump, off_rad: float) -> str:
    """What happened to a camera in a bump: `off_rad` is how far it stands from its place now."""
    if off_rad < LEAST_BUMP_RAD:
        return "came back to its place"
    change = Pose.between(bump.after, bump.before)
    did = []
    angle_deg = math.degrees(change.angle_rad)
    if angle_deg >= 0.05:
        did.append(f"turned by {angle_deg:.1f}°")
    if abs(change.zoom - 1) >= 0.003:
        did.append(f"zoomed {'in' if change.zoom > 1 else 'out'} by {100 * abs(change.zoom - 1):.1f} %")
    if abs(change.lowered_m) >= 0.05:
        did.append(f"{'lowered' if change.lowered_m > 0 else 'raised'} by {abs(change.lowered_m):.2f} m")
    return "was " + (" and ".join(did) or "moved a little")
