"""EncodedTap: hands encoded samples out of the playback pipeline without ever blocking it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pipeline.gst.core.connections import take_apart
from pipeline.gst.core.elements import add, ghost, make_appsink, static_pad
from pipeline.gst.core.samples import copied, running_time_ns
from pipeline.gst.core.tees import detach_all
from pipeline.gst.encode.encode_stage import EncodeStage
from pipeline.gst.runtime import Gst, GstApp, GstVideo
from pipeline.timebase import Nanoseconds

EARLY_SOUNDS = 256
"""How many sound packets are kept that are encoded before their frame: a few seconds."""


class EncodedTap:
    """A bin whose sink pads, ``video`` and with sound ``audio``, pass every sample to `on_sample(kind, sample)`.

    `on_end(kind)` reports the end of one kind. Both callbacks run on the streaming threads and must not block. The
    rest may be called from any thread.
    """

    def __init__(
        self,
        on_sample: Callable[[str, Gst.Sample], None],
        on_end: Callable[[str], None],
        *,
        with_sound: bool,
    ) -> None:
        self.element = Gst.Bin.new(None)
        self._on_sample = on_sample
        self._on_end = on_end
        self._video = self._entry("video")
        if with_sound:
            self._entry("audio")

    @property
    def has_ended(self) -> bool:
        """Whether the video has reached EOS."""
        return bool(self._video.get_property("eos"))

    def ask_for_keyframe(self) -> None:
        """Ask the encoder to make its next frame a keyframe."""
        ask_for_keyframe(static_pad(self._video, "sink"))

    def remove(self, stage: EncodeStage) -> None:
        """Leave the pipeline, with the encoders that are there for it alone. Blocks for about a frame.

        Raises PipelineError when the pipeline is blocked.
        """
        detach_all(self.element)
        stage.remove()
        self.element.set_state(Gst.State.NULL)
        parent = self.element.get_parent()
        if isinstance(parent, Gst.Bin):
            parent.remove(self.element)
        take_apart(self.element)

    def _entry(self, kind: str) -> GstApp.AppSink:
        appsink = make_appsink(kind)
        appsink.connect("new-sample", self._take, kind)
        appsink.connect("eos", lambda _appsink: self._on_end(kind))
        add(self.element, appsink)
        ghost(self.element, static_pad(appsink, "sink"), kind)
        return appsink

    def _take(self, appsink: GstApp.AppSink, kind: str) -> Gst.FlowReturn:
        sample = appsink.emit("pull-sample")
        if sample is not None:
            self._on_sample(kind, sample)
        return Gst.FlowReturn.OK


def ask_for_keyframe(sink_pad: Gst.Pad) -> None:
    """Ask the encoder upstream of `sink_pad` to make its next frame a keyframe. Any thread."""
    sink_pad.push_event(GstVideo.video_event_new_upstream_force_key_unit(Gst.CLOCK_TIME_NONE, True, 0))


class KeyframeGate:
    """Passes video and sound from a keyframe on, so that a receiver can start in the middle of a stream.

    Not thread-safe: the caller locks.
    """

    def __init__(self) -> None:
        self.first_ns: Nanoseconds | None = None
        """The running time of the keyframe; None before it arrives."""
        self.last_ns: Nanoseconds | None = None
        """The running time of the last frame that passed."""
        self.first_sound_ns: Nanoseconds | None = None
        """The running time of the first sound that passed."""
        self._early_sound: deque[tuple[Nanoseconds, Gst.Sample]] = deque(maxlen=EARLY_SOUNDS)

    def admit(self, kind: str, sample: Gst.Sample) -> list[tuple[str, Gst.Sample]]:
        """The samples that `sample` lets pass, in order; with the first keyframe also the sound of its time."""
        buffer = sample.get_buffer()
        if buffer is None:
            return []
        time_ns = begin_ns(sample, buffer)
        if self.first_ns is None:
            if kind == "audio":
                self._early_sound.append((time_ns, sample))
                return []
            if buffer.has_flags(Gst.BufferFlags.DELTA_UNIT):
                return []
            self.first_ns = self.last_ns = time_ns
            sound = [(early_ns, early) for early_ns, early in self._early_sound if early_ns >= time_ns]
            self._early_sound.clear()
            if sound:
                self.first_sound_ns = sound[0][0]
            return [*(("audio", early) for _, early in sound), (kind, sample)]
        if time_ns < self.first_ns:
            return []
        if kind == "video":
            self.last_ns = time_ns
        elif self.first_sound_ns is None:
            self.first_sound_ns = time_ns
        return [(kind, sample)]


def restamped(sample: Gst.Sample, shift_ns: Nanoseconds) -> Gst.Sample:
    """The sample with its running time plus `shift_ns` as its timestamps; the memory is shared."""
    original, segment = sample.get_buffer(), sample.get_segment()
    if original is None:
        return sample
    buffer = copied(original)
    buffer.pts = _moved(segment, original.pts, shift_ns)
    buffer.dts = _moved(segment, original.dts, shift_ns)
    return Gst.Sample.new(buffer, sample.get_caps(), None, None)


def _moved(segment: Gst.Segment, stamp_ns: int, shift_ns: Nanoseconds) -> int:
    if stamp_ns == Gst.CLOCK_TIME_NONE:
        return stamp_ns
    time_ns = _to_running_time_ns(segment, stamp_ns) + shift_ns
    return time_ns if time_ns >= 0 else Gst.CLOCK_TIME_NONE


def begin_ns(sample: Gst.Sample, buffer: Gst.Buffer) -> Nanoseconds:
    """The running time at which `buffer` of `sample` is needed: the earlier of decode and presentation time."""
    stamp = buffer.pts if buffer.dts == Gst.CLOCK_TIME_NONE else min(buffer.pts, buffer.dts)
    return _to_running_time_ns(sample.get_segment(), stamp)


def _to_running_time_ns(segment: Gst.Segment, stamp_ns: int) -> Nanoseconds:
    return Nanoseconds(running_time_ns(segment, stamp_ns) or 0)
