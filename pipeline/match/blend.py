"""Blends small premultiplied images with alpha onto an NV12 frame, clipped at its edges."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.optics.frame import Frame, Plane


@dataclass(frozen=True, slots=True)
class Patch:
    """A premultiplied YUVA image (height, width, 4), uint8, whose upper left pixel is at x, y (even)."""

    pixels: Plane
    x: int
    y: int


def clipped(patch: Patch, width: int, height: int) -> Patch | None:
    """The part of a patch inside a frame of this size; None if there is none."""
    rows, columns = patch.pixels.shape[:2]
    left, top = max(0, -patch.x), max(0, -patch.y)
    right, bottom = min(columns, width - patch.x), min(rows, height - patch.y)
    if right - left < 2 or bottom - top < 2:
        return None
    return Patch(patch.pixels[top:bottom, left:right], patch.x + left, patch.y + top)


def put(frame: Frame, patch: Patch) -> None:
    """Blend a patch of even size onto the frame, in place, clipped at the edges."""
    inside = clipped(patch, frame.width, frame.height)
    if inside is None:
        return
    pixels = inside.pixels
    rows, columns = pixels.shape[:2]
    luma = frame.luma[inside.y : inside.y + rows, inside.x : inside.x + columns]
    y, _, _, alpha = cv2.split(pixels)
    cv2.multiply(luma, cv2.bitwise_not(alpha), luma, 1 / 255.0)
    cv2.add(luma, y, luma)
    half = cv2.resize(pixels, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA)
    _, u, v, alpha = cv2.split(half)
    keep = cv2.bitwise_not(alpha)
    top, left = inside.y // 2, inside.x // 2
    chroma = frame.planes[1][top : top + rows // 2, left : left + columns // 2]
    cv2.multiply(chroma, cv2.merge((keep, keep)), chroma, 1 / 255.0)
    cv2.add(chroma, cv2.merge((u, v)), chroma)


def tint(alpha: Plane, colour: tuple[int, int, int], x: int, y: int) -> Patch:
    """A patch of one YUV colour with the given alpha (height, width)."""
    pixels = alpha[..., None] * (np.array([*colour, 255], np.float32) / 255.0)
    return Patch(pixels.astype(np.uint8), x, y)
