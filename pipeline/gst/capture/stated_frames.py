"""StatedFrames: how many frames of video a film's index lists, which is how many should be shown."""

from __future__ import annotations

from pipeline.gst.core.elements import follow_elements, media_type, pad_caps
from pipeline.gst.runtime import Gst


class StatedFrames:
    """Counts what leaves the demuxers inside one source. Streaming threads call it; any thread reads `count`.

    An mp4 or QuickTime film lists each frame, whatever its rate: what it leaves out was never there. No other
    container has such a list that is true of a damaged film.
    """

    def __init__(self, container: Gst.Bin) -> None:
        self._counts: list[int] = []
        self._has_other = False
        follow_elements(container, self._on_element)

    @property
    def count(self) -> int | None:
        """How many frames have left them so far; None if they do not tell, or more than one video did."""
        return self._counts[0] if len(self._counts) == 1 and not self._has_other else None

    def _on_element(self, element: Gst.Element) -> None:
        factory = element.get_factory()
        if factory is None or "Demuxer" not in (factory.get_metadata("klass") or ""):
            return
        if factory.get_name() == "qtdemux":
            element.connect("pad-added", self._on_pad)
        else:
            self._has_other = True

    def _on_pad(self, _demuxer: Gst.Element, pad: Gst.Pad) -> None:
        if media_type(pad_caps(pad)) == "video":
            self._counts.append(0)
            pad.add_probe(Gst.PadProbeType.BUFFER, self._on_frame, len(self._counts) - 1)

    def _on_frame(self, pad: Gst.Pad, info: Gst.PadProbeInfo, number: int) -> Gst.PadProbeReturn:
        buffer, event = info.get_buffer(), pad.get_sticky_event(Gst.EventType.SEGMENT, 0)
        if buffer is not None and event is not None:
            time_ns = event.parse_segment().to_running_time(Gst.Format.TIME, buffer.pts)
            self._counts[number] += time_ns != Gst.CLOCK_TIME_NONE  # an edit list leaves out the others
        return Gst.PadProbeReturn.OK
