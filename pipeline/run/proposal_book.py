"""ProposalBook: the proposals of a run, and what a person made of each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.errors import StateError
from pipeline.proposals.proposal import Proposal
from pipeline.scoring.tags import Tag
from pipeline.scoring.values import Side
from pipeline.timebase import NS_PER_S, ns_to_seconds

ProposalState = Literal["open", "taken", "dismissed", "tagged"]

TAGGED_NS = 8 * NS_PER_S
"""A tag of the same kind so near says the same already."""

MOST_PROPOSALS = 2000
"""So many are kept, the newest ones."""


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal as people see it, by its id.

    `time_s`: its moment, captured time; `known_s`: how far sound and tracks were known when it was last changed.
    `state`: open, taken (then `tag` is the tag's id), dismissed, or tagged: somebody has set such a tag himself.
    """

    id: int
    kind: str
    time_s: float
    confidence: float
    why: str
    known_s: float
    state: ProposalState
    tag: int | None


@dataclass(frozen=True, slots=True)
class _Entry:
    proposal: Proposal
    tag: int | None = None
    is_dismissed: bool = False


class ProposalBook:
    """Any thread; nothing blocks but `take`, for the disk. Lock: `_lock`; the tag is set without it."""

    def __init__(self, add_tag: Callable[[int, str, Side | None, str, str], Tag]) -> None:
        """`add_tag(captured_ns, kind, team, label, who)` sets a tag, and raises as MatchEntry.add_tag does."""
        self._add_tag = add_tag
        self._lock = threading.Lock()
        self._entries: dict[int, _Entry] = {}

    def put(self, proposal: Proposal) -> None:
        """A proposal is new, or more is known of it; what a person took or dismissed stays as he saw it."""
        with self._lock:
            entry = self._entries.get(proposal.number)
            if entry is not None and (entry.is_dismissed or entry.tag is not None):
                return
            if not proposal.confidence:
                self._entries.pop(proposal.number, None)
                return
            self._entries[proposal.number] = _Entry(proposal)
            while len(self._entries) > MOST_PROPOSALS:
                del self._entries[next(iter(self._entries))]

    def take(self, number: int, team: Side | None, label: str, who: str) -> Tag:
        """Make a tag of a proposal, at its moment. Raises StateError for one that is not open, ConfigError."""
        with self._lock:
            entry = self._open(number)
            self._entries[number] = replace(entry, is_dismissed=True)  # nobody else takes it meanwhile
        tag = None
        try:
            tag = self._add_tag(entry.proposal.captured_ns, entry.proposal.kind, team, label, who)
        finally:
            with self._lock:
                self._entries[number] = replace(entry, tag=None if tag is None else tag.number)
        return tag

    def dismiss(self, number: int) -> None:
        """Put a proposal away. Raises StateError for one that is not open."""
        with self._lock:
            self._entries[number] = replace(self._open(number), is_dismissed=True)

    def undone(self, tag: Tag) -> None:
        """The tag was taken back: the proposal that it was made of, if any, is open again."""
        with self._lock:
            for number, entry in self._entries.items():
                if entry.tag == tag.number:
                    self._entries[number] = replace(entry, tag=None)

    def views(self, tags: tuple[Tag, ...]) -> list[ProposalView]:
        """All of them, in order of captured time; `tags`: those that hold."""
        with self._lock:
            entries = list(self._entries.values())
        views = [_view(entry, tags) for entry in entries]
        return sorted(views, key=lambda view: (view.time_s, view.id))

    def _open(self, number: int) -> _Entry:
        entry = self._entries.get(number)
        if entry is None:
            raise StateError(f"there is no proposal {number}; look at the list of proposals")
        if entry.is_dismissed or entry.tag is not None:
            raise StateError(
                f"proposal {number} was taken or dismissed already; look at the list of proposals"
            )
        return entry


def _view(entry: _Entry, tags: tuple[Tag, ...]) -> ProposalView:
    one = entry.proposal
    state: ProposalState = "open"
    if entry.tag is not None:
        state = "taken"
    elif entry.is_dismissed:
        state = "dismissed"
    elif any(tag.kind == one.kind and abs(tag.captured_ns - one.captured_ns) <= TAGGED_NS for tag in tags):
        state = "tagged"
    return ProposalView(
        one.number,
        one.kind,
        ns_to_seconds(one.captured_ns),
        round(one.confidence, 3),
        one.why,
        ns_to_seconds(one.known_ns),
        state,
        entry.tag,
    )
