"""The state of a run as clients get it: the newest one, silence, and the end."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from pipeline.web.run_state import SILENT_AFTER_S, RunStateFeed
from tests.cli.test_console import PROGRESS
from tests.web.clock import Clock
from tests.web.test_security import dashboard


def test_a_run_that_reports_nothing_is_silent_until_it_reports_again() -> None:
    clock = Clock()
    feed = RunStateFeed(clock)
    clock.now_s += 10 * SILENT_AFTER_S
    assert feed.state()["state"] == "starting"  # a camera may take long to answer
    feed.publish({"state": "playing", "frames_out": 7})
    clock.now_s += SILENT_AFTER_S
    assert feed.state()["state"] == "playing"
    clock.now_s += 0.1
    assert feed.is_silent
    assert json.loads(feed.json_text()) == feed.state()
    assert (feed.state()["state"], feed.state()["frames_out"]) == ("silent", 7)
    feed.publish({"state": "playing", "frames_out": 8})
    assert json.loads(feed.json_text()) == feed.state()
    assert feed.state()["state"] == "playing"


def test_every_follower_gets_the_end_as_the_last_state() -> None:
    async def follow(feed: RunStateFeed) -> list[Any]:
        return [json.loads(text) async for text in feed.events.follow()]

    async def watch() -> tuple[RunStateFeed, list[Any], list[Any]]:
        feed = RunStateFeed()
        feed.publish({"state": "playing"})
        early = asyncio.create_task(follow(feed))
        await asyncio.sleep(0)
        feed.end()
        return feed, await early, await follow(feed)

    feed, early, late = asyncio.run(watch())
    assert [state["state"] for state in early] == ["playing", "ended"]
    assert [state["state"] for state in late] == ["ended"]
    assert {state["run"] for state in (*early, *late)} == {feed.state()["run"]}
    assert RunStateFeed().state()["run"] != feed.state()["run"]


def test_the_end_waits_only_for_a_client_that_asked_recently() -> None:
    clock = Clock()
    alone, left, watched = RunStateFeed(clock), RunStateFeed(clock), RunStateFeed(clock)
    left.json_text()
    clock.now_s += 60
    watched.json_text()
    assert [feed.end() for feed in (alone, left, watched, watched)] == [False, False, True, False]


def test_health_and_metrics_fail_while_the_run_is_silent(tmp_path: Path) -> None:
    clock = Clock()
    board = dashboard(tmp_path, clock=clock)
    client = TestClient(board.app, base_url="http://127.0.0.1:8080")
    assert client.get("/metrics").status_code == 200
    board.publish(PROGRESS)
    assert client.get("/healthz").status_code == 200
    assert "foresight_frames_out_total 375" in client.get("/metrics").text
    clock.now_s += SILENT_AFTER_S + 0.1
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (503, "silent\n")
    assert client.get("/metrics").status_code == 503
    assert client.get("/api/state").json()["state"] == "silent"
