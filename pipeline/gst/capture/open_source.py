"""What a user can name as a source, opened: a bin whose video and audio pads come when they are known."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import SourceError
from pipeline.gst.capture.limits import CameraLimits
from pipeline.gst.capture.match_source import match_source
from pipeline.gst.capture.plain_source import PlainSource
from pipeline.gst.capture.reconnecting_camera import ReconnectingCamera
from pipeline.gst.capture.source import Source
from pipeline.gst.core.elements import (
    add,
    find_property,
    ghost,
    link,
    make,
    media_type,
    pad_caps,
    parse_fragment,
)
from pipeline.gst.runtime import Gst
from pipeline.match.settings import is_match, parse_match
from pipeline.redaction import redact, redact_address

RTSP_LATENCY_MS = 200
"""The jitter buffer of an RTSP camera; a live delay of seconds hides it."""

LIVE_SCHEMES = frozenset({"rtsp", "rtsps", "rtmp", "rtmps", "srt", "udp", "rtp"})
PACED_SCHEMES = frozenset({"http", "https"})
"""What comes in bursts, as HLS does, and may be a film as well as a camera."""

COMPRESSED = "; ".join(
    [
        *(f"video/x-{codec},parsed=(boolean)true" for codec in ("h264", "h265", "vp9", "av1")),
        "image/jpeg,parsed=(boolean)true",
        "video/x-vp8",
        "audio/x-raw",
    ]
)
"""Where decoding stops for a compressed window: parsed pictures, since a demuxer's own have no access units yet;
sound is decoded in any case."""


def open_source(
    text: str,
    *,
    decode: bool,
    live: bool | None,
    duration_s: float | None,
    patience_s: float | None = None,
    limits: CameraLimits = CameraLimits(),
) -> Source:
    """Open what the user named: ``match``, a file, a URI, a device, or ``gst:`` and a launch fragment.

    `decode` False leaves video as the compressed access units that the source holds. `live` asks a source that
    has no clock of its own to behave like a camera. `patience_s`: how late a picture of a live URI or a device may
    be before its last one is repeated (see ReconnectingCamera), with `limits`; None: it is connected once, and its
    end is the end.
    Raises SourceError, MissingDependencyError or ConfigError.
    """
    if is_match(text):
        return _open_match(text, live=bool(live), duration_s=duration_s)
    if text.startswith("gst:"):
        return _open_fragment(text)
    connect = partial(_open_device if text.startswith("/dev/video") else _open_uri, text, decode=decode)
    scheme = _scheme(text)
    if patience_s is None or scheme in ("", "file"):
        return connect()
    return ReconnectingCamera(
        redact_address(text), connect, paced=scheme in PACED_SCHEMES, patience_s=patience_s, limits=limits
    )


def _open_match(text: str, *, live: bool, duration_s: float | None) -> PlainSource:
    element = match_source(parse_match(text), live=live, duration_s=duration_s)

    def find(source: PlainSource) -> None:
        for pad in element.srcpads:
            source.found(pad)
        source.complete()

    return PlainSource(text, element, live, find, lambda: element.dropped)


def _open_uri(text: str, *, decode: bool) -> PlainSource:
    scheme = _scheme(text)
    if scheme in ("", "file"):
        path = Path(text.removeprefix("file://"))
        if not path.exists():
            raise SourceError(f"{text}: no such file; check the name and the folder")
        if not path.is_file():
            raise SourceError(f"{text}: not a file")
        uri = path.resolve().as_uri()
    else:
        uri = text
    opener = make("uridecodebin", uri=uri)
    opener.connect("source-setup", _set_up_network)
    opener.connect("deep-element-added", _set_up_page)
    _stop_at_compressed(opener, decode)
    container = Gst.Bin.new(None)
    add(container, opener)
    return PlainSource(redact_address(text), container, scheme in LIVE_SCHEMES, _Expose(container, opener))


def _scheme(text: str) -> str:
    """A URI's scheme, ``device`` for a device, else ''."""
    if text.startswith("/dev/video"):
        return "device"
    return urlsplit(text).scheme.lower() if "://" in text else ""


def _open_device(text: str, *, decode: bool) -> PlainSource:
    if not Path(text).exists():
        raise SourceError(f"{text}: no such camera; plug it in, or see /dev/video* for those there are")
    container = Gst.Bin.new(None)
    camera = make("v4l2src", device=text, do_timestamp=True)
    opener = make("decodebin")
    _stop_at_compressed(opener, decode)
    add(container, camera, opener)
    link(camera, opener)
    return PlainSource(text, container, True, _Expose(container, opener))


def _stop_at_compressed(opener: Gst.Element, decode: bool) -> None:
    if not decode:
        opener.set_property("caps", Gst.Caps.from_string(COMPRESSED))


def _set_up_network(_opener: Gst.Element, source: Gst.Element) -> None:
    factory = source.get_factory()
    if factory is not None and factory.get_name() == "rtspsrc":
        source.set_property("latency", RTSP_LATENCY_MS)
        Gst.util_set_object_arg(source, "protocols", "tcp+udp")
    elif factory is not None and factory.get_name() == "srtsrc" and find_property(source, "auto-reconnect"):
        source.set_property("auto-reconnect", False)  # a new stream needs a new demuxer


def _set_up_page(_opener: Gst.Element, _within: Gst.Bin, element: Gst.Element) -> None:
    """A page of JPEG pictures is one stream; its demuxer would wait for another one for ever."""
    factory = element.get_factory()
    if factory is not None and factory.get_name() == "multipartdemux":
        element.set_property("single-stream", True)


class _Expose:
    """Shows the pads of decoding elements at the edge of their bin, as they come, until all have shown theirs."""

    def __init__(self, container: Gst.Bin, *openers: Gst.Element) -> None:
        self._container = container
        self._openers = openers
        self._count = 0
        self._pending = set(openers)
        self._lock = threading.Lock()

    def __call__(self, source: PlainSource) -> None:
        for opener in self._openers:
            opener.connect("pad-added", self._on_pad, source)
            opener.connect("no-more-pads", self._on_all, source)

    def _on_all(self, opener: Gst.Element, source: PlainSource) -> None:
        with self._lock:
            self._pending.discard(opener)
            is_complete = not self._pending
        if is_complete:
            source.complete()

    def _on_pad(self, _element: Gst.Element, pad: Gst.Pad, source: PlainSource) -> None:
        with self._lock:
            index, self._count = self._count, self._count + 1
        kind = media_type(pad_caps(pad)) or "data"
        source.found(ghost(self._container, pad, f"{kind}_{index}"))


def _open_fragment(text: str) -> PlainSource:
    fragment = parse_fragment(text.removeprefix("gst:"))
    if not isinstance(fragment, Gst.Bin):
        container = Gst.Bin.new(None)
        add(container, fragment)
    else:
        container = fragment
    ends = [pad for element in container.children for pad in element.srcpads if not pad.is_linked()]
    later = [
        element for element in container.children if _has_sometimes_pads(element) and not element.srcpads
    ]
    if not ends and not later:
        raise SourceError(
            f"{redact(text)}: the fragment has no open end; leave its last element's output unlinked"
        )
    is_live = any(
        find_property(element, "is-live") and element.get_property("is-live")
        for element in container.children
    )

    def find(source: PlainSource) -> None:
        for index, pad in enumerate(ends):
            source.found(ghost(container, pad, f"end_{index}"))
        _Expose(container, *later)(source)
        if not later:
            source.complete()

    return PlainSource(redact(text), container, is_live, find)


def _has_sometimes_pads(element: Gst.Element) -> bool:
    return any(
        template.direction == Gst.PadDirection.SRC and template.presence == Gst.PadPresence.SOMETIMES
        for template in element.get_pad_template_list()
    )
