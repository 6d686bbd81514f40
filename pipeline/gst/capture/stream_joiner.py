"""Links the streams of the sources as they appear: the first video of each camera, and the sound of one."""

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

VIDEO_KINDS = ("video", "image")


@dataclass(frozen=True, slots=True)
class StreamTargets:
    """Where the streams of several sources go.

    `video`: the pad for the first video stream of each source, in order. `sound`: the sink for the sound of one
    source. `decode`: video is decoded on the way. `sound_source`: whose sound is used, None for the first source
    that has any. `limit_ns`: every stream ends at this running time. `on_sound(source, entry pad)` is called when
    there is sound, `on_complete(sources with video)` when all streams are known.
    """

    video: Sequence[Gst.Pad]
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
    """Called from the sources' streaming threads. Lock: `_lock`, never held during a GStreamer call."""

    def __init__(self, pipeline: Gst.Pipeline, targets: StreamTargets, count: int) -> None:
        self._pipeline = pipeline
        self._targets = targets
        self._lock = threading.Lock()
        self._pending = set(range(count))
        self._with_video: set[int] = set()
        self._sounds: dict[int, tuple[Gst.Pad, int]] = {}

    def found(self, index: int, pad: Gst.Pad) -> None:
        """Link a new stream of source `index`: its first video and its first audio are used, others discarded."""
        kind = media_type(pad_caps(pad))
        with self._lock:
            is_first_video = kind in VIDEO_KINDS and index not in self._with_video
            is_first_sound = (
                kind == "audio" and index not in self._sounds and self._targets.sound_source in (None, index)
            )
            if is_first_video:
                self._with_video.add(index)
        if is_first_video:
            self._limit(pad)
            if self._targets.decode:
                self._link_decoded(pad, self._targets.video[index])
            else:
                pad.link(self._targets.video[index])
        elif is_first_sound:
            # blocked until every source is known, so that the choice does not depend on which is faster
            block = pad.add_probe(
                Gst.PadProbeType.BLOCK_DOWNSTREAM, lambda _pad, _info: Gst.PadProbeReturn.OK
            )
            with self._lock:
                self._sounds[index] = (pad, block)
        else:
            drain(self._pipeline, pad)

    def complete(self, index: int) -> None:
        """Note that all streams of source `index` are known; an element may report this more than once."""
        with self._lock:
            if index not in self._pending:
                return
            self._pending.discard(index)
            if self._pending:
                return
            sounds = sorted(self._sounds.items())
            with_video = set(self._with_video)
        for position, (source, (pad, block)) in enumerate(sounds):
            if position == 0:
                self._take_sound(source, pad)
            else:
                drain(self._pipeline, pad)
            pad.remove_probe(block)
        self._targets.on_complete(with_video)

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
        """Link `pad` to `entry`, through a decoder if it is not raw (from a fragment, for example)."""
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
