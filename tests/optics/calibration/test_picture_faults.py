"""Tests of what is found wrong with a camera's picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.optics.calibration.picture_faults import edge_blur_px, picture_faults

Luma = NDArray[np.uint8]


@pytest.fixture
def luma() -> Luma:
    """Houses above turf with white lines, in video range, as sharp as a lens makes them."""
    rng = np.random.default_rng(2)
    picture = np.full((720, 1280), 95, np.uint8)
    picture[:250] = 170
    for _ in range(60):
        left, top = rng.integers(0, 1200), rng.integers(60, 230)
        cv2.rectangle(
            picture, (left, top), (left + rng.integers(20, 90), 250), int(rng.integers(30, 220)), -1
        )
    for _ in range(20):
        ends = np.stack([rng.integers(0, 1280, 2), rng.integers(260, 720, 2)], axis=1)
        cv2.line(picture, tuple(map(int, ends[0])), tuple(map(int, ends[1])), 210, 4, cv2.LINE_AA)
    grainy = blurred(picture, 0.8) + rng.normal(0, 1.5, picture.shape)
    return np.clip(grainy, 16, 235).astype(np.uint8)


def blurred(luma: Luma, sigma_px: float) -> Luma:
    return cv2.GaussianBlur(luma, (0, 0), sigma_px).astype(np.uint8)


def test_a_good_picture_has_no_fault(luma: Luma) -> None:
    assert picture_faults(luma) == []


@pytest.mark.parametrize("sigma_px", [2.0, 4.0, 7.0])
def test_the_width_of_blurred_edges_is_measured(luma: Luma, sigma_px: float) -> None:
    own_px = edge_blur_px(luma)
    assert edge_blur_px(blurred(luma, sigma_px)) == pytest.approx(np.hypot(sigma_px, own_px), rel=0.25)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda luma: np.full_like(luma, 17), "nothing but black"),
        (lambda luma: np.full_like(luma, 120), "shows nothing; is something before the lens?"),
        (lambda luma: blurred(luma, 60.0), "is something before the lens?"),
        (lambda luma: blurred(luma, 6.0), "is blurred"),
        (lambda luma: np.clip(luma.astype(int) * 3, 16, 235).astype(np.uint8), "is too bright"),
        (lambda luma: (16 + (luma.astype(int) - 16) // 6).astype(np.uint8), "is too dark"),
    ],
)
def test_each_fault_is_named(luma: Luma, change: object, said: str) -> None:
    assert callable(change)
    assert any(said in fault for fault in picture_faults(change(luma)))
