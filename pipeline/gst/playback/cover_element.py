"""CoverElement: covers the frames that must not be seen, before any output, window or preview has them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar

from pipeline.errors import MissingDependencyError, PipelineError
from pipeline.foreign_code import Contained, describe
from pipeline.graphics.cover import Cover, blank
from pipeline.graphics.graphic import Graphic
from pipeline.graphics.picture import BT709
from pipeline.graphics.template import Template
from pipeline.gst.core.frames import RAW_FORMATS, FrameLayout
from pipeline.gst.graphics.graphics_element import colours_of
from pipeline.gst.graphics.svg_drawer import SvgDrawer
from pipeline.gst.runtime import Gst, GstBase
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds

logger = logging.getLogger("foresight")

LONGEST_FRAME_NS = 100 * NS_PER_MS
"""How long a frame without a duration, in a stream without a rate, is taken to last."""

CoverAt = Callable[[Nanoseconds, Nanoseconds], Cover | None]
"""Returns what covers a frame that lasts from one running time of playback to another, None if nothing does; called
on the streaming thread, once per frame, in order of time."""

_RAW: Any = Gst.Caps.from_string(RAW_FORMATS)
_WRITE = Gst.MapFlags.READ | Gst.MapFlags.WRITE
_WITHOUT_TEXT = Cover("card")


class CoverElement(GstBase.BaseTransform):
    """Covers NV12 or I420 frames as ``cover_at(begin, end)`` says. Construct it, then add it to a bin.

    Timestamps and caps do not change. Frames that nothing covers are passed on as they are, without a copy. A frame
    of which it cannot be known, or that cannot be covered as wanted, is a plain card: nothing is shown by mistake.
    """

    __gstmetadata__ = ("Foresight cover", "Filter/Effect/Video", "Covers frames", "Foresight")
    __gsttemplates__: ClassVar[tuple[Any, ...]] = (
        Gst.PadTemplate.new("sink", Gst.PadDirection.SINK, Gst.PadPresence.ALWAYS, _RAW),
        Gst.PadTemplate.new("src", Gst.PadDirection.SRC, Gst.PadPresence.ALWAYS, _RAW),
    )

    def __init__(self, cover_at: CoverAt) -> None:
        super().__init__()
        self._cover_at = cover_at
        self._cover: Cover | None = None
        self._layout: FrameLayout | None = None
        self._colours = BT709
        self._frame_ns = LONGEST_FRAME_NS
        self._card: Graphic | None = None
        self._has_told = False
        self.set_in_place(True)

    def do_set_caps(self, incaps: Gst.Caps, _outcaps: Gst.Caps) -> bool:
        """Prepare for frames of this layout."""
        self._layout, self._colours, self._card = FrameLayout.of(incaps), colours_of(incaps), None
        known, rate, per = incaps.get_structure(0).get_fraction("framerate")
        self._frame_ns = NS_PER_S * per // rate if known and rate else LONGEST_FRAME_NS
        return True

    def do_before_transform(self, buffer: Gst.Buffer) -> None:
        """Find out what covers the next frame; if nothing, it is passed on as it is."""
        with Contained() as call:
            begin_ns = self.segment.to_running_time(Gst.Format.TIME, buffer.pts)
            if begin_ns == Gst.CLOCK_TIME_NONE:
                raise PipelineError("it has no time")
            lasts_ns = self._frame_ns if buffer.duration == Gst.CLOCK_TIME_NONE else buffer.duration
            self._cover = self._cover_at(Nanoseconds(begin_ns), Nanoseconds(begin_ns + lasts_ns))
        if call.error is not None:
            self._cover = _WITHOUT_TEXT
            self._tell(call.error)
        self.set_passthrough(self._cover is None)

    def do_transform_ip(self, buffer: Gst.Buffer) -> Gst.FlowReturn:
        """Cover one frame."""
        if self._layout is None:
            return Gst.FlowReturn.NOT_NEGOTIATED
        if self._cover is not None:
            with self._layout.map(buffer, _WRITE) as frame:
                with Contained() as call:
                    self._cover.hide(frame)
                    self._write(self._cover.text, self._layout, frame)
                if call.error is not None:
                    blank(frame)
                    self._tell(call.error)
        return Gst.FlowReturn.OK

    def _write(self, text: str, layout: FrameLayout, frame: Any) -> None:
        if not text:
            return
        if self._card is None:
            size = (layout.width, layout.height)
            try:
                drawer = SvgDrawer()
            except MissingDependencyError as error:
                self._tell(error)
                return
            self._card = Graphic(Template.load("card"), drawer, size, layout.format, self._colours)
        picture = self._card.picture({"text": text})
        if picture is not None:
            picture.blend(frame)

    def _tell(self, error: BaseException) -> None:
        if not self._has_told:
            self._has_told = True
            logger.warning("a frame is covered with a plain card: %s", describe(error))
