"""Spans: stretches of captured time that do not overlap, each with what holds in it. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from math import inf
from typing import Generic, TypeVar

Held = TypeVar("Held")


@dataclass(frozen=True, slots=True)
class Span(Generic[Held]):
    """From `begin_ns` up to, not including, `end_ns`, captured times; `end_ns` None: no end is known."""

    begin_ns: int
    end_ns: int | None
    held: Held

    @property
    def last_ns(self) -> float:
        """Its end, which may be infinite."""
        return inf if self.end_ns is None else self.end_ns


@dataclass(frozen=True, slots=True)
class Spans(Generic[Held]):
    """Spans in order of time, which do not overlap. Immutable: each change makes new ones; any thread."""

    all: tuple[Span[Held], ...] = ()

    def with_span(self, span: Span[Held]) -> Spans[Held]:
        """These and `span`, which holds alone from its begin to its end, whatever began or ended inside it."""
        before, after = self.until(span.begin_ns).all, self._from(span.last_ns)
        return Spans(_joined((*before, span, *after)))

    def until(self, time_ns: int) -> Spans[Held]:
        """What holds before `time_ns`: nothing holds from then on."""
        kept = [one for one in self.all if one.begin_ns < time_ns]
        if kept and kept[-1].last_ns > time_ns:
            kept[-1] = replace(kept[-1], end_ns=time_ns)
        return Spans(tuple(kept))

    def forget(self, time_ns: int) -> Spans[Held]:
        """Those that have not ended at `time_ns`."""
        return Spans(tuple(one for one in self.all if one.last_ns > time_ns))

    def in_range(self, begin_ns: int, end_ns: int) -> tuple[Span[Held], ...]:
        """Those that overlap the time from `begin_ns` up to, not including, `end_ns`, in order."""
        first = bisect_right(self.all, float(begin_ns), key=_last_ns)
        last = bisect_left(self.all, end_ns, key=_begin_ns)
        return self.all[first:last]

    def _from(self, time_ns: float) -> list[Span[Held]]:
        kept = [one for one in self.all if one.last_ns > time_ns]
        if kept and kept[0].begin_ns < time_ns:
            kept[0] = replace(kept[0], begin_ns=int(time_ns))
        return kept


def _joined(spans: tuple[Span[Held], ...]) -> tuple[Span[Held], ...]:
    """The spans, where two that touch and hold the same are one."""
    joined: list[Span[Held]] = []
    for span in spans:
        if joined and joined[-1].end_ns == span.begin_ns and joined[-1].held == span.held:
            joined[-1] = replace(joined[-1], end_ns=span.end_ns)
        else:
            joined.append(span)
    return tuple(joined)


def _begin_ns(span: Span[Held]) -> int:
    return span.begin_ns


def _last_ns(span: Span[Held]) -> float:
    return span.last_ns
