"""Links the streams of the sources as they appear: one video of each camera, and the sound of one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from pipeline.gst.capture.announced import announces_sound
from pipeline.gst.capture.sound_delays import SoundDelays
from pipeline.gst.capture.source import Source
from pipeline.gst.capture.track_choice import TrackChoice
from pipeline.gst.core.duration_limit import DurationLimit
from pipeline.gst.core.elements import (
    add,
    chain,
    drain,
    is_raw,
    make,
    make_appsrc,
    media_type,
    pad_caps,
    static_pad,
)
from pipeline.gst.runtime import Gst, GstApp
from pipeline.timebase import Nanoseconds

VIDEO_KINDS = ("video", "image")
OnStream = Callable[[Literal["video", "audio"], int, Gst.Pad], object]

USUAL_SOUND = "audio/x-raw,format=F32LE,layout=interleaved,rate=48000,channels=2"
"""The format of sound that was announced and has not come."""


@dataclass(frozen=True, slots=True)
class StreamTargets:
    """Where the streams of several sources go.

    `video`: the pad for the first video stream of each source, in order. `sound`: the sink for the sound of one
    source. `decode`: video is decoded on the way. `sound_source`: whose sound is used, None for the first source
    that has any. `limit_ns`: every stream ends at this running time. `on_sound(source, entry pad)` is called when
    there is sound, `on_complete(sources with video)` when all streams are known. `delays`: of the sound.
    `on_stream(kind, source, pad)` is called with the pad of each stream that is used, before its first buffer.
    """

    video: Sequence[Gst.Pad]
    sound: GstApp.AppSink
    decode: bool
    sound_source: int | None
    limit_ns: Nanoseconds | None
    on_sound: Callable[[int, Gst.Pad], None]
    on_complete: Callable[[set[int]], None]
    delays: SoundDelays
    on_stream: OnStream = field(default=lambda _kind, _source, _pad: None)


def join_streams(pipeline: Gst.Pipeline, sources: Sequence[Source], targets: StreamTargets) -> JoinedStreams:
    """Put the sources into the pipeline, and link their streams to `targets` as they are found."""
    joined = JoinedStreams(pipeline, targets, sources)
    for index, source in enumerate(sources):
        pipeline.add(source.element)
        source.watch(partial(joined.found, index), partial(joined.complete, index))
    return joined


class JoinedStreams:
    """The streams of all sources. Called from their streaming threads; any thread calls `settle` and reads.

    Lock: `_lock`, never held during a GStreamer call.
    """

    def __init__(self, pipeline: Gst.Pipeline, targets: StreamTargets, sources: Sequence[Source]) -> None:
        self._pipeline = pipeline
        self._targets = targets
        self._sources = sources
        self._names = names = [source.name for source in sources]
        self._lock = threading.Lock()
        self._pending = set(range(len(names)))
        self._is_complete = False
        self._videos = [
            TrackChoice(partial(self._link_video, index), partial(drain, pipeline))
            for index in range(len(names))
        ]
        self._sounds: dict[int, list[tuple[Gst.Pad, int]]] = {}
        self._sound: TrackChoice | None = None
        self._sound_index: int | None = None
        self._sound_shape: Gst.Element | None = None
        targets.delays.on_known(self._complete)

    def found(self, index: int, pad: Gst.Pad) -> None:
        """Link a new stream of source `index`, or discard it: see TrackChoice."""
        kind = media_type(pad_caps(pad))
        if kind in VIDEO_KINDS:
            self._videos[index].offer(pad)
            return
        with self._lock:
            may_sound = kind == "audio" and self._pending and self._targets.sound_source in (None, index)
        if not may_sound:
            drain(self._pipeline, pad)
            return
        # blocked until every source is known, so that the choice does not depend on which is faster
        block = pad.add_probe(Gst.PadProbeType.BLOCK_DOWNSTREAM, lambda _pad, _info: Gst.PadProbeReturn.OK)
        with self._lock:
            self._sounds.setdefault(index, []).append((pad, block))

    def complete(self, index: int) -> None:
        """Note that all streams of source `index` are known; an element may report this more than once."""
        with self._lock:
            self._pending.discard(index)
        self._complete()

    def _complete(self, *, in_time: bool = True) -> None:
        """Link the sound once all streams are known, and by how much it is delayed, if that comes `in_time`."""
        with self._lock:
            sounds = sorted(self._sounds.items())
            delay_ns = self._targets.delays.of(sounds[0][0]) if sounds else 0
            awaits_delay = delay_ns is None and in_time and bool(self._videos[sounds[0][0]].count)
            if self._is_complete or self._pending or awaits_delay:
                return
            self._is_complete = True
        if not sounds:
            self._take_announced()
        for position, (source, pads) in enumerate(sounds):
            if position == 0:
                self._take_sound(source, delay_ns or 0)
            for pad, block in pads:
                if self._sound is not None and position == 0:
                    self._sound.offer(pad)
                else:
                    drain(self._pipeline, pad)
                pad.remove_probe(block)
        self._targets.on_complete({index for index, video in enumerate(self._videos) if video.count})

    def settle(self) -> Gst.Caps | None:
        """Stop waiting for streams that were announced and do not come: what delivers is used.

        Sound whose format is still unknown gets a usual one, which is returned; what comes is converted to it.
        """
        for choice in (*self._videos, *([] if self._sound is None else [self._sound])):
            choice.settle()
        for index in sorted(self._pending):
            self.complete(index)
        self._complete(in_time=False)
        shape = self._sound_shape
        if shape is None or static_pad(shape, "src").get_current_caps() is not None:
            return None
        caps = Gst.Caps.from_string(USUAL_SOUND)
        shape.set_property("caps", caps)
        return caps

    def release(self) -> None:
        """Let go of every stream; the pipeline is in state NULL. Idempotent."""
        for choice in (*self._videos, *([] if self._sound is None else [self._sound])):
            choice.release()

    @property
    def is_held_up(self) -> bool:
        """Whether each source has a video stream, and one has not said that it has no more streams, or its rate.

        A demuxer without queues behind it says so only after the first data, for which a blocked sound stream may
        make it wait.
        """
        with self._lock:
            return not self._is_complete and all(video.count for video in self._videos)

    @property
    def sound_name(self) -> str | None:
        """The name of the source whose sound is used; None without sound."""
        return None if self._sound_index is None else self._names[self._sound_index]

    @property
    def notes(self) -> tuple[str, ...]:
        """One line for each source with more streams of a kind than are used."""
        choices = [(name, "video", video) for name, video in zip(self._names, self._videos, strict=True)]
        if self._sound is not None and self.sound_name is not None:
            choices.append((self.sound_name, "sound", self._sound))
        return tuple(
            f"{name}: has {choice.count} {kind} tracks; track {choice.used} is used"
            for name, kind, choice in choices
            if choice.count > 1
        )

    def _take_sound(self, source: int, delay_ns: int = 0) -> None:
        queue, shape = make("queue"), make("capsfilter")
        shape.set_property("caps", Gst.Caps.from_string("audio/x-raw,layout=interleaved"))
        elements = [queue, make("audioconvert"), make("audioresample"), shape, self._targets.sound]
        chain(self._pipeline, *elements)
        for element in reversed(elements):
            element.sync_state_with_parent()
        entry = static_pad(queue, "sink")
        entry.set_offset(delay_ns)
        self._targets.on_sound(source, entry)
        self._sound_index, self._sound_shape = source, shape
        self._sound = TrackChoice(partial(self._link_sound, entry), partial(drain, self._pipeline))

    def _take_announced(self) -> None:
        """If a source announces sound and has no stream of it, let one stand for it that ends before it begins."""
        wanted = self._targets.sound_source
        for index, source in enumerate(self._sources):
            if wanted in (None, index) and announces_sound(source.element):
                self._take_sound(index)
                nothing = make_appsrc("no-sound", Gst.Caps.from_string(USUAL_SOUND))
                add(self._pipeline, nothing)
                if self._sound is not None:
                    self._sound.offer(static_pad(nothing, "src"))
                nothing.sync_state_with_parent()
                nothing.end_of_stream()
                return

    def _link_sound(self, entry: Gst.Pad, pad: Gst.Pad) -> None:
        self._limit(pad)
        if self._sound_index is not None:
            self._targets.on_stream("audio", self._sound_index, pad)
        self._link_decoded(pad, entry)

    def _link_video(self, index: int, pad: Gst.Pad) -> None:
        self._limit(pad)
        self._targets.on_stream("video", index, pad)
        if self._targets.decode:
            self._link_decoded(pad, self._targets.video[index])
        else:
            pad.link(self._targets.video[index])

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
