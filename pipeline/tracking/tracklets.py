"""Tracklets: how long each thing that is taken for a ball has moved no faster than a person."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

RUN_M_S = 6.5
"""The speed of a running person, with the slack 7.7 m/s over `BASE_S`; a played ball is often faster."""

SLACK_M = 1.8
"""The distance that detection noise may add to a movement."""

BASE_S = 1.5
"""Speed is judged over this time, because over a single frame noise is larger than the movement."""

SHORTEST_GAP_S, LONGEST_GAP_S, GAP_SHARE = 0.4, 3.0, 0.5
"""A thing that is not seen for longer begins anew: the first time and this share of its age, up to the second. So a
fast ball leaves no trail of things that take it up when it comes back."""

FORGIVEN = 3.0
"""So many seconds beside play are forgiven for each second in it."""


class Tracklet:
    """One thing: since when it has been seen, and where during the last `BASE_S`."""

    def __init__(self, number: int, time_s: float) -> None:
        self.number = number
        self.begun_s = self.last_s = time_s
        self.settled_s = math.inf
        """The time of its third sighting; one before may be chance."""
        self.arrived = False
        """Whether it came as a ball does: it began where the ball was when it moved faster than a person."""
        self.beside_s = 0.0
        """For how long it has been beside play; what comes back into play is forgiven."""
        self._trail: deque[tuple[float, float, float]] = deque()
        self._count = 0

    @property
    def expires_s(self) -> float:
        """When it is given up unless it is seen again."""
        return self.last_s + min(SHORTEST_GAP_S + GAP_SHARE * self.age_s, LONGEST_GAP_S)

    @property
    def age_s(self) -> float:
        """How long it has been seen so far."""
        return self.last_s - self.begun_s

    def apart_m(self, time_s: float, x_m: float, z_m: float) -> float:
        """The distance in metres from the last sighting; infinite if the thing cannot have walked it."""
        last_s, last_x, last_z = self._trail[-1]
        apart_m = math.hypot(x_m - last_x, z_m - last_z)
        if apart_m > SLACK_M + RUN_M_S * min(time_s - last_s, BASE_S / 2):
            return math.inf
        begin_s, begin_x, begin_z = self._trail[0]
        way_m = math.hypot(x_m - begin_x, z_m - begin_z)
        return math.inf if way_m > SLACK_M + RUN_M_S * min(time_s - begin_s, BASE_S) else apart_m

    def add(self, time_s: float, x_m: float, z_m: float, *, beside: bool) -> None:
        """Append a sighting, averaged with those before, because noise is not movement.

        ``beside``: it is beside play.
        """
        step_s = time_s - self.last_s
        self.beside_s = max(0.0, self.beside_s + (step_s if beside else -FORGIVEN * step_s))
        if self._trail:
            _, last_x, last_z = self._trail[-1]
            x_m, z_m = (last_x + x_m) / 2, (last_z + z_m) / 2
        self._trail.append((time_s, x_m, z_m))
        self.last_s = time_s
        self._count += 1
        if self._count == 3:
            self.settled_s = time_s
        while time_s - self._trail[0][0] > BASE_S:
            self._trail.popleft()


class Tracklets:
    """Links ball candidates that may be one thing moving at a person's speed, set by set. One thread at a time.

    A ball in play is kicked every few seconds and so begins anew; a flag, a spare ball or a ball in a ball boy's
    arms does not.
    """

    def __init__(self) -> None:
        self._alive: list[Tracklet] = []
        self._count = 0

    def link(
        self, time_s: float, x_m: Sequence[float], z_m: Sequence[float], beside: Sequence[bool]
    ) -> list[Tracklet]:
        """The tracklets to which the candidates of one set belong, in their order. Sets come in time order.

        The oldest tracklet first takes the nearest candidate within its reach, so that an outlier does not begin a
        thing anew.
        """
        self._alive = [one for one in self._alive if time_s <= one.expires_s]
        joined: dict[int, Tracklet] = {}
        free = list(range(len(x_m)))
        for one in self._alive:
            if not free:
                break
            apart_m, nearest = min((one.apart_m(time_s, x_m[i], z_m[i]), i) for i in free)
            if apart_m < math.inf:
                joined[nearest] = one
                free.remove(nearest)
        for i in free:
            joined[i] = Tracklet(self._count, time_s)
            self._count += 1
            self._alive.append(joined[i])
        for i, one in joined.items():
            one.add(time_s, x_m[i], z_m[i], beside=beside[i])
        return [joined[i] for i in range(len(x_m))]
