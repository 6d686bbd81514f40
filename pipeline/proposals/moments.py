"""Moments: what sound and tracks tell of the same moment, together, and how sure a goal or a chance is by that."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from pipeline.proposals.crowd import CrowdRise
from pipeline.proposals.play import BallInGoal, CentreStart, End
from pipeline.proposals.whistle import Whistle
from pipeline.scoring.values import ProposalKind
from pipeline.timebase import NS_PER_S, ns_to_seconds

LASTING_NS: Final = 55 * NS_PER_S // 10
"""A crowd is at its loudest for so long after a goal; after a chance it calms down before."""

LOUD_DB: Final = 9.0
NEAR_GOAL_M, FAR_M = 18.0, 35.0
START_NS: Final = (6 * NS_PER_S, 100 * NS_PER_S)
"""A start at the centre spot belongs to a goal so long before it."""

FIRST_ODDS: Final = -2.6
GOAL_LEAST: Final = 0.6


@dataclass(slots=True)
class Moment:
    """One moment. What is not known of it is None.

    ``distance_m``: how near the ball came to a goal then. ``soonest_ns``: when it began, whatever is known later.
    """

    number: int
    soonest_ns: int
    rise: CrowdRise | None = None
    whistle: Whistle | None = None
    in_goal: BallInGoal | None = None
    start: CentreStart | None = None
    distance_m: float | None = None
    end: End | None = None

    @property
    def span_ns(self) -> tuple[int, int]:
        """From when to when something else belongs to it."""
        if self.rise is not None:
            return self.rise.begin_ns - 3 * NS_PER_S, self.rise.loudest_ns + 4 * NS_PER_S
        return self.soonest_ns - 5 * NS_PER_S, self.soonest_ns + 5 * NS_PER_S

    @property
    def captured_ns(self) -> int:
        """The moment itself, by what tells it best: the ball, the whistle, the crowd."""
        if self.in_goal is not None:
            return self.in_goal.captured_ns
        if self.whistle is not None:
            return self.whistle.begin_ns
        if self.rise is not None and self.rise.rise_db:
            return max(self.rise.begin_ns, self.rise.loudest_ns - NS_PER_S)
        return self.soonest_ns

    @property
    def goal(self) -> float:
        """How sure a goal is, 0 to 1."""
        odds = FIRST_ODDS
        if self.rise is not None:
            odds += 0.8 if self.rise.rise_db >= LOUD_DB else 0.0
            odds += 2.0 if self.rise.lasts_ns >= LASTING_NS else -1.5 if self.rise.is_over else 0.0
        if self.whistle is not None:
            odds += 0.8
        if self.in_goal is not None:
            odds += 1.2
        elif self.distance_m is not None:
            odds += -2.5 if self.distance_m >= FAR_M else 0.0  # near a goal the ball is at every chance
        if self.start is not None:
            odds += 3.2 if self.start.sides else 1.8
        return 1 / (1 + math.exp(-odds))

    @property
    def chance(self) -> float:
        """How sure it is that something worth a look happened, 0 to 1."""
        odds = -0.9
        if self.rise is not None:
            odds += min(self.rise.rise_db - 4.5, 8.0) / 3.0
        if self.in_goal is not None:
            odds += 1.5
        elif self.distance_m is not None:
            odds += 0.7 if self.distance_m <= NEAR_GOAL_M else -1.5 if self.distance_m >= FAR_M else 0.0
        return 1 / (1 + math.exp(-odds))

    def judged(self) -> tuple[ProposalKind, float]:
        """What is proposed of it, and how sure that is."""
        goal = self.goal
        return ("goal", goal) if goal >= GOAL_LEAST else ("chance", self.chance)

    def cues(self) -> tuple[str, ...]:
        """What speaks for it, in words, the strongest first."""
        cues = []
        if self.start is not None:
            cues.append(centre_words(self.start))
        if self.in_goal is not None:
            cues.append(f"ball in the {self.in_goal.end} goal")
        elif self.distance_m is not None and self.distance_m <= NEAR_GOAL_M:
            cues.append(f"ball at the {self.end} goal")
        if self.rise is not None:
            lasts_s = ns_to_seconds(self.rise.lasts_ns)
            for_s = f" for {lasts_s:.0f} s" if lasts_s >= 1.5 else ""
            cues.append(f"crowd {self.rise.rise_db:.0f} dB louder{for_s}")
        if self.whistle is not None:
            cues.append("whistle")
        return tuple(cues)


def centre_words(start: CentreStart) -> str:
    """A start at the centre spot in words."""
    return "start at the centre spot" + (", teams in their halves" if start.sides else "")
