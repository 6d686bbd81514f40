"""TitledSpan: a span of a film with a title, as a container's chapters need it."""

from __future__ import annotations

from typing import Protocol


class TitledSpan(Protocol):
    """From `begin_ns` up to `end_ns` of the film's own time, nanoseconds; the title is one line."""

    @property
    def begin_ns(self) -> int:
        """Where it begins."""

    @property
    def end_ns(self) -> int:
        """Where it ends."""

    @property
    def title(self) -> str:
        """What is seen there."""
