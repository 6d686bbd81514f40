"""Asked: how often signals have asked a run to end."""

from __future__ import annotations

import signal

from pipeline.supervision.asked import HANGUP_S, Asked


def test_the_two_signals_of_one_hang_up_count_once() -> None:
    asked = Asked()
    assert asked.note(signal.SIGHUP, 10.0)
    assert not asked.note(signal.SIGHUP, 10.0 + HANGUP_S / 2)
    assert asked.times == 1
    assert asked.note(signal.SIGHUP, 10.0 + 2 * HANGUP_S)
    assert asked.times == 2


def test_signals_of_two_kinds_count_each() -> None:
    asked = Asked()
    assert asked.note(signal.SIGHUP, 10.0)
    assert asked.note(signal.SIGTERM, 10.0)
    assert asked.note(signal.SIGINT, 10.0)
    assert asked.times == 3
