"""The check list before a match. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.setup_page.plan import MatchPlan

BITS = 8
S_PER_H = 3600
FEW_HOURS, TOO_FEW_HOURS = 3.0, 1.0

Grade = Literal["good", "warning", "bad", "unknown"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list. `text`: what was found, and what to do if it is not good."""

    name: str
    grade: Grade
    text: str


@dataclass(frozen=True, slots=True)
class RigFacts:
    """What a rig file says of itself; `fault`: why it cannot be used."""

    verdict: str = ""
    reasons: str = ""
    cameras: int = 0
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What has been found out; None: not yet.

    `has_sound`: whether any camera has it. `stream_trouble`: why the server cannot be reached, empty if it can.
    `is_open`: whether phones can reach the page.
    """

    free_bytes: int
    has_sound: bool | None = None
    rig: RigFacts | None = None
    stream_trouble: str | None = None
    trial_notes: tuple[str, ...] | None = None
    is_open: bool = False


def hours_left(plan: MatchPlan, free_bytes: int) -> float:
    """How many hours of film fit into so many bytes; the clips of goals are small beside it."""
    encoder = plan.settings.encoder
    bits_per_s = (encoder.bitrate_kbps + encoder.audio_bitrate_kbps) * 1000
    return free_bytes * BITS / bits_per_s / S_PER_H


def check_list(plan: MatchPlan, facts: Facts) -> list[Check]:
    """The list, in the order of the steps."""
    return [
        _cameras(plan),
        _rig(plan, facts.rig),
        _sound(facts.has_sound),
        _disk(hours_left(plan, facts.free_bytes)),
        *_stream(plan, facts.stream_trouble),
        _phones(facts.is_open),
        _trial(facts.trial_notes),
    ]


def _cameras(plan: MatchPlan) -> Check:
    count = len(plan.settings.sources)
    if not count:
        return Check("Cameras", "bad", "none is chosen; choose one or more")
    return Check("Cameras", "good", "one is chosen" if count == 1 else f"{count} are chosen")


def _rig(plan: MatchPlan, rig: RigFacts | None) -> Check:
    count = len(plan.settings.sources)
    if rig is None:
        if count < 2:
            return Check("Calibration", "good", "one camera works without")
        return Check(
            "Calibration", "bad", "the cameras are not calibrated; do it, or show points of the field"
        )
    if rig.fault is not None:
        return Check("Calibration", "bad", f"{rig.fault}; calibrate again")
    if rig.cameras != count:
        said = f"it is of {rig.cameras} cameras, and {count} are chosen; calibrate again"
        return Check("Calibration", "bad", said)
    if rig.verdict == "good":
        return Check("Calibration", "good", "good")
    return Check(
        "Calibration", "warning", ": ".join(filter(None, (rig.verdict or "not judged", rig.reasons)))
    )


def _sound(has_sound: bool | None) -> Check:
    if has_sound is None:
        return Check("Sound", "unknown", "not known yet; listen to the trial")
    if has_sound:
        return Check("Sound", "good", "a camera has sound")
    return Check("Sound", "warning", "no camera has sound; the film will be silent")


def _disk(hours: float) -> Check:
    shown = (
        f"{hours:.0f} hours of film fit on the disk"
        if hours >= 10
        else f"{hours:.1f} hours of film fit on the disk"
    )
    if hours < TOO_FEW_HOURS:
        return Check("Disk", "bad", f"only {shown}; delete old matches, or use another folder")
    if hours < FEW_HOURS:
        return Check("Disk", "warning", f"{shown}; a match with its break takes two")
    return Check("Disk", "good", shown)


def _stream(plan: MatchPlan, trouble: str | None) -> Iterator[Check]:
    title = plan.stream_title
    if title is None:
        return
    if trouble is None:
        yield Check("Stream", "unknown", f"whether {title} can be reached is not known yet")
    elif trouble:
        yield Check("Stream", "bad", f"{title}: {trouble}")
    else:
        yield Check("Stream", "good", f"{title} can be reached")


def _phones(is_open: bool) -> Check:
    if is_open:
        return Check("Phones", "good", "phones can be let in, with Phone at the top")
    said = "only this machine reaches the page; press Phone before the match, if a phone is to keep the score"
    return Check("Phones", "unknown", said)


def _trial(notes: tuple[str, ...] | None) -> Check:
    if notes is None:
        return Check("Trial", "unknown", "not done yet; it takes a minute, and its film can be watched here")
    if notes:
        return Check("Trial", "warning", "; ".join(notes))
    return Check("Trial", "good", "its film is complete; watch and listen to it")
