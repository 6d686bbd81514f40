"""FieldTracker: detections in; rows of everybody and of the ball out, as soon as the future after them is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.detector import DetectionSet
from pipeline.media.track_rows import TrackRow
from pipeline.optics.rig import Rig
from pipeline.optics.rig_parts import play_on
from pipeline.timebase import NS_PER_S, ns_to_seconds, seconds_to_ns
from pipeline.tracking.ground import Array
from pipeline.tracking.people.ball import BallRows
from pipeline.tracking.people.links import LONGEST_GAP_S, linked
from pipeline.tracking.people.looks import Looks
from pipeline.tracking.people.parts import Part, Person, Teams
from pipeline.tracking.people.places import PlaceReader
from pipeline.tracking.people.smoother import Seen, State, smoothed
from pipeline.tracking.people.tracklets import LEAST_PLACES, Tracklet, TrackletBuilder

EVERY_S = 1.0
"""Rows are made for so much time at once."""

LEAST_CHAIN_S = 1.0
"""Nor is a chain of tracklets that is known to be shorter, unless the film ends."""

FADES_S = 1.0
"""The confidence in somebody unseen falls to a third in so long."""


@dataclass(eq=False)
class Identity:
    """One person: the tracklets that were linked, in order, and the state at the last written time."""

    number: int
    tracklets: list[Tracklet]
    person: Person = field(default_factory=lambda: Person(Looks()))
    state: State | None = None
    is_present: bool = False
    """Whether its rows reach the last written time."""

    def take(self, tracklet: Tracklet) -> None:
        """Go on with a tracklet; what is seen of it from now on is seen of this person."""
        self.tracklets.append(tracklet)
        self.person.looks.merge(tracklet.looks)
        tracklet.looks = self.person.looks


class FieldTracker:
    """Tracks everybody on the field of one match, and the ball. Deterministic; one thread at a time.

    What is written of a moment uses the `window_s` after it: who is who, where and of which team does not change
    inside the window.
    """

    def __init__(self, rig: Rig, window_s: float = 7.0) -> None:
        """Raises RigError if the rig has no pitch."""
        self._reader = PlaceReader(rig)
        self._axes = self._reader.axes
        self._ball = BallRows(rig, self._axes)
        self._window_ns = seconds_to_ns(window_s)
        self._builder = TrackletBuilder()
        self._teams = Teams(has_goalkeepers=play_on(rig.pitch).has_goalkeepers)
        self._times_ns: list[int] = []  # those not written yet
        self._loose: list[Tracklet] = []  # tracklets that belong to no identity yet
        self._identities: list[Identity] = []
        self._persons: dict[int, Person] = {}
        self._next = 1

    def add(self, seen: DetectionSet) -> list[TrackRow]:
        """Take the detections of a frame, in order of time; returns rows that are final, in order of time.

        A frame that is not later than the one before is left out.
        """
        if self._times_ns and seen.time_ns <= self._times_ns[-1]:
            return []
        self._times_ns.append(seen.time_ns)
        self._loose += self._builder.add(self._reader.places(seen))
        self._ball.add(seen)
        if seen.time_ns - self._times_ns[0] < self._window_ns + EVERY_S * NS_PER_S:
            return []
        return self._rows_until(seen.time_ns - self._window_ns)

    @property
    def size_m(self) -> tuple[float, float]:
        """The field's length and width."""
        return self._axes.length_m, self._axes.width_m

    def final_part(self, number: int) -> Part:
        """What an identity is, and in which team, by all that was seen so far."""
        return self._teams.part_of(self._persons[number])

    def finish(self) -> list[TrackRow]:
        """The rows that are left at the end."""
        return self._rows_until(self._times_ns[-1]) if self._times_ns else []

    def _rows_until(self, until_ns: int) -> list[TrackRow]:
        """The rows up to `until_ns`; what they were made of is forgotten."""
        self._join(until_ns)
        times_ns = self._times_ns
        count = int(np.searchsorted(times_ns, until_ns, side="right"))
        ball = self._ball.at(times_ns[:count])
        here = [one for one in self._identities if one.state is not None or _begins_by(one, until_ns)]
        rows = sorted([*ball, *self._smoothed_rows(here, count)], key=lambda row: (row.time_ns, row.track_id))
        self._times_ns = times_ns[count:]
        for one in self._identities:
            for tracklet in one.tracklets:
                tracklet.forget(until_ns)
            one.tracklets = [t for t in one.tracklets if t.end_ns > until_ns] or one.tracklets[-1:]
        gone_ns = until_ns - seconds_to_ns(LONGEST_GAP_S)
        self._identities = [one for one in self._identities if one.tracklets[-1].end_ns > gone_ns]
        return rows

    # Who is who

    def _join(self, until_ns: int) -> None:
        """Link tracklets, and settle the links of what leaves the window at `until_ns`."""
        known_ns = self._times_ns[-1]
        self._loose = [
            one
            for one in self._loose
            if len(one.times_ns) >= LEAST_PLACES or known_ns - one.end_ns <= self._window_ns / 2
        ]
        starts = [one for one in self._loose if len(one.times_ns) >= LEAST_PLACES and not one.is_lifeless]
        ends = [one.tracklets[-1] for one in self._identities] + starts
        after: dict[int, Tracklet] = {id(a): b for a, b in linked(ends, starts)}
        later = {id(b) for b in after.values()}
        for identity in list(self._identities):
            self._continue(identity, after, until_ns)
        for start in starts:
            if id(start) in later or start.begin_ns > until_ns:
                continue
            chain_s = ns_to_seconds(_last_of(start, after).end_ns - start.begin_ns)
            if chain_s >= LEAST_CHAIN_S:
                identity = Identity(self._next, [])
                identity.take(start)
                self._next += 1
                self._persons[identity.number] = identity.person
                self._identities.append(identity)
                self._continue(identity, after, until_ns)
        taken = {id(t) for one in self._identities for t in one.tracklets}
        self._loose = [one for one in self._loose if id(one) not in taken and _may_begin(one, until_ns)]

    def _continue(self, identity: Identity, after: dict[int, Tracklet], until_ns: int) -> None:
        """Append the tracklets that an identity goes on with, as far as that is to be settled now."""
        while (following := after.get(id(identity.tracklets[-1]))) is not None:
            if identity.tracklets[-1].end_ns > until_ns and following.begin_ns > until_ns:
                return
            identity.take(following)

    # Where they are

    def _smoothed_rows(self, here: list[Identity], count: int) -> Iterator[TrackRow]:
        """The rows of the first `count` times."""
        if not here or not count:
            return
        times_ns = self._times_ns
        index = {time_ns: step for step, time_ns in enumerate(times_ns)}
        seen, scores = zip(*(_seen(one.tracklets, index) for one in here), strict=True)
        found = smoothed(times_ns, seen, [one.state for one in here])
        seconds = ns_to_seconds(times_ns[-1] - times_ns[0]) / max(len(times_ns) - 1, 1)
        spans: list[tuple[int, int]] = []
        for n, one in enumerate(here):
            begin, end = _span(one, seen[n].steps[scores[n] > 0.0], count)
            one.is_present = end == count
            spans.append((begin, end))
            one.person.add(found.mean[begin:end, n, :2], seconds, (self._axes.length_m, self._axes.width_m))
            if not np.isnan(found.filtered[count - 1, n, 0]):
                one.state = State(
                    times_ns[count - 1], found.filtered[count - 1, n], found.filtered_spread[count - 1, n]
                )
        self._teams.learn([one.person for one in self._identities])
        for n, one in enumerate(here):
            label, team = self._teams.part_of(one.person)
            begin, end = spans[n]
            confidence = _confidence(times_ns, seen[n].steps, scores[n])
            for t in range(begin, end):
                spread = found.spread[t, n]
                yield TrackRow(
                    times_ns[t],
                    one.number,
                    label,
                    team,
                    float(found.mean[t, n, 0]),
                    float(found.mean[t, n, 1]),
                    0.0,
                    float(np.sqrt(max((spread[0, 0] + spread[1, 1]) / 2, 0.0))),
                    float(confidence[t]),
                )


def _begins_by(one: Identity, until_ns: int) -> bool:
    return one.tracklets[0].begin_ns <= until_ns


def _may_begin(one: Tracklet, until_ns: int) -> bool:
    """Whether a tracklet may still begin or continue an identity."""
    return one.begin_ns > until_ns


def _last_of(one: Tracklet, after: dict[int, Tracklet]) -> Tracklet:
    """The last tracklet of the chain that begins with `one`."""
    while (following := after.get(id(one))) is not None:
        one = following
    return one


def _seen(tracklets: Iterable[Tracklet], index: dict[int, int]) -> tuple[Seen, Array]:
    """What was seen of a person at the times that are not written yet, and the scores; one place a time."""
    found: dict[int, tuple[Array, Array, float]] = {}
    for tracklet in tracklets:
        for time_ns, xy_m, covariance, score in zip(
            tracklet.times_ns, tracklet.places, tracklet.covariances, tracklet.scores, strict=True
        ):
            if time_ns in index:
                found.setdefault(index[time_ns], (xy_m, covariance, score))
    steps = np.array(sorted(found), np.intp)
    return Seen(
        steps,
        np.array([found[step][0] for step in steps.tolist()]).reshape(-1, 2),
        np.array([found[step][1] for step in steps.tolist()]).reshape(-1, 2, 2),
    ), np.array([found[step][2] for step in steps.tolist()])


def _span(one: Identity, steps: NDArray[np.intp], count: int) -> tuple[int, int]:
    """The first and one past the last of the first `count` times at which a person is known to be there."""
    if not len(steps):  # gone, and not yet back
        return 0, 0
    begin = 0 if one.is_present else min(int(steps[0]), count)
    return begin, max(begin, min(count, int(steps[-1]) + 1))


def _confidence(times_ns: list[int], steps: NDArray[np.intp], scores: Array) -> Array:
    """How sure it is at each time that the person is there: the scores, less between them."""
    if not len(steps):
        return np.zeros(len(times_ns))
    at_s = np.array(times_ns) / NS_PER_S
    apart_s = np.abs(at_s[:, None] - at_s[steps][None])
    return np.asarray((scores * np.exp(-apart_s / FADES_S)).max(axis=1))
