"""Frame: an image in memory for the renderer and the detectors, as planes of 8-bit YUV 4:2:0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError

Plane = NDArray[np.uint8]
PixelFormat = Literal["NV12", "I420"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One NV12 or I420 image; the planes are numpy views of memory that the caller owns. Any thread; pure.

    ``planes`` (uint8): NV12 has luma (height, width) and chroma (height / 2, width / 2, 2), U before V;
    I420 has luma (height, width), U and V (height / 2, width / 2). Width and height are even;
    rows may be padded (planes may be strided views).
    """

    format: PixelFormat
    planes: tuple[Plane, ...]

    @property
    def width(self) -> int:
        """Luma pixels per row."""
        return int(self.planes[0].shape[1])

    @property
    def height(self) -> int:
        """Number of luma rows."""
        return int(self.planes[0].shape[0])

    @property
    def luma(self) -> Plane:
        """The brightness plane, shape (height, width)."""
        return self.planes[0]

    @classmethod
    def empty(cls, pixel_format: PixelFormat, width: int, height: int) -> Frame:
        """A new black frame with its own memory. Raises ConfigError unless both sides are even and positive."""
        if width <= 0 or height <= 0 or width % 2 or height % 2:
            raise ConfigError(f"a 4:2:0 frame needs an even, positive width and height, not {width}x{height}")
        luma = np.full((height, width), 16, np.uint8)
        half = (height // 2, width // 2)
        if pixel_format == "NV12":
            return cls("NV12", (luma, np.full((*half, 2), 128, np.uint8)))
        return cls("I420", (luma, np.full(half, 128, np.uint8), np.full(half, 128, np.uint8)))

    @classmethod
    def from_bytes(
        cls,
        data: memoryview | bytes | bytearray,
        pixel_format: PixelFormat,
        width: int,
        height: int,
        strides: tuple[int, ...],
        offsets: tuple[int, ...],
    ) -> Frame:
        """A frame over mapped memory, without a copy; writable if `data` is.

        ``strides`` and ``offsets`` hold bytes, one number per plane, as GstVideoInfo and GstVideoMeta give them.
        """
        flat = np.frombuffer(data, np.uint8)
        half_height, half_width = height // 2, width // 2

        def plane(index: int, rows: int, row_bytes: int) -> Plane:
            return np.lib.stride_tricks.as_strided(
                flat[offsets[index] :],
                (rows, row_bytes),
                (strides[index], 1),
                writeable=flat.flags.writeable,
            )

        luma = plane(0, height, width)
        if pixel_format == "NV12":
            chroma = plane(1, half_height, half_width * 2)
            return cls(
                "NV12",
                (
                    luma,
                    np.lib.stride_tricks.as_strided(
                        chroma,
                        (half_height, half_width, 2),
                        (strides[1], 2, 1),
                        writeable=flat.flags.writeable,
                    ),
                ),
            )
        return cls("I420", (luma, plane(1, half_height, half_width), plane(2, half_height, half_width)))
