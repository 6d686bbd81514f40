"""The pauses between attempts to connect, what is logged, and when it ends, with a test clock."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import pytest

from pipeline.gst.core.reconnector import Disconnected, Reconnector, ReconnectPolicy

FAILED = Disconnected("server: nobody answers", was_up=False)
BROKEN = Disconnected("server: broke off", was_up=True)


class Line:
    """A server that answers as the test says, and records the pause before each further attempt."""

    def __init__(self, endings: Iterable[Disconnected | None], *, stop_after: int = 1000) -> None:
        self._endings = iter(endings)
        self._stop_after = stop_after
        self.pauses_s: list[float] = []
        self.reconnector = Reconnector(ReconnectPolicy(0.5, 3.0), self._pause)

    def run(self) -> None:
        self.reconnector.run(self.connect)

    def connect(self) -> Disconnected | None:
        return next(self._endings)

    def _pause(self, seconds: float) -> bool:
        self.pauses_s.append(seconds)
        return len(self.pauses_s) == self._stop_after


def test_pauses_double_up_to_a_maximum() -> None:
    line = Line([*[FAILED] * 5, None])
    line.run()
    assert line.pauses_s == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_after_a_working_connection_pauses_start_from_the_first() -> None:
    line = Line([FAILED, FAILED, FAILED, BROKEN, FAILED, None])
    line.run()
    assert line.pauses_s == [0.5, 1.0, 2.0, 0.5, 1.0]


def test_reconnecting_ends_when_a_pause_is_cut_short_or_the_stream_is_over() -> None:
    line = Line([FAILED] * 10, stop_after=2)
    line.run()
    assert line.pauses_s == [0.5, 1.0]
    line = Line([None])
    line.run()
    assert line.pauses_s == []
    assert not line.reconnector.is_away


def test_an_outage_is_logged_once_at_its_start_and_once_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    line = Line([BROKEN, FAILED, FAILED, None])
    with caplog.at_level(logging.WARNING):
        line.run()
    assert (line.reconnector.is_away, line.reconnector.losses) == (True, 1)
    assert [record.getMessage() for record in caplog.records] == ["server: broke off; reconnecting"]
    assert line.reconnector.mark_back()
    assert not line.reconnector.mark_back()
    assert not line.reconnector.is_away


def test_each_loss_after_a_reconnection_counts() -> None:
    line = Line([BROKEN, BROKEN, None])
    connect = line.connect

    def connect_and_be_up() -> Disconnected | None:
        line.reconnector.mark_back()
        return connect()

    line.reconnector.run(connect_and_be_up)
    assert line.reconnector.losses == 2
