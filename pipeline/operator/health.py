"""The health of a run in one line: the worst that its state tells of, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["good", "warning", "bad"]

SHORT_H, FULL_H = 1.0, 0.25
"""With room for less than this, the disk is short, or nearly full."""
DROPPING_FPS, DROPPING_MUCH_FPS = 0.5, 3.0
"""So many frames a second that are dropped can be seen, or cannot be overlooked."""
SILENT_S = 10.0
"""Silence for so long is no pause in the match."""
BEHIND_S = 1.0
"""A stream that lags by so much is behind."""

LOWERED_SHARE = 0.8
"""A stream with less than this share of its bit rate is less sharp."""

_CAMERAS = {
    "covered": "take away what covers it",
    "dark": "take off its lens cap, or switch on the light",
    "elsewhere": "turn it back to where it was, or calibrate again",
    "frozen": "restart it: it sends the same picture again and again",
}
_SHOWS = {
    "covered": "is covered",
    "dark": "is dark",
    "elsewhere": "shows something else",
    "frozen": "is frozen",
}


@dataclass(frozen=True, slots=True)
class Health:
    """One line about a run."""

    level: Level
    """good: nothing is to be done; warning: something will be, or is as somebody asked for; bad: viewers miss
    something, or will soon."""
    text: str
    """What is the matter."""
    advice: str
    """What to do; empty if nothing is to be done."""
    more: int = 0
    """How many further matters there are."""

    @property
    def line(self) -> str:
        """Both as one line."""
        return f"{self.text}: {self.advice}" if self.advice else self.text


def health(state: Mapping[str, Any]) -> Health:
    """The worst of what `state` tells, as `/api/state` has it; what is not in it is taken to be well."""
    if state.get("state") == "ended":
        return _ended(state.get("ended"))
    matters = sorted(_matters(state), key=lambda matter: matter.level != "bad")
    if not matters:
        well = "All well" if state.get("state") == "playing" else "Starting: nothing is on air yet"
        return Health("good", well, "")
    worst = matters[0]
    return Health(worst.level, worst.text, worst.advice, len(matters) - 1)


def _ended(ended: Mapping[str, Any] | None) -> Health:
    if ended is not None and (ended["error"] is not None or ended["failures"]):
        return Health(
            "bad", "The run has ended, and something failed", "look at the list of what was written"
        )
    return Health("good", "The run has ended", "")


def _matters(state: Mapping[str, Any]) -> Iterator[Health]:
    """Everything that is the matter, the worst first among those of one level."""
    if state.get("state") == "silent":
        yield Health("bad", "The run does not respond", "wait a moment; if it stays so, start it again")
    for stage in state.get("standing", ()):
        yield Health(
            "bad", f"Nothing moves on: the {stage} stands still", "look at it, or start the run again"
        )
    yield from _cameras(state)
    yield from _outputs(state.get("outputs", ()))
    yield from _disks(state.get("disks", ()))
    yield from _dropped(state.get("dropping_fps", 0.0))
    yield from _sound(state)
    yield from _asked_for(state)


def _cameras(state: Mapping[str, Any]) -> Iterator[Health]:
    cameras = state.get("cameras", ())
    gone = [camera["camera"] for camera in cameras if camera["status"] == "gone"]
    for name in gone or state.get("offline", ()):
        yield Health(
            "bad", f"{_camera(name)} is offline", "check its power and its cable; it is reconnected by itself"
        )
    for camera in cameras:
        if camera["status"] in _CAMERAS:
            text = f"{_camera(camera['camera'])} {_SHOWS[camera['status']]}"
            yield Health("bad", text, _CAMERAS[camera["status"]])


def _camera(name: str) -> str:
    return name[:1].upper() + name[1:] if name.startswith("camera") else f"Camera {name}"


def _outputs(outputs: Any) -> Iterator[Health]:
    for output in outputs:
        name = output["name"]
        if output["state"] == "failed" and output["kind"] == "file":
            advice = "press Record, to go on in a new file on a disk with room"
            yield Health("bad", f"{name} is not written any more", advice)
        elif output["state"] == "failed":
            yield Health("bad", f"{name} has failed", "look at its row, stop it and start it again")
        elif output["state"] == "away":
            advice = "check the network and the address; it is reconnected by itself"
            yield Health("bad", f"{name} is offline", advice)
    for output in outputs:
        if output["state"] == "on":
            yield from _uplink(output)


def _uplink(output: Mapping[str, Any]) -> Iterator[Health]:
    """A server that takes less than it is sent."""
    backlog_s, kbps, most_kbps = (output.get(key) for key in ("backlog_s", "bitrate_kbps", "most_kbps"))
    name = output["name"]
    if kbps is not None and most_kbps is not None and kbps < LOWERED_SHARE * most_kbps:
        text = f"{name} is sent with {kbps / 1000:.1f} of {most_kbps / 1000:.1f} Mbit/s"
        yield Health("warning", text, "the network is slow: close what else uses it, or use a cable")
    elif (backlog_s or 0.0) > BEHIND_S:
        text = f"{name} is {backlog_s:.0f} s behind"
        yield Health("warning", text, "the network is slow: close what else uses it, or use a cable")


def _disks(disks: Any) -> Iterator[Health]:
    for disk in disks:
        hours = disk["hours_left"]
        if hours is None or hours >= SHORT_H:
            continue
        advice = "delete files there, or stop a recording and record to another disk"
        text = f"The disk of {disk['files'][0]} is full in {hours * 60:.0f} min"
        yield Health("bad" if hours < FULL_H else "warning", text, advice)


def _dropped(fps: float) -> Iterator[Health]:
    if fps >= DROPPING_FPS:
        level: Level = "bad" if fps >= DROPPING_MUCH_FPS else "warning"
        advice = "close other programs and pages, or start with a smaller size"
        yield Health(level, f"{fps:.1f} frames a second are dropped", advice)


def _sound(state: Mapping[str, Any]) -> Iterator[Health]:
    sound, is_muted = state.get("sound"), state.get("mute", {}).get("on", False)
    if sound is None or is_muted or state.get("transport") == "paused":
        return
    if sound["silent_s"] >= SILENT_S:
        advice = "check that the microphone is on and plugged in"
        yield Health("bad", f"No sound for {sound['silent_s']:.0f} s", advice)
    if sound["clips"]:
        yield Health("warning", "The sound is too loud and distorted", "turn the microphone down")


def _asked_for(state: Mapping[str, Any]) -> Iterator[Health]:
    """What somebody has asked for, and may have forgotten."""
    if state.get("cover", {}).get("on", False):
        yield Health("warning", "The picture is covered", "press Release picture to show it again")
    if state.get("mute", {}).get("on", False):
        yield Health("warning", "The sound is muted", "press Release sound to have it again")
    if state.get("transport") == "paused":
        yield Health("warning", "The video is frozen", "press Resume to go on")
