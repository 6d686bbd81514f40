"""BallLearning: what a run proves about its ball becomes the looks by which its detector finds it from then on."""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.analysis.ball_lessons import Lesson, Lessons
from pipeline.analysis.ball_looks import BallLooks, shipped_looks
from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.analysis.motion import Spots
from pipeline.foreign_code import Contained, describe
from pipeline.optics.rig import Rig
from pipeline.timebase import NS_PER_S, Nanoseconds
from pipeline.tracking.proven_ball import ProvenPlace, proven_ball

SLOT_S = 12
"""So often, in running time, looks are learned anew, and new ones come into use."""

EDGE_S = 4
"""What is proven needs this much known time before and after it."""

FIRST_SLOTS = 3
"""Nothing is learned from fewer slots: of shorter play, too little is held out."""

BALL_DEG, OTHER_DEG = 0.25, 0.6
"""A spot this near to the ball's proven place is the ball; one that is farther than the second is none."""

CLOSE_S = 3.0
"""How long the end of a live run waits for a lesson in progress."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    """What the detector saw in one frame."""

    seen: DetectionSet
    spots: Spots


class BallLearning:
    """Learns a ball's looks from one run. The detector's thread calls `seen`; any thread `looks` and `close`.

    At the end of each slot of running time a thread of its own looks back over it: what the chain through the
    known time proves is a lesson. The model that it learns is used from the end of the next slot on, if it is
    better on lessons that are held out. Offline, that end waits for it, so that every run gives the same; live it
    never waits.
    """

    def __init__(self, rig: Rig, *, live: bool, kept: BallLooks | None = None) -> None:
        """``kept``: what an earlier run learned at this place. Until this one has proven which looks are right,
        both that and the shipped model judge alike."""
        self._rig, self._live = rig, live
        self._known = [shipped_looks()] if kept is None else [shipped_looks(), kept]
        self._looks = tuple(self._known)
        self._lessons = Lessons()
        self._sights: deque[_Sight] = deque()
        self._slot: int | None = None
        self._count = 0
        self._job: _Job | None = None
        self._has_failed = self._has_told = False
        self.learned: BallLooks | None = None
        """The model that this run learned and uses; None while it has none that is better."""

    @property
    def looks(self) -> tuple[BallLooks, ...]:
        """The models that judge now, all alike. One immutable reference."""
        return self._looks

    def seen(self, time_ns: Nanoseconds, found: Sequence[Detection], spots: Spots) -> tuple[BallLooks, ...]:
        """Take in what the detector saw in a frame; returns the models for the next one.

        Offline, this blocks at the end of a slot until the lesson before is learned.
        """
        slot = time_ns // (SLOT_S * NS_PER_S)
        if self._slot is not None and slot != self._slot:
            if time_ns < self._sights[-1].seen.time_ns:  # a seek: what was seen is no longer one play
                self._sights.clear()
            else:
                self._end_slot(self._slot)
        self._slot = slot
        self._sights.append(_Sight(DetectionSet(time_ns, tuple(found)), spots))
        begin_ns = time_ns - (SLOT_S + 2 * EDGE_S + 1) * NS_PER_S
        while self._sights[0].seen.time_ns < begin_ns:
            self._sights.popleft()
        return self._looks

    def close(self) -> None:
        """Wait for the lesson in progress, live only a little, and take what it gave. Idempotent."""
        job = self._job
        if job is not None and job.wait(CLOSE_S if self._live else None):
            self._take(job)
        self._job = None

    def _failed(self, error: BaseException) -> None:
        """Say once that a lesson failed. The lesson's thread."""
        if not self._has_failed:
            self._has_failed = True
            _logger.warning("nothing is learned of the ball's looks: %s", describe(error))

    def _end_slot(self, slot: int) -> None:
        job = self._job
        if job is not None:
            if not job.wait(0.0 if self._live else None):
                return
            self._take(job)
        self._count += 1
        # The lessons of a slot end a little before it, because what is proven needs to be known on.
        end_ns = ((slot + 1) * SLOT_S - EDGE_S) * NS_PER_S
        self._job = _Job(self, tuple(self._sights), end_ns, self._count >= FIRST_SLOTS)

    def _take(self, job: _Job) -> None:
        self._job = None
        if job.result is None or job.result is (self._looks[0] if len(self._looks) == 1 else None):
            return
        self._looks = (job.result,)
        self.learned = None if job.result in self._known else job.result
        if self.learned is not None and not self._has_told:
            self._has_told = True
            _logger.info("the ball's looks are learned from this match from now on: %s", job.news)

    def _study(self, sights: Sequence[_Sight], end_ns: int, decides: bool) -> tuple[BallLooks | None, str]:
        """Learn from what was seen; the best model, None if it is too early, and how it does."""
        sets = [one.seen for one in sights]
        proven = proven_ball(sets, self._rig, self._rig.pitch)
        begin_ns = end_ns - SLOT_S * NS_PER_S
        lessons = (_lesson(sights[number], place) for number, place in proven.items())
        self._lessons.add(one for one in lessons if one is not None and begin_ns <= one.time_ns < end_ns)
        if not decides or not self._lessons.is_enough:
            return None, ""
        start = self._lessons.best(self._known)
        rivals = [start] if self.learned is None else [start, self.learned]
        best = self._lessons.best([*rivals, *self._lessons.learned(self._known[0])])
        before, after = self._lessons.grade(start), self._lessons.grade(best)
        news = (
            f"on frames that are held out, the ball is found {after.found} times (was {before.found}), something "
            f"else {after.false} times ({before.false})"
        )
        return best, news


class _Job:
    """One lesson, in a thread of its own."""

    def __init__(self, learning: BallLearning, sights: Sequence[_Sight], end_ns: int, decides: bool) -> None:
        self.result: BallLooks | None = None
        self.news = ""

        def study() -> None:
            with Contained() as call:
                self.result, self.news = learning._study(sights, end_ns, decides)
            if call.error is not None:
                learning._failed(call.error)

        self._thread = threading.Thread(target=study, name="ball-learning", daemon=True)
        self._thread.start()

    def wait(self, timeout_s: float | None) -> bool:
        """Whether it is over; waits for at most this long, None for ever."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()


def _lesson(sight: _Sight, place: ProvenPlace) -> Lesson | None:
    """The lesson of a frame in which the ball was at this place; None if it teaches nothing."""
    spots = sight.spots
    if not len(spots.features):
        return None
    places = np.array([(one.yaw_deg, one.tilt_deg) for one in spots.detections])
    wide = math.cos(math.radians(place.tilt_deg))
    off_deg = np.hypot(wide * (places[:, 0] - place.yaw_deg), places[:, 1] - place.tilt_deg)
    nearest = int(off_deg.argmin())
    ball = nearest if off_deg[nearest] < BALL_DEG else None
    if ball is None and place.is_seen:
        return None
    kept = off_deg > OTHER_DEG
    if ball is not None:
        kept[ball] = True
    if not kept.any():
        return None
    number = None if ball is None else int(np.count_nonzero(kept[:ball]))
    return Lesson(sight.seen.time_ns, spots.features[kept], number)
