"""ViewElement: renders the virtual camera's view of each rig frame."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar

from pipeline.analysis.colour_history import Gains
from pipeline.errors import ForesightError, PipelineError
from pipeline.foreign_code import Contained, describe
from pipeline.gst.core.explain import post_error
from pipeline.gst.core.frames import RAW_FORMATS, FrameLayout, HeldFrame
from pipeline.gst.runtime import Gst, GstBase
from pipeline.optics.frame import Frame
from pipeline.optics.render import Renderer, Spread
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.pose import Poses
from pipeline.optics.view import View
from pipeline.timebase import Nanoseconds

logger = logging.getLogger("foresight")

FAILED_FRAMES = 50
"""After this many failed frames in a row the run ends: nothing that happens is shown any more."""

ViewSource = Callable[[Nanoseconds], View]
"""Returns the view for a running time; called on the streaming thread, once per frame, in order of time."""

PoseSource = Callable[[Nanoseconds], Poses | None]
"""Returns how the cameras stand at a running time compared with their places; called on the streaming thread, once
per frame."""

GainSource = Callable[[Nanoseconds], Gains | None]
"""Returns the gains of the cameras' colours at a running time; called on the streaming thread, once per frame."""

Painter = Callable[[Frame, View, Nanoseconds], None]
"""Draws on the rendered frame; called on the streaming thread after each frame is rendered."""

Onlooker = Callable[[HeldFrame, HeldFrame, Nanoseconds], None]
"""Receives each rig frame, the rendered frame and their running time; called on the streaming thread. It may keep
them, but not write to them."""

_RAW: Any = Gst.Caps.from_string(f"{RAW_FORMATS},width=[2,32768],height=[2,32768],framerate=[0/1,1000/1]")


class ViewElement(GstBase.BaseTransform):
    """Renders ``views(running time)`` of `rig` at the given size. Construct it, then add it to a bin.

    Timestamps do not change. Input frames have the rig frame's size, output frames `width` x `height` pixels
    and the pixel format and frame rate of the first input. Whatever the input turns to later, the output's caps
    stay: encoders would begin anew, and no file takes another stream in its middle. `views`, `poses`, `gains`
    and `painter` are called on the streaming thread; `painter` and `onlooker` may be replaced at any time.
    `spread` maps the renderer's bands, over a thread pool for example.
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
        poses: PoseSource = lambda _time_ns: None,
        gains: GainSource = lambda _time_ns: None,
    ) -> None:
        super().__init__()
        self.painter = painter
        self.onlooker: Onlooker | None = None
        self._rig = rig
        self._size = (width, height)
        self._views = views
        self._poses, self._gains = poses, gains
        self._spread = spread
        self.failed_frames = 0
        """Frames that were repeated, or lack their graphics, because of an unexpected exception."""
        self._failed_in_a_row = 0
        self._last: HeldFrame | None = None
        self._renderer: Renderer | None = None
        self._input: FrameLayout | None = None
        self._output: FrameLayout | None = None
        self._output_caps: Gst.Caps | None = None

    def do_transform_caps(self, direction: Any, caps: Gst.Caps, filter_: Gst.Caps | None) -> Gst.Caps:
        """The other side's caps: `width` x `height` out, any size in; `do_set_caps` reports a wrong one."""
        if self._output_caps is not None:
            other = self._output_caps if direction == Gst.PadDirection.SINK else _RAW
            return other.intersect(filter_) if filter_ is not None else other
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
        self._output_caps = self._output_caps or outcaps.copy()
        self._renderer = Renderer(self._rig, *self._size, self._output.format, self._spread)
        return True

    def do_get_unit_size(self, caps: Gst.Caps) -> tuple[bool, int]:
        """Bytes of one frame with `caps`."""
        return True, FrameLayout.of(caps).size_bytes

    def do_transform(self, inbuf: Gst.Buffer, outbuf: Gst.Buffer) -> Gst.FlowReturn:
        """Render one frame, and draw on it."""
        if self._renderer is None or self._input is None or self._output is None:
            return Gst.FlowReturn.NOT_NEGOTIATED
        time_ns = Nanoseconds(self.segment.to_running_time(Gst.Format.TIME, inbuf.pts))
        came, shown = HeldFrame(self._input, inbuf), HeldFrame(self._output, outbuf)
        with Contained() as call:
            view, poses, gains = self._views(time_ns), self._poses(time_ns), self._gains(time_ns)
            with came.map() as frame, shown.map(Gst.MapFlags.WRITE) as rendered:
                self._renderer.render(view, frame, rendered, poses, gains)
        if call.error is not None:
            return self._repeat_last(call.error, shown)
        self._last, self._failed_in_a_row = shown, 0
        with Contained() as call:
            if self.painter is not None:
                with shown.map(Gst.MapFlags.WRITE) as rendered:
                    self.painter(rendered, view, time_ns)
            if self.onlooker is not None:
                self.onlooker(came, shown, time_ns)
        if isinstance(call.error, ForesightError):
            self._fail(call.error)
            return Gst.FlowReturn.ERROR
        if call.error is not None:
            self._count(call.error, "a frame has no graphics")
        return Gst.FlowReturn.OK

    def _repeat_last(self, error: BaseException, shown: HeldFrame) -> Gst.FlowReturn:
        """Show the last good frame instead of one that failed, or end the run; never show unwritten memory."""
        last = self._last
        self._failed_in_a_row += 1
        if isinstance(error, ForesightError):
            self._fail(error)
            return Gst.FlowReturn.ERROR
        if last is None or last.layout != shown.layout or self._failed_in_a_row > FAILED_FRAMES:
            self._fail(PipelineError(f"the camera's view cannot be rendered: {describe(error)}"))
            return Gst.FlowReturn.ERROR
        with last.map() as good, shown.map(Gst.MapFlags.WRITE) as rendered:
            for plane, copy in zip(good.planes, rendered.planes, strict=True):
                copy[...] = plane
        self._count(error, "a frame could not be rendered; the last one is repeated")
        return Gst.FlowReturn.OK

    def _count(self, error: BaseException, what: str) -> None:
        self.failed_frames += 1
        if self.failed_frames == 1:
            traced = error if logger.isEnabledFor(logging.DEBUG) else None
            logger.warning("%s: %s", what, describe(error), exc_info=traced)

    def _fail(self, error: ForesightError) -> None:
        post_error(self, str(error))
