"""Mixes sound of any number of channels down to stereo; mono and stereo pass as they are."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

from pipeline.gst.core.elements import make, static_pad
from pipeline.gst.runtime import Gst, GstAudio

_RATES = "rate=[1,48000]"
"""Players of streams and browsers take no more, and FFmpeg's AAC encoder loses most of the sound above."""

_WHOLE = ("S32", "S16", "S24", "S24_32", "U16", "U24", "U24_32", "U32", "S18", "S20", "U18", "U20")
_FORMATS = "format={S8,U8," + ",".join(name + order for name in _WHOLE for order in ("LE", "BE")) + "}"
"""Whole numbers only, which are kept as they are. Floats become 32 bits: what is no number, or far beyond full
scale, as in sound that is damaged or misread, would leave an AAC encoder as a stream that nothing can read.
"""

_STEREO_OR_MONO = (
    f"audio/x-raw,{_FORMATS},channels=2,channel-mask=(bitmask)0x3,{_RATES}; "
    f"audio/x-raw,{_FORMATS},channels=1,{_RATES}"
)
"""Stereo first: it is chosen for everything that is neither."""

_STEREO = ["front-left", "front-right"]
_MIDDLE = sqrt(0.5)
"""What each side gets of a channel in the middle: half of its power."""


def make_stereo_mixer() -> list[Gst.Element]:
    """Elements, to be linked in order, whose output is mono or stereo, in whole numbers, at 48 kHz at most.

    It keeps its format.
    """
    convert, resample = make("audioconvert"), make("audioresample")
    shape = make("capsfilter", None, caps=Gst.Caps.from_string(_STEREO_OR_MONO))
    kinds = Gst.PadProbeType.EVENT_DOWNSTREAM | Gst.PadProbeType.QUERY_DOWNSTREAM
    static_pad(convert, "sink").add_probe(kinds, _Mix().choose)
    static_pad(shape, "src").add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, _keep_format)
    return [convert, resample, shape]


def mix_matrix(places: Sequence[str]) -> list[list[float]]:
    """How much of each channel goes to the left (first row) and to the right; no sum is above 1, which would clip.

    `places`: GStreamer's names of the channels' positions. A name without a side goes to both. Channels without
    positions (``none``), as of several microphones, are taken for pairs: odd ones go left, even ones right.
    """
    rows = [[_share(place, index, side) for index, place in enumerate(places)] for side in (0, 1)]
    most = max(map(sum, rows))
    return [[share / most for share in row] for row in rows]


def _share(place: str, index: int, side: int) -> float:
    if place == "none":
        return float(index % 2 == side)
    if "left" in place or "right" in place:
        return float(("left", "right")[side] in place)
    return _MIDDLE


class _Mix:
    """The mix of one converter, chosen on its streaming thread."""

    def __init__(self) -> None:
        self._places: list[str] = []

    def choose(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Set the mix for caps that arrive, or that an element upstream asks about before they do."""
        caps = _query_caps(info) if info.type & Gst.PadProbeType.QUERY_DOWNSTREAM else _event_caps(info)
        convert, places = pad.get_parent_element(), _places(caps)
        if convert is None or not places or places == self._places:
            return Gst.PadProbeReturn.OK
        self._places = places
        rows = [] if len(places) == 1 or places == _STEREO else mix_matrix(places)
        text = ", ".join("<" + ", ".join(f"(float){share!r}" for share in row) + ">" for row in rows)
        Gst.util_set_object_arg(convert, "mix-matrix", f"<{text}>")
        return Gst.PadProbeReturn.OK


def _places(caps: Any) -> list[str]:
    """GStreamer's names of the channels' positions; none if it is not raw sound, which a converter refuses."""
    try:
        form = None if caps is None else GstAudio.AudioInfo.new_from_caps(caps)
    except TypeError:
        form = None
    return [] if form is None else [place.value_nick for place in form.position[: form.channels]]


def _query_caps(info: Gst.PadProbeInfo) -> Any:
    query = info.get_query()
    return None if query is None or query.type != Gst.QueryType.ACCEPT_CAPS else query.parse_accept_caps()


def _event_caps(info: Gst.PadProbeInfo) -> Any:
    event = info.get_event()
    return None if event is None or event.type != Gst.EventType.CAPS else event.parse_caps()


def _keep_format(pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
    """Convert all that follows to the first caps: an encoder and a muxer take no others later."""
    caps, shape = _event_caps(info), pad.get_parent_element()
    if caps is None or shape is None:
        return Gst.PadProbeReturn.OK
    shape.set_property("caps", caps)
    return Gst.PadProbeReturn.REMOVE
