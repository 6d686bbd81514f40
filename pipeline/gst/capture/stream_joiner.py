"""Joins the streams that sources show, as they come, to where they belong: one picture a camera, one sound."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

from pipeline.gst.capture.source import Source
from pipeline.gst.core.duration_limit import DurationLimit
from pipeline.gst.core.elements import add, chain, drain, is_raw, make, media_type, pad_caps, static_pad
from pipeline.gst.runtime import Gst, GstApp
from pipeline.timebase import Nanoseconds

PICTURES = ("video", "image")


def join_streams(
    pipeline: Gst.Pipeline,
    sources: Sequence[Source],
    entries: Sequence[Gst.Pad],
    audio_appsink: GstApp.AppSink,
    *,
    decode: bool,
    audio_source: int | None,
    limit_ns: Nanoseconds | None,
    on_sound: Callable[[int, Gst.Pad], None],
    on_complete: Callable[[set[int]], None],
) -> None:
    """Put the sources into the pipeline; link source i's first picture to entry i and one sound to the appsink.

    `on_sound(source, where it enters)` is called when there is sound, `on_complete(cameras with a picture)`
    when all streams are known.
    """
    joiner = _Joiner(
        pipeline, entries, audio_appsink, len(sources), decode, audio_source, limit_ns, on_sound, on_complete
    )
    for index, source in enumerate(sources):
        pipeline.add(source.element)
        source.watch(partial(joiner.found, index), partial(joiner.complete, index))


class _Joiner:
    """Called from the sources' streaming threads; one lock, never held across a GStreamer call."""

    def __init__(
        self,
        pipeline: Gst.Pipeline,
        entries: Sequence[Gst.Pad],
        audio_appsink: GstApp.AppSink,
        count: int,
        decode: bool,
        audio_source: int | None,
        limit_ns: Nanoseconds | None,
        on_sound: Callable[[int, Gst.Pad], None],
        on_complete: Callable[[set[int]], None],
    ) -> None:
        self._pipeline = pipeline
        self._entries = entries
        self._audio_appsink = audio_appsink
        self._decode = decode
        self._audio_source = audio_source
        self._limit_ns = limit_ns
        self._on_sound = on_sound
        self._on_complete = on_complete
        self._lock = threading.Lock()
        self._pending = set(range(count))
        self._pictured: set[int] = set()
        self._sounds: dict[int, tuple[Gst.Pad, int]] = {}

    def found(self, index: int, pad: Gst.Pad) -> None:
        """A stream of source `index`: the first picture and the first sound count, the rest is discarded."""
        kind = media_type(pad_caps(pad))
        with self._lock:
            first_picture = kind in PICTURES and index not in self._pictured
            first_sound = (
                kind == "audio" and index not in self._sounds and self._audio_source in (None, index)
            )
            if first_picture:
                self._pictured.add(index)
        if first_picture:
            self._limit(pad)
            if self._decode:
                self._link_decoded(pad, self._entries[index])
            else:
                pad.link(self._entries[index])
        elif first_sound:
            # held until every source is known, so that the choice does not depend on who was faster
            block = pad.add_probe(
                Gst.PadProbeType.BLOCK_DOWNSTREAM, lambda _pad, _info: Gst.PadProbeReturn.OK
            )
            with self._lock:
                self._sounds[index] = (pad, block)
        else:
            drain(self._pipeline, pad)

    def complete(self, index: int) -> None:
        """Source `index` has shown all it has. Once: an element may say so again when its streams change."""
        with self._lock:
            if index not in self._pending:
                return
            self._pending.discard(index)
            if self._pending:
                return
            sounds = sorted(self._sounds.items())
            pictured = set(self._pictured)
        for position, (source, (pad, block)) in enumerate(sounds):
            if position == 0:
                self._take_sound(source, pad)
            else:
                drain(self._pipeline, pad)
            pad.remove_probe(block)
        self._on_complete(pictured)

    def _take_sound(self, source: int, pad: Gst.Pad) -> None:
        queue, shape = make("queue"), make("capsfilter")
        shape.set_property("caps", Gst.Caps.from_string("audio/x-raw,layout=interleaved"))
        elements = [queue, make("audioconvert"), make("audioresample"), shape, self._audio_appsink]
        chain(self._pipeline, *elements)
        for element in reversed(elements):
            element.sync_state_with_parent()
        self._on_sound(source, static_pad(queue, "sink"))
        self._limit(pad)
        self._link_decoded(pad, static_pad(queue, "sink"))

    def _link_decoded(self, pad: Gst.Pad, entry: Gst.Pad) -> None:
        """Link `pad` to `entry`, through a decoder where it is not raw (a fragment's may be compressed)."""
        if is_raw(pad_caps(pad)):
            pad.link(entry)
            return
        decoder = make("decodebin")
        decoder.connect("pad-added", lambda _element, decoded: decoded.link(entry))
        add(self._pipeline, decoder)
        decoder.sync_state_with_parent()
        pad.link(static_pad(decoder, "sink"))

    def _limit(self, pad: Gst.Pad) -> None:
        if self._limit_ns is not None:
            DurationLimit(pad, self._limit_ns)
