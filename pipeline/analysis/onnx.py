"""The onnx detector: runs a YOLO model on overlapping tiles of the panorama with onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.classes import map_classes, read_names
from pipeline.analysis.detector import Detection
from pipeline.analysis.field import DEFAULT_MARGIN_M, Field
from pipeline.analysis.jsonl import LABELS
from pipeline.analysis.model import Model
from pipeline.analysis.nms import suppress
from pipeline.analysis.tiles import TILE_HFOV_DEG, Tile, TileRenderer, plan_tiles
from pipeline.analysis.yolo_head import ACCEPTED, Head, find_head
from pipeline.errors import DetectorError
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.timebase import Nanoseconds

RATE_HZ = 6.0
"""The default rate: about what a small model achieves on a few cores; the worker drops further frames."""

LEAST_SCORE = 0.2
"""The least score that is reported; low, because the look-ahead decides between candidates, not the threshold."""

EDGE_PX = 2.0
"""A box this near to a tile's edge counts as cut by it."""

CUT_SHARE = 0.6
"""The score factor of a cut box, so that the complete one in the next tile wins."""


class OnnxDetector:
    """Finds ball and people with a model of the YOLO family. One thread at a time.

    All tiles form one batch if the model's batch size is dynamic, otherwise batches of its size. ``provider`` names
    the hardware, ``labels`` maps the used class numbers to labels.
    """

    name = "onnx"

    def __init__(
        self,
        rig: Rig,
        model: Path,
        field: Field | None = None,
        *,
        rate_hz: float | None = None,
        classes: Mapping[str, str] | None = None,
        providers: Sequence[str] = (),
        threads: int = 0,
        tile_hfov_deg: float = TILE_HFOV_DEG,
    ) -> None:
        """Load and test the model. May block for seconds.

        Raises DetectorError for an unsuitable model, ConfigError for class names or labels that do not exist.
        """
        self.rate_hz = rate_hz or RATE_HZ
        self._rig = rig
        self._field = field
        self._model = Model(model, providers, threads)
        self.provider = self._model.provider
        names = read_names(self._model.metadata.get("names", ""))
        self._output, self._head = self._find_head(len(names) or None)
        self.labels = map_classes(names, self._head.classes, classes)
        if not self.labels:
            known = ", ".join(names.values()) or "none are named"
            raise DetectorError(
                f"no class of model {model} is a ball or a person ({known}); map its classes in detector.class_map"
            )
        self._tiles = plan_tiles(rig, self._model.width, self._model.height, field, tile_hfov_deg)
        self._renderer = TileRenderer(rig, self._model.width, self._model.height)

    @property
    def tiles(self) -> int:
        """The number of tiles per frame."""
        return len(self._tiles)

    def detect(self, frame: Frame, time_ns: Nanoseconds) -> Sequence[Detection]:
        """The model's detections on the field; blocks while it computes. Raises DetectorError, RigError."""
        images = np.stack([self._renderer.render(tile, frame) for tile in self._tiles])
        found = [
            self._read(tile, index, output)
            for index, (tile, output) in enumerate(zip(self._tiles, self._run(images), strict=True))
        ]
        boxes_deg, scores, labels, tiles = (np.concatenate(column) for column in zip(*found, strict=True))
        kept = suppress(boxes_deg, scores, labels, tiles)
        kept = kept[self._on_field(boxes_deg[kept], labels[kept])]
        return [
            Detection(LABELS[label], score, *box)
            for label, score, box in zip(
                labels[kept].tolist(), scores[kept].tolist(), boxes_deg[kept].tolist(), strict=True
            )
        ]

    def close(self) -> None:
        """There is nothing to release but memory."""

    def _find_head(self, classes: int | None) -> tuple[int, Head]:
        """The output that holds the boxes, and its head, from a run on empty images. Raises DetectorError."""
        model = self._model
        outputs = model.run(np.zeros((model.batch or 1, model.height, model.width, 3), np.uint8))
        for index, (output, is_float) in enumerate(zip(outputs, model.outputs, strict=True)):
            head = find_head(output.shape, (model.width, model.height), classes)
            if head is not None and is_float:
                return index, head
        raise model.unfit(ACCEPTED)

    def _run(self, images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """The output with the boxes for each image."""
        count = len(images)
        batch = self._model.batch or count
        outputs: list[NDArray[np.float32]] = []
        for first in range(0, count, batch):
            part = images[first : first + batch]
            if len(part) < batch:
                part = np.concatenate([part, np.repeat(part[-1:], batch - len(part), axis=0)])
            outputs.extend(self._model.run(part)[self._output])
        return outputs[:count]

    def _read(
        self, tile: Tile, index: int, output: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
        """The boxes of one tile in degrees (N, 4), their scores, labels (indices in LABELS) and tile, (N,) each."""
        raw = self._head.decode(output, LEAST_SCORE)
        known = np.isin(raw.classes, list(self.labels))
        corners = raw.corners_px[known].astype(np.float64)
        labels = np.array([LABELS.index(self.labels[int(c)]) for c in raw.classes[known]], np.intp)
        size = np.array([tile.width, tile.height])
        cut = (corners[:, :2] < EDGE_PX).any(axis=1) | (corners[:, 2:] > size - EDGE_PX).any(axis=1)
        scores = raw.scores[known].astype(np.float64) * np.where(cut, CUT_SHARE, 1.0)
        return tile.to_angles(corners), scores, labels, np.full(len(labels), index)

    def _on_field(self, boxes_deg: NDArray[np.float64], labels: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which boxes are on the field: people by their feet, balls over it or in the air in front of what is
        behind."""
        if self._field is None:
            return np.ones(len(boxes_deg), np.bool_)
        yaw_deg, tilt_deg, _, height_deg = boxes_deg.T
        is_ball = labels == LABELS.index("ball")
        foot_deg = np.where(is_ball, tilt_deg, tilt_deg - height_deg / 2)
        horizon_deg = -np.degrees(np.arctan(self._rig.surface.height_m / self._rig.surface.range_cap_m))
        flies = is_ball & (tilt_deg > horizon_deg)
        return np.asarray(self._field.contains(yaw_deg, foot_deg, DEFAULT_MARGIN_M) | flies)
