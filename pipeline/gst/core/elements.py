"""Making, linking and naming elements: the one place that turns a missing element into an apt-get line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from pipeline.errors import MissingDependencyError, PipelineError, SourceError
from pipeline.gst.runtime import FEATURES, GLib, GObject, Gst, GstApp
from pipeline.redaction import redact

_PACKAGES = {
    element: package for feature in FEATURES.values() for element, package in feature.elements.items()
}

_NICKED = (GObject.TYPE_ENUM, GObject.TYPE_FLAGS)


def make(factory: str, name: str | None = None, **properties: Any) -> Gst.Element:
    """A new element with `properties` set (underscores stand for dashes; None is left at its default).

    Raises MissingDependencyError, naming the Debian package where it is known.
    """
    element = Gst.ElementFactory.make(factory, name)
    if element is None:
        package = _PACKAGES.get(factory)
        hint = f"install {package}" if package else "install the GStreamer plugin that holds it"
        raise MissingDependencyError(f"GStreamer has no element {factory!r}; {hint}")
    for key, value in properties.items():
        if value is not None:
            set_property(element, key.replace("_", "-"), value)
    return element


def set_property(element: Gst.Element, name: str, value: Any) -> None:
    """Set one property; the text of an enum or flags is its nick. Never parses a user's path or URL."""
    spec = find_property(element, name)
    if spec is None:
        raise PipelineError(f"{element.get_name()} has no property {name!r}")
    if isinstance(value, str) and any(spec.value_type.is_a(kind) for kind in _NICKED):
        Gst.util_set_object_arg(element, name, value)
    else:
        element.set_property(name, value)


def make_appsink(name: str, *, sync: bool = False, drop: bool = False) -> GstApp.AppSink:
    """An appsink that signals each sample, holds one, and never holds up the pipeline's state.

    `sync` plays by the clock; `drop` loses the oldest sample where it would wait for the taker.
    """
    appsink = make("appsink", name, emit_signals=True, sync=sync, max_buffers=1, drop=drop)
    appsink.set_property("async", False)
    if not isinstance(appsink, GstApp.AppSink):
        raise MissingDependencyError("the appsink here is not GstApp's; install gir1.2-gst-plugins-base-1.0")
    return appsink


def without_clock_sync(sink: Gst.Element) -> Gst.Element:
    """`sink`, made to write what comes when it comes: the window keeps the time."""
    sink.set_property("sync", False)
    sink.set_property("async", False)
    return sink


def make_appsrc(name: str, caps: Gst.Caps | None = None) -> GstApp.AppSrc:
    """An appsrc for samples with times, and without `caps` formats, of their own; who feeds it sets its limits."""
    appsrc = make("appsrc", name, format="time", do_timestamp=False, max_bytes=0, block=False)
    appsrc.set_property("caps", caps)
    if not isinstance(appsrc, GstApp.AppSrc):
        raise MissingDependencyError("the appsrc here is not GstApp's; install gir1.2-gst-plugins-base-1.0")
    return appsrc


def add(container: Gst.Bin, *elements: Gst.Element) -> None:
    """Put `elements` into `container`, in order."""
    for element in elements:
        container.add(element)


def chain(container: Gst.Bin, *elements: Gst.Element) -> None:
    """Put `elements` into `container` and link each to the next. Raises PipelineError when two do not fit."""
    add(container, *elements)
    link(*elements)


def link(*elements: Gst.Element) -> None:
    """Link each element to the next. Raises PipelineError when two do not fit."""
    for upstream, downstream in pairwise(elements):
        if not upstream.link(downstream):
            raise PipelineError(
                f"cannot link {upstream.get_name()} to {downstream.get_name()}: no common format"
            )


def static_pad(element: Gst.Element, name: str) -> Gst.Pad:
    """The element's always-pad `name`. Raises PipelineError when it has none."""
    pad = element.get_static_pad(name)
    if pad is None:
        raise PipelineError(f"{element.get_name()} has no pad {name!r}")
    return pad


def ghost(container: Gst.Bin, pad: Gst.Pad, name: str) -> Gst.GhostPad:
    """Show `pad`, which lies inside `container`, at its edge as `name`; active at once."""
    ghost_pad = Gst.GhostPad.new(name, pad)
    if ghost_pad is None:
        raise PipelineError(f"cannot show {pad.get_name()} as {name!r}")
    ghost_pad.set_active(True)
    container.add_pad(ghost_pad)
    return ghost_pad


def parse_fragment(fragment: str) -> Gst.Element:
    """The user's own launch fragment as a bin. It is code: nobody else's text ever comes here.

    Raises SourceError with GStreamer's own words when it does not parse.
    """
    try:
        return Gst.parse_bin_from_description_full(fragment, False, None, Gst.ParseFlags.FATAL_ERRORS)
    except GLib.Error as error:
        raise SourceError(
            redact(f"the launch fragment {fragment!r} is not usable: {error.message}")
        ) from error


def drain(container: Gst.Bin, pad: Gst.Pad) -> None:
    """Let run dry what nobody wants: `pad`'s stream ends in `container`, which may be running."""
    sink = make("fakesink", sync=False)
    sink.set_property("async", False)
    add(container, sink)
    sink.sync_state_with_parent()
    pad.link(static_pad(sink, "sink"))


def unlinked_source_pads(container: Gst.Bin) -> Iterator[Gst.Pad]:
    """Every source pad inside `container` (not in bins within it) that nothing is linked to."""
    for element in elements_of(container):
        for pad in element.pads:
            if pad.get_direction() == Gst.PadDirection.SRC and not pad.is_linked():
                yield pad


def elements_of(container: Gst.Bin) -> list[Gst.Element]:
    """The elements directly inside `container`, newest first."""
    return list(container.children)


def pad_caps(pad: Gst.Pad) -> Gst.Caps:
    """What `pad` carries, or what it could carry while nothing is settled."""
    caps: Gst.Caps = pad.get_current_caps() or pad.query_caps(None)  # type: ignore[no-untyped-call]
    return caps


def find_property(element: Gst.Element, name: str) -> GObject.ParamSpec | None:
    """The element's property `name`, None where it has none."""
    spec: GObject.ParamSpec | None = element.find_property(name)  # type: ignore[attr-defined]
    return spec


def media_type(caps: Gst.Caps | None) -> str:
    """``video``, ``audio``, ``application`` ...: the first half of the caps' media type, or ''."""
    if caps is None or caps.is_any() or caps.is_empty():
        return ""
    name: str = caps.get_structure(0).get_name()
    return name.split("/", 1)[0]


def is_raw(caps: Gst.Caps | None) -> bool:
    """Whether `caps` are raw picture or sound, fixed or not; False for none, any and compressed ones."""
    if caps is None or caps.is_any() or caps.is_empty():
        return False
    return caps.get_structure(0).get_name() in ("video/x-raw", "audio/x-raw")
