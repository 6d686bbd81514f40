"""Adapters for appsinks and appsrcs without GstApp's methods, and for duck-typed objects in their place.

PyGObject gives an appsink its methods only where GstApp was imported before the first one was made; its signals and
properties are always there. A test may pass an object of its own that behaves like one. The delay engine sees
neither difference.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pipeline.gst.delay.element_kinds import is_real
from pipeline.gst.runtime import GObject, Gst

_PULLS: tuple[tuple[Any, ...], ...] = (("emit", "pull-sample"), ("try_pull_sample", 0), ("pull_sample",))


def pull_function(sink: Any) -> Callable[[int], Any]:
    """What takes the next sample from an appsink, waiting for so many nanoseconds."""
    if hasattr(sink, "try_pull_sample"):
        return sink.try_pull_sample  # type: ignore[no-any-return]
    return lambda timeout_ns: sink.emit("try-pull-sample", timeout_ns)


class DuckAppSink:
    """A duck-typed appsink: it has no known clock, and live it is never made to wait."""

    is_live = can_wait = False
    is_active = True
    base_ns = 0

    def __init__(self, sink: Any) -> None:
        self.sink = sink
        self._pull_functions = [
            partial(getattr(sink, name), *given) for name, *given in _PULLS if hasattr(sink, name)
        ]

    def pull(self, _timeout_ns: int) -> Any:
        """The next sample, None where there is none."""
        samples = (as_sample(pull()) for pull in self._pull_functions)
        return next((sample for sample in samples if sample is not None), None)

    @staticmethod
    def moved_ns(_clock: Any) -> int:
        """By how much its base time has moved: it has none."""
        return 0

    def watch(self) -> None:
        """It has no events to watch."""

    def release(self) -> None:
        """There is nothing to release."""

    @staticmethod
    def is_eos() -> bool:
        """Whether it has ended: unknown."""
        return False

    @staticmethod
    def clock() -> Any:
        """The clock of its pipeline: it has none."""
        return None


def as_sample(given: Any) -> Any:
    """`given` as a Gst.Sample: itself, or one with its buffer; None where there is no buffer.

    Of a duck-typed buffer the times are kept.
    """
    if given is None or is_real(given, Gst.Sample):
        return given
    buffer = given.get_buffer() if hasattr(given, "get_buffer") else None
    if not is_real(buffer, Gst.Buffer):
        pts_ns, duration_ns = getattr(buffer, "pts", None), getattr(buffer, "duration", None)
        if not isinstance(pts_ns, int):
            return None
        buffer = Gst.Buffer.new()
        buffer.pts = pts_ns
        if isinstance(duration_ns, int):
            buffer.duration = duration_ns
    return Gst.Sample.new(buffer, None, None, None)


def as_appsrc(appsrc: Any) -> Any:
    """What the samples are pushed through: the appsrc itself where it has its methods."""
    if is_real(appsrc, Gst.Element):
        return appsrc if hasattr(appsrc, "push_sample") else SignalAppSrc(appsrc)
    return DuckAppSrc(appsrc)


class SignalAppSrc:
    """A real appsrc without its methods: driven by its signals and properties."""

    def __init__(self, appsrc: Any) -> None:
        self._appsrc = appsrc

    def __getattr__(self, name: str) -> Any:
        return getattr(self._appsrc, name)

    def push_sample(self, sample: Any) -> Any:
        """Hand over a sample; returns the Gst.FlowReturn."""
        return self._appsrc.emit("push-sample", sample)

    def end_of_stream(self) -> Any:
        """Send end-of-stream."""
        return self._appsrc.emit("end-of-stream")

    def get_current_level_time(self) -> int:
        """How many nanoseconds of samples wait inside."""
        return int(self._appsrc.get_property("current-level-time"))

    def set_automatic_eos(self, _automatic: bool) -> None:
        """There is no property for it; it matters only where a segment of the source has a stop."""


class DuckAppSrc:
    """A duck-typed appsrc: it always has room, and no pipeline of its own."""

    def __init__(self, appsrc: Any) -> None:
        self._appsrc = appsrc

    def push_sample(self, sample: Any) -> Any:
        """Hand over a sample in the first way that the object knows; returns a Gst.FlowReturn."""
        appsrc = self._appsrc
        if hasattr(appsrc, "push_sample"):
            answer = appsrc.push_sample(sample)
        elif hasattr(appsrc, "push_buffer"):
            answer = appsrc.push_buffer(sample.get_buffer())
        else:
            answer = appsrc.emit("push-sample", sample)
        return answer if isinstance(answer, Gst.FlowReturn) else Gst.FlowReturn.OK

    def end_of_stream(self) -> Any:
        """Send end-of-stream, where it has a way to."""
        if hasattr(self._appsrc, "end_of_stream"):
            self._appsrc.end_of_stream()
        elif hasattr(self._appsrc, "emit"):
            self._appsrc.emit("end-of-stream")

    def set_property(self, name: str, value: Any) -> None:
        """Set a property, where it has them."""
        appsrc = self._appsrc
        if is_real(appsrc, GObject.Object) and appsrc.find_property(name) is None:
            return
        if hasattr(appsrc, "set_property"):
            appsrc.set_property(name, value)

    def set_automatic_eos(self, _automatic: bool) -> None:
        """It never ends by itself."""

    @staticmethod
    def get_current_level_time() -> int:
        """It keeps nothing waiting."""
        return 0

    @staticmethod
    def send_event(_event: Any) -> bool:
        """Gaps are not passed on."""
        return False

    @staticmethod
    def get_static_pad(_name: str) -> Any:
        """It has no pads."""
        return None

    @staticmethod
    def get_parent() -> Any:
        """It is in no pipeline."""
        return None
