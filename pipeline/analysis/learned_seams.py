"""What a run learned of the clocks and colours of its cameras, as JSON lines beside those of `learned`."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.analysis.camera_clocks import CameraClocks
from pipeline.analysis.clock_tracker import LARGEST_RATE, ClockState
from pipeline.analysis.colour_history import ColourHistory
from pipeline.analysis.learned import faulty, learned_lines, number
from pipeline.errors import ConfigError
from pipeline.optics.angles import Array
from pipeline.timebase import NS_PER_S, ns_to_seconds, seconds_to_ns

LARGEST_OFFSET_MS, RATIOS = 1e7, (0.05, 20.0)


class SeamLines:
    """Makes the lines; times are nanoseconds since the first frame. Pure."""

    def __init__(self, names: Sequence[str], pairs: Sequence[tuple[int, int]]) -> None:
        """`names` of the rig's cameras; `pairs` of neighbours whose colours are compared."""
        self._names, self._pairs = names, pairs

    def clock(self, time_ns: int, name: str, state: ClockState) -> str:
        """The line for a camera's clock at `time_ns` of the rig frame."""
        learned = {"offset_ms": round(state.offset_s * 1e3, 4), "drift_ppm": round(-state.rate * 1e6, 2)}
        return json.dumps({"time_s": _since_s(time_ns), "clocks": {name: learned}})

    def colours(self, time_ns: int, ratios: Sequence[Array | None]) -> str:
        """The line for how each camera's blue, green and red compare with its left neighbour's."""
        learned = {
            self._names[second]: np.exp(ratio).round(5).tolist()
            for (_, second), ratio in zip(self._pairs, ratios, strict=True)
            if ratio is not None
        }
        return json.dumps({"time_s": _since_s(time_ns), "colours": learned})


@dataclass(slots=True)
class LearnedSeams:
    """What a file says of clocks and colours; times in nanoseconds since the first frame."""

    clocks: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    """Of each camera: when, and how much later its frames are shown than their times say, in nanoseconds."""
    rates: dict[int, list[float]] = field(default_factory=dict)
    colours: list[tuple[int, list[Array | None]]] = field(default_factory=list)

    def recall(self, clocks: CameraClocks, colours: ColourHistory) -> None:
        """Hand it on to those who use it."""
        for camera, points in self.clocks.items():
            own = [(time_ns - round(offset_ns), offset_ns) for time_ns, offset_ns in points]
            clocks.recall(camera, own, float(np.median(self.rates[camera])))
        if self.colours:
            colours.recall(self.colours)


def read_learned_seams(path: Path, names: Sequence[str], pairs: Sequence[tuple[int, int]]) -> LearnedSeams:
    """What a file says of the seams of cameras of these names. Blocks on the disk.

    Raises ConfigError naming the file, the line and what is allowed.
    """
    found = LearnedSeams()
    right_of = {names[second]: k for k, (_, second) in enumerate(pairs)}
    last_ns = -1
    for where, line in learned_lines(path):
        if not isinstance(line, dict) or not {"clocks", "colours"} & set(line):
            continue
        try:
            time_ns = seconds_to_ns(number(line["time_s"], 0.0, 1e7))
            for name, clock in line.get("clocks", {}).items():
                camera = _known(name, names, where)
                offset_ms = number(clock["offset_ms"], -LARGEST_OFFSET_MS, LARGEST_OFFSET_MS)
                drift_ppm = number(clock["drift_ppm"], -LARGEST_RATE * 2e6, LARGEST_RATE * 2e6)
                found.clocks.setdefault(camera, []).append((time_ns, offset_ms * NS_PER_S / 1e3))
                found.rates.setdefault(camera, []).append(-drift_ppm / 1e6)
            if "colours" in line and time_ns > last_ns:
                last_ns = time_ns
                ratios: list[Array | None] = [None] * len(pairs)
                for name, ratio in line["colours"].items():
                    _known(name, tuple(right_of), where)
                    ratios[right_of[name]] = _ratio(ratio)
                found.colours.append((time_ns, ratios))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise faulty(where, error) from None
    return found


def _since_s(time_ns: int) -> float:
    return round(ns_to_seconds(time_ns), 9)


def _known(name: str, names: Sequence[str], where: str) -> int:
    if name not in names:
        raise ConfigError(f"{where}: {name} is no camera of the rig; allowed: {', '.join(names)}")
    return list(names).index(name)


def _ratio(values: Any) -> Array:
    ratio = [math.log(number(value, *RATIOS)) for value in values]
    if len(ratio) != 3:
        raise ValueError("a colour holds three numbers")
    return np.array(ratio)
