"""Tests of YOLO heads, class names and non-maximum suppression."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analysis.classes import map_classes, read_names
from pipeline.analysis.nms import suppress
from pipeline.analysis.yolo_head import Head, find_head

SIZE = (640, 640)


@pytest.mark.parametrize(
    ("shape", "classes", "head"),
    [
        ((1, 25200, 85), None, Head("anchors", 80)),
        ((1, 25200, 6), None, Head("anchors", 1)),
        ((4, 84, 8400), 80, Head("points", 80)),
        ((1, 116, 8400), 80, Head("points", 80)),
        ((1, 5, 8400), None, Head("points", 1)),
        ((1, 8400, 84), None, Head("points", 80, is_transposed=True)),
        ((1, 300, 6), 80, Head("final", None)),
        ((1, 100, 6), None, Head("final", None)),
        ((1, 102000 // 4, 9), None, Head("anchors", 4)),
        ((1, 8400), None, None),
        ((1, 1000, 4), None, None),
        ((1, 10, 80, 80), None, None),
    ],
)
def test_the_layout_is_recognised_by_shape(
    shape: tuple[int, ...], classes: int | None, head: Head | None
) -> None:
    assert find_head(shape, SIZE, classes) == head


def test_each_layout_decodes_to_the_same_boxes() -> None:
    middle = np.array([[100.0, 50, 20, 10], [30, 40, 8, 8], [5, 5, 1, 1]], np.float32)
    scores = np.array([[0.1, 0.8], [0.6, 0.2], [0.05, 0.1]], np.float32)
    corners = np.array([[90, 45, 110, 55], [26, 36, 34, 44]], np.float32)
    ones = np.ones((3, 1), np.float32)
    anchors = Head("anchors", 2).decode(np.concatenate([middle, ones, scores], axis=1), 0.3)
    points = Head("points", 2).decode(np.concatenate([middle, scores], axis=1).T, 0.3)
    rows = Head("points", 2, True).decode(np.concatenate([middle, scores], axis=1), 0.3)
    final = np.concatenate([corners, [[0.8, 1], [0.6, 0]]], axis=1).astype(np.float32)
    for raw in (anchors, points, rows, Head("final", None).decode(final, 0.3)):
        assert np.allclose(raw.corners_px, corners)
        assert raw.scores.tolist() == pytest.approx([0.8, 0.6])
        assert raw.classes.tolist() == [1, 0]


def test_objectness_multiplies_the_score() -> None:
    row = np.array([[10, 10, 4, 4, 0.5, 0.8]], np.float32)
    assert Head("anchors", 1).decode(row, 0.1).scores[0] == pytest.approx(0.4)
    assert len(Head("anchors", 1).decode(row, 0.45).scores) == 0


def test_boxes_with_nan_are_dropped() -> None:
    rows = np.array([[np.nan, 0, 1, 1, 0.9, 0], [0, 0, 1, 1, 0.9, 0]], np.float32)
    assert len(Head("final", None).decode(rows, 0.1).scores) == 1


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{0: 'person', 1: 'ball'}", {0: "person", 1: "ball"}),
        ("['ball']", {0: "ball"}),
        ('{"0": "ball", "1": "player"}', {0: "ball", 1: "player"}),
        ("", {}),
        ("{broken", {}),
        ("7", {}),
        ("{'a': 'ball'}", {}),
    ],
)
def test_class_names_are_read_from_metadata(text: str, names: dict[int, str]) -> None:
    assert read_names(text) == names


def test_common_names_and_coco_need_no_configuration() -> None:
    names = {0: "Sports_Ball", 1: "goalkeeper", 2: "side-referee", 3: "dog", 4: "Referee", 5: "coach"}
    assert map_classes(names, 6, None) == {
        0: "ball",
        1: "player",
        2: "side_referee",
        4: "main_referee",
        5: "staff",
    }
    assert map_classes({}, 80, None) == {0: "player", 32: "ball"}
    assert map_classes({}, 3, None) == {}


box = st.tuples(st.floats(-60, 60), st.floats(-30, 5), st.floats(0.1, 6), st.floats(0.1, 6))


@settings(max_examples=60)
@given(st.lists(st.tuples(box, st.floats(0, 1), st.integers(0, 1), st.integers(0, 2)), max_size=25))
def test_suppression_keeps_the_best_of_overlapping_boxes(
    rows: list[tuple[tuple[float, float, float, float], float, int, int]],
) -> None:
    boxes = np.array([row[0] for row in rows], np.float64).reshape(-1, 4)
    scores = np.array([row[1] for row in rows], np.float64)
    labels = np.array([row[2] for row in rows], np.intp)
    tiles = np.array([row[3] for row in rows], np.intp)
    kept = suppress(boxes, scores, labels, tiles)
    assert len(set(kept.tolist())) == len(kept)
    for label in set(labels.tolist()):
        best = max(scores[labels == label])
        assert best == max(scores[i] for i in kept if labels[i] == label)
    again = suppress(boxes[kept], scores[kept], labels[kept], tiles[kept])
    assert again.tolist() == list(range(len(kept)))


def test_suppression_works_across_tiles() -> None:
    whole, cut = [10.0, -10, 1, 3], [10.2, -10.5, 0.6, 2]
    ball, same_ball, other = [5.0, -8, 0.2, 0.2], [5.15, -8, 0.2, 0.2], [5.6, -8, 0.2, 0.2]
    boxes = np.array([whole, cut, ball, same_ball, other])
    scores = np.array([0.9, 0.5, 0.8, 0.7, 0.6])
    labels = np.array([1, 1, 0, 0, 0])
    assert suppress(boxes, scores, labels, np.array([0, 1, 0, 1, 1])).tolist() == [0, 2, 4]
    assert suppress(boxes, scores, labels, np.zeros(5, np.intp)).tolist() == [0, 2, 3, 4, 1]


def test_objects_on_both_sides_of_the_180_degree_line_are_near() -> None:
    boxes = np.array([[179.9, 0, 1, 1], [-179.9, 0, 1, 1]])
    labels = tiles = np.zeros(2, np.intp)
    assert suppress(boxes, np.array([0.9, 0.8]), labels, tiles).tolist() == [0]
