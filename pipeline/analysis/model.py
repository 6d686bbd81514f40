"""An ONNX model in onnxruntime: its inputs and outputs, and the hardware that it runs on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

from pipeline.errors import DetectorError

PROVIDERS = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""Short names of the hardware that a model may run on."""

USUAL_ORDER = ("cuda", "openvino", "cpu")
"""The default order of providers; tensorrt takes minutes to build its engine and is used only on request."""

USUAL_SIDE_PX = 640
"""The width and height of the input if the model's are dynamic."""

_Images = NDArray[np.uint8]

_CONVERSIONS: dict[str, Callable[[_Images], NDArray[Any]]] = {
    "tensor(float)": lambda images: images.astype(np.float32) / np.float32(255),
    "tensor(float16)": lambda images: (images.astype(np.float32) / np.float32(255)).astype(np.float16),
    "tensor(uint8)": lambda images: images,
    "tensor(int8)": lambda images: (images.astype(np.int16) - 128).astype(np.int8),
}
"""Conversions from 0..255 to the range of an input type: 0..1, 0..255, -128..127."""

_ERRORS = (
    runtime_errors.EPFail,
    runtime_errors.EngineError,
    runtime_errors.Fail,
    runtime_errors.InvalidArgument,
    runtime_errors.InvalidGraph,
    runtime_errors.InvalidProtobuf,
    runtime_errors.NoModel,
    runtime_errors.NoSuchFile,
    runtime_errors.NotImplemented,
    runtime_errors.RuntimeException,
    RuntimeError,
    ValueError,
)

FLOATS = ("tensor(float)", "tensor(float16)")
"""The accepted output types; a quantised output lacks the scale that is needed to decode it."""

_logger = logging.getLogger(__name__)


class Model:
    """A loaded model with one image input. One thread at a time.

    ``width``, ``height``: the size of the input in pixels; ``batch``: the number of images per run, None for any
    number; ``outputs``: for each output, whether it is floating-point; ``metadata``: the model's own metadata;
    ``provider``: the short name of the hardware that it runs on.
    """

    def __init__(self, path: Path, providers: Sequence[str] = (), threads: int = 0) -> None:
        """Load `path`; with ``threads`` 0 the runtime chooses their number. May block for seconds.

        Raises DetectorError for a missing, broken or unsuitable model and for an unknown provider.
        """
        if not path.is_file():
            raise DetectorError(f"there is no model {path}; name an ONNX file")
        self._path = path
        self._session = _open(path, _wanted(providers), threads)
        used = self._session.get_providers()[0]
        self.provider = next((short for short, name in PROVIDERS.items() if name == used), used)
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        inputs = self._session.get_inputs()
        shape = list(inputs[0].shape) if len(inputs) == 1 else []
        if len(shape) != 4 or inputs[0].type not in _CONVERSIONS or 3 not in (shape[1], shape[3]):
            raise self.unfit()
        self._input = inputs[0].name
        self._convert = _CONVERSIONS[inputs[0].type]
        self._channels_first = shape[1] == 3
        sides = shape[2:] if self._channels_first else shape[1:3]
        self.height, self.width = (side if isinstance(side, int) else USUAL_SIDE_PX for side in sides)
        if self.height % 2 or self.width % 2 or min(self.height, self.width) < 2:
            raise self.unfit()
        self.outputs = [it.type in FLOATS for it in self._session.get_outputs()]
        self.batch: int | None = shape[0] if isinstance(shape[0], int) else None

    def run(self, images: _Images) -> list[NDArray[np.float32]]:
        """All outputs for RGB images (batch, height, width, 3), uint8. Blocks while it computes.

        The batch size must be one that the model accepts. Raises DetectorError if the runtime fails.
        """
        values = self._convert(images)
        if self._channels_first:
            values = np.ascontiguousarray(values.transpose(0, 3, 1, 2))
        try:
            outputs = self._session.run(None, {self._input: values})
        except _ERRORS as error:
            raise DetectorError(
                f"model {self._path} failed on {self.provider}: {_first_line(error)}"
            ) from error
        return [np.asarray(output, np.float32) for output in outputs]

    def unfit(self, accepted: str = "") -> DetectorError:
        """An error that names the model's inputs and outputs, and the accepted ones."""
        inputs, outputs = (
            ", ".join(f"{it.name} {_shape(it.shape)} {it.type}" for it in side)
            for side in (self._session.get_inputs(), self._session.get_outputs())
        )
        wanted = "one input [batch, 3, height, width] or [batch, height, width, 3] of float, float16, uint8 or int8"
        return DetectorError(
            f"model {self._path} cannot be used: its input is {inputs}, its output {outputs}; needed: {wanted}"
            + (f" and an output {accepted}" if accepted else "")
        )


def _wanted(providers: Sequence[str]) -> list[str]:
    """The available ones of the requested providers, the CPU always last."""
    unknown = [name for name in providers if name not in PROVIDERS]
    if unknown:
        raise DetectorError(f"provider {unknown[0]!r} is not one of {', '.join(PROVIDERS)}")
    available = onnxruntime.get_available_providers()
    missing = [name for name in providers if PROVIDERS[name] not in available]
    if missing:
        _logger.warning(
            "the installed onnxruntime has no %s; install a build that has it", ", no ".join(missing)
        )
    order = [*(providers or USUAL_ORDER), "cpu"]
    return [PROVIDERS[name] for name in dict.fromkeys(order) if PROVIDERS[name] in available]


def _open(path: Path, providers: list[str], threads: int) -> Any:
    """A session on the first provider that works. Raises DetectorError if not even the CPU does."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    while True:
        try:
            return onnxruntime.InferenceSession(str(path), options, providers=providers)
        except _ERRORS as error:
            if len(providers) == 1:
                raise DetectorError(f"cannot load model {path}: {_first_line(error)}") from error
            _logger.warning("model %s does not run on %s: %s", path, providers[0], _first_line(error))
            providers = providers[1:]


def _shape(shape: Sequence[int | str | None]) -> str:
    return f"[{', '.join(str(side) for side in shape)}]"


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0]
