"""Opens a source that the user named: a bin whose video and audio pads appear once they are known."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.gst.capture.chapter_source import ChapterSource
from pipeline.gst.capture.file_part import URI, FilePart
from pipeline.gst.capture.film_correction import correct_films
from pipeline.gst.capture.inspect_file import has_sound
from pipeline.gst.capture.limits import CameraLimits
from pipeline.gst.capture.match_source import match_source
from pipeline.gst.capture.plain_source import PlainSource
from pipeline.gst.capture.reconnecting_camera import ReconnectingCamera
from pipeline.gst.capture.recorded_times import RecordedTimes
from pipeline.gst.capture.source import Source, TruthKind
from pipeline.gst.capture.stated_frames import StatedFrames
from pipeline.gst.capture.unplayed import UnplayedStreams
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
from pipeline.gst.core.parsers import PARSERS
from pipeline.gst.runtime import Gst, GstBase
from pipeline.match.settings import parse_match
from pipeline.match.truth import TruthRows
from pipeline.media.devices import LookUp, look_up
from pipeline.media.formats import CODECS
from pipeline.media.match_folder import RecordedCamera, read_times_ns
from pipeline.media.source_spec import SourceSpec

RTSP_LATENCY_MS = 200
"""The jitter buffer of an RTSP camera; the delay of several seconds hides it."""

COMPRESSED = "; ".join(
    [
        *(
            codec.caps + ",parsed=(boolean)true" * (PARSERS[codec.name] is not None)
            for codec in CODECS.values()
            if codec.kind == "video"
        ),
        "video/x-raw",
        "audio/x-raw",
    ]
)
"""Caps at which decoding stops for a compressed window: parsed video, because a demuxer's output is not yet split
into access units; sound is always decoded, and so is video of other codecs."""


def open_source(
    spec: SourceSpec,
    *,
    decode: bool,
    live: bool | None,
    duration_s: float | None,
    patience_s: float | None = None,
    limits: CameraLimits = CameraLimits(),
    looked_up: LookUp = look_up,
) -> Source:
    """Open a source; its streams become known later.

    `decode` False: video stays compressed, in access units. `live`: a source without a clock of its own behaves
    like a camera. `patience_s`: how late a frame of a live URI or a device may be before the last one is repeated
    (see ReconnectingCamera), with `limits`; None: connect only once. `looked_up` says what exists at a path.
    Raises SourceError, MissingDependencyError or ConfigError.
    """
    if spec.kind == "match":
        return _open_match(spec, live=bool(live), duration_s=duration_s)
    if spec.kind == "fragment":
        return _open_fragment(spec)
    chapters = (
        tuple(part for chapter in spec.chapters for part in (chapter.parts() or (chapter,))) or spec.parts()
    )
    if chapters:
        openers = [partial(_open_uri, chapter, decode=decode, looked_up=looked_up) for chapter in chapters]
        return ChapterSource(spec.name, openers, lambda number: has_sound(chapters[number]))
    open_once = _open_device if spec.kind == "device" else _open_uri
    connect = partial(open_once, spec, decode=decode, looked_up=looked_up)
    if patience_s is None or not spec.can_reconnect:
        return connect()
    return ReconnectingCamera(spec.name, connect, paced=spec.is_paced, patience_s=patience_s, limits=limits)


def _open_match(spec: SourceSpec, *, live: bool, duration_s: float | None) -> PlainSource:
    settings = parse_match(spec.text)
    element = match_source(settings, live=live, duration_s=duration_s)

    def open_truth(kind: TruthKind) -> TruthRows:
        rows = TruthRows.of_tracks if kind == "tracks" else TruthRows.of_angles
        return rows(settings, lambda: element.start_ns)

    def find(source: PlainSource) -> None:
        for pad in element.srcpads:
            source.found(pad)
        source.complete()

    return PlainSource(spec.name, element, live, find, lambda: element.dropped, open_truth)


def _open_uri(spec: SourceSpec, *, decode: bool, looked_up: LookUp) -> PlainSource:
    _check_path(spec, looked_up)
    if spec.recorded is not None and spec.path is not None:
        return _open_recorded(spec, spec.path, spec.recorded, decode=decode)
    uri = spec.text if spec.address is None else spec.address.text
    if spec.path is not None:
        uri = URI if spec.span else spec.path.resolve().as_uri()
    opener = make("uridecodebin", uri=uri)
    if spec.path is not None and spec.span:
        FilePart(spec.path, *spec.span).open_from(opener)
    opener.connect("source-setup", _set_up_network)
    opener.connect("deep-element-added", _set_up_multipart)
    _stop_at_compressed(opener, decode)
    container = Gst.Bin.new(None)
    correct_films(container)
    unplayed, stated = UnplayedStreams(spec.name, container), StatedFrames(container)
    add(container, opener)
    expose = _Expose(container, opener, one_stream=spec.is_one_stream)
    return PlainSource(spec.name, container, spec.is_live, expose, unplayed=unplayed, stated=stated)


def _open_recorded(spec: SourceSpec, path: Path, recorded: RecordedCamera, *, decode: bool) -> PlainSource:
    """A camera of a match folder, with the match's own times. Raises ConfigError."""
    container = Gst.Bin.new(None)
    paths = [path] if recorded.sound is None else [path, recorded.sound]
    openers = [make("uridecodebin", uri=one.resolve().as_uri()) for one in paths]
    for opener in openers:
        _stop_at_compressed(opener, decode)
    add(container, *openers)
    times = RecordedTimes(
        recorded.orientation, () if recorded.times is None else read_times_ns(recorded.times)
    )
    expose = _Expose(container, *openers, on_pad=times.on_pad)
    return PlainSource(spec.name, container, spec.is_live, expose)


def _check_path(spec: SourceSpec, looked_up: LookUp) -> None:
    """Raise SourceError if the file or device does not exist, or is no longer what it was."""
    refused = spec.refusal(looked_up)
    if refused is not None:
        raise SourceError(refused)


def _open_device(spec: SourceSpec, *, decode: bool, looked_up: LookUp) -> PlainSource:
    _check_path(spec, looked_up)
    container = Gst.Bin.new(None)
    camera = make("v4l2src", device=str(spec.path), do_timestamp=True)
    opener = make("decodebin")
    _stop_at_compressed(opener, decode)
    add(container, camera, opener)
    link(camera, opener)
    return PlainSource(spec.name, container, spec.is_live, _Expose(container, opener))


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


def _set_up_multipart(_opener: Gst.Element, _within: Gst.Bin, element: Gst.Element) -> None:
    """Tell multipartdemux that Motion JPEG over HTTP is one stream; otherwise it waits for another for ever."""
    factory = element.get_factory()
    if factory is not None and factory.get_name() == "multipartdemux":
        element.set_property("single-stream", True)


class _Expose:
    """Exposes the pads of decoding elements as ghost pads of their bin as they appear, until all are known."""

    def __init__(
        self,
        container: Gst.Bin,
        *openers: Gst.Element,
        one_stream: bool = False,
        on_pad: Callable[[Gst.Pad], object] = lambda _pad: None,
    ) -> None:
        """`one_stream`: only one pad will appear. `on_pad` is called with each pad before anything passes it."""
        self._container = container
        self._on_new_pad = on_pad
        self._openers = openers
        self._one_stream = one_stream
        self._count = 0
        self._pending = set(openers)
        self._unknown: set[Gst.Pad] = set()
        self._lock = threading.Lock()

    def __call__(self, source: PlainSource) -> None:
        for opener in self._openers:
            opener.connect("pad-added", self._on_pad, source)
            opener.connect("no-more-pads", self._on_all, source)

    def _on_all(self, opener: Gst.Element, source: PlainSource) -> None:
        with self._lock:
            self._pending.discard(opener)
        self._check_complete(source)

    def _check_complete(self, source: PlainSource) -> None:
        with self._lock:
            is_complete = not self._pending and not self._unknown
        if is_complete:
            source.complete()

    def _on_pad(self, _element: Gst.Element, pad: Gst.Pad, source: PlainSource) -> None:
        if pad.is_linked():  # inside the fragment
            return
        if media_type(pad_caps(pad)):
            self._expose(pad, source)
            return
        with self._lock:
            self._unknown.add(pad)
        kinds = Gst.PadProbeType.BLOCK | Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM
        pad.add_probe(kinds, self._on_unknown, source)

    def _on_unknown(self, pad: Gst.Pad, info: Gst.PadProbeInfo, source: PlainSource) -> Gst.PadProbeReturn:
        """What a stream is may be known from its first caps only, as with splitmuxsrc."""
        event = info.get_event() if info.type & Gst.PadProbeType.EVENT_DOWNSTREAM else None
        if event is not None and event.type not in (Gst.EventType.CAPS, Gst.EventType.EOS):
            return Gst.PadProbeReturn.PASS
        self._expose(pad, source)
        with self._lock:
            self._unknown.discard(pad)
        self._check_complete(source)
        return Gst.PadProbeReturn.REMOVE

    def _expose(self, pad: Gst.Pad, source: PlainSource) -> None:
        with self._lock:
            index, self._count = self._count, self._count + 1
        kind = media_type(pad_caps(pad)) or "data"
        self._on_new_pad(pad)
        source.found(ghost(self._container, pad, f"{kind}_{index}"))
        if self._one_stream and index == 0:
            source.complete()


def _open_fragment(spec: SourceSpec) -> PlainSource:
    fragment = parse_fragment(spec.launch)
    if not isinstance(fragment, Gst.Bin):
        container = Gst.Bin.new(None)
        add(container, fragment)
    else:
        container = fragment
    correct_films(container)
    unplayed = UnplayedStreams(spec.name, container)
    ends = [pad for element in container.children for pad in element.srcpads if not pad.is_linked()]
    later = [
        element for element in container.children if _has_sometimes_pads(element) and not element.srcpads
    ]
    if not ends and not later:
        raise SourceError(
            f"{spec.name}: the fragment has no open end; leave its last element's output unlinked"
        )
    is_live = any(map(_is_live, container.children))

    def find(source: PlainSource) -> None:
        for index, pad in enumerate(ends):
            source.found(ghost(container, pad, f"end_{index}"))
        _Expose(container, *later)(source)
        if not later:
            source.complete()

    return PlainSource(spec.name, container, is_live, find, unplayed=unplayed)


def _is_live(element: Gst.Element) -> bool:
    """Whether an element is live: a live GstBaseSrc, or an element whose ``is-live`` is true."""
    if isinstance(element, GstBase.BaseSrc) and element.is_live:
        return True
    return find_property(element, "is-live") is not None and bool(element.get_property("is-live"))


def _has_sometimes_pads(element: Gst.Element) -> bool:
    factory = element.get_factory()  # PyGObject would free the element's own list, which all its class shares
    return factory is not None and any(
        template.direction == Gst.PadDirection.SRC and template.presence == Gst.PadPresence.SOMETIMES
        for template in factory.get_static_pad_templates()
    )
