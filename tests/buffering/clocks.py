"""Simulated sources whose clock is not ours: when each sample is captured, stamped and received."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

S = 1_000_000_000
FRAMES = 15
"""A simulated sample stands for so many frames, of which the one with the least jitter counts."""

Jitter = Callable[[float, random.Random], float]
Rate = Callable[[float], float]


def no_jitter(_time_s: float, _random: random.Random) -> float:
    return 0.0


def uniform(_time_s: float, draw: random.Random) -> float:
    """Up to 200 ms, a different one for each frame: drawn as the least of FRAMES uniform ones is distributed."""
    return 0.2 * (1.0 - draw.random() ** (1.0 / FRAMES))


def bursts(time_s: float, draw: random.Random) -> float:
    """Two seconds of seven, everything comes 40 to 200 ms late."""
    return draw.uniform(0.04, 0.2) if int(time_s) % 7 < 2 else draw.uniform(0, 0.01)


def storms(time_s: float, draw: random.Random) -> float:
    """Forty seconds of ten minutes, the first ones too, everything comes 40 to 200 ms late."""
    return draw.uniform(0.04, 0.2) if int(time_s) % 600 < 40 else draw.uniform(0, 0.01)


JITTERS: dict[str, Jitter] = {
    "none": no_jitter,
    "uniform": uniform,
    "bursts": bursts,
    "storms": storms,
}


def constant(rate: float) -> Rate:
    return lambda _time_s: rate


def temperature(time_s: float) -> float:
    """Between 60 and 140 millionths, as a crystal in the sun."""
    return 1e-4 + 4e-5 * math.sin(time_s / 900)


def changing(time_s: float) -> float:
    """Another rate every ten minutes, by steps of 200 millionths up and down."""
    return 1e-3 - 2e-4 * (int(time_s / 600) % 2)


@dataclass
class SimulatedClock:
    """A source whose clock runs at 1 + `rate` of ours. Seconds inside, nanoseconds outside."""

    rate: Rate
    jitter: Jitter = no_jitter
    step_s: float = 0.5
    absent: Callable[[float], bool] = lambda _time_s: False
    """When nothing is sent."""
    lag: Callable[[float], float] = lambda _time_s: 0.0
    """By how much more everything is late at a time."""
    seed: int = 1
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def samples(self, hours: float) -> Iterator[tuple[int, int, int]]:
        """Of each sample: when it was captured and when it arrived, by our clock, and its timestamp."""
        stamp_s = 0.0
        for number in range(1, round(hours * 3600 / self.step_s)):
            time_s = number * self.step_s
            stamp_s += self.step_s * (1 + self.rate(time_s))
            if self.absent(time_s):
                continue
            late_s = self.lag(time_s) + self.jitter(time_s, self._random)
            yield round(time_s * S), round((time_s + late_s) * S), round(stamp_s * S)
