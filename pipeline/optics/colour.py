"""Colour gains of a camera, applied directly to YUV planes, without a conversion to RGB."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.optics.angles import Array
from pipeline.optics.frame import Plane

_RED, _BLUE = 0.2126, 0.0722
"""Weights of red and blue in luma, ITU-R BT.709."""


_BGR_OF_YUV = np.array([[1.1644, 2.1124, 0.0], [1.1644, -0.2132, -0.5329], [1.1644, 0.0, 1.7927]])
"""Blue, green and red of video-range Y - 16, U - 128 and V - 128 (ITU-R BT.709)."""


def bgr_of(yuv: Array) -> Array:
    """Blue, green and red (..., 3) in full range, unclipped, of video-range BT.709 Y, U and V (..., 3)."""
    bgr: Array = (yuv - np.array([16.0, 128.0, 128.0])) @ _BGR_OF_YUV.T
    return bgr


@dataclass(frozen=True, slots=True)
class YuvGain:
    """Gains of blue, green and red, expressed for 8-bit video-range BT.709 YUV.

    The exact transform is affine. Four of its nine factors are left out: those from chroma to luma and to the
    other chroma. For gains within 7 % of 1 the error is 0.1 level on turf and white, 1 on skin and at most 6.3
    on fully saturated colours. What remains is::

        Y' - 16 = luma (Y - 16)
        U' - 128 = u (U - 128) + u_luma (Y - 16)        (V in the same way)
    """

    luma: float
    u: float
    u_luma: float
    v: float
    v_luma: float

    @classmethod
    def of(cls, gain_bgr: tuple[float, float, float]) -> YuvGain:
        """The YUV gain that corresponds to gains of blue, green and red."""
        blue, green, red = gain_bgr
        luma = _RED * red + (1 - _RED - _BLUE) * green + _BLUE * blue
        # Chroma spans 224 levels, luma 219.
        u_scale, v_scale = 224 / 219 / (2 * (1 - _BLUE)), 224 / 219 / (2 * (1 - _RED))
        return cls(
            luma=luma,
            u=blue - _BLUE * (blue - green),
            u_luma=(blue - luma) * u_scale,
            v=red - _RED * (red - green),
            v_luma=(red - luma) * v_scale,
        )

    @property
    def is_one(self) -> bool:
        """Whether the gain changes nothing."""
        return self == YuvGain.of((1.0, 1.0, 1.0))

    def apply(self, luma: Plane, u: Plane, v: Plane) -> None:
        """Apply the gain in place to the planes of a 4:2:0 image: luma (h, w), u and v (h / 2, w / 2)."""
        half = cv2.resize(luma, u.shape[::-1], interpolation=cv2.INTER_AREA)
        for chroma, own, by_luma in ((u, self.u, self.u_luma), (v, self.v, self.v_luma)):
            cv2.addWeighted(chroma, own, half, by_luma, 128 - own * 128 - by_luma * 16, dst=chroma)
        cv2.convertScaleAbs(luma, dst=luma, alpha=self.luma, beta=16 - self.luma * 16)
