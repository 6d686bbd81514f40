"""FramePairing: which of a camera's frames, at corrected times, belongs to which rig frame."""

from __future__ import annotations

SLACK = 0.05
"""Once a camera has lost a frame or one has been shown twice, the opposite takes this share of a frame more."""

RESTART = 50
"""A frame so many rig frames before the last one begins anew."""


class FramePairing:
    """Places one camera's frames on the grid of the rig frames: the nearest moment, without trembling at the half.

    A camera whose clock is fast loses a frame now and then, one whose clock is slow shows one twice. Times that
    tremble around the half do so once: from then on they must go beyond it to come back. One thread at a time;
    pure.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._least, self._most = -0.5, 0.5
        """A frame has its turn, one rig frame after the last, if it is off its place by no less and no more."""

    def place(self, time_ns: int, correction_ns: float, grid_ns: int, frame_ns: float) -> int | None:
        """When the frame of `time_ns` is shown; None to leave it out. A rig frame begins at `grid_ns`, and at every
        `frame_ns` before and after."""
        place = (time_ns + correction_ns - grid_ns) / frame_ns
        slot, last = round(place), self._last
        if last is not None:
            off = place - (last + 1)
            if self._least <= off <= self._most:
                slot = last + 1
            elif off > 0:
                self._least, self._most = -0.5 - SLACK, 0.5
            else:
                self._least, self._most = -0.5, 0.5 + SLACK
            if last - RESTART < slot <= last:
                return None
        self._last = slot
        return grid_ns + round(slot * frame_ns)
