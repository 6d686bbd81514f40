"""The line of health, as a table: what the state tells, and what the line says."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.operator.health import Health, health

WELL: dict[str, Any] = {
    "state": "playing",
    "transport": "playing",
    "standing": (),
    "offline": (),
    "cameras": [{"camera": "left", "status": "ok"}, {"camera": "right", "status": "sways"}],
    "dropping_fps": 0.1,
    "sound": {"peak_dbfs": [-6.0], "rms_dbfs": [-20.0], "silent_s": 3.0, "clips": False},
    "disks": ({"files": ["match.mp4"], "hours_left": 5.0},),
    "outputs": [],
    "cover": {"on": False},
    "mute": {"on": False},
}


def output(kind: str = "stream", state: str = "on", **uplink: Any) -> list[dict[str, Any]]:
    name = "rtmp://server/app/***" if kind == "stream" else "match.mp4"
    return [{"name": name, "kind": kind, "state": state} | uplink]


def sound(silent_s: float = 0.0, *, clips: bool = False) -> dict[str, Any]:
    return {"peak_dbfs": [-70.0], "rms_dbfs": [-80.0], "silent_s": silent_s, "clips": clips}


TABLE: list[tuple[dict[str, Any], str, str]] = [
    ({}, "good", "All well"),
    ({"state": "buffering"}, "good", "Starting: nothing is on air yet"),
    ({"state": "silent"}, "bad", "The run does not respond: wait a moment"),
    ({"standing": ("encoder",)}, "bad", "Nothing moves on: the encoder stands still: look at it"),
    ({"cameras": [{"camera": "left", "status": "gone"}]}, "bad", "Camera left is offline: check its power"),
    ({"offline": ("camera 0",)}, "bad", "Camera 0 is offline: check its power and its cable"),
    (
        {"cameras": [{"camera": "b", "status": "elsewhere"}]},
        "bad",
        "Camera b shows something else: turn it back",
    ),
    ({"cameras": [{"camera": "b", "status": "covered"}]}, "bad", "Camera b is covered: take away"),
    ({"cameras": [{"camera": "b", "status": "dark"}]}, "bad", "Camera b is dark: take off its lens cap"),
    ({"cameras": [{"camera": "b", "status": "frozen"}]}, "bad", "Camera b is frozen: restart it"),
    ({"outputs": output("file", "failed")}, "bad", "match.mp4 is not written any more: press Record"),
    ({"outputs": output("stream", "failed")}, "bad", "rtmp://server/app/*** has failed: look at its row"),
    ({"outputs": output("stream", "away")}, "bad", "rtmp://server/app/*** is offline: check the network"),
    ({"outputs": output(backlog_s=0.9)}, "good", "All well"),
    (
        {"outputs": output(backlog_s=3.2)},
        "warning",
        "rtmp://server/app/*** is 3 s behind: the network is slow",
    ),
    (
        {"outputs": output(backlog_s=0.1, bitrate_kbps=1500, most_kbps=8000)},
        "warning",
        "rtmp://server/app/*** is sent with 1.5 of 8.0 Mbit/s: the network is slow",
    ),
    ({"outputs": output(backlog_s=0.0, bitrate_kbps=7000, most_kbps=8000)}, "good", "All well"),
    ({"outputs": output("stream", "off", backlog_s=None)}, "good", "All well"),
    (
        {"disks": ({"files": ["a.mkv"], "hours_left": 0.6},)},
        "warning",
        "The disk of a.mkv is full in 36 min: delete",
    ),
    (
        {"disks": ({"files": ["a.mkv"], "hours_left": 0.1},)},
        "bad",
        "The disk of a.mkv is full in 6 min: delete",
    ),
    ({"disks": ({"files": ["a.mkv"], "hours_left": None},)}, "good", "All well"),
    ({"dropping_fps": 1.5}, "warning", "1.5 frames a second are dropped: close other programs"),
    ({"dropping_fps": 9.0}, "bad", "9.0 frames a second are dropped: close other programs"),
    ({"sound": sound(12.3)}, "bad", "No sound for 12 s: check that the microphone is on"),
    ({"sound": sound(9.9)}, "good", "All well"),
    ({"sound": None}, "good", "All well"),
    (
        {"sound": sound(clips=True)},
        "warning",
        "The sound is too loud and distorted: turn the microphone down",
    ),
    ({"sound": sound(60.0), "mute": {"on": True}}, "warning", "The sound is muted: press Release sound"),
    ({"cover": {"on": True}}, "warning", "The picture is covered: press Release picture"),
    ({"transport": "paused", "sound": sound(60.0)}, "warning", "The video is frozen: press Resume"),
    ({"state": "ended", "ended": None}, "good", "The run has ended"),
    ({"state": "ended", "ended": {"error": None, "failures": []}}, "good", "The run has ended"),
    (
        {"state": "ended", "ended": {"error": "x", "failures": []}},
        "bad",
        "The run has ended, and something failed",
    ),
    (
        {"state": "ended", "ended": {"error": None, "failures": ["y"]}},
        "bad",
        "The run has ended, and something",
    ),
]


@pytest.mark.parametrize(("change", "level", "line"), TABLE)
def test_each_matter_has_its_line_and_its_level(change: dict[str, Any], level: str, line: str) -> None:
    found = health(WELL | change)
    assert (found.level, found.line[: len(line)]) == (level, line)
    assert found.level == "good" or found.advice, "says what to do"


def test_the_worst_comes_first_and_the_rest_is_counted() -> None:
    state = WELL | {
        "sound": sound(20.0, clips=True),
        "outputs": output("stream", "away"),
        "dropping_fps": 1.0,
        "cover": {"on": True},
    }
    found = health(state)
    assert found.text == "rtmp://server/app/*** is offline"
    assert (found.level, found.more) == ("bad", 4)
    assert health(WELL | {"cover": {"on": True}, "sound": sound(20.0)}).level == "bad"


def test_a_run_that_has_told_nothing_yet_is_starting() -> None:
    assert health({"run": "0", "state": "starting"}) == Health("good", "Starting: nothing is on air yet", "")
