"""The virtual camera as an element: rig frames in, the view that was asked for at their running time out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from pipeline.errors import ForesightError
from pipeline.gst.core.frames import RAW_FORMATS, FrameLayout, HeldFrame
from pipeline.gst.runtime import Gst, GstBase
from pipeline.optics.frame import Frame
from pipeline.optics.render import Renderer, Spread
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from pipeline.timebase import Nanoseconds

ViewSource = Callable[[Nanoseconds], View]
"""Says where to look at a running time; called on the streaming thread, once a frame, in time order."""

Painter = Callable[[Frame, View, Nanoseconds], None]
"""Draws onto the rendered picture; called on the streaming thread after each frame is rendered."""

Onlooker = Callable[[HeldFrame, HeldFrame, Nanoseconds], None]
"""Gets each rig frame, the finished picture and their running time; called on the streaming thread. It may hold
them, but not write to them."""

_RAW: Any = Gst.Caps.from_string(f"{RAW_FORMATS},width=[2,32768],height=[2,32768],framerate=[0/1,1000/1]")


class ViewElement(GstBase.BaseTransform):
    """Renders ``views(running time)`` of `rig` at the given size. Construct it, then add it to a bin.

    Pixel format, frame rate and timestamps pass through; the size is the rig frame's in, `width` x `height` out.
    `views` and `painter` are called on the streaming thread; `painter` and `onlooker` may be exchanged at any time.
    `spread` maps the renderer's bands, over a pool of threads for instance.
    """

    __gstmetadata__ = ("Foresight view", "Filter/Effect/Video", "Renders a view of a rig", "Foresight")
    __gsttemplates__: ClassVar[tuple[Any, ...]] = (
        Gst.PadTemplate.new("sink", Gst.PadDirection.SINK, Gst.PadPresence.ALWAYS, _RAW),
        Gst.PadTemplate.new("src", Gst.PadDirection.SRC, Gst.PadPresence.ALWAYS, _RAW),
    )

    def __init__(
        self,
        rig: Rig,
        width: int,
        height: int,
        views: ViewSource,
        painter: Painter | None = None,
        spread: Spread = map,
    ) -> None:
        super().__init__()
        self.painter = painter
        self.onlooker: Onlooker | None = None
        self._rig = rig
        self._size = (width, height)
        self._views = views
        self._spread = spread
        self._renderer: Renderer | None = None
        self._input: FrameLayout | None = None
        self._output: FrameLayout | None = None

    def do_transform_caps(self, direction: Any, caps: Gst.Caps, filter_: Gst.Caps | None) -> Gst.Caps:
        """The other side's caps: this size out; any size in, so that a film of a wrong size is told so."""
        other = Gst.Caps.new_empty()
        for index in range(caps.get_size()):
            structure = caps.get_structure(index).copy()
            for name in ("width", "height", "pixel-aspect-ratio"):
                structure.remove_field(name)
            if direction == Gst.PadDirection.SINK:
                structure.set_value("width", self._size[0])
                structure.set_value("height", self._size[1])
            other.append_structure(structure)
        return other.intersect(filter_) if filter_ is not None else other

    def do_set_caps(self, incaps: Gst.Caps, outcaps: Gst.Caps) -> bool:
        """Prepare for frames of this layout."""
        try:
            self._input, self._output = FrameLayout.of(incaps), FrameLayout.of(outcaps)
            self._rig.check_frame(self._input.width, self._input.height)
        except ForesightError as error:
            self._fail(error)
            return False
        self._renderer = Renderer(self._rig, *self._size, self._output.format, self._spread)
        return True

    def do_get_unit_size(self, caps: Gst.Caps) -> tuple[bool, int]:
        """Bytes of one frame with `caps`."""
        return True, FrameLayout.of(caps).size_bytes

    def do_transform(self, inbuf: Gst.Buffer, outbuf: Gst.Buffer) -> Gst.FlowReturn:
        """One frame: ask where to look, render, draw."""
        if self._renderer is None or self._input is None or self._output is None:
            return Gst.FlowReturn.NOT_NEGOTIATED
        time_ns = Nanoseconds(self.segment.to_running_time(Gst.Format.TIME, inbuf.pts))
        try:
            view = self._views(time_ns)
            with self._input.map(inbuf) as frame, self._output.map(outbuf, Gst.MapFlags.WRITE) as picture:
                self._renderer.render(view, frame, picture)
                if self.painter is not None:
                    self.painter(picture, view, time_ns)
            if self.onlooker is not None:
                self.onlooker(HeldFrame(self._input, inbuf), HeldFrame(self._output, outbuf), time_ns)
        except ForesightError as error:
            self._fail(error)
            return Gst.FlowReturn.ERROR
        return Gst.FlowReturn.OK

    def _fail(self, error: ForesightError) -> None:
        self.message_full(
            Gst.MessageType.ERROR,
            Gst.StreamError.quark(),
            int(Gst.StreamError.FAILED),
            str(error),
            None,
            "",
            "",
            0,
        )
