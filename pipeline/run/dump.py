"""Dump: covers the picture and mutes the sound of a run from one captured time to another, in every output."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, Literal, TypeVar

from pipeline.buffering.spans import Span, Spans
from pipeline.errors import ConfigError, LateError, StateError
from pipeline.graphics.cover import Cover
from pipeline.gst.delay.crossfade import FADE_NS
from pipeline.gst.playback.mute_element import RAMP_NS
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds, ns_to_seconds, seconds_to_ns

What = Literal["cover", "mute"]

MOST_SPANS = 1000
"""More than this are not held at a time."""
JUMP_NS = NS_PER_MS
"""Sound that begins this far from where the last one ended comes from another place in the window."""
KEPT_NS = 3600 * NS_PER_S
"""So long after its end a span is kept: far longer than a window, out of which a replay shows it again."""

Held = TypeVar("Held")


@dataclass(frozen=True, slots=True)
class Dumped(Generic[Held]):
    """A span as it was asked for, and how much of it had been passed on to the outputs before."""

    span: Span[Held]
    shown_ns: int


class _Stretches(Generic[Held]):
    """The spans of one kind. Any thread.

    Lock: `_lock`, so that each frame either passes before a request, which then tells so, or after it, and is
    covered. Nothing else is called while holding it.
    """

    def __init__(self, what: What) -> None:
        self._what = what
        self._lock = threading.Lock()
        self._spans: Spans[Held] = Spans()
        self._passed: dict[int, int] = {}
        """By passer, the captured end of what was passed on last: less than before after a jump back."""

    @property
    def passed_ns(self) -> int | None:
        """The captured end of what was passed on last, by the one that is ahead."""
        return max(self._passed.values(), default=None)

    def pass_on(self, begin_ns: int, end_ns: int, passer: int = 0) -> tuple[Span[Held], ...]:
        """What holds in a frame, or a piece of sound, that one of several passers passes on now. Captured times."""
        with self._lock:
            if end_ns < self._passed.get(passer, end_ns):
                self._passed.clear()  # a jump back, which the others make at once
            self._passed[passer] = end_ns
            return self._spans.in_range(begin_ns, end_ns)

    def at(self, begin_ns: int, end_ns: int) -> tuple[Span[Held], ...]:
        """What holds in a frame that is only looked at."""
        return self._spans.in_range(begin_ns, end_ns)

    def add(self, span: Span[Held]) -> Dumped[Held]:
        with self._lock:
            passed_ns = self.passed_ns
            if passed_ns is not None and span.last_ns <= passed_ns:
                end_s, late_s = (ns_to_seconds(int(ns)) for ns in (span.last_ns, passed_ns - span.last_ns))
                raise LateError(
                    f"{self._what} until {end_s:.3f} s comes {late_s:.3f} s too late: all of it has been passed on "
                    "to the outputs; make the delay longer",
                    late_s=late_s,
                )
            spans = self._spans.with_span(span)
            if passed_ns is not None:
                spans = spans.forget(passed_ns - KEPT_NS)
            if len(spans.all) > MOST_SPANS:
                raise StateError(f"{MOST_SPANS} spans of {self._what} are held already; release some first")
            self._spans = spans
            return Dumped(span, 0 if passed_ns is None else max(0, passed_ns - span.begin_ns))

    def release(self, time_ns: int) -> None:
        with self._lock:
            self._spans = self._spans.until(time_ns)

    def coming(self) -> tuple[tuple[Span[Held], ...], bool]:
        """The spans that have not passed, and whether one of them is passing now."""
        with self._lock:
            passed_ns = self.passed_ns
            if passed_ns is None:
                return self._spans.all, False
            left = self._spans.forget(passed_ns - 1).all
            return left, bool(left) and left[0].begin_ns < passed_ns


class Dump:
    """What of one run must not be seen or heard. Any thread may call; nothing blocks.

    Spans are captured times. From the moment of a request on, nothing of its span is passed on to any output, the
    window or the previews, also when it is replayed out of the window. What was passed on before is told.
    """

    def __init__(self, captured_ns: Callable[[int], int]) -> None:
        """`captured_ns` converts a running time of playback to the capture's."""
        self._captured_ns = captured_ns
        self._covers: _Stretches[Cover] = _Stretches("cover")
        self._mutes: _Stretches[None] = _Stretches("mute")
        self._passers = 0

    def cover(self, begin_ns: int, end_ns: int | None, cover: Cover) -> Dumped[Cover]:
        """Cover every frame that overlaps the time from `begin_ns` to `end_ns`; None: until it is released.

        Inside it, it replaces what was asked for before. Raises LateError if all of it has been passed on,
        ConfigError if it is empty, StateError for too many.
        """
        return self._covers.add(_checked(begin_ns, end_ns, cover))

    def mute(self, begin_ns: int, end_ns: int | None) -> Dumped[None]:
        """Silence the sound in the time from `begin_ns` to `end_ns`. Otherwise as `cover`."""
        return self._mutes.add(_checked(begin_ns, end_ns, None))

    def release(self, what: What, time_ns: int) -> None:
        """From `time_ns` on nothing is covered, or muted; what lies before it stays so."""
        (self._covers if what == "cover" else self._mutes).release(time_ns)

    def covers(self) -> tuple[tuple[Span[Cover], ...], bool]:
        """The covers that have not passed, and whether one of them is passing now."""
        return self._covers.coming()

    def mutes(self) -> tuple[tuple[Span[None], ...], bool]:
        """The silences that have not passed, and whether one of them is passing now."""
        return self._mutes.coming()

    def new_cover_at(self) -> Callable[[Nanoseconds, Nanoseconds], Cover | None]:
        """What tells one CoverElement the cover of its frames; each has its own, for films are not equally far."""
        self._passers += 1
        return partial(self.cover_at, passer=self._passers)

    def cover_at(self, begin_ns: Nanoseconds, end_ns: Nanoseconds, passer: int = 0) -> Cover | None:
        """What covers the frame that playback passes on now; running times of playback. See CoverElement."""
        found = self._covers.pass_on(*self._captured(begin_ns, end_ns), passer)
        return found[-1].held if found else None

    def cover_of_image(self, begin_ns: Nanoseconds, end_ns: Nanoseconds) -> Cover | None:
        """As `cover_at`, for a frame that is looked at beside the outputs."""
        found = self._covers.at(*self._captured(begin_ns, end_ns))
        return found[-1].held if found else None

    def muted_at(self, begin_ns: Nanoseconds, end_ns: Nanoseconds) -> list[tuple[int, int | None]]:
        """What of the sound that playback passes on now is silent; running times of playback. See MuteElement."""
        captured = self._captured(begin_ns, end_ns)
        shift_ns = begin_ns - captured[0]
        before_ns = self._mutes.passed_ns
        found: list[tuple[int, int | None]] = [
            (span.begin_ns + shift_ns, None if span.end_ns is None else span.end_ns + shift_ns)
            for span in self._mutes.pass_on(*captured)
        ]
        jumps = before_ns is not None and abs(captured[0] - before_ns) > JUMP_NS
        if before_ns is not None and jumps and self._mutes.at(before_ns, before_ns + 1):
            # the crossfade at the jump still holds what would have followed
            found.append((begin_ns - RAMP_NS, begin_ns + FADE_NS + RAMP_NS))
        return found

    def _captured(self, begin_ns: int, end_ns: int) -> tuple[int, int]:
        captured_ns = self._captured_ns(begin_ns)
        return captured_ns, captured_ns + max(end_ns - begin_ns, 1)


def end_of(begin_ns: int, until_s: float | None, seconds: float | None) -> int | None:
    """The end of a span: a captured time, so many seconds after its begin, or None. Raises ConfigError for both."""
    if until_s is not None and seconds is not None:
        raise ConfigError("say when it ends by one of the two: until_s or seconds")
    if until_s is not None:
        return seconds_to_ns(until_s)
    return None if seconds is None else begin_ns + seconds_to_ns(seconds)


def _checked(begin_ns: int, end_ns: int | None, held: Held) -> Span[Held]:
    if end_ns is not None and end_ns <= begin_ns:
        raise ConfigError(
            f"the end, {ns_to_seconds(end_ns):.3f} s, is not after the begin, {ns_to_seconds(begin_ns):.3f} s"
        )
    return Span(begin_ns, end_ns, held)
