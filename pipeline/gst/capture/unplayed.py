"""UnplayedStreams: tells which sound of a source nothing here can play, because nobody knows its codec."""

from __future__ import annotations

from pipeline.gst.core.elements import factory_name, follow_elements, media_type, static_pad
from pipeline.gst.runtime import Gst
from pipeline.media.program_map import LOOKED_AT, mapped_streams

_FOURCC = "x-gst-fourcc-"


class UnplayedStreams:
    """Watches the demuxers and decodebins inside one source. Streaming threads call it; any thread reads `notes`.

    decodebin says which streams it has no decoder for. tsdemux leaves out a stream of unknown type without a word,
    so the program map is read as it passes. Subtitles, timecodes and other data are no loss.
    """

    def __init__(self, name: str, container: Gst.Bin) -> None:
        self._name = name
        self._unknown: list[str] = []
        self._has_sound = False
        self._bytes = b""
        self._pids: set[int] = set()
        self._has_map = False
        follow_elements(container, self._on_element)

    @property
    def notes(self) -> tuple[str, ...]:
        """A line for each stream that is sound, or may be."""
        return (*self._unknown, *self._unmapped())

    def _unmapped(self) -> list[str]:
        lines = []
        for stream in mapped_streams(self._bytes) if self._has_map else ():
            if stream.pid in self._pids:
                continue
            if stream.is_sound:
                lines.append(
                    f"{self._name}: its sound cannot be played: the codec of {stream} is not known here"
                )
            elif stream.may_be_sound and not self._has_sound:
                lines.append(
                    f"{self._name}: {stream} is not played: what it is, is not known here; it may be sound"
                )
        return lines

    def _on_element(self, element: Gst.Element) -> None:
        kind = factory_name(element)
        if kind == "decodebin":
            element.connect("unknown-type", self._on_unknown)
            element.connect("pad-added", self._on_decoded)
        elif kind == "tsdemux":
            self._has_map = True
            static_pad(element, "sink").add_probe(Gst.PadProbeType.BUFFER, self._on_bytes)
            element.connect("pad-added", self._on_stream)

    def _on_unknown(self, _decodebin: Gst.Element, _pad: Gst.Pad, caps: Gst.Caps) -> None:
        structure = caps.get_structure(0)
        kind, _, name = structure.get_name().partition("/")
        if kind == "audio":
            codec = structure.get_string("codec-id") or name.removeprefix(_FOURCC)
            self._unknown.append(f"{self._name}: its sound cannot be played: nothing here decodes {codec}")

    def _on_decoded(self, _decodebin: Gst.Element, pad: Gst.Pad) -> None:
        self._has_sound |= media_type(pad.get_current_caps()) == "audio"

    def _on_bytes(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        buffer = info.get_buffer()
        if buffer is not None:
            self._bytes += buffer.extract_dup(0, min(buffer.get_size(), LOOKED_AT - len(self._bytes)))
        return Gst.PadProbeReturn.OK if len(self._bytes) < LOOKED_AT else Gst.PadProbeReturn.REMOVE

    def _on_stream(self, _demuxer: Gst.Element, pad: Gst.Pad) -> None:
        """tsdemux writes the PID at the end of the pad's name, in hexadecimal."""
        self._pids.add(int((pad.get_name() or "").rpartition("_")[2], 16))
