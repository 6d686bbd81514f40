"""Makes detectors by name: the built-in ones, and a user's own by ``package.module:factory``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import cast

from pipeline.analysis.detector import Detector
from pipeline.analysis.field import Field
from pipeline.analysis.motion import RATE_HZ, LooksLearner, MotionDetector
from pipeline.analysis.replay import NoDetector, ReplayDetector
from pipeline.analysis.steadied import SteadiedDetector
from pipeline.analysis.sway_history import PoseSource, standing
from pipeline.errors import ConfigError, DetectorError, ForesightError
from pipeline.foreign_code import Contained, describe, one_line
from pipeline.optics.rig import Rig

KINDS = ("motion", "onnx", "replay", "none")
"""The built-in detectors."""


def make_detector(
    kind: str,
    rig: Rig,
    *,
    field: Field | None = None,
    rate_hz: float | None = None,
    model: Path | None = None,
    classes: Mapping[str, str] | None = None,
    providers: Sequence[str] = (),
    detections: Path | None = None,
    pose_at: PoseSource | None = None,
    learner: LooksLearner | None = None,
) -> Detector:
    """Make the detector that `kind` names: one of `KINDS`, or ``package.module:factory``.

    ``rate_hz`` overrides the detector's default rate (motion, onnx). onnx needs ``model`` and accepts ``classes``
    (from the model's class names or numbers to labels) and ``providers`` (in order of preference); replay needs
    ``detections``; motion accepts a ``learner`` of the ball's looks. With ``pose_at`` the angles count from the
    cameras' places, however these sway.
    A user's factory is called with the rig and returns a Detector. Any thread; blocks on the disk.
    Raises ConfigError for an unknown kind or a missing path, DetectorError for an unusable model or factory.
    """
    if kind == "motion":
        return MotionDetector(
            rig, field, rate_hz=rate_hz or RATE_HZ, pose_at=pose_at or standing, learner=learner
        )
    if kind == "none":
        return NoDetector()
    if kind == "replay":
        if detections is None:
            raise ConfigError("the replay detector needs a detections file (JSON Lines)")
        return ReplayDetector.load(detections)
    if kind == "onnx":
        if model is None:
            raise ConfigError("the onnx detector needs a model; give one with --model FILE.onnx")
        from pipeline.analysis.onnx import OnnxDetector

        found: Detector = OnnxDetector(
            rig, model, field, rate_hz=rate_hz, classes=classes, providers=providers
        )
        return found if pose_at is None else SteadiedDetector(found, rig, pose_at)
    if ":" in kind:
        found = _made_by(_own(kind), kind, rig)
        return found if pose_at is None else SteadiedDetector(found, rig, pose_at)
    raise ConfigError(f"detector {kind!r} is neither one of {', '.join(KINDS)} nor a package.module:factory")


def _made_by(factory: Callable[[Rig], Detector], entry_point: str, rig: Rig) -> Detector:
    """The detector that a user's factory makes; whatever the factory raises becomes a DetectorError."""
    detector: Detector | None = None
    with Contained() as call:
        detector = factory(rig)
        _check(detector, entry_point)
    if isinstance(call.error, ForesightError):
        raise call.error
    if call.error is not None or detector is None:
        reason = "it made nothing" if call.error is None else describe(call.error)
        raise DetectorError(
            f"{entry_point!r}, called with the rig, failed to make a detector: {reason}"
        ) from call.error
    return detector


def _check(detector: Detector, entry_point: str) -> None:
    """Raise DetectorError unless `detector`, which a user's factory made, can be asked."""
    for method in ("detect", "close"):
        if not callable(getattr(detector, method, None)):
            raise DetectorError(
                f"{entry_point!r} does not make a detector: its result has no method {method}"
            )
    name: object = getattr(detector, "name", None)
    if not isinstance(name, str) or not name:
        raise DetectorError(f"{entry_point!r} does not make a detector: its name is not a text")
    rate_hz: object = getattr(detector, "rate_hz", None)
    if isinstance(rate_hz, bool) or not isinstance(rate_hz, int | float) or not rate_hz > 0:
        raise DetectorError(
            f"{entry_point!r} does not make a detector: rate_hz is {one_line(repr(rate_hz))[:80]}; "
            "give frames per second, more than 0"
        )


def _own(entry_point: str) -> Callable[[Rig], Detector]:
    """A user's factory, also from a module in the working directory. Raises DetectorError if there is none."""
    module_name, _, name = entry_point.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    module: ModuleType | None = None
    with Contained() as call:
        module = importlib.import_module(module_name)
    if call.error is not None:
        raise DetectorError(
            f"cannot import {module_name!r} for the detector {entry_point!r}: {describe(call.error)}"
        ) from call.error
    factory = getattr(module, name, None)
    if not callable(factory):
        raise DetectorError(
            f"module {module_name!r} has no function {name!r} for the detector {entry_point!r}"
        )
    return cast(Callable[[Rig], Detector], factory)
