"""Tests of taking blobs apart into people: bodies side by side, behind each other, and what is nobody."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analysis.blobs import people
from pipeline.analysis.silhouettes import separated
from pipeline.optics.frame import Plane

SIDE = 400


def canvas() -> Plane:
    return np.zeros((SIDE, SIDE), np.uint8)


def body(mask: Plane, x: int, feet: int, px_per_m: float) -> None:
    """Draw a person 1.75 m high with a head, shoulders and legs apart."""
    for width_m, top_m, bottom_m in ((0.24, 1.75, 1.45), (0.5, 1.5, 0.8), (0.4, 0.85, 0.0)):
        half = max(1, round(width_m * px_per_m / 2))
        mask[feet - round(top_m * px_per_m) : feet - round(bottom_m * px_per_m), x - half : x + half] = 255
    gap = max(2, round(0.1 * px_per_m))
    mask[feet - round(0.75 * px_per_m) : feet, x - gap : x + gap] = 0


def found(mask: Plane, px_per_m: float) -> list[tuple[float, float]]:
    """The middle of each person's feet."""
    boxes, _ = people(mask, np.full(mask.shape, px_per_m, np.float32))
    return sorted((float(left + right) / 2, float(bottom)) for left, _, right, bottom in boxes.rows)


@settings(max_examples=40, deadline=None)
@given(st.floats(18.0, 40.0), st.integers(1, 4), st.floats(0.75, 1.0))
def test_people_side_by_side_are_counted_by_their_heads(px_per_m: float, count: int, apart_m: float) -> None:
    mask = canvas()
    places = [60 + round(index * apart_m * px_per_m) for index in range(count)]
    for x in places:
        body(mask, x, 300, px_per_m)
    mask[300 - round(0.9 * px_per_m) : 300 - round(0.7 * px_per_m), places[0] : places[-1] + 1] = 255
    assert [x for x, _ in found(mask, px_per_m)] == pytest.approx(places, abs=0.3 * px_per_m)


@settings(max_examples=40, deadline=None)
@given(st.floats(18.0, 40.0), st.floats(0.8, 2.0), st.floats(0.1, 0.3))
def test_what_lies_at_the_feet_is_not_part_of_a_person(
    px_per_m: float, reach_m: float, high_m: float
) -> None:
    mask = canvas()
    body(mask, 150, 300, px_per_m)
    mask[300 - round(high_m * px_per_m) : 300, 150 : 150 + round(reach_m * px_per_m)] = 255
    ((x, feet),) = found(mask, px_per_m)
    assert x == pytest.approx(150, abs=0.3 * px_per_m)
    assert feet == pytest.approx(300, abs=0.2 * px_per_m)


@pytest.mark.parametrize("px_per_m", [18.0, 25.0])
def test_of_two_behind_each_other_both_are_found(px_per_m: float) -> None:
    mask = canvas()
    body(mask, 150, 300, px_per_m)
    body(mask, 155, 300 - round(1.5 * px_per_m), px_per_m)
    assert len(found(mask, px_per_m)) == 2


@pytest.mark.parametrize("px_per_m", [14.0, 25.0])
@pytest.mark.parametrize("width_m", [0.1, 0.3, 0.8])
def test_a_mast_is_nobody(px_per_m: float, width_m: float) -> None:
    mask = canvas()
    half = max(1, round(width_m * px_per_m / 2))
    mask[300 - round(6 * px_per_m) : 300, 150 - half : 150 + half] = 255
    assert found(mask, px_per_m) == []


def test_an_empty_part_holds_nobody() -> None:
    assert separated(canvas()[:9, :9], np.full(9, 20.0, np.float32)) == []
