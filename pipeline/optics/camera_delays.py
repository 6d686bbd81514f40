"""By how much each camera of a rig is delayed, so that all of them show the same moment."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.timebase import NS_PER_S


def camera_delays_ns(frame_offsets: Sequence[int], rates: Sequence[float]) -> list[int] | None:
    """How much later than its own times each camera is shown, in nanoseconds; 0 for the last to see a moment.

    Frame i + offset of a camera shows what frame i of a camera with offset 0 shows. `rates`: frames per second of
    which the offset counts. None if that of a camera with an offset is not known (0). Pure.
    """
    if any(offset and not rate for offset, rate in zip(frame_offsets, rates, strict=True)):
        return None
    late_ns = [
        round(offset / rate * NS_PER_S) if offset else 0
        for offset, rate in zip(frame_offsets, rates, strict=True)
    ]
    return [max(late_ns) - late for late in late_ns]
