"""Tests of black borders: found in any shape that makers of films leave, and never in a dark night."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.optics.calibration.black import picture_outline
from pipeline.optics.calibration.footage import Picture
from pipeline.optics.outline import inside

HIGH, WIDE, FRAMES = 240, 800, 4
Mask = np.ndarray
ROWS, COLUMNS = np.mgrid[0:HIGH, 0:WIDE]
AT_EDGE = np.minimum(ROWS, HIGH - 1 - ROWS) < 6
"""As far from the frame's edge as the blurred end of the black may reach twice."""


def film(seed: int = 0) -> list[Picture]:
    """Frames of a textured scene in which something moves."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(45, 200, (HIGH // 8, WIDE // 8, 3)).astype(np.uint8)
    scene = cv2.resize(coarse, (WIDE, HIGH), interpolation=cv2.INTER_CUBIC)
    frames = []
    for i in range(FRAMES):
        frame = scene.astype(int) + rng.integers(-3, 4, (HIGH, WIDE, 1))
        frame[120:150, 200 + 40 * i : 215 + 40 * i] = 240
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
    return frames


def masked(frames: list[Picture], picture: Mask) -> list[Picture]:
    """The frames with black outside the picture, as a codec leaves it: blurred, and not quite at 0."""
    soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.8)[..., None]
    rng = np.random.default_rng(1)
    black = rng.integers(0, 4, (HIGH, WIDE, 1))
    return [(frame * soft + black * (1 - soft)).astype(np.uint8) for frame in frames]


def outline_of(frames: list[Picture]) -> tuple[tuple[float, float], ...]:
    background = np.median(np.stack(frames), axis=0).astype(np.uint8)
    greys = [cv2.cvtColor(one, cv2.COLOR_BGR2GRAY) for one in frames]
    small = np.stack([cv2.resize(one, (WIDE // 2, HIGH // 2), interpolation=cv2.INTER_AREA) for one in greys])
    return picture_outline(background, small)


def curved(top: float, bottom: float, lean: float, left: float) -> Mask:
    """A stitcher's picture: arcs above and below, unevenly, and a straight end."""
    across = COLUMNS / WIDE * 2 - 1
    low = HIGH * (top * across**2 + lean * (across + 1))
    high = HIGH * (1 - bottom * across**2)
    return (low <= ROWS) & (high >= ROWS) & (left * WIDE <= COLUMNS)


BORDERS: dict[str, Mask] = {
    "arcs": curved(0.15, 0.1, 0.02, 0.0),
    "an arc above": curved(0.2, 0.0, 0.0, 0.0),
    "letterbox": (ROWS >= 30) & (ROWS < HIGH - 30),
    "pillars": (COLUMNS >= 100) & (COLUMNS < WIDE - 100),
    "a window": (COLUMNS >= 100) & (COLUMNS < WIDE - 40) & (ROWS >= 30) & (ROWS < HIGH - 20),
    "a slanted edge": ROWS >= 15 + 35 * COLUMNS / WIDE,
    "a round lens": np.hypot(COLUMNS - WIDE / 2, (ROWS - HIGH / 2) * 2.6) < 0.47 * WIDE,
    "a box in a corner": ~((ROWS < 30) & (COLUMNS < 200)),
}


def check(frames: list[Picture], picture: Mask, lost: float) -> None:
    """The outline holds nearly all of the picture, and of the black no more than slivers at the frame's edge, too
    thin to tell how they end."""
    found = inside(outline_of(frames), (WIDE, HIGH))
    assert (found & ~picture & ~AT_EDGE).sum() < 0.01 * (~picture).sum() + 0.001 * picture.size, (
        "black is left"
    )
    assert (found & ~picture).sum() < 0.01 * picture.size, "black is left"
    assert (picture & ~found).sum() < lost * picture.sum(), "picture is lost"


@pytest.mark.parametrize("picture", BORDERS.values(), ids=BORDERS.keys())
def test_a_black_border_is_left_out(picture: Mask) -> None:
    check(masked(film(), picture), picture, 0.05)


@settings(max_examples=10, deadline=None)
@given(
    st.floats(0.05, 0.25), st.floats(0.0, 0.2), st.floats(0.0, 0.05), st.floats(0.0, 0.08), st.integers(0, 99)
)
def test_any_arcs_are_left_out(top: float, bottom: float, lean: float, left: float, seed: int) -> None:
    picture = curved(top, bottom, lean, left)
    check(masked(film(seed), picture), picture, 0.06)


def test_the_letters_of_an_overlay_go_with_its_box() -> None:
    frames = masked(film(), BORDERS["a box in a corner"])
    for i, frame in enumerate(frames):
        cv2.putText(frame, f"12:00:0{i}", (12, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 1)
    check(frames, BORDERS["a box in a corner"], 0.05)


def test_a_film_without_a_border_is_whole() -> None:
    assert outline_of(film()) == ()


def lit(reach: float) -> Callable[[Picture], Picture]:
    """A night: what is far from the lights sinks into black, slowly."""
    far = np.hypot((COLUMNS / WIDE - 0.5) / 0.5, (ROWS / HIGH - 0.6) / 0.5)
    light = np.clip(1.3 - far / reach, 0, 1)[..., None] ** 2
    return lambda frame: np.clip(frame * light - 12, 0, 255).astype(np.uint8)


def ragged(frame: Picture) -> Picture:
    """A black wood before a bright sky."""
    tops = np.repeat(np.random.default_rng(3).integers(40, 90, WIDE // 10), 10)
    dark = frame.copy()
    dark[(tops[None] < ROWS) & (ROWS < 120)] = 0
    return dark


@pytest.mark.parametrize(
    "night",
    [lit(0.8), lit(1.0), lit(1.4), ragged, np.zeros_like],
    ids=["dark", "dusk", "glow", "wood", "black"],
)
def test_a_night_is_not_taken_for_a_border(night: Callable[[Picture], Picture]) -> None:
    assert outline_of([night(frame) for frame in film()]) == ()


@pytest.mark.parametrize("sag", [0.08, 0.2])
def test_a_border_of_a_real_panorama_is_left_out(shared_data: Path, sag: float) -> None:
    reader = cv2.VideoCapture(str(shared_data / "sideline_panorama.mp4"))
    frames = [cv2.resize(reader.read()[1], (WIDE, HIGH)) for _ in range(FRAMES)]
    assert outline_of(frames) == ()
    picture = curved(sag, sag / 2, 0.01, 0.01)
    check(masked(frames, picture), picture, 0.06)


@pytest.mark.parametrize("edge", ["left", "right", "bottom"])
def test_the_black_bar_of_a_test_pattern_is_part_of_its_picture(edge: str) -> None:
    bars = np.zeros((HIGH, WIDE, 3), np.uint8)
    for number, colour in enumerate([(0, 0, 0), (0, 0, 191), (191, 0, 191), (191, 191, 0), (191, 191, 191)]):
        bars[:, number * WIDE // 5 : (number + 1) * WIDE // 5] = colour
    turned = {"left": bars, "right": bars[:, ::-1], "bottom": cv2.resize(np.rot90(bars), (WIDE, HIGH))}[edge]
    assert outline_of([np.ascontiguousarray(turned)] * FRAMES) == ()
