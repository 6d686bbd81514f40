"""Corrects the byte order of raw sound in QuickTime films, which qtdemux takes for the highest byte first."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from pipeline.gst.core.elements import pad_caps
from pipeline.gst.runtime import Gst
from pipeline.media.byte_order import low_byte_first


def correct_sound_order(opener: Gst.Element, path: Path) -> None:
    """Let the demuxer that `opener` will make for the film at `path` tell the order that the film says.

    qtdemux looks for it for 16 and 24 bits only: 32 bits would be noise, and floats not even numbers. The caps are
    corrected when the pad appears, before anything is linked to it.
    """
    tracks = cache(lambda: low_byte_first(path))

    def on_element(_opener: Gst.Element, _within: Gst.Bin, element: Gst.Element) -> None:
        factory = element.get_factory()
        if factory is not None and factory.get_name() == "qtdemux":
            element.connect("pad-added", _on_pad, tracks)

    opener.connect("deep-element-added", on_element)


def _on_pad(_demuxer: Gst.Element, pad: Gst.Pad, tracks: Callable[[], frozenset[int]]) -> None:
    caps = pad_caps(pad)
    if caps is None or caps.get_size() == 0:
        return
    form = caps.get_structure(0).get_string("format") or ""
    if caps.get_structure(0).get_name() != "audio/x-raw" or not form.endswith("BE"):
        return
    number = (pad.get_stream_id() or "").rpartition("/")[2]  # qtdemux writes the track's number there
    if number.isdecimal() and int(number) in tracks():
        corrected = caps.copy()
        corrected.set_value("format", form.removesuffix("BE") + "LE")
        pad.store_sticky_event(Gst.Event.new_caps(corrected))
