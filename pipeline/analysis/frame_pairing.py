"""FramePairing: which of a camera's frames, at corrected times, belongs to which rig frame."""

from __future__ import annotations

SLACK = 0.05
"""A frame keeps its turn, one rig frame after the last, up to this share of a frame beyond the half."""

RESTART = 50
"""A frame so many rig frames before the last one begins anew."""


class FramePairing:
    """Places one camera's frames on the grid of the rig frames: the nearest moment, without trembling at the half.

    A camera whose clock is slow loses a frame now and then, one whose clock is fast shows one twice. One thread at
    a time; pure.
    """

    def __init__(self) -> None:
        self._last: int | None = None

    def place(self, time_ns: int, correction_ns: float, grid_ns: int, frame_ns: float) -> int | None:
        """When the frame of `time_ns` is shown; None to leave it out. A rig frame begins at `grid_ns`, and at every
        `frame_ns` before and after."""
        place = (time_ns + correction_ns - grid_ns) / frame_ns
        slot, last = round(place), self._last
        if last is not None:
            if abs(place - (last + 1)) <= 0.5 + SLACK:
                slot = last + 1
            if last - RESTART < slot <= last:
                return None
        self._last = slot
        return grid_ns + round(slot * frame_ns)
