"""Feeds: where a camera's streams enter the analysis pipeline, and what replaces missing samples."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from typing import Any

from pipeline.gst.core.elements import is_raw, make_appsrc, set_property
from pipeline.gst.core.frame_rate import caps_rate
from pipeline.gst.core.samples import copied, running_time_ns
from pipeline.gst.core.silence import silence
from pipeline.gst.runtime import Gst
from pipeline.media.frame_correction import UPRIGHT
from pipeline.media.frame_rate import FrameDurations
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds

ASSUMED_FRAME_NS = 40 * NS_PER_MS
"""Assumed duration of a frame if neither caps nor timestamps say."""

LONGEST_FRAME_NS = NS_PER_S // 4
"""Timestamps farther apart than this are a gap and do not tell the frame rate."""

CHUNK_NS = 20 * NS_PER_MS
"""Silence is sent in chunks of this length."""

SOUND_FORM = "audio/x-raw,format=F32LE,layout=interleaved"
"""Caps to which a camera's sound is converted."""

REMEMBERED_OUTAGES = 64
"""Older outages are forgotten."""

LAG_SHARE = 16
"""Each sample moves the mean lag by 1 / LAG_SHARE of the difference."""

_CHANGED = "set the camera back or restart the run"
_SEGMENT = Gst.Segment()
_SEGMENT.init(Gst.Format.TIME)


@dataclass(frozen=True, slots=True)
class Outage:
    """A time without video from the camera, in running time; `end_ns` is None while it lasts."""

    begin_ns: Nanoseconds
    end_ns: Nanoseconds | None = None


class Feed(ABC):
    """One stream's appsrc, and what fills it when samples do not arrive in time.

    A sample that is `patience_ns` later than usual is replaced. `take` is called by the connection's streaming
    threads, `fill` by a thread of the camera. Lock: `_lock` keeps samples in order; pushing while holding it never
    blocks, because a full appsrc drops its oldest samples.
    """

    def __init__(self, name: str, caps: Gst.Caps, patience_ns: Nanoseconds) -> None:
        self.caps = caps
        self.element = make_appsrc(name, caps)
        for key, value in {
            "is-live": True,
            "handle-segment-change": True,
            "leaky-type": "downstream",
            "max-time": patience_ns + 2 * NS_PER_S,
        }.items():
            set_property(self.element, key, value)
        self._patience_ns = patience_ns
        self._lock = threading.Lock()
        self._next_ns: Nanoseconds | None = None
        """End of what has been sent, in running time."""
        self._lag_ns: float = 0
        self._orientation = UPRIGHT
        self._after_gap = True
        """The next sample follows a gap, or starts the stream."""

    def rejoin(self) -> None:
        """The next samples come from a new connection."""
        with self._lock:
            self._after_gap = True

    def turn(self, orientation: str) -> None:
        """Pass on how the next samples stand, as an image-orientation tag, if it is new."""
        with self._lock:
            if orientation == self._orientation:
                return
            self._orientation = orientation
            tags = Gst.TagList.new_empty()
            tags.add_value(Gst.TagMergeMode.REPLACE, Gst.TAG_IMAGE_ORIENTATION, orientation)
            self.element.send_event(Gst.Event.new_tag(tags))

    def take(self, sample: Gst.Sample, now_ns: Nanoseconds) -> bool:
        """Push one sample, which arrived at running time `now_ns`; returns whether it was accepted.

        A sample without a timestamp, as Motion JPEG over HTTP sends them, gets its arrival time.
        """
        buffer = sample.get_buffer()
        if buffer is None:
            return False
        begin_ns = _running_ns(sample, buffer.pts)
        begin_ns = now_ns if begin_ns is None else begin_ns
        with self._lock:
            if self._after_gap and not self._close_gap(sample, buffer, begin_ns):
                return False
            self._after_gap = False
            lag_ns = now_ns - begin_ns
            end_ns = Nanoseconds(begin_ns + self._duration_ns(sample, buffer, begin_ns))
            if self._next_ns is None:
                self._lag_ns, self._next_ns = lag_ns, end_ns
            else:
                self._lag_ns += (lag_ns - self._lag_ns) / LAG_SHARE
                self._next_ns = max(self._next_ns, end_ns)
            decoded_ns = _running_ns(sample, buffer.dts)
            self.element.push_sample(_placed(sample, begin_ns, decoded_ns, Nanoseconds(buffer.duration)))
        return True

    def fill(self, now_ns: Nanoseconds) -> Nanoseconds:
        """Replace what should have arrived by running time `now_ns`; returns when to call again."""
        with self._lock:
            if self._next_ns is None:
                return Nanoseconds(now_ns + NS_PER_S)
            wait_ns = self._patience_ns + max(round(self._lag_ns), 0)
            if self._next_ns + wait_ns <= now_ns:
                self._after_gap = True
                self._fill_until(Nanoseconds(now_ns - wait_ns))
            return Nanoseconds(self._next_ns + wait_ns)

    def end(self) -> None:
        """End the stream: push EOS."""
        with self._lock:
            self.element.end_of_stream()

    @abstractmethod
    def misfit(self, caps: Gst.Caps) -> str | None:
        """Why a stream with `caps` cannot continue this one; None when it can."""

    @abstractmethod
    def _close_gap(self, sample: Gst.Sample, buffer: Gst.Buffer, begin_ns: Nanoseconds) -> bool:
        """Fill the gap before this sample; False to refuse the sample because its time has been filled."""

    @abstractmethod
    def _duration_ns(self, sample: Gst.Sample, buffer: Gst.Buffer, begin_ns: Nanoseconds) -> Nanoseconds:
        """The duration of an accepted sample."""

    @abstractmethod
    def _fill_until(self, until_ns: Nanoseconds) -> None:
        """Fill from `_next_ns`, which is known, at least to `until_ns`."""


class VideoFeed(Feed):
    """The camera's video, raw or compressed; a gap is filled with its last frame or its last keyframe."""

    def __init__(self, name: str, caps: Gst.Caps, patience_ns: Nanoseconds) -> None:
        super().__init__(name, caps, patience_ns)
        self.outages: tuple[Outage, ...] = ()
        """The latest outages, oldest first. Any thread may read."""
        self.refused: Counter[str] = Counter()
        """How many frames were not taken, by reason. Any thread may read a copy."""
        self.held_ns = Nanoseconds(0)
        """The total time for which a frame was repeated."""
        self._is_raw = is_raw(caps)
        self._frame_ns = _caps_frame_ns(caps)
        self._durations = FrameDurations()
        self._still: Gst.Sample | None = None
        self._last_ns: Nanoseconds | None = None

    def misfit(self, caps: Gst.Caps) -> str | None:
        before, now = (one.get_structure(0).get_name() for one in (self.caps, caps))
        return None if before == now else f"it sends {now} now, {before} before; {_CHANGED}"

    def _close_gap(self, sample: Gst.Sample, buffer: Gst.Buffer, begin_ns: Nanoseconds) -> bool:
        if not self._is_raw and buffer.has_flags(Gst.BufferFlags.DELTA_UNIT):
            self.refused["after a gap, before a keyframe"] += 1
            return False
        self._last_ns = None
        if self._next_ns is None:
            return True
        decoded_ns = begin_ns if self._is_raw else _running_ns(sample, buffer.dts)
        order_ns = begin_ns if decoded_ns is None else min(begin_ns, decoded_ns)
        free_ns = self._next_ns - self._frame_ns // 2
        if order_ns < free_ns:
            self.refused["whose time a held frame had already taken"] += 1
            return False
        self._fill_until(Nanoseconds(order_ns - (self._frame_ns + 1) // 2))
        if self.outages and self.outages[-1].end_ns is None:
            self.outages = (*self.outages[:-1], Outage(self.outages[-1].begin_ns, begin_ns))
        return True

    def _duration_ns(self, sample: Gst.Sample, buffer: Gst.Buffer, begin_ns: Nanoseconds) -> Nanoseconds:
        if self._is_raw or not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT):
            self._still = sample
        lasts_ns = self._durations.checked(begin_ns, _caps_frame_ns(sample.get_caps(), 0))
        if lasts_ns:
            self._frame_ns = lasts_ns
        elif self._last_ns is not None and 0 < begin_ns - self._last_ns <= LONGEST_FRAME_NS:
            self._frame_ns = Nanoseconds(begin_ns - self._last_ns)
        self._last_ns = begin_ns
        return self._frame_ns

    def _fill_until(self, until_ns: Nanoseconds) -> None:
        if self._next_ns is None or self._still is None:
            return
        if self._next_ns <= until_ns and (not self.outages or self.outages[-1].end_ns is not None):
            self.outages = (*self.outages[1 - REMEMBERED_OUTAGES :], Outage(self._next_ns))
        while self._next_ns <= until_ns:
            decoded_ns = None if self._is_raw else self._next_ns
            self.element.push_sample(_placed(self._still, self._next_ns, decoded_ns, self._frame_ns))
            self._next_ns = Nanoseconds(self._next_ns + self._frame_ns)
            self.held_ns = Nanoseconds(self.held_ns + self._frame_ns)


class SoundFeed(Feed):
    """The camera's sound in SOUND_FORM; a gap is filled with silence."""

    def __init__(self, name: str, caps: Gst.Caps, patience_ns: Nanoseconds) -> None:
        super().__init__(name, caps, patience_ns)
        structure: Any = caps.get_structure(0)
        self._rate_hz: int = structure.get_value("rate")
        self._frame_bytes = 4 * structure.get_value("channels")
        self.has_come = False
        """Whether the camera has sent any sound. Any thread may read."""

    def begin_silent(self, now_ns: Nanoseconds) -> None:
        """The camera announces sound and has sent none by running time `now_ns`: begin with silence."""
        with self._lock:
            if self._next_ns is None:
                self._next_ns = now_ns

    def take(self, sample: Gst.Sample, now_ns: Nanoseconds) -> bool:
        """As for any feed."""
        self.has_come = True
        return super().take(sample, now_ns)

    def misfit(self, caps: Gst.Caps) -> str | None:
        return None

    def _close_gap(self, sample: Gst.Sample, buffer: Gst.Buffer, begin_ns: Nanoseconds) -> bool:
        if self._next_ns is None:
            return True
        if begin_ns < self._next_ns:
            return False
        self._silence(begin_ns)
        return True

    def _duration_ns(self, sample: Gst.Sample, buffer: Gst.Buffer, begin_ns: Nanoseconds) -> Nanoseconds:
        return Nanoseconds(buffer.get_size() // self._frame_bytes * NS_PER_S // self._rate_hz)

    def _fill_until(self, until_ns: Nanoseconds) -> None:
        while self._next_ns is not None and self._next_ns <= until_ns:
            self._silence(Nanoseconds(self._next_ns + CHUNK_NS))

    def _silence(self, end_ns: Nanoseconds) -> None:
        if self._next_ns is None:
            return
        sample = silence(self.caps, self._next_ns, end_ns)
        if sample is not None:
            self.element.push_sample(sample)
            self._next_ns = end_ns


def _placed(
    sample: Gst.Sample, shown_ns: Nanoseconds, decoded_ns: Nanoseconds | None, duration_ns: Nanoseconds
) -> Gst.Sample:
    """The sample at another running time; its memory is shared.

    All samples get _SEGMENT, because an audio encoder pads its frame when the segment changes.
    """
    buffer = copied(sample.get_buffer())
    buffer.pts, buffer.duration = max(shown_ns, 0), duration_ns
    buffer.dts = Gst.CLOCK_TIME_NONE if decoded_ns is None else max(decoded_ns, 0)
    return Gst.Sample.new(buffer, sample.get_caps(), _SEGMENT, None)


def _running_ns(sample: Gst.Sample, stamp_ns: int) -> Nanoseconds | None:
    running_ns = running_time_ns(sample.get_segment(), stamp_ns)
    return None if running_ns is None else Nanoseconds(running_ns)


def _caps_frame_ns(caps: Gst.Caps | None, unknown_ns: int = ASSUMED_FRAME_NS) -> Nanoseconds:
    """The duration of a frame according to its caps."""
    rate = caps_rate(caps)
    return Nanoseconds(unknown_ns if rate is None else NS_PER_S * rate[1] // rate[0])
