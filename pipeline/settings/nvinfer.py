"""Configuration files for NVIDIA's nvinfer element: written, read and checked, but never overwritten."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.errors import ConfigError, OutputError
from pipeline.settings.problem import did_you_mean
from pipeline.settings.values import Size

PRECISIONS = {"fp32": 0, "int8": 1, "fp16": 2}
"""What nvinfer's ``network-mode`` numbers mean."""

DETECTOR_NETWORK = 0
"""nvinfer's ``network-type`` of a detector; others classify or segment."""

CLUSTER_BY_NMS = 2
"""nvinfer's ``cluster-mode`` of non-maximum suppression."""


@dataclass(frozen=True, slots=True)
class Nvinfer:
    """A detector for nvinfer. The labels file holds one class name per line, in the model's order."""

    model: Path
    labels: Path
    input_size: Size
    precision: Literal["fp32", "int8", "fp16"] = "fp16"
    int8_calibration: Path | None = None
    batch_size: int = 1
    skipped_frames: int = 0
    """How many frames are skipped between two that the detector sees."""
    score_threshold: float = 0.25
    iou_threshold: float = 0.45
    """Of two boxes of one class with a larger IoU than this (0 to 1), only the better one is kept."""
    box_parser: str | None = None
    """The function in `library` that parses the model's output; default: nvinfer's own."""
    library: Path | None = None

    def text(self) -> str:
        """The file's text, with absolute paths. Raises ConfigError when the labels cannot be read."""
        properties: dict[str, object] = {
            "gie-unique-id": 1,
            "process-mode": 1,
            "network-type": DETECTOR_NETWORK,
            "onnx-file": self.model.resolve(),
            "labelfile-path": self.labels.resolve(),
            "num-detected-classes": len(_labels(self.labels)),
            "batch-size": self.batch_size,
            "interval": self.skipped_frames,
            "network-mode": PRECISIONS[self.precision],
            "infer-dims": f"3;{self.input_size.height_px};{self.input_size.width_px}",
            "net-scale-factor": 1 / 255,
            "model-color-format": 0,
            "maintain-aspect-ratio": 1,
            "symmetric-padding": 1,
            "cluster-mode": CLUSTER_BY_NMS,
        }
        if self.int8_calibration is not None:
            properties["int8-calib-file"] = self.int8_calibration.resolve()
        if self.box_parser is not None:
            properties["parse-bbox-func-name"] = self.box_parser
        if self.library is not None:
            properties["custom-lib-path"] = self.library.resolve()
        attributes: dict[str, object] = {
            "pre-cluster-threshold": self.score_threshold,
            "nms-iou-threshold": self.iou_threshold,
        }
        return f"{_group('property', properties)}\n{_group('class-attrs-all', attributes)}"


def _group(name: str, values: Mapping[str, object]) -> str:
    return f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in values.items())


def write_unless_there(path: Path, text: str, check: Callable[[Path], list[str]]) -> bool:
    """Write a new file and return True; if a valid file exists, keep it and return False.

    `check` returns the problems of a file, a line each. Raises ConfigError if the existing file is not valid (it
    stays unchanged), OutputError if the file cannot be written. Any thread; blocks on the disk.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        problems = check(path)
        if problems:
            raise ConfigError(
                f"{path} exists, is not valid and was not overwritten; correct it or move it away: "
                + "; ".join(problems)
            ) from error
        return False
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); name another folder") from error
    return True


# Checks of values: each returns None for a valid value, otherwise a description of the valid ones


def _whole(low: int, high: int | None = None) -> Callable[[str], str | None]:
    allowed = f"a whole number {f'at least {low}' if high is None else f'from {low} to {high}'}"

    def check(value: str) -> str | None:
        fits = re.fullmatch(r"[+-]?\d+", value) and low <= int(value) <= (
            int(value) if high is None else high
        )
        return None if fits else allowed

    return check


def _number(low: float = -math.inf, high: float = math.inf) -> Callable[[str], str | None]:
    allowed = "a number" if math.isinf(high) else f"a number from {low:,.12g} to {high:,.12g}"

    def check(value: str) -> str | None:
        try:
            return None if low <= float(value) <= high and math.isfinite(float(value)) else allowed
        except ValueError:
            return allowed

    return check


def _flag(value: str) -> str | None:
    return None if value in ("0", "1", "true", "false") else "0 or 1"


def _text(value: str) -> str | None:
    return None if value else "text"


def _numbers(value: str) -> str | None:
    number = _number()
    wrong = [part for part in value.strip(";").split(";") if number(part.strip())]
    return "numbers separated by semicolons" if wrong else None


Check = Callable[[str], str | None]

FILES = (
    "onnx-file",
    "labelfile-path",
    "int8-calib-file",
    "custom-lib-path",
    "mean-file",
    "model-file",
    "proto-file",
)
"""Keys that name a file, which must exist; the path is relative to the configuration file's folder."""

MODELS = (
    "onnx-file",
    "model-engine-file",
    "tlt-encoded-model",
    "model-file",
    "uff-file",
    "custom-network-config",
)
"""Keys that can name the model; one of them is required."""

PROPERTIES: dict[str, Check] = {
    **dict.fromkeys(FILES, _text),
    **dict.fromkeys(MODELS, _text),
    **dict.fromkeys(
        (
            *("parse-bbox-func-name", "parse-bbox-instance-mask-func-name", "parse-classifier-func-name"),
            *("engine-create-func-name", "output-blob-names", "output-io-formats", "layer-device-precision"),
            *("uff-input-blob-name", "uff-input-dims", "input-dims", "tlt-model-key", "classifier-type"),
            *("operate-on-class-ids", "filter-out-class-ids"),
        ),
        _text,
    ),
    **dict.fromkeys(("offsets", "infer-dims"), _numbers),
    **dict.fromkeys(
        (
            *("output-tensor-meta", "output-instance-mask", "disable-output-host-copy", "enable-dla"),
            *("is-classifier", "force-implicit-batch-dim", "maintain-aspect-ratio", "symmetric-padding"),
            *("input-tensor-from-meta", "enable-dbscan", "classifier-async-mode", "auto-inc-mem"),
        ),
        _flag,
    ),
    **dict.fromkeys(
        (
            *("gpu-id", "interval", "secondary-reinfer-interval", "use-dla-core", "uff-input-order"),
            *("scaling-filter", "scaling-compute-hw", "network-input-order", "segmentation-output-order"),
            *("input-object-min-width", "input-object-min-height", "input-object-max-width"),
            *("input-object-max-height", "parse-func", "dump-input-tensor", "dump-output-tensor"),
        ),
        _whole(0),
    ),
    **dict.fromkeys(("batch-size", "workspace-size", "tensor-meta-pool-size"), _whole(1)),
    **dict.fromkeys(("gie-unique-id", "num-detected-classes"), _whole(1)),
    "operate-on-gie-id": _whole(-1),
    "process-mode": _whole(1, 2),
    "network-mode": _whole(0, 2),
    "network-type": _whole(0, 100),
    "model-color-format": _whole(0, 2),
    "cluster-mode": _whole(0, 4),
    "net-scale-factor": _number(),
    "max-gpu-mem-per": _number(0, 100),
    "classifier-threshold": _number(0, 1),
    "segmentation-threshold": _number(0, 1),
}
"""The keys of ``[property]`` that nvinfer reads (DeepStream's Gst-nvinfer manual), each with its check."""

CLASS_ATTRIBUTES: dict[str, Check] = {
    **dict.fromkeys(("threshold", "pre-cluster-threshold", "post-cluster-threshold"), _number(0, 1)),
    "nms-iou-threshold": _number(0, 1),
    "eps": _number(0, 1e9),
    "dbscan-min-score": _number(0, 1e9),
    **dict.fromkeys(("group-threshold", "minBoxes", "roi-top-offset", "roi-bottom-offset"), _whole(0)),
    **dict.fromkeys(("detected-min-w", "detected-min-h", "detected-max-w", "detected-max-h"), _whole(0)),
    "topk": _whole(-1),
    **dict.fromkeys(("border-color", "bg-color"), _numbers),
}
"""The keys of ``[class-attrs-all]`` and ``[class-attrs-N]``, each with its check."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """The value of a ``key=value`` and the number of its line."""

    value: str
    line: int


class _Found(list[tuple[int, str]]):
    """Problems with their line numbers."""

    def add(self, line: int, key: str, message: str) -> None:
        self.append((line, f"{key}: {message}"))


def check_nvinfer(path: Path) -> list[str]:
    """The problems of an nvinfer file, a line each: file, line, key and what is allowed.

    Raises ConfigError if the file cannot be read. Any thread; blocks on the disk.
    """
    found = _Found()
    groups = _read(path, found)
    if "property" not in groups:
        found.add(1, "property", "the group [property] is missing")
    for name, group in groups.items():
        if name == "property":
            _check_group(name, group, PROPERTIES, found)
            _check_property(group, path.parent, found)
        elif re.fullmatch(r"class-attrs-(all|\d+)", name):
            _check_group(name, group, CLASS_ATTRIBUTES, found)
        elif name.startswith("class-attrs-"):
            line = min((entry.line for entry in group.values()), default=1)
            found.add(
                line, name, "is not a group; allowed: class-attrs-all, or class-attrs- and a class's number"
            )
    return [f"{path}:{line}: {message}" for line, message in sorted(found)]


def _read(path: Path, found: _Found) -> dict[str, dict[str, _Entry]]:
    """The groups of a key file; lines that do not belong to one are reported in `found`."""
    groups: dict[str, dict[str, _Entry]] = {}
    group: dict[str, _Entry] | None = None
    for number, line in enumerate(_lines(path), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("[") and text.endswith("]"):
            group = groups.setdefault(text[1:-1], {})
            continue
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals or group is None:
            found.add(number, text, "is neither [group], key=value nor # comment")
        elif key in group:
            found.add(number, key, f"is already set, on line {group[key].line}")
        else:
            group[key] = _Entry(value, number)
    return groups


def _check_group(name: str, group: Mapping[str, _Entry], known: Mapping[str, Check], found: _Found) -> None:
    for key, entry in group.items():
        dotted = f"{name}.{key}"
        if key not in known:
            found.add(entry.line, dotted, f"is not a key of nvinfer{did_you_mean(key, known)}")
        elif allowed := known[key](entry.value):
            found.add(entry.line, dotted, f"{entry.value or 'nothing'} is not allowed, allowed: {allowed}")


def _check_property(group: Mapping[str, _Entry], folder: Path, found: _Found) -> None:
    """Check the keys of ``[property]`` against each other and against the disk."""
    if not any(key in group for key in MODELS):
        found.add(1, "property", f"names no model; one of these is required: {', '.join(MODELS)}")
    for key in FILES:
        entry = group.get(key)
        if entry is not None and entry.value and not (folder / entry.value).is_file():
            found.add(entry.line, f"property.{key}", f"there is no file {folder / entry.value}")
    for key, needed in (("parse-bbox-func-name", "custom-lib-path"), ("model-file", "proto-file")):
        if key in group and needed not in group:
            found.add(group[key].line, f"property.{key}", f"also needs {needed}")
    mode = group.get("network-mode")
    if mode is not None and mode.value == "1" and not {"int8-calib-file", "model-engine-file"} & set(group):
        found.add(mode.line, "property.network-mode", "1 (int8) also needs int8-calib-file")
    if group.get("network-type", _Entry("0", 1)).value == str(DETECTOR_NETWORK):
        _check_classes(group, folder, found)


def _check_classes(group: Mapping[str, _Entry], folder: Path, found: _Found) -> None:
    """Check that a detector's number of classes is given and agrees with its labels."""
    count = group.get("num-detected-classes")
    if count is None:
        found.add(1, "property.num-detected-classes", "is missing; a detector needs it")
        return
    labels = group.get("labelfile-path")
    if labels is not None and count.value.isdigit() and (folder / labels.value).is_file():
        there = len(_labels(folder / labels.value))
        if there != int(count.value):
            found.add(
                count.line,
                "property.num-detected-classes",
                f"is {count.value}, but {labels.value} names {there} classes",
            )


def _labels(path: Path) -> list[str]:
    return [label for label in _lines(path) if label.strip()]


def _lines(path: Path) -> Iterator[str]:
    try:
        return iter(path.read_text(encoding="utf-8").splitlines())
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not a text file") from error
