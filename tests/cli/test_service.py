"""What a service manager hears of a run."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from pipeline.cli.service import ENDING_S, STATUS_EVERY_S, ServiceNews, told_to
from pipeline.run.progress import Progress
from pipeline.supervision.notifier import Notifier
from tests.cli.test_console import PROGRESS


def at(state: str) -> Progress:
    return replace(PROGRESS, state=state)


def test_ready_is_said_once_and_only_on_air() -> None:
    news = ServiceNews(None)
    short = replace(PROGRESS, state="draining", frames_out=3)  # on air between two calls
    assert "READY" in ServiceNews(None).due(0, short, "", is_well=True)
    stopped = replace(PROGRESS, state="draining", frames_out=0)
    assert "READY" not in ServiceNews(None).due(0, stopped, "", is_well=True)
    states = ["starting", "buffering", "buffering", "playing", "playing", "draining", "done"]
    said = [news.due(now_s, at(state), "", is_well=True) for now_s, state in enumerate(states)]
    assert ["READY" in one for one in said] == [state == "playing" for state in states[:4]] + [False] * 3
    assert ["STOPPING" in one for one in said] == [False] * 5 + [True, False]
    assert not any("WATCHDOG" in one for one in said)


def test_the_status_is_said_when_the_state_changes_and_every_few_seconds() -> None:
    news = ServiceNews(None)
    due_s = [0, 1, 2, STATUS_EVERY_S, STATUS_EVERY_S + 1, 2 * STATUS_EVERY_S]
    said = ["STATUS" in news.due(now_s, at("playing"), "x", is_well=True) for now_s in due_s]
    assert said == [True, False, False, True, False, True]
    assert news.due(2 * STATUS_EVERY_S + 1, at("draining"), "y", is_well=True)["STATUS"] == "y"


@pytest.mark.parametrize("state", ["starting", "buffering", "draining", "done"])
def test_patience_is_asked_for_while_it_starts_and_ends(state: str) -> None:
    assert "EXTEND_TIMEOUT_USEC" in ServiceNews(None).due(0, at(state), "", is_well=True)


def test_no_patience_is_asked_for_on_air() -> None:
    assert "EXTEND_TIMEOUT_USEC" not in ServiceNews(None).due(0, at("playing"), "", is_well=True)


def test_a_sign_of_life_is_given_at_half_the_watchdogs_time() -> None:
    news = ServiceNews(10)
    signs = [
        now_s
        for now_s in range(0, 30, news.tick_s().__ceil__())
        if "WATCHDOG" in news.due(now_s, at("playing"), "", is_well=True)
    ]
    assert signs == [0, 5, 10, 15, 20, 25]
    assert ServiceNews(1).tick_s() <= 0.5


@pytest.mark.parametrize("state", ["starting", "buffering", "playing"])
def test_no_sign_is_given_while_something_stands_still(state: str) -> None:
    news = ServiceNews(10)
    assert not any("WATCHDOG" in news.due(now_s, at(state), "", is_well=False) for now_s in range(60))
    assert "WATCHDOG" in news.due(60, at(state), "", is_well=True)


def test_an_end_gives_signs_until_it_takes_too_long() -> None:
    news = ServiceNews(10)
    last_s = PROGRESS.buffer_s + ENDING_S
    assert "WATCHDOG" in news.due(0, at("draining"), "", is_well=False)
    assert "WATCHDOG" in news.due(last_s, at("draining"), "", is_well=False)
    too_late = news.due(last_s + 10, at("done"), "", is_well=True)
    assert "WATCHDOG" not in too_late
    assert "EXTEND_TIMEOUT_USEC" not in too_late


def test_a_real_socket_hears_of_a_run() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("")
        listener.settimeout(10)
        manager = Notifier("@" + listener.getsockname()[1:].decode(), 0.2)
        with told_to(manager, lambda: at("playing"), lambda progress: progress.state, lambda: True):
            first, second = listener.recv(4096), listener.recv(4096)
    assert first == b"READY=1\nSTATUS=playing\nWATCHDOG=1\n"
    assert second == b"WATCHDOG=1\n"
