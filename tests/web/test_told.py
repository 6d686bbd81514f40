"""What the server tells of a run, and what it makes for those who look."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from pipeline.gst.core.frames import FrameLayout, HeldFrame
from pipeline.gst.runtime import Gst
from pipeline.optics.frame import Frame
from pipeline.web.preview import Still
from pipeline.web.told import SILENT_S, Told
from tests.web.test_security import dashboard


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_run_that_tells_nothing_is_silent_until_it_tells_again() -> None:
    clock = Clock()
    told = Told(clock)
    clock.now_s += 10 * SILENT_S
    assert told.state()["state"] == "starting"  # a camera may let it wait
    told.tell({"state": "playing", "frames_out": 7})
    clock.now_s += SILENT_S
    assert told.state()["state"] == "playing"
    clock.now_s += 0.1
    assert told.is_silent
    assert json.loads(told.text()) == told.state()
    assert (told.state()["state"], told.state()["frames_out"]) == ("silent", 7)
    told.tell({"state": "playing", "frames_out": 8})
    assert json.loads(told.text()) == told.state()
    assert told.state()["state"] == "playing"


def test_the_last_state_is_the_end_for_all_who_follow() -> None:
    async def follow(told: Told) -> list[Any]:
        return [json.loads(text) async for text in told.events.follow()]

    async def watch() -> tuple[Told, list[Any], list[Any]]:
        told = Told()
        told.tell({"state": "playing"})
        early = asyncio.create_task(follow(told))
        await asyncio.sleep(0)
        told.end()
        return told, await early, await follow(told)

    told, early, late = asyncio.run(watch())
    assert [state["state"] for state in early] == ["playing", "ended"]
    assert [state["state"] for state in late] == ["ended"]
    assert {state["run"] for state in (*early, *late)} == {told.state()["run"]}
    assert Told().state()["run"] != told.state()["run"]


def test_only_who_asked_lately_is_waited_for_at_the_end() -> None:
    clock = Clock()
    alone, left, watched = Told(clock), Told(clock), Told(clock)
    left.text()
    clock.now_s += 60
    watched.text()
    assert [told.end() for told in (alone, left, watched, watched)] == [False, False, True, False]


def test_health_and_metrics_fail_while_the_run_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = dashboard(tmp_path)
    client = TestClient(board.app, base_url="http://127.0.0.1:8080")
    assert client.get("/metrics").status_code == 200
    board._told.tell({"state": "playing", "frames_out": 7})
    assert client.get("/healthz").status_code == 200
    assert "foresight_frames_out_total 7" in client.get("/metrics").text
    monkeypatch.setattr("pipeline.web.told.SILENT_S", -1.0)
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (503, "silent\n")
    assert client.get("/metrics").status_code == 503
    assert client.get("/api/state").json()["state"] == "silent"


def grey() -> HeldFrame:
    caps = Gst.Caps.from_string("video/x-raw,format=NV12,width=64,height=32,framerate=25/1")
    layout = FrameLayout.of(caps)
    return HeldFrame(layout, Gst.Buffer.new_wrapped(bytes([128]) * layout.size_bytes))


def test_a_still_is_made_once_for_all_who_ask_and_not_too_often() -> None:
    made: list[Frame] = []
    clock = Clock()

    def make(frame: Frame) -> Frame:
        made.append(frame)
        return Frame(frame.format, tuple(np.array(plane) for plane in frame.planes))

    async def look() -> None:
        still = Still(make, 10.0, clock)
        assert await still.newest() is None
        still.hold(grey())
        pictures = await asyncio.gather(*(still.newest() for _ in range(5)))
        assert len(made) == 1
        assert len(set(pictures)) == 1
        assert (pictures[0] or b"").startswith(b"\xff\xd8")
        still.hold(grey())
        clock.now_s += 0.05
        await still.newest()
        assert len(made) == 1
        clock.now_s += 0.1
        await still.newest()
        assert len(made) == 2
        clock.now_s += 10
        await still.newest()  # the picture is held
        assert len(made) == 2

    asyncio.run(look())
