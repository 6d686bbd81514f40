"""Checks that what was given as an appsink, an appsrc or a pipeline is one, or at least behaves like one."""

from __future__ import annotations

import reprlib
from typing import Any

from pipeline.errors import ConfigError
from pipeline.gst.runtime import GObject, Gst, GstApp

PULL_METHODS = ("emit", "try_pull_sample", "pull_sample")
PUSH_METHODS = ("push_sample", "push_buffer", "emit")


def is_real(given: Any, kind: type) -> bool:
    """Whether it is a `kind` of GStreamer's; isinstance takes a mock with that spec for one too."""
    return issubclass(type(given), kind)


def check_appsink(sink: Any) -> None:
    """Raise ConfigError for an object that samples cannot be pulled from."""
    if not _can(sink, GstApp.AppSink, PULL_METHODS, "pull-sample"):
        raise ConfigError(f"samples cannot be pulled from {_named(sink)}; connect the callback to an appsink")


def check_appsrc(appsrc: Any, argument: str = "appsrc") -> None:
    """Raise ConfigError for an object that samples cannot be pushed into."""
    if not _can(appsrc, GstApp.AppSrc, PUSH_METHODS, "push-sample"):
        raise ConfigError(f"{argument} is {_named(appsrc)}; give an appsrc")


def check_pipeline(pipeline: Any) -> None:
    """Raise ConfigError for an object that cannot be started."""
    usable = (
        is_real(pipeline, Gst.Pipeline) if is_real(pipeline, Gst.Object) else hasattr(pipeline, "set_state")
    )
    if not usable:
        raise ConfigError(
            f"playback_pipeline is {_named(pipeline)}; give the playback pipeline, a Gst.Pipeline"
        )


def _can(given: Any, kind: Any, methods: tuple[str, ...], signal: str) -> bool:
    """Whether it is a `kind`; or no GStreamer object at all, with one of the methods or the signal."""
    if is_real(given, Gst.Object):
        # asked of the type, because an element made before GstApp was imported is of another Python class
        return bool(given.__gtype__.is_a(kind.__gtype__))
    if is_real(given, GObject.Object):  # it has `emit`, whatever its signals are
        return bool(GObject.signal_lookup(signal, given.__gtype__))
    return any(hasattr(given, name) for name in methods)


def _named(given: Any) -> str:
    """What it is, for an error message."""
    if is_real(given, Gst.Object):
        factory = given.get_factory() if is_real(given, Gst.Element) else None
        kind = given.__gtype__.name if factory is None else factory.get_name()
        return f"the {kind} {given.get_name()!r}"
    if given is None or isinstance(given, str | bytes | int | float):
        return reprlib.repr(given)
    return f"an object of class {type(given).__name__}"
