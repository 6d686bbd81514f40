"""Joins the streams that sources show, as they come, to where they belong: one picture a camera, one sound."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from pipeline.gst.capture.source import Source
from pipeline.gst.core.duration_limit import DurationLimit
from pipeline.gst.core.elements import add, chain, drain, is_raw, make, media_type, pad_caps, static_pad
from pipeline.gst.runtime import Gst, GstApp
from pipeline.timebase import Nanoseconds

PICTURES = ("video", "image")


@dataclass(frozen=True, slots=True)
class StreamTargets:
    """Where the streams of several sources belong.

    `pictures`: where source i's first picture enters; `sound`: what takes one source's sound. `decode`: pictures
    are decoded on the way. `sound_source`: whose sound is taken, None for the first that has any. `limit_ns`: every
    stream ends at this running time. `on_sound(source, where it enters)` is called when there is sound,
    `on_complete(sources with a picture)` when all streams are known.
    """

    pictures: Sequence[Gst.Pad]
    sound: GstApp.AppSink
    decode: bool
    sound_source: int | None
    limit_ns: Nanoseconds | None
    on_sound: Callable[[int, Gst.Pad], None]
    on_complete: Callable[[set[int]], None]


def join_streams(pipeline: Gst.Pipeline, sources: Sequence[Source], targets: StreamTargets) -> None:
    """Put the sources into the pipeline, and link their streams to `targets` as they are found."""
    joiner = _Joiner(pipeline, targets, len(sources))
    for index, source in enumerate(sources):
        pipeline.add(source.element)
        source.watch(partial(joiner.found, index), partial(joiner.complete, index))


class _Joiner:
    """Called from the sources' streaming threads; one lock, never held across a GStreamer call."""

    def __init__(self, pipeline: Gst.Pipeline, targets: StreamTargets, count: int) -> None:
        self._pipeline = pipeline
        self._targets = targets
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
                kind == "audio" and index not in self._sounds and self._targets.sound_source in (None, index)
            )
            if first_picture:
                self._pictured.add(index)
        if first_picture:
            self._limit(pad)
            if self._targets.decode:
                self._link_decoded(pad, self._targets.pictures[index])
            else:
                pad.link(self._targets.pictures[index])
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
        self._targets.on_complete(pictured)

    def _take_sound(self, source: int, pad: Gst.Pad) -> None:
        queue, shape = make("queue"), make("capsfilter")
        shape.set_property("caps", Gst.Caps.from_string("audio/x-raw,layout=interleaved"))
        elements = [queue, make("audioconvert"), make("audioresample"), shape, self._targets.sound]
        chain(self._pipeline, *elements)
        for element in reversed(elements):
            element.sync_state_with_parent()
        self._targets.on_sound(source, static_pad(queue, "sink"))
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
        if self._targets.limit_ns is not None:
            DurationLimit(pad, self._targets.limit_ns)
