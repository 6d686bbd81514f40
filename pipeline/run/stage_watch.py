"""Finds the stage of a run that stands still: it has work, and nothing comes of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.timebase import NS_PER_MS, NS_PER_S

ABSENT_NS = 3 * NS_PER_S
"""The stages are read twice a second; in a longer gap the process did not run (SIGSTOP, a machine asleep)."""

CLEAR_NS = 900 * NS_PER_MS
"""A stage that has had work for so long, and has done nothing, may be to blame for a stall."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One stage at one moment. The readings of a run are in the order in which a frame passes the stages."""

    stage: str
    """Its name for people: "source match", "view"."""
    mark: object
    """Changes whenever the stage makes progress."""
    has_work: bool
    """Whether something waits for it that it should take; a stage without work may rest."""
    longest_s: float | None
    """It ends the run when it has stood still for so long; None: it never does."""
    is_aside: bool = False
    """Whether the others go on without it, so that it may stand still beside another one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A stage that stands still."""

    stage: str
    for_s: float
    is_stuck: bool
    """Whether it has stood still for longer than it may."""


class StageWatch:
    """Compares the readings of a run's stages. One thread; it is asked about twice a second."""

    def __init__(self, notice_ns: int) -> None:
        """A stage stands still when it has had work for `notice_ns` and has made no progress."""
        self._notice_ns = notice_ns
        self._marks: dict[str, object] = {}
        self._since_ns: dict[str, int] = {}
        self._asked_ns: int | None = None
        self._readings: Sequence[Reading] = ()

    def update(self, now_ns: int, readings: Sequence[Reading], *, waited_ns: int = 0) -> tuple[Standing, ...]:
        """The stages that stand still at `now_ns`: those to blame, not those that wait for them.

        waited_ns: how long, since the last call, the process was ready and had to wait for a processor; that time
        does not count.
        """
        if self._asked_ns is not None:
            gap_ns = now_ns - self._asked_ns
            lost_ns = gap_ns if gap_ns > ABSENT_NS else min(waited_ns, gap_ns)
            self._since_ns = {stage: since_ns + lost_ns for stage, since_ns in self._since_ns.items()}
        self._asked_ns = now_ns
        since_ns = {}
        for one in readings:
            rests = not one.has_work or one.stage not in self._marks or self._marks[one.stage] != one.mark
            since_ns[one.stage] = now_ns if rests else self._since_ns[one.stage]
        self._marks = {one.stage: one.mark for one in readings}
        self._since_ns, self._readings = since_ns, readings
        return tuple(self._standing(one, now_ns) for one in self._blamed(now_ns, self._notice_ns))

    def culprit(self) -> str | None:
        """The stage that holds the run up now, by the last readings; None if none does."""
        if self._asked_ns is None:
            return None
        blamed = [one for one in self._blamed(self._asked_ns, CLEAR_NS) if not one.is_aside]
        return blamed[0].stage if blamed else None

    def _blamed(self, now_ns: int, least_ns: int) -> list[Reading]:
        """Where several stand, the last one with work is to blame: the others wait for room behind it."""
        standing = [one for one in self._readings if now_ns - self._since_ns[one.stage] >= least_ns]
        in_the_way = [one for one in standing if not one.is_aside]
        return [*in_the_way[-1:], *(one for one in standing if one.is_aside)]

    def _standing(self, reading: Reading, now_ns: int) -> Standing:
        for_s = (now_ns - self._since_ns[reading.stage]) / NS_PER_S
        return Standing(reading.stage, for_s, reading.longest_s is not None and for_s >= reading.longest_s)
