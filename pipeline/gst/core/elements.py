"""Makes, links and inspects elements; a missing element becomes an error that names the package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    """A new element with `properties` set (underscores become dashes; None leaves the default).

    Raises MissingDependencyError, naming the Debian package if it is known.
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
    """Set one property; for an enum or flags, text is the nick. A path or URL is never parsed.

    Raises PipelineError when the element has no such property.
    """
    spec = find_property(element, name)
    if spec is None:
        raise PipelineError(f"{element.get_name()} has no property {name!r}")
    if isinstance(value, str) and any(spec.value_type.is_a(kind) for kind in _NICKED):
        Gst.util_set_object_arg(element, name, value)
    else:
        element.set_property(name, value)


def make_appsink(name: str, *, sync: bool = False, drop: bool = False) -> GstApp.AppSink:
    """An appsink that signals each sample, holds one, and never delays the pipeline's state change.

    `sync`: keep to the clock. `drop`: when full, drop the oldest sample instead of blocking.
    """
    appsink = make("appsink", name, emit_signals=True, sync=sync, max_buffers=1, drop=drop)
    appsink.set_property("async", False)
    if not isinstance(appsink, GstApp.AppSink):
        raise MissingDependencyError("the appsink here is not GstApp's; install gir1.2-gst-plugins-base-1.0")
    return appsink


def without_clock_sync(sink: Gst.Element) -> Gst.Element:
    """Make `sink` write each buffer as it arrives; the delay line does the pacing. Returns `sink`."""
    sink.set_property("sync", False)
    sink.set_property("async", False)
    return sink


def make_appsrc(name: str, caps: Gst.Caps | None = None) -> GstApp.AppSrc:
    """An appsrc for samples that carry their timestamps, and their caps if `caps` is None.

    It has no size limit; the caller sets one.
    """
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
    """Expose `pad`, which is inside `container`, as the container's active ghost pad `name`.

    Raises PipelineError.
    """
    ghost_pad = Gst.GhostPad.new(name, pad)
    if ghost_pad is None:
        raise PipelineError(f"cannot show {pad.get_name()} as {name!r}")
    ghost_pad.set_active(True)
    container.add_pad(ghost_pad)
    return ghost_pad


def parse_fragment(fragment: str) -> Gst.Element:
    """Parse the user's own launch fragment into a bin. It runs as code: never pass text from another source.

    Raises SourceError with GStreamer's message when it does not parse.
    """
    try:
        return Gst.parse_bin_from_description_full(fragment, False, None, Gst.ParseFlags.FATAL_ERRORS)
    except GLib.Error as error:
        raise SourceError(
            redact(f"the launch fragment {fragment!r} is not usable: {error.message}")
        ) from error


def drain(container: Gst.Bin, pad: Gst.Pad) -> None:
    """Discard the stream of `pad` in a fakesink, which is added to `container`. It may be running."""
    sink = make("fakesink", sync=False)
    sink.set_property("async", False)
    add(container, sink)
    sink.sync_state_with_parent()
    pad.link(static_pad(sink, "sink"))


def unlinked_source_pads(container: Gst.Bin) -> Iterator[Gst.Pad]:
    """Every source pad inside `container` (not in nested bins) that is not linked."""
    for element in elements_of(container):
        for pad in element.pads:
            if pad.get_direction() == Gst.PadDirection.SRC and not pad.is_linked():
                yield pad


def elements_of(container: Gst.Bin) -> list[Gst.Element]:
    """The elements directly inside `container`, newest first."""
    return list(container.children)


def follow_elements(container: Gst.Bin, on_element: Callable[[Gst.Element], object]) -> None:
    """Call `on_element` with each element directly inside `container`, and with each that is added at any depth."""
    for element in elements_of(container):
        on_element(element)
    container.connect("deep-element-added", lambda _container, _within, element: on_element(element))


def factory_name(element: Gst.Element) -> str | None:
    """The kind of an element, as ``qtdemux``; None if no factory made it."""
    factory = element.get_factory()
    return None if factory is None else factory.get_name()


def is_inside(element: Gst.Object | None, container: Gst.Element) -> bool:
    """Whether `element` is `container` itself or in it, at any depth."""
    return element is not None and (element is container or element.has_as_ancestor(container))


def pad_caps(pad: Gst.Pad) -> Gst.Caps:
    """The current caps of `pad`, or its possible caps before negotiation."""
    current = pad.get_current_caps()
    target = pad.get_target() if current is None and isinstance(pad, Gst.GhostPad) else None
    if target is not None:
        current = target.get_current_caps()  # nothing has passed the ghost pad yet
    caps: Gst.Caps = current or pad.query_caps(None)  # type: ignore[no-untyped-call]
    return caps


def find_property(element: Gst.Element, name: str) -> GObject.ParamSpec | None:
    """The spec of the element's property `name`; None if it has no such property."""
    spec: GObject.ParamSpec | None = element.find_property(name)  # type: ignore[attr-defined]
    return spec


def media_type(caps: Gst.Caps | None) -> str:
    """``video``, ``audio``, ``application`` ...: the first half of the caps' media type, or ''."""
    if caps is None or caps.is_any() or caps.is_empty():
        return ""
    name: str = caps.get_structure(0).get_name()
    return name.split("/", 1)[0]


def is_raw(caps: Gst.Caps | None) -> bool:
    """Whether `caps` are raw video or raw audio, fixed or not; False for None, ANY, empty and compressed caps."""
    if caps is None or caps.is_any() or caps.is_empty():
        return False
    return caps.get_structure(0).get_name() in ("video/x-raw", "audio/x-raw")
