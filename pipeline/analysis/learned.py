"""What a run learned of its cameras, as JSON lines: written as it goes, read for another run of the film."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ConfigError
from pipeline.optics.angles import Array
from pipeline.timebase import NS_PER_MS, Nanoseconds, ns_to_seconds, seconds_to_ns

LARGEST_DEG, ZOOMS, LARGEST_M = 180.0, (0.1, 10.0), 100.0


@dataclass(frozen=True, slots=True, eq=False)
class LearnedFrame:
    """How the cameras stood in one frame, compared with the first one."""

    time_ns: Nanoseconds
    """The time since the first frame."""
    vectors: list[Array | None]
    """Each camera's pose vector, None where it was not known."""
    readouts_ns: list[float]
    """How long each camera reads a picture out, 0 where that is not known."""


def learned_line(
    time_ns: int, names: Sequence[str], vectors: Sequence[Array | None], readouts_ns: Sequence[float]
) -> str:
    """A frame's line; `time_ns` since the first frame."""
    cameras = {
        name: {
            "turn_deg": [round(math.degrees(angle), 6) for angle in vector[:3].tolist()],
            "zoom": round(math.exp(float(vector[3])), 7),
            "lowered_m": round(float(vector[4]), 5),
            "readout_ms": round(readout_ns / NS_PER_MS, 3),
        }
        for name, vector, readout_ns in zip(names, vectors, readouts_ns, strict=True)
        if vector is not None
    }
    return json.dumps({"time_s": round(ns_to_seconds(time_ns), 9), "cameras": cameras})


def read_learned(path: Path, names: Sequence[str]) -> Iterator[LearnedFrame]:
    """The frames of a file, in order of time, for cameras of these names. Blocks on the disk.

    Raises ConfigError naming the file, the line and what is allowed.
    """
    last_s = -math.inf
    for where, found in learned_lines(path):
        if isinstance(found, dict) and "cameras" not in found and {"clocks", "colours"} & set(found):
            continue  # see `learned_seams`
        try:
            time_s, cameras = number(found["time_s"], 0.0, 1e7), found["cameras"]
            unknown = sorted(set(cameras) - set(names))
            if unknown:
                raise ConfigError(
                    f"{where}: {', '.join(unknown)} is no camera of the rig; allowed: {', '.join(names)}"
                )
            vectors = [_vector(cameras[name]) if name in cameras else None for name in names]
            readouts = [
                number(cameras[name]["readout_ms"], -1e3, 1e3) if name in cameras else 0.0 for name in names
            ]
        except (ValueError, TypeError, KeyError) as error:
            raise faulty(where, error) from None
        if time_s <= last_s:
            raise ConfigError(f"{where}: time_s is {time_s}, not after the line before")
        last_s = time_s
        yield LearnedFrame(
            Nanoseconds(seconds_to_ns(time_s)), vectors, [each * NS_PER_MS for each in readouts]
        )


def learned_lines(path: Path) -> Iterator[tuple[str, Any]]:
    """Each line of a file with where it is, for messages. Raises ConfigError for one that is no JSON.

    The last line may be cut, because the run that wrote it was killed: it is left out then.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    lines = text.splitlines()
    for count, line in enumerate(lines, 1):
        where = f"{path}, line {count}"
        try:
            yield where, json.loads(line)
        except (ValueError, RecursionError) as error:
            if count == len(lines) > 1 and not text.endswith("\n"):
                return
            raise faulty(where, error) from None


def faulty(where: str, error: Exception) -> ConfigError:
    """The error of a line that holds something else."""
    return ConfigError(f"{where}: not a line of what was learned ({error!r}); write it with --learned-out")


def _vector(pose: Any) -> Array:
    turn_deg = [number(angle, -LARGEST_DEG, LARGEST_DEG) for angle in pose["turn_deg"]]
    if len(turn_deg) != 3:
        raise ValueError("turn_deg holds three angles")
    zoom, lowered_m = number(pose["zoom"], *ZOOMS), number(pose["lowered_m"], -LARGEST_M, LARGEST_M)
    return np.array([*map(math.radians, turn_deg), math.log(zoom), lowered_m])


def number(value: Any, least: float, largest: float) -> float:
    """The value, if it is a number within these bounds. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= largest:
        raise ValueError(f"{value!r}; allowed: {least:g} to {largest:g}")
    return float(value)
