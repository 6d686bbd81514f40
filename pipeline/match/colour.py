"""Colours: conversion from RGB to the video-range BT.709 YUV of the match."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.frame import Frame, Plane

Rgb = tuple[float, float, float]
Picture = NDArray[np.floating[Any]]

COLORIMETRY: Final = "bt709"

_TO_YUV: Final = np.array(
    [
        [0.2126 * 219, 0.7152 * 219, 0.0722 * 219],
        [-0.2126 / 1.8556 * 224, -0.7152 / 1.8556 * 224, 0.5 * 224],
        [0.5 * 224, -0.7152 / 1.5748 * 224, -0.0722 / 1.5748 * 224],
    ],
    np.float32,
)
_OFFSET: Final = np.array([16.0, 128.0, 128.0], np.float32)


def yuv(colour: Rgb) -> tuple[int, int, int]:
    """Y, U and V (8 bit) of an RGB colour with components in 0..1."""
    y, u, v = np.rint(_TO_YUV @ np.clip(np.array(colour, np.float32), 0, 1) + _OFFSET)
    return int(y), int(u), int(v)


def yuv_matrix(light: Rgb) -> NDArray[np.float32]:
    """The matrix (4, 4) that multiplies the RGB components behind premultiplied YUVA pixels by those of `light`."""
    mixed = np.eye(4, dtype=np.float32)
    mixed[:3, :3] = _TO_YUV @ np.diag(np.array(light, np.float32)) @ np.linalg.inv(_TO_YUV)
    # The offset is premultiplied, too: a pixel holds it times its alpha of 0 to 255.
    mixed[:3, 3] = (_OFFSET - mixed[:3, :3] @ _OFFSET) / 255.0
    return mixed


def to_frame(picture: Picture) -> Frame:
    """A new NV12 frame of an RGB image (height, width, 3) with components in 0..1."""
    height, width = picture.shape[:2]
    planes = cv2.transform(np.clip(picture, 0.0, 1.0), _TO_YUV)
    luma = np.rint(planes[..., 0] + _OFFSET[0]).astype(np.uint8)
    half = cv2.resize(planes[..., 1:], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    chroma: Plane = np.rint(half + _OFFSET[1:]).astype(np.uint8)
    return Frame("NV12", (luma, chroma))
