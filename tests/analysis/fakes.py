"""Helpers of the analysis tests: a small frame, and a detector in lockstep with the test."""

from __future__ import annotations

import queue
from collections.abc import Sequence

from pipeline.analysis.detector import Detection
from pipeline.optics.frame import Frame
from pipeline.timebase import NS_PER_MS, Nanoseconds

FRAME = Frame.empty("NV12", 4, 4)
BALL = Detection("ball", 0.9, 1.0, -5.0, 0.2, 0.2)
WAIT_S = 20.0
"""How long a handshake waits before the test fails; correct code never takes so long."""


def ms(milliseconds: int) -> Nanoseconds:
    return Nanoseconds(milliseconds * NS_PER_MS)


class HandDetector:
    """Every `detect` signals that it was called and waits for the test to give its result."""

    def __init__(self, rate_hz: float = 0.0, name: str = "hand") -> None:
        self.name = name
        self.rate_hz = rate_hz
        self.closed = 0
        self._asked: queue.Queue[Nanoseconds] = queue.Queue()
        self._answers: queue.Queue[Sequence[Detection] | Exception | None] = queue.Queue()

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection] | None:
        self._asked.put(time_ns)
        answer = self._answers.get(timeout=WAIT_S)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self.closed += 1

    def wait_asked(self) -> Nanoseconds:
        return self._asked.get(timeout=WAIT_S)

    def answer(self, answer: Sequence[Detection] | Exception | None = (BALL,)) -> None:
        self._answers.put(answer)


class EasyDetector:
    """Answers at once and records the frames it was asked about."""

    def __init__(self, rate_hz: float = 0.0, error: Exception | None = None) -> None:
        self.name = "easy"
        self.rate_hz = rate_hz
        self.error = error
        self.asked: list[Nanoseconds] = []

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection]:
        self.asked.append(time_ns)
        if self.error is not None:
            raise self.error
        return (BALL,)

    def close(self) -> None:
        pass


class Releases:
    """Counts how often each frame was released."""

    def __init__(self) -> None:
        self.counts: dict[Nanoseconds, int] = {}

    def of(self, time_ns: Nanoseconds) -> Releases._One:
        self.counts[time_ns] = 0
        return Releases._One(self, time_ns)

    class _One:
        def __init__(self, counts: Releases, time_ns: Nanoseconds) -> None:
            self._counts, self._time_ns = counts, time_ns

        def __call__(self) -> None:
            self._counts.counts[self._time_ns] += 1

    def all_once(self) -> bool:
        return set(self.counts.values()) <= {1}
