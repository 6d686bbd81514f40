"""RecordedTimes: lets the files of a match folder run in the match's own time, with pictures that stand upright."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from pipeline.gst.core.elements import media_type, pad_caps
from pipeline.gst.runtime import Gst
from pipeline.media.frame_correction import UPRIGHT

ROUNDING_NS = 20_000
"""A camera's file rounds times by less than this."""


class RecordedTimes:
    """Makes the timestamps that pass a pad running times. A demuxer lets each file begin at 0 instead."""

    def __init__(self, orientation: str, times_ns: Sequence[int] = ()) -> None:
        """`orientation`: how the pictures stand, as an image-orientation tag; the files do not hold it. `times_ns`:
        the exact times of the frames, rising."""
        self._orientation = orientation
        self._times_ns = times_ns

    def on_pad(self, pad: Gst.Pad) -> None:
        """Follow a pad before anything passes it."""
        pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_event)
        if self._times_ns and media_type(pad_caps(pad)) != "audio":
            pad.add_probe(Gst.PadProbeType.BUFFER, self._on_frame)

    def _on_frame(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        buffer = info.get_buffer()
        if buffer is not None and buffer.pts != Gst.CLOCK_TIME_NONE:
            after = bisect_left(self._times_ns, buffer.pts)
            near = self._times_ns[max(after - 1, 0) : after + 1]
            exact_ns = min(near, key=lambda time_ns: abs(time_ns - buffer.pts))
            if abs(exact_ns - buffer.pts) < ROUNDING_NS:
                buffer.pts = exact_ns
        return Gst.PadProbeReturn.OK

    def _on_event(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        event = info.get_event()
        if event is None or event.type != Gst.EventType.SEGMENT:
            return Gst.PadProbeReturn.OK
        segment = event.parse_segment()
        if segment.base == segment.start == segment.time == 0:  # sent here
            return Gst.PadProbeReturn.OK
        plain = Gst.Segment()
        plain.init(Gst.Format.TIME)
        new = Gst.Event.new_segment(plain)
        new.set_seqnum(event.get_seqnum())
        pad.push_event(new)
        if self._orientation != UPRIGHT and media_type(pad_caps(pad)) != "audio":
            tags = Gst.TagList.new_empty()
            tags.add_value(Gst.TagMergeMode.REPLACE, Gst.TAG_IMAGE_ORIENTATION, self._orientation)
            pad.push_event(Gst.Event.new_tag(tags))
        return Gst.PadProbeReturn.DROP
