"""Corrects what qtdemux misreads of films: byte order and times of raw sound, and one display matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipeline.gst.core.elements import factory_name, follow_elements, is_raw, media_type, pad_caps, static_pad
from pipeline.gst.runtime import Gst
from pipeline.media.quicktime import MOST_BYTES, called_compressed, low_byte_first, mirrored_upward


def correct_films(container: Gst.Bin) -> None:
    """Correct each mp4 or QuickTime film that a demuxer in `container` opens, from a disk, a server or a fragment.

    qtdemux (GStreamer 1.22) looks for the byte order in 16 and 24 bits only: 32 bits would be noise, and floats not
    even numbers. Of raw sound described by QuickTime's second version, as of 96 kHz, it reads times from beyond its
    table: the sound may be lost. Of the eight turns and mirror images it overlooks one. The film's own description
    passes by on its way into the demuxer, before any pad appears, and what would mislead it is corrected there.
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
        if data[4:8] == b"moov":  # a demuxer that pulls looks at the box's head first, then pulls all of it
            self._bytes, self._missing = b"", None
        begin = 0  # where in the buffer the description begins, or goes on
        if self._missing is None:
            tail = self._bytes[-7:]  # its size and name may lie on both sides of a border
            begin = (tail + data).find(b"moov") - 4 - len(tail)
            if begin + len(tail) < 0:
                self._bytes = (tail + data)[-7:]
                return Gst.PadProbeReturn.OK
            head = (tail + data)[begin + len(tail) :][:4]
            self._bytes, self._missing = tail[begin:] if begin < 0 else b"", int.from_bytes(head, "big")
            if not 8 < self._missing <= MOST_BYTES:
                self._bytes, self._missing = b"", None
                return Gst.PadProbeReturn.OK
            self._missing -= len(self._bytes)
            begin = max(begin, 0)
        known = len(self._bytes)
        self._bytes += data[begin : begin + self._missing]
        self._missing -= len(self._bytes) - known
        for place in called_compressed(self._bytes):
            _clear(buffer, {begin + byte - known for byte in (place, place + 1) if byte >= known})
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
    form = caps.get_structure(0).get_string("format") or ""
    if form.endswith("BE") and description.has(pad, low_byte_first):
        corrected = caps.copy()
        corrected.set_value("format", form.removesuffix("BE") + "LE")
        pad.store_sticky_event(Gst.Event.new_caps(corrected))


def _clear(buffer: Gst.Buffer, places: Iterable[int]) -> None:
    """Set the bytes at `places` to 0, in the demuxer's own copy of the file; not where others read it too."""
    for place in places:
        found, index, _, skip = buffer.find_memory(place, 1)
        memory = buffer.peek_memory(index) if found else None
        if memory is None:
            continue
        writable, content = memory.map(Gst.MapFlags.WRITE)
        if writable:
            content.data[skip] = 0
            memory.unmap(content)


def _tell_mirrored(pad: Gst.Pad, _info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
    """Send the tag before the first frame."""
    tags = Gst.TagList.new_empty()
    tags.add_value(Gst.TagMergeMode.REPLACE, Gst.TAG_IMAGE_ORIENTATION, "flip-rotate-90")
    pad.push_event(Gst.Event.new_tag(tags))
    return Gst.PadProbeReturn.REMOVE
