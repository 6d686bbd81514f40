"""Proposer: from sound and tracks to proposals, which become surer as more is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.media.track_rows import TrackRow
from pipeline.proposals.crowd import CrowdFinder, CrowdRise
from pipeline.proposals.moments import START_NS, Moment, centre_words
from pipeline.proposals.play import BallInGoal, CentreStart, GoalMouth, PlayWatch
from pipeline.proposals.proposal import Proposal
from pipeline.proposals.sound_frames import SoundAnalyser
from pipeline.proposals.whistle import Whistle, WhistleFinder
from pipeline.scoring.values import PROPOSAL_KINDS, ProposalKind
from pipeline.timebase import NS_PER_S

FORGOTTEN_NS: Final = 130 * NS_PER_S
"""A moment is open to what is learned later for so long."""

CLAIMED_NS: Final = 20 * NS_PER_S
"""Whistles are forgotten so much sooner than the goals and kick-offs that they belong to."""

STOP_AFTER_NS: Final = 2 * NS_PER_S
"""A whistle that may be a goal's or a kick-off's is proposed as a stop of play only so long after it."""

APART_NS: Final = 4 * NS_PER_S
"""Whistles that are nearer to each other are one stop."""

NEAR_M: Final = 18.0
LEAST: Final = {"goal": 0.5, "chance": 0.5, "stop": 0.5, "kick-off": 0.5}
"""What is less sure is not proposed."""


@dataclass(slots=True)
class _Stop:
    number: int
    whistle: Whistle
    is_claimed: bool = False
    """It belongs to a goal or to a kick-off."""


class Proposer:
    """Turns sound and tracks into proposals, each of them in order of time. Deterministic; one thread at a time."""

    def __init__(self, mouth: GoalMouth | None, kinds: Iterable[ProposalKind] = PROPOSAL_KINDS) -> None:
        """`mouth`: the field of the tracks; None where there are none, or no goals. `kinds`: what is proposed."""
        self._kinds = frozenset(kinds)
        self._sound: tuple[int, SoundAnalyser] | None = None
        self._whistles, self._crowd = WhistleFinder(), CrowdFinder()
        self._play = None if mouth is None else PlayWatch(mouth)
        self._moments: list[Moment] = []
        self._stops: list[_Stop] = []
        self._starts: list[tuple[int, CentreStart]] = []
        self._said: dict[int, Proposal] = {}
        """The last of each number, also those that were withdrawn."""
        self._known_ns = 0
        self._next = 1

    def hear(self, begin_ns: int, samples: NDArray[np.float32], rate_hz: int) -> list[Proposal]:
        """The proposals that are new or have changed with samples (n, channels), 1 is full scale, the first one
        captured at `begin_ns`."""
        if self._sound is None or self._sound[0] != rate_hz:
            self._sound = rate_hz, SoundAnalyser(rate_hz)
        frames = self._sound[1].add(begin_ns, samples.mean(axis=1, dtype=np.float32))
        if not len(frames):
            return []
        self._known_ns = max(self._known_ns, int(frames.time_ns[-1]))
        for whistle in self._whistles.add(frames):
            self._take_whistle(whistle)
        for rise in self._crowd.add(frames):
            self._take_rise(rise)
        return self._changed()

    def see(self, rows: Iterable[TrackRow]) -> list[Proposal]:
        """The proposals that are new or have changed with the rows of whole frames."""
        if self._play is None:
            return []
        cues = self._play.add(rows)
        self._known_ns = max(self._known_ns, self._play.known_ns or 0)
        for cue in cues:
            if isinstance(cue, BallInGoal):
                self._take_in_goal(cue)
            else:
                self._take_start(cue)
        return self._changed()

    def _take_whistle(self, whistle: Whistle) -> None:
        if self._stops and whistle.begin_ns - self._stops[-1].whistle.end_ns < APART_NS:
            return
        self._stops.append(_Stop(self._number(), whistle))

    def _take_rise(self, rise: CrowdRise) -> None:
        same = [one for one in self._moments if one.rise is not None and one.rise.begin_ns == rise.begin_ns]
        near = [
            one
            for one in self._moments
            if one.rise is None and rise.begin_ns - 3 * NS_PER_S <= one.soonest_ns <= rise.known_ns
        ]
        moment = next(iter([*same, *near]), None) or self._new_moment(rise.begin_ns)
        moment.rise = rise

    def _take_in_goal(self, cue: BallInGoal) -> None:
        moment = self._moment_at(cue.captured_ns) or self._new_moment(cue.captured_ns)
        if moment.in_goal is None:
            moment.in_goal = cue

    def _take_start(self, start: CentreStart) -> None:
        self._starts.append((self._number(), start))
        soonest_ns, latest_ns = start.captured_ns - START_NS[1], start.captured_ns - START_NS[0]
        before = max((at.captured_ns for _, at in self._starts[:-1]), default=soonest_ns)
        soonest_ns = max(soonest_ns, before)
        goals = [one for one in self._moments if soonest_ns <= one.captured_ns <= latest_ns]
        if goals:
            max(goals, key=lambda one: (one.goal, one.captured_ns)).start = start
            return
        at_ns = None if self._play is None else self._play.last_at_goal_ns(soonest_ns, latest_ns, NEAR_M)
        if at_ns is not None:
            self._new_moment(at_ns).start = start

    def _moment_at(self, time_ns: int) -> Moment | None:
        return next((one for one in self._moments if one.span_ns[0] <= time_ns <= one.span_ns[1]), None)

    def _new_moment(self, time_ns: int) -> Moment:
        moment = Moment(self._number(), time_ns)
        self._moments.append(moment)
        return moment

    def _number(self) -> int:
        self._next += 1
        return self._next - 1

    # What is proposed

    def _changed(self) -> list[Proposal]:
        """What differs from what was said before."""
        self._join()
        new = self._withdrawn()
        for proposal in [*self._of_moments(), *self._of_starts(), *self._of_stops()]:
            said = self._said.get(proposal.number)
            if proposal.kind in self._kinds and (said is None or _differ(said, proposal)):
                self._said[proposal.number] = proposal
                new.append(proposal)
        self._forget()
        return new

    def _join(self) -> None:
        """Give each moment its whistle and the ball's place."""
        for moment in self._moments:
            from_ns, to_ns = moment.span_ns
            if moment.whistle is None:
                own = [one for one in self._stops if from_ns <= one.whistle.begin_ns <= to_ns]
                moment.whistle = None if not own else own[-1].whistle
            if self._play is not None:
                at_ns = moment.captured_ns
                near = self._play.goal_distance_m(at_ns - 3 * NS_PER_S, at_ns + NS_PER_S)
                if near is not None:
                    moment.distance_m, moment.end = near
        claimed = [
            one.whistle for one in self._moments if one.whistle is not None and one.judged()[0] == "goal"
        ]
        for stop in self._stops:
            near_start = any(
                abs(start.captured_ns - stop.whistle.begin_ns) < 3 * NS_PER_S for _, start in self._starts
            )
            stop.is_claimed = near_start or stop.whistle in claimed

    def _withdrawn(self) -> list[Proposal]:
        """Stops that were proposed, and turned out to be a goal's or a kick-off's whistle."""
        new = []
        for stop in self._stops:
            said = self._said.get(stop.number)
            if stop.is_claimed and said is not None and said.confidence:
                new.append(replace(said, confidence=0.0, known_ns=self._known_ns))
                self._said[stop.number] = new[-1]
        return new

    def _of_moments(self) -> list[Proposal]:
        found = []
        for moment in self._moments:
            kind, sure = moment.judged()
            if sure >= LEAST[kind]:
                found.append(self._proposal(moment.number, kind, moment.captured_ns, sure, moment.cues()))
        return found

    def _of_starts(self) -> list[Proposal]:
        return [
            self._proposal(
                number, "kick-off", start.captured_ns, 0.9 if start.sides else 0.55, (centre_words(start),)
            )
            for number, start in self._starts
        ]

    def _of_stops(self) -> list[Proposal]:
        found = []
        for stop in self._stops:
            whistle = stop.whistle
            if stop.is_claimed or self._known_ns < whistle.end_ns + STOP_AFTER_NS:
                continue
            sure = min(0.95, 0.6 + max(whistle.above_db - 5.0, 0.0) / 60.0)
            found.append(self._proposal(stop.number, "stop", whistle.begin_ns, sure, ("whistle",)))
        return found

    def _proposal(
        self, number: int, kind: ProposalKind, captured_ns: int, sure: float, cues: tuple[str, ...]
    ) -> Proposal:
        return Proposal(number, kind, captured_ns, sure, cues, self._known_ns)

    def _forget(self) -> None:
        old_ns = self._known_ns - FORGOTTEN_NS
        self._moments = [one for one in self._moments if one.captured_ns >= old_ns]
        self._stops = [one for one in self._stops if one.whistle.end_ns >= old_ns + CLAIMED_NS]
        self._starts = [one for one in self._starts if one[1].captured_ns >= old_ns]
        kept = {one.number for one in self._moments} | {one.number for one in self._stops}
        kept |= {number for number, _ in self._starts}
        self._said = {number: said for number, said in self._said.items() if number in kept}


def _differ(said: Proposal, now: Proposal) -> bool:
    """Whether people should learn of it: more than that the crowd is a bit louder by now."""
    before = said.kind, said.captured_ns, len(said.cues), round(10 * said.confidence)
    return before != (now.kind, now.captured_ns, len(now.cues), round(10 * now.confidence))
