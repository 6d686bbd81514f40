"""Corrects what qtdemux misreads of films: byte order and timestamps of raw sound, and one display matrix."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.gst.core.elements import factory_name, follow_elements, is_raw, media_type, pad_caps, static_pad
from pipeline.gst.core.pcm import PcmFormat
from pipeline.gst.runtime import Gst
from pipeline.media.quicktime import MOST_BYTES, low_byte_first, mirrored_upward
from pipeline.timebase import NS_PER_S


def correct_films(container: Gst.Bin) -> None:
    """Correct each mp4 or QuickTime film that a demuxer in `container` opens, from a disk, a server or a fragment.

    qtdemux (GStreamer 1.22) looks for the byte order in 16 and 24 bits only: 32 bits would be noise, and floats not
    even numbers. Of sound described by QuickTime's second version, as of 96 kHz, it gives every buffer the same
    timestamp. Of the eight turns and mirror images it overlooks one. The film's own description passes by on its
    way into the demuxer, before any pad appears.
    """
    follow_elements(container, _on_element)


def _on_element(element: Gst.Element) -> None:
    if factory_name(element) == "qtdemux":
        description = _Description()
        static_pad(element, "sink").add_probe(Gst.PadProbeType.BUFFER, description.on_bytes)
        element.connect("pad-added", _on_pad, description)


class _Description:
    """A film's description (its ``moov`` box), read as it passes a pad. On the demuxer's streaming thread."""

    def __init__(self) -> None:
        self._bytes = b""
        self._missing: int | None = None
        """How many bytes of it are still to come; None while it has not begun."""

    def on_bytes(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Take what passes, until the description is complete."""
        buffer = info.get_buffer()
        if buffer is None:
            return Gst.PadProbeReturn.OK
        data = buffer.extract_dup(0, buffer.get_size())
        if (
            data[4:8] == b"moov"
        ):  # a demuxer that pulls looks at the head of the box first, then pulls all of it
            self._bytes, self._missing = b"", None
        if self._missing is None:
            data = self._bytes[-7:] + data  # its size and name may lie on both sides of a border
            place = data.find(b"moov") - 4
            if place < 0:
                self._bytes = data[-7:]
                return Gst.PadProbeReturn.OK
            self._bytes, data = b"", data[place:]
            self._missing = int.from_bytes(data[:4], "big")
            if not 8 < self._missing <= MOST_BYTES:
                self._missing = None
                return Gst.PadProbeReturn.OK
        self._bytes += data[: self._missing]
        self._missing -= min(len(data), self._missing)
        return Gst.PadProbeReturn.OK if self._missing else Gst.PadProbeReturn.REMOVE

    def has(self, pad: Gst.Pad, tracks: Callable[[bytes], frozenset[int]]) -> bool:
        """Whether the track of `pad` is among the `tracks` of the description."""
        number = (pad.get_stream_id() or "").rpartition("/")[2]  # qtdemux writes the track's number there
        return number.isdecimal() and int(number) in tracks(self._bytes)


def _on_pad(_demuxer: Gst.Element, pad: Gst.Pad, description: _Description) -> None:
    caps = pad_caps(pad)
    kind = media_type(caps)
    if kind == "video" and description.has(pad, mirrored_upward):
        pad.add_probe(Gst.PadProbeType.BUFFER, _tell_mirrored)
    if kind != "audio" or not is_raw(caps):
        return
    pcm = PcmFormat.of(caps)
    if pcm is not None:
        pad.add_probe(Gst.PadProbeType.BUFFER, _Timestamps(pcm).correct)
    form = caps.get_structure(0).get_string("format") or ""
    if form.endswith("BE") and description.has(pad, low_byte_first):
        corrected = caps.copy()
        corrected.set_value("format", form.removesuffix("BE") + "LE")
        pad.store_sticky_event(Gst.Event.new_caps(corrected))


def _tell_mirrored(pad: Gst.Pad, _info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
    """Send the tag before the first frame."""
    tags = Gst.TagList.new_empty()
    tags.add_value(Gst.TagMergeMode.REPLACE, Gst.TAG_IMAGE_ORIENTATION, "flip-rotate-90")
    pad.push_event(Gst.Event.new_tag(tags))
    return Gst.PadProbeReturn.REMOVE


class _Timestamps:
    """Lets a buffer whose timestamp repeats that of the one before begin where that one ends.

    On the demuxer's streaming thread, which has just made the buffers.
    """

    def __init__(self, form: PcmFormat) -> None:
        self._form = form
        self._said_ns = Gst.CLOCK_TIME_NONE
        self._frames = 0
        """How many samples have come since the timestamp last changed."""

    def correct(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Correct the next buffer's timestamp and duration."""
        buffer = info.get_buffer()
        if buffer is None or buffer.pts == Gst.CLOCK_TIME_NONE:
            return Gst.PadProbeReturn.OK
        if buffer.pts != self._said_ns:
            self._said_ns, self._frames = buffer.pts, 0
        begin_ns, self._frames = self._time_ns(), self._frames + buffer.get_size() // self._form.frame_bytes
        if begin_ns != buffer.pts or not buffer.duration:
            buffer.pts, buffer.duration = begin_ns, self._time_ns() - begin_ns
        return Gst.PadProbeReturn.OK

    def _time_ns(self) -> int:
        return self._said_ns + self._frames * NS_PER_S // self._form.rate_hz
