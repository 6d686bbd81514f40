"""Annotations: what people and programs know of the footage, on its own timeline. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pipeline.errors import ConfigError, LateError, StateError
from pipeline.timebase import NS_PER_MS, ns_to_seconds

ROUNDING_NS = NS_PER_MS
"""A time given in milliseconds may lie this much after the frame that is meant."""
MOST_OF_A_KIND = 10_000
"""More annotations of one kind than this are not held at a time."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """Something that holds from a captured time on, until the next annotation of its kind."""

    kind: str
    data: Any
    """Belongs to whoever reads it, on any thread: never edit it once it is given."""
    captured_ns: int


class Annotations:
    """The annotations of one window, by kind and captured time.

    A frame of captured time t shows the newest annotation of each kind from t or before. What a frame shows is
    settled when the frame is handed to playback: an annotation that would change it is refused, so no consumer,
    however late it looks, sees anything else. Those who write hold the manager's lock; reading takes none.
    """

    def __init__(self) -> None:
        self._by_kind: Mapping[str, tuple[Annotation, ...]] = MappingProxyType({})  # replaced, never edited
        self._settled_ns: int | None = None

    def add(self, annotation: Annotation, delay_ns: int) -> None:
        """Put it into its place; it replaces one of the same kind and time.

        delay_ns: what playback keeps to, for the message. Raises LateError when a frame of its time has been handed
        to playback, StateError when there are too many of its kind.
        """
        if self._settled_ns is not None:
            late_ns = self._settled_ns + ROUNDING_NS - annotation.captured_ns
            if late_ns >= 0:
                raise LateError(
                    f"{annotation.kind} for {ns_to_seconds(annotation.captured_ns):.3f} s comes "
                    f"{ns_to_seconds(late_ns):.3f} s too late: that moment has been handed to playback; "
                    f"the delay is {ns_to_seconds(delay_ns):.2f} s, make it longer",
                    late_s=ns_to_seconds(late_ns),
                )
        held = self._by_kind.get(annotation.kind, ())
        begin = bisect_left(held, annotation.captured_ns, key=_time_ns)
        end = bisect_right(held, annotation.captured_ns, key=_time_ns)
        if begin == end and len(held) >= MOST_OF_A_KIND:
            raise StateError(f"{len(held)} annotations of kind {annotation.kind!r} wait already; send fewer")
        self._replace(annotation.kind, (*held[:begin], annotation, *held[end:]))

    @property
    def soonest_ns(self) -> int | None:
        """The earliest captured time that can still be annotated; None while every time can."""
        return None if self._settled_ns is None else self._settled_ns + ROUNDING_NS + 1

    def settle(self, frame_ns: int, oldest_ns: int) -> None:
        """A frame of this captured time is handed to playback. `oldest_ns`: of the oldest frame still stored.

        Annotations that no stored frame shows are dropped.
        """
        if self._settled_ns is None or frame_ns > self._settled_ns:
            self._settled_ns = frame_ns
        for kind, held in self._by_kind.items():
            if len(held) > 1 and held[1].captured_ns <= oldest_ns:
                self._replace(kind, held[bisect_right(held, oldest_ns, key=_time_ns) - 1 :])

    def clear(self) -> None:
        """Forget all: the times begin anew."""
        self._by_kind, self._settled_ns = MappingProxyType({}), None

    def at(self, kind: str, captured_ns: int) -> Annotation | None:
        """What a frame of this captured time shows; None for nothing. Final once playback has the frame."""
        held = self._by_kind.get(kind, ())
        place = bisect_right(held, captured_ns + ROUNDING_NS, key=_time_ns)
        return held[place - 1] if place else None

    def between(self, begin_ns: int, end_ns: int, kind: str | None = None) -> list[Annotation]:
        """Those from `begin_ns` up to, not including, `end_ns`, in order of time; `kind` None: of every kind."""
        kinds = self._by_kind if kind is None else [kind]
        found: list[Annotation] = []
        for each in kinds:
            held = self._by_kind.get(each, ())
            found += held[bisect_left(held, begin_ns, key=_time_ns) : bisect_left(held, end_ns, key=_time_ns)]
        return sorted(found, key=_time_ns)

    def _replace(self, kind: str, held: tuple[Annotation, ...]) -> None:
        self._by_kind = MappingProxyType({**self._by_kind, kind: held})


def checked(kind: Any, data: Any, captured_ns: Any) -> Annotation:
    """The annotation. Raises ConfigError for a kind that is no name and for a time that is no whole number."""
    if not isinstance(kind, str) or not kind.strip():
        raise ConfigError(f"kind must be a name, not {kind!r}")
    if isinstance(captured_ns, bool) or not isinstance(captured_ns, int):
        raise ConfigError(f"captured_ns must be a whole number of nanoseconds, not {captured_ns!r}")
    return Annotation(kind, data, captured_ns)


def _time_ns(annotation: Annotation) -> int:
    return annotation.captured_ns
