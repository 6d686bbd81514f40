"""Proposal: a moment that may be worth a tag, how sure that is, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.scoring.values import ProposalKind
from pipeline.timebase import ns_to_seconds


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something may have happened. A later one of the same ``number`` replaces it: more is known then.

    ``kind``: the kind of the tag that it would be. ``captured_ns``: its moment. ``confidence``: 0 to 1; 0 if it is
    withdrawn, because it was something else. ``cues``: what speaks for it, in words, the strongest first.
    ``known_ns``: the captured time up to which sound and tracks were known when it was made.
    """

    number: int
    kind: ProposalKind
    captured_ns: int
    confidence: float
    cues: tuple[str, ...]
    known_ns: int

    @property
    def why(self) -> str:
        """The cues in one line."""
        return ", ".join(self.cues)

    def as_json(self) -> dict[str, Any]:
        """The proposal as a line of a file."""
        return {
            "id": self.number,
            "time_s": ns_to_seconds(self.captured_ns),
            "kind": self.kind,
            "confidence": round(self.confidence, 3),
            "why": self.why,
            "known_s": ns_to_seconds(self.known_ns),
        }
