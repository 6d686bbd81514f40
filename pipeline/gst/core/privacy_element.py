"""PrivacyElement: blurs the private areas of the cameras' pictures before anybody sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pipeline.foreign_code import Contained, describe
from pipeline.graphics.private_areas import PrivateArea, PrivateAreas
from pipeline.gst.core.explain import post_error
from pipeline.gst.core.frames import RAW_FORMATS, FrameLayout
from pipeline.gst.runtime import Gst, GstBase

_RAW: Any = Gst.Caps.from_string(RAW_FORMATS)
_WRITE = Gst.MapFlags.READ | Gst.MapFlags.WRITE


class PrivacyElement(GstBase.BaseTransform):
    """Blurs areas of NV12 or I420 frames. Construct it, then add it to a bin.

    Timestamps and caps do not change. Frames that others hold are copied. An area outside the frames, and a frame
    that cannot be blurred, end the run: nothing is shown by mistake.
    """

    __gstmetadata__ = ("Foresight privacy", "Filter/Effect/Video", "Blurs areas of frames", "Foresight")
    __gsttemplates__: ClassVar[tuple[Any, ...]] = (
        Gst.PadTemplate.new("sink", Gst.PadDirection.SINK, Gst.PadPresence.ALWAYS, _RAW),
        Gst.PadTemplate.new("src", Gst.PadDirection.SRC, Gst.PadPresence.ALWAYS, _RAW),
    )

    def __init__(self, areas: Sequence[PrivateArea]) -> None:
        super().__init__()
        self._wanted = areas
        self._layout: FrameLayout | None = None
        self._areas: PrivateAreas | None = None
        self.set_in_place(True)

    def do_set_caps(self, incaps: Gst.Caps, _outcaps: Gst.Caps) -> bool:
        """Prepare for frames of this layout."""
        layout = self._layout = FrameLayout.of(incaps)
        areas = self._areas = PrivateAreas(self._wanted, layout.width, layout.height)
        if areas.outside:
            numbers = ", ".join(str(number + 1) for number in areas.outside)
            size = f"{layout.width}x{layout.height}"
            post_error(self, f"private area {numbers} lies outside its camera's picture (frames of {size})")
            return False
        return True

    def do_transform_ip(self, buffer: Gst.Buffer) -> Gst.FlowReturn:
        """Blur the areas of one frame."""
        if self._layout is None or self._areas is None:
            return Gst.FlowReturn.NOT_NEGOTIATED
        with Contained() as call, self._layout.map(buffer, _WRITE) as frame:
            self._areas.hide(frame)
        if call.error is not None:
            post_error(self, f"a frame's private areas cannot be blurred: {describe(call.error)}")
            return Gst.FlowReturn.ERROR
        return Gst.FlowReturn.OK
