"""The built-in match as a GStreamer source: one bin with a video pad and an audio pad, live or not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from pipeline.errors import PipelineError
from pipeline.gst.core.elements import ghost, static_pad
from pipeline.gst.core.frames import FrameLayout
from pipeline.gst.runtime import GObject, Gst, GstBase
from pipeline.match.colour import COLORIMETRY
from pipeline.match.match import Match
from pipeline.match.settings import MatchSettings
from pipeline.match.sound import CHANNELS, RATE_HZ, Sound
from pipeline.optics.frame import Frame
from pipeline.timebase import NS_PER_MS, NS_PER_S

_CHUNK_SAMPLES = 960
"""20 ms of sound per buffer."""
_BYTES_PER_SAMPLE = 2 * CHANNELS
_BRIDGED_NS = NS_PER_S
"""A live frame that is later than this is dropped; a network camera's buffers bridge about as much."""
_LEAD_NS = 50 * NS_PER_MS
"""A live match starts this long after PLAYING, so that its first frame is drawn in time."""


class _Epoch:
    """The running time of the match's first frame, shared by video and sound; the first caller sets it.

    Called from both streaming threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running_ns: int | None = None

    def of(self, now_ns: int) -> int:
        """The first frame's running time; the first call sets it to `now_ns`."""
        with self._lock:
            if self._running_ns is None:
                self._running_ns = now_ns
            return self._running_ns

    def reset(self) -> None:
        """Forget it, for the next start."""
        with self._lock:
            self._running_ns = None

    @property
    def running_ns(self) -> int | None:
        """The first frame's running time; None if not set yet."""
        with self._lock:
            return self._running_ns


class _Paced(GstBase.BaseSrc):
    """Base of both sources: paces the buffers itself, so that both start at one epoch and stop without delay.

    GstBaseSrc would give each live source its own start. All vfuncs except ``do_unlock`` and ``do_unlock_stop``
    are called from the streaming thread.
    """

    def __init__(self, epoch: _Epoch, live: bool, unit_ns: Fraction, units: int | None) -> None:
        super().__init__()
        self._epoch = epoch
        self._unit_ns = unit_ns
        self._units = units
        self._next = 0
        self._broken = False
        self._lock = threading.Lock()
        self._flushing = False
        self._wait: Any = None
        self._live = live
        self.set_live(live)
        self.set_format(Gst.Format.TIME)

    def do_start(self) -> bool:
        self._next = 0
        self._broken = False
        return True

    def do_fill(self, offset: int, length: int, buffer: Gst.Buffer) -> Gst.FlowReturn:
        # GStreamer prints an exception and takes it for OK. The next call then ends the stream.
        if self._broken:
            return Gst.FlowReturn.ERROR
        self._broken = True
        flow = self._fill(buffer)
        self._broken = False
        return flow

    def _fill(self, buffer: Gst.Buffer) -> Gst.FlowReturn:
        """Fill and stamp a buffer; if live, wait for its time."""
        raise NotImplementedError

    def do_is_seekable(self) -> bool:
        return False

    def do_unlock(self) -> bool:
        with self._lock:
            self._flushing = True
            wait = self._wait
        if wait is not None:
            Gst.Clock.id_unschedule(wait)
        return True

    def do_unlock_stop(self) -> bool:
        with self._lock:
            self._flushing = False
        return True

    def do_gst_base_src_query(self, query: Gst.Query) -> bool:
        if query.type == Gst.QueryType.LATENCY:
            query.set_latency(self._live, int(self._unit_ns) if self._live else 0, Gst.CLOCK_TIME_NONE)
            return True
        return bool(GstBase.BaseSrc.do_query(self, query))

    def _now_ns(self) -> int:
        """The pipeline's running time; 0 without a clock."""
        clock = self.get_clock()
        return 0 if clock is None else int(clock.get_time() - self.get_base_time())

    def _due_ns(self, index: int) -> int:
        """The running time of the unit (a frame, an audio sample) with this index."""
        start_ns = self._epoch.of(self._now_ns() + _LEAD_NS if self._live else 0)
        return start_ns + round(index * self._unit_ns)

    def _ended(self) -> bool:
        return self._units is not None and self._next >= self._units

    def _wait_until(self, running_ns: int) -> bool:
        """Wait for a running time; False if the source must stop."""
        clock = self.get_clock()
        if clock is not None:
            with self._lock:
                if self._flushing:
                    return False
                wait = self._wait = clock.new_single_shot_id(self.get_base_time() + running_ns)
            Gst.Clock.id_wait(wait)
        with self._lock:
            self._wait = None
            return not self._flushing


def _caps(text: str) -> Gst.Caps:
    caps = Gst.Caps.from_string(text)
    if caps is None:
        raise PipelineError(f"GStreamer cannot read the caps {text!r}; report this as a bug in Foresight")
    return caps


def _source_template(caps: str) -> Gst.PadTemplate | None:
    return Gst.PadTemplate.new("src", Gst.PadDirection.SRC, Gst.PadPresence.ALWAYS, _caps(caps))


class MatchVideo(_Paced):
    """The match's video. If live, frames that cannot be drawn in time are dropped and counted."""

    __gstmetadata__ = (
        "Match video",
        "Source/Video",
        "Draws the built-in match",
        "The Foresight developers",
    )
    __gsttemplates__ = _source_template("video/x-raw, format=(string)NV12")

    def __init__(
        self,
        settings: MatchSettings,
        epoch: _Epoch,
        live: bool,
        duration_s: float | None,
        make_match: Callable[[MatchSettings], Match],
    ) -> None:
        frame_ns = NS_PER_S / settings.fps
        units = None if duration_s is None else round(duration_s * settings.fps)
        super().__init__(epoch, live, frame_ns, units)
        self._settings = settings
        self._make_match = make_match
        self._match: Match | None = None
        self._caps = _caps(
            f"video/x-raw, format=NV12, width={settings.width}, height={settings.height}, "
            f"framerate={settings.fps.numerator}/{settings.fps.denominator}, pixel-aspect-ratio=1/1, "
            f"interlace-mode=progressive, colorimetry={COLORIMETRY}"
        )
        self._layout = FrameLayout.of(self._caps)
        self.dropped = 0
        self.set_blocksize(self._layout.size_bytes)

    def do_get_caps(self, caps_filter: Gst.Caps | None) -> Gst.Caps:
        return self._caps if caps_filter is None else caps_filter.intersect(self._caps)

    def do_start(self) -> bool:
        self._match = self._make_match(self._settings)
        self._match.render(0, Frame.empty("NV12", self._settings.width, self._settings.height))
        self._epoch.reset()
        return super().do_start()

    def do_stop(self) -> bool:
        self._match = None
        return True

    def _fill(self, buffer: Gst.Buffer) -> Gst.FlowReturn:
        if self._live:
            self._skip_what_is_late()
        if self._ended() or self._match is None:
            return Gst.FlowReturn.EOS
        index, due_ns = self._next, self._due_ns(self._next)
        self._next += 1
        with self._layout.map(buffer, Gst.MapFlags.WRITE) as frame:
            self._match.render(index, frame)
        buffer.pts = due_ns
        buffer.duration = self._due_ns(index + 1) - due_ns
        buffer.offset, buffer.offset_end = index, index + 1
        if self._live and not self._wait_until(due_ns):
            return Gst.FlowReturn.FLUSHING
        return Gst.FlowReturn.OK

    def _skip_what_is_late(self) -> None:
        """If too late, drop the frames up to the present."""
        late_ns = self._now_ns() - self._due_ns(self._next)
        if late_ns > _BRIDGED_NS:
            late = -(-late_ns // int(self._unit_ns))
            self._next += late
            self.dropped += late


class MatchSound(_Paced):
    """The match's sound in chunks of 20 ms; it is cheap to make and never dropped."""

    __gstmetadata__ = ("Match sound", "Source/Audio", "Plays the built-in match", "The Foresight developers")
    __gsttemplates__ = _source_template("audio/x-raw, format=(string)S16LE")

    def __init__(self, settings: MatchSettings, epoch: _Epoch, live: bool, duration_s: float | None) -> None:
        units = None if duration_s is None else round(duration_s * RATE_HZ)
        super().__init__(epoch, live, Fraction(NS_PER_S, RATE_HZ), units)
        self._settings = settings
        self._sound: Sound | None = None
        self._caps = _caps(
            f"audio/x-raw, format=S16LE, layout=interleaved, rate={RATE_HZ}, channels={CHANNELS}"
        )
        self.set_blocksize(_CHUNK_SAMPLES * _BYTES_PER_SAMPLE)

    def do_get_caps(self, caps_filter: Gst.Caps | None) -> Gst.Caps:
        return self._caps if caps_filter is None else caps_filter.intersect(self._caps)

    def do_start(self) -> bool:
        self._sound = Sound(self._settings)
        return super().do_start()

    def do_stop(self) -> bool:
        self._sound = None
        return True

    def _fill(self, buffer: Gst.Buffer) -> Gst.FlowReturn:
        if self._ended() or self._sound is None:
            return Gst.FlowReturn.EOS
        start, due_ns = self._next, self._due_ns(self._next)
        count = _CHUNK_SAMPLES if self._units is None else min(_CHUNK_SAMPLES, self._units - start)
        self._next += count
        samples = self._sound.read(start, count)
        if count < _CHUNK_SAMPLES:
            buffer.set_size(count * _BYTES_PER_SAMPLE)
        buffer.fill(0, samples.tobytes())
        end_ns = self._due_ns(start + count)
        buffer.pts, buffer.duration = due_ns, end_ns - due_ns
        buffer.offset, buffer.offset_end = start, start + count
        # Like a microphone's, a chunk is complete only at its end.
        if self._live and not self._wait_until(end_ns):
            return Gst.FlowReturn.FLUSHING
        return Gst.FlowReturn.OK


GObject.type_register(MatchVideo)
GObject.type_register(MatchSound)


class MatchSource(Gst.Bin):
    """Both sources in one bin with the pads ``video`` and ``audio``; make it with ``match_source``."""

    def __init__(
        self,
        settings: MatchSettings,
        live: bool,
        duration_s: float | None,
        make_match: Callable[[MatchSettings], Match],
    ) -> None:
        super().__init__()
        self._epoch = _Epoch()
        self._video = MatchVideo(settings, self._epoch, live, duration_s, make_match)
        self._sound = MatchSound(settings, self._epoch, live, duration_s)
        for name, source in (("video", self._video), ("audio", self._sound)):
            self.add(source)
            ghost(self, static_pad(source, "src"), name)

    @property
    def dropped(self) -> int:
        """How many frames were dropped because they could not be drawn in time. Any thread."""
        return self._video.dropped

    @property
    def start_ns(self) -> int | None:
        """The running time of the match's first frame; None before it is drawn. Any thread."""
        return self._epoch.running_ns


GObject.type_register(MatchSource)


def match_source(
    settings: MatchSettings,
    *,
    live: bool = False,
    duration_s: float | None = None,
    make_match: Callable[[MatchSettings], Match] = Match,
) -> MatchSource:
    """A source bin of the match with the pads ``video`` (NV12) and ``audio`` (S16LE, 48 kHz, stereo).

    ``live``: paced by the pipeline's clock like a camera, one frame of latency reported, late frames dropped
    and counted in ``dropped``; otherwise as fast as downstream accepts it, from running time 0, with the same
    bytes every time. Both streams end after ``duration_s`` seconds, never if None. Going to PAUSED draws the
    stadium, which takes one or two seconds; stopping takes at most the time to draw one frame. `make_match`
    returns the object that draws the frames.
    """
    return MatchSource(settings, live, duration_s, make_match)
