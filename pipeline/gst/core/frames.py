"""Maps GStreamer buffers as the frames that the renderer reads and writes, without copying."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from pipeline.errors import PipelineError
from pipeline.gst.runtime import Gst, GstVideo
from pipeline.optics.frame import Frame, PixelFormat

RAW_FORMATS = "video/x-raw,format={NV12,I420}"
"""What the renderer reads. Decoders output one of the two, so no conversion is needed."""

_FORMATS: dict[GstVideo.VideoFormat, PixelFormat] = {
    GstVideo.VideoFormat.NV12: "NV12",
    GstVideo.VideoFormat.I420: "I420",
}


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """The memory layout of a raw frame according to its caps, for buffers without a video meta.

    Sizes in pixels; strides, offsets and `size_bytes` in bytes.
    """

    format: PixelFormat
    width: int
    height: int
    strides: tuple[int, ...]
    offsets: tuple[int, ...]
    size_bytes: int

    @classmethod
    def of(cls, caps: Gst.Caps) -> FrameLayout:
        """The layout that `caps` imply. Raises PipelineError unless they are fixed, raw NV12 or I420."""
        info = GstVideo.VideoInfo.new_from_caps(caps)
        pixel_format = _FORMATS.get(info.finfo.format) if info is not None else None
        if info is None or pixel_format is None:
            raise PipelineError(f"not a raw NV12 or I420 frame: {caps.to_string()}")
        planes = 2 if pixel_format == "NV12" else 3
        strides, offsets = tuple(info.stride[:planes]), tuple(info.offset[:planes])
        return cls(pixel_format, info.width, info.height, strides, offsets, info.size)

    @contextmanager
    def map(self, buffer: Gst.Buffer, flags: Gst.MapFlags = Gst.MapFlags.READ) -> Iterator[Frame]:
        """Map the buffer's pixels as a Frame, valid only inside the ``with`` block. Nothing is copied.

        A video meta on the buffer (for a decoder's padded rows, for example) overrides the caps.
        """
        strides, offsets = self.strides, self.offsets
        meta = GstVideo.buffer_get_video_meta(buffer)
        if meta is not None:
            planes = len(strides)
            strides, offsets = tuple(meta.stride[:planes]), tuple(meta.offset[:planes])
        with buffer.map(flags) as info:
            if info.data is None:
                raise PipelineError("a frame's memory cannot be reached by the processor")
            yield Frame.from_bytes(info.data, self.format, self.width, self.height, strides, offsets)


@dataclass(frozen=True, slots=True)
class HeldFrame:
    """A frame in a buffer that is kept by reference, to be read later. Any thread."""

    layout: FrameLayout
    buffer: Gst.Buffer

    def map(self, flags: Gst.MapFlags = Gst.MapFlags.READ) -> AbstractContextManager[Frame]:
        """Map the frame, valid only inside the ``with`` block."""
        return self.layout.map(self.buffer, flags)
