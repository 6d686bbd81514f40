"""Small ONNX models with every YOLO head: they detect areas brighter than grey, in cells of 8 pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SIDE = 160
STRIDES = (8, 16, 32)
BOX_PX = 16.0
CELLS = [SIDE // stride for stride in STRIDES]
POINTS = sum(side * side for side in CELLS)
BEST = 50

HeadName = Literal["anchors", "points", "rows", "final"]
TYPES = {
    "float": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
    "uint8": TensorProto.UINT8,
    "int8": TensorProto.INT8,
}


def build(
    path: Path,
    head: HeadName = "points",
    input_type: str = "float",
    batch: int | str = "batch",
    channels_last: bool = False,
    names: str | None = "{0: 'person', 1: 'ball'}",
    input_side: int | str = SIDE,
) -> Path:
    """A model with two classes; it finds the second, the ball."""
    graph = _Graph()
    image = "images"
    if input_type != "float":
        image = graph.node("Cast", [image], to=TensorProto.FLOAT)
    offset, scale = {
        "float": (0.0, 1.0),
        "float16": (0.0, 1.0),
        "uint8": (0.0, 255.0),
        "int8": (128.0, 255.0),
    }[input_type]
    image = graph.node("Div", [graph.node("Add", [image, graph.constant(offset)]), graph.constant(scale)])
    if channels_last:
        image = graph.node("Transpose", [image], perm=[0, 3, 1, 2])
    grey = graph.node("ReduceMean", [image, graph.whole([1])], keepdims=1)
    levels = []
    for stride in STRIDES:
        mean = graph.node("AveragePool", [grey], kernel_shape=[stride, stride], strides=[stride, stride])
        bright = graph.node("Sub", [mean, graph.constant(0.6)])
        if stride > STRIDES[0]:
            bright = graph.node("Mul", [bright, graph.constant(0.0)])
        levels.append(graph.node("Reshape", [bright, graph.whole([0, 1, -1])]))
    score = graph.node("Concat", levels, axis=2)
    score = graph.node(
        "Clip", [graph.node("Mul", [score, graph.constant(4.0)]), graph.constant(0.0), graph.constant(1.0)]
    )
    zero = graph.node("Mul", [score, graph.constant(0.0)])

    def constant_row(values: NDArray[np.float32]) -> str:
        return graph.node("Add", [zero, graph.constant(values.reshape(1, 1, -1))])

    x, y = _middles()
    size = np.full(POINTS, BOX_PX, np.float32)
    if head == "final":
        corners = [constant_row(v) for v in (x - BOX_PX / 2, y - BOX_PX / 2, x + BOX_PX / 2, y + BOX_PX / 2)]
        rows = graph.node("Concat", [*corners, score, constant_row(np.ones(POINTS, np.float32))], axis=1)
        _, best = graph.node2("TopK", [score, graph.whole([BEST])], axis=2)
        chosen = graph.node("Concat", [best] * 6, axis=1)
        rows = graph.node("GatherElements", [rows, chosen], axis=2)
        output = graph.node("Transpose", [rows], perm=[0, 2, 1])
    else:
        boxes = [constant_row(v) for v in (x, y, size, size)]
        ones = constant_row(np.ones(POINTS, np.float32))
        if head == "anchors":
            sure = graph.node("Concat", [*boxes, score, zero, ones], axis=1)
            none = graph.node("Concat", [*boxes, zero, zero, ones], axis=1)
            columns = graph.node("Concat", [sure, none, none], axis=2)
        else:
            columns = graph.node("Concat", [*boxes, zero, score], axis=1)
        transposed = head in ("anchors", "rows")
        output = graph.node("Transpose", [columns], perm=[0, 2, 1]) if transposed else columns
    sides = [input_side, input_side, 3] if channels_last else [3, input_side, input_side]
    return graph.save(path, TYPES[input_type], [batch, *sides], output, names)


def build_unfit(path: Path, input_shape: list[int | str], output_shape: list[int]) -> Path:
    """A model with the given shapes that returns zeros."""
    graph = _Graph()
    mean = graph.node("ReduceMean", ["images"], keepdims=0)
    output = graph.node("Add", [mean, graph.constant(np.zeros(output_shape, np.float32))])
    return graph.save(path, TensorProto.FLOAT, input_shape, output, None)


def _middles() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The middle of each cell of each level, in input pixels."""
    x, y = [], []
    for stride, cells in zip(STRIDES, CELLS, strict=True):
        rows, columns = np.mgrid[0:cells, 0:cells]
        x.append((columns.ravel() + 0.5) * stride)
        y.append((rows.ravel() + 0.5) * stride)
    return np.concatenate(x).astype(np.float32), np.concatenate(y).astype(np.float32)


class _Graph:
    """Collects nodes and constants."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: list[str], **attributes: object) -> str:
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def node2(self, kind: str, inputs: list[str], **attributes: object) -> tuple[str, str]:
        names = f"n{len(self._nodes)}a", f"n{len(self._nodes)}b"
        self._nodes.append(helper.make_node(kind, inputs, list(names), **attributes))
        return names

    def constant(self, value: float | NDArray[np.float32]) -> str:
        return self._constant(np.asarray(value, np.float32))

    def whole(self, values: list[int]) -> str:
        return self._constant(np.asarray(values, np.int64))

    def _constant(self, value: NDArray[np.generic]) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(value, name))
        return name

    def save(
        self, path: Path, input_type: int, input_shape: list[int | str], output: str, names: str | None
    ) -> Path:
        self._nodes.append(helper.make_node("Identity", [output], ["output0"]))
        graph = helper.make_graph(
            self._nodes,
            "test",
            [helper.make_tensor_value_info("images", input_type, input_shape)],
            [helper.make_tensor_value_info("output0", TensorProto.FLOAT, None)],
            self._constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        if names is not None:
            helper.set_model_props(model, {"names": names})
        path.write_bytes(model.SerializeToString())
        return path
