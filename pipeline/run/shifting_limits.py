"""ShiftingLimits: the views that the cameras can fill, which change when one of them is bumped."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from pipeline.errors import RigError
from pipeline.optics.corrected import corrected
from pipeline.optics.rig import Rig
from pipeline.optics.shot_limits import ShotLimits, shot_limits
from pipeline.optics.stabilisation.pose import Poses
from pipeline.optics.view import View
from pipeline.timebase import NS_PER_S, Nanoseconds

logger = logging.getLogger("foresight")

EASE_NS = 4 * NS_PER_S
"""The limits change gradually over this time: plans follow them without a jerk."""

PREPARE_NS = 2 * NS_PER_S
"""New limits are worked out in this time, counted from when a plan could know of the bump."""


class ShiftingLimits:
    """The `Edges` of a run. After a bump views keep to what the cameras see where they stood and where they stand.

    The streaming thread calls all methods but `bumped`, which any thread may call, and `close`. With look-ahead the
    limits have changed before the bump is shown.
    """

    def __init__(self, rig: Rig, size_px: tuple[int, int], ahead_ns: int, *, live: bool) -> None:
        """``size_px``: of the output. ``ahead_ns``: the director's look-ahead. ``live``: a change begins when it is
        worked out; otherwise the streaming thread would wait for that, so that a run repeats bit by bit."""
        self._rig, self._size_px, self._ahead_ns, self._live = rig, size_px, ahead_ns, live
        self._old = self._new = shot_limits(rig, size_px)
        self._share = 1.0
        self._begin_ns = 0
        self._bumps: list[tuple[Nanoseconds, Future[ShotLimits | None]]] = []
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="limits")

    def bumped(self, noticed_ns: Nanoseconds, stands: Poses) -> None:
        """The cameras stand like this now; known from `noticed_ns` on. Any thread; does not block."""
        self._bumps.append((noticed_ns, self._worker.submit(self._limits_for, stands)))

    def advance(self, plan_ns: int, time_ns: int) -> None:
        """Go on to the frame at `time_ns`, whose plan was made at `plan_ns`."""
        if self._share < 1.0:
            part = min(max((time_ns - self._begin_ns) / EASE_NS, 0.0), 1.0)
            self._share = part * part * (3 - 2 * part)
            return
        if not self._bumps or self._bumps[0][0] > plan_ns + self._ahead_ns - PREPARE_NS:
            return
        if self._live and not self._bumps[0][1].done():
            return
        found = self._bumps.pop(0)[1].result()
        if found is not None:
            self._old, self._new, self._share, self._begin_ns = self._new, found, 0.0, time_ns

    def close(self) -> None:
        """Drop what is not worked out yet. Idempotent."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    # The interface of Edges

    @property
    def max_hfov_deg(self) -> float:
        """See Edges."""
        return self._mixed(self._old.max_hfov_deg, self._new.max_hfov_deg)

    def min_hfov_deg(self, yaw_deg: float) -> float:
        """See Edges."""
        return self._mixed(self._old.min_hfov_deg(yaw_deg), self._new.min_hfov_deg(yaw_deg))

    def yaw_range_deg(self, hfov_deg: float) -> tuple[float, float]:
        """See Edges."""
        return self._mixed_range(self._old.yaw_range_deg(hfov_deg), self._new.yaw_range_deg(hfov_deg))

    def tilt_range_deg(self, yaw_deg: float, hfov_deg: float) -> tuple[float, float]:
        """See Edges."""
        old, new = (each.tilt_range_deg(yaw_deg, hfov_deg) for each in (self._old, self._new))
        return self._mixed_range(old, new)

    def limit(self, view: View) -> View:
        """See Edges."""
        return self._mixed_view(view, self._old.limit, self._new.limit)

    def fill(self, view: View) -> View:
        """See Edges."""
        return self._mixed_view(view, self._old.fill, self._new.fill)

    def _mixed_view(self, view: View, by_old: Callable[[View], View], by_new: Callable[[View], View]) -> View:
        new = by_new(view)
        if self._share == 1.0:
            return new
        old = by_old(view)
        if old == new:
            return new
        return replace(
            view,
            yaw_deg=self._mixed(old.yaw_deg, new.yaw_deg),
            tilt_deg=self._mixed(old.tilt_deg, new.tilt_deg),
            hfov_deg=self._mixed(old.hfov_deg, new.hfov_deg),
        )

    def _mixed(self, old: float, new: float) -> float:
        return new if self._share == 1.0 else old + self._share * (new - old)

    def _mixed_range(self, old: tuple[float, float], new: tuple[float, float]) -> tuple[float, float]:
        return self._mixed(old[0], new[0]), self._mixed(old[1], new[1])

    def _limits_for(self, stands: Poses) -> ShotLimits | None:
        """The limits for cameras that stand like this; None if no view would fit, which cannot be helped."""
        try:
            found = ShotLimits(self._rig, self._size_px, corrected(self._rig, stands))
        except RigError as error:
            logger.warning("the limits of the view stay as they are: %s", error)
            return None
        return found if found.max_hfov_deg > 0 else None
