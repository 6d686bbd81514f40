"""GraphicsElement: blends graphics onto each frame of a stream, those of the frame's own time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from pipeline.foreign_code import Contained, describe
from pipeline.graphics.graphic import Graphic
from pipeline.graphics.picture import BT601, BT709, Picture, VideoColours
from pipeline.graphics.template import Template, Values
from pipeline.gst.core.frames import RAW_FORMATS, FrameLayout
from pipeline.gst.graphics.svg_drawer import SvgDrawer
from pipeline.gst.runtime import Gst, GstBase, GstVideo
from pipeline.timebase import Nanoseconds

logger = logging.getLogger("foresight")


class Shown(NamedTuple):
    """A template and what it shows."""

    template: Template
    values: Values


ShownAt = Callable[[Nanoseconds], Sequence[Shown]]
"""Returns what the frame of a running time shows, the lowest first; called on the streaming thread, once per frame,
in order of time."""

_RAW: Any = Gst.Caps.from_string(RAW_FORMATS)
_WRITE = Gst.MapFlags.READ | Gst.MapFlags.WRITE


class GraphicsElement(GstBase.BaseTransform):
    """Blends what ``shown_at(running time)`` returns onto NV12 or I420 frames. Construct it, then add it to a bin.

    Timestamps and caps do not change. Graphics are drawn sharply for the size of the frames, and anew only when
    what they show changes, which takes some milliseconds. Frames that another branch of a tee holds are copied, so
    that it stays clean; frames that show nothing are passed on as they are. A frame whose graphics fail goes on
    without them, and counted.
    """

    __gstmetadata__ = (
        "Foresight graphics",
        "Filter/Effect/Video",
        "Blends graphics onto frames",
        "Foresight",
    )
    __gsttemplates__: ClassVar[tuple[Any, ...]] = (
        Gst.PadTemplate.new("sink", Gst.PadDirection.SINK, Gst.PadPresence.ALWAYS, _RAW),
        Gst.PadTemplate.new("src", Gst.PadDirection.SRC, Gst.PadPresence.ALWAYS, _RAW),
    )

    def __init__(self, shown_at: ShownAt) -> None:
        """Raises MissingDependencyError if graphics cannot be drawn on this machine."""
        super().__init__()
        self._shown_at = shown_at
        self._drawer = SvgDrawer()
        self._layout: FrameLayout | None = None
        self._colours = BT709
        self._graphics: dict[Template, Graphic] = {}
        self._pictures: list[Picture] = []
        self.failed_frames = 0
        """Frames without their graphics, because of an unexpected exception."""
        self.set_in_place(True)

    def do_set_caps(self, incaps: Gst.Caps, _outcaps: Gst.Caps) -> bool:
        """Prepare for frames of this layout: each graphic is drawn anew."""
        self._layout, self._colours, self._graphics = FrameLayout.of(incaps), colours_of(incaps), {}
        return True

    def do_before_transform(self, buffer: Gst.Buffer) -> None:
        """Find out what the next frame shows; if nothing, it is passed on as it is, without a copy."""
        layout, self._pictures = self._layout, []
        if layout is None:
            return
        time_ns = Nanoseconds(self.segment.to_running_time(Gst.Format.TIME, buffer.pts))
        with Contained() as call:
            for template, values in self._shown_at(time_ns):
                picture = self._graphic(template, layout).picture(values)
                if picture is not None:
                    self._pictures.append(picture)
        if call.error is not None:
            self._pictures = []
            self._count(call.error)
        self.set_passthrough(not self._pictures)

    def do_transform_ip(self, buffer: Gst.Buffer) -> Gst.FlowReturn:
        """Blend the graphics of one frame."""
        if self._layout is None:
            return Gst.FlowReturn.NOT_NEGOTIATED
        if self._pictures:
            with Contained() as call, self._layout.map(buffer, _WRITE) as frame:
                for picture in self._pictures:
                    picture.blend(frame)
            if call.error is not None:
                self._count(call.error)
        return Gst.FlowReturn.OK

    def _graphic(self, template: Template, layout: FrameLayout) -> Graphic:
        if template not in self._graphics:
            size = (layout.width, layout.height)
            self._graphics[template] = Graphic(template, self._drawer, size, layout.format, self._colours)
        return self._graphics[template]

    def _count(self, error: BaseException) -> None:
        self.failed_frames += 1
        if self.failed_frames == 1:
            traced = error if logger.isEnabledFor(logging.DEBUG) else None
            logger.warning("a frame has no graphics: %s", describe(error), exc_info=traced)


def colours_of(caps: Gst.Caps) -> VideoColours:
    """How the frames of `caps` code colours."""
    info = GstVideo.VideoInfo.new_from_caps(caps)
    if info is None:
        return BT709
    colorimetry = info.colorimetry
    is_full = colorimetry.range == getattr(GstVideo.VideoColorRange, "0_255")
    usual = BT601 if colorimetry.matrix == GstVideo.VideoColorMatrix.BT601 else BT709
    return VideoColours(usual.red, usual.blue, is_full)
