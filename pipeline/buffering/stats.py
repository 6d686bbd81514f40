"""Counters of one stream, and the frozen record that statistics() returns. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.buffering.intake import Verdict


@dataclass(slots=True)
class Counters:
    """What happened to the samples of one stream since its last clear. Written under the manager's lock."""

    received: int = 0
    sent: int = 0
    dropped: int = 0
    late: int = 0
    duplicate: int = 0
    backward: int = 0
    untimed: int = 0
    restarts: int = 0
    jumps: int = 0
    refused: int = 0
    gaps: int = 0
    caps_changes: int = 0
    segments: int = 0
    flushes: int = 0
    copied: int = 0

    def count(self, verdict: Verdict) -> None:
        """Count a verdict that is not ON_TIME."""
        name = _COUNTER_OF[verdict]
        setattr(self, name, getattr(self, name) + 1)


_COUNTER_OF = {
    Verdict.LATE: "late",
    Verdict.UNTIMED: "untimed",
    Verdict.RESTART: "restarts",
    Verdict.JUMP: "jumps",
    Verdict.DUPLICATE: "duplicate",
    Verdict.BACKWARD: "backward",
}
