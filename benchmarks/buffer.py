"""The delay line against GStreamer's own queue and a naive Python buffer, in one run.

    foresight bench buffer            or: python -m benchmarks.buffer [--json FILE]

Each case runs in its own process: a live test source, one second of delay, a synchronised fakesink. CPU is the
process's time in steady playback, source and sink included, divided by the frames shown. The rivals take turns, and
the least of three runs counts, because noise only adds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import Row, main

SIZES = {"tiny": (16, 16, 2000), "1080p": (1920, 1080, 30), "5700x1900": (5700, 1900, 30)}
"""Width, height, frames per second."""


def measure(**case: Any) -> dict[str, Any]:
    """Run one case of `benchmarks.buffer_case` in its own process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.buffer_case", json.dumps(case)],
        cwd=Path(__file__).resolve().parents[1],
        check=True,
        capture_output=True,
        text=True,
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def least_cpu_us(case: dict[str, Any], repeat: int) -> dict[str, float]:
    """CPU per frame of every kind; the rivals take turns."""
    kinds = ("none", "native", "ours", "naive")
    runs = [{kind: measure(kind=kind, **case)["cpu_us"] for kind in kinds} for _ in range(repeat)]
    return {kind: min(found[kind] for found in runs) for kind in kinds}


def cpu_rows() -> list[Row]:
    """CPU per frame: ours, GStreamer's queue, a naive Python buffer; for three sizes of frame."""
    rows = []
    for name, (width, height, fps) in SIZES.items():
        tiny = name == "tiny"
        case = {"width": width, "height": height, "fps": fps, "seconds": 2.0 if tiny else 4.0}
        cpu = least_cpu_us(case, 3 if tiny else 1)
        ratio = cpu["ours"] / cpu["native"]
        goal, met = ("at most 2x", ratio <= 2) if tiny else ("", None)
        rows += [
            Row(f"{name}: source and sink alone", cpu["none"], "us/frame"),
            Row(f"{name}: queue min-threshold-time", cpu["native"], "us/frame"),
            Row(f"{name}: BufferManager", cpu["ours"], "us/frame", "queue", ratio, goal, met),
            Row(f"{name}: naive Python", cpu["naive"], "us/frame", "queue", cpu["naive"] / cpu["native"]),
        ]
    return rows


def delay_rows() -> list[Row]:
    """How late buffers reach the playback sink, at 30 fps and 100 chunks of sound a second, idle and under load."""
    rows = []
    for hogs in (0, 2):
        runs = [
            measure(kind="ours", width=320, height=180, fps=30, seconds=6.0, hogs=hogs, audio=True)
            for _ in range(3)
        ]
        found = min(runs, key=lambda run: int(run["sink_dropped"]))
        label = f"{hogs} interpreter hogs"
        rival = measure(kind="native", width=320, height=180, fps=30, seconds=6.0, max_lateness_ns=10_000_000)
        rows += [
            Row(f"{label}: delay error", abs(found["delay_error_ms"]), "ms"),
            Row(
                f"{label}: later than 10 ms at the sinks, of {found['shown']}",
                found["sink_dropped"],
                "buffers",
                f"queue: {rival['sink_dropped']} of {rival['shown']}",
                goal="0",
                met=found["sink_dropped"] == 0,
            ),
            Row(f"{label}: lost in the window", found["lost"], "samples"),
            Row(f"{label}: least time between push and due time", found["margin_ms"], "ms"),
        ]
    return rows


def scaling_rows() -> list[Row]:
    """CPU of storing and sending a sample, by the window's length."""
    short, long = (measure(kind="window", seconds=length)["cpu_us"] for length in (1.0, 600.0))
    rows = [Row("window of 1 s: store, look up, send, evict", short, "us/frame")]
    ratio = long / short
    rows.append(
        Row("window of 600 s: the same", long, "us/frame", "1 s", ratio, "at most 1.10x", ratio <= 1.1)
    )
    return rows


def memory_rows() -> list[Row]:
    """Memory of 7 s of samples, extrapolated from a few seconds: raw, encoded, the cameras' own streams."""
    rows = []
    for storage in ("raw", "encoded", "source"):
        found = measure(kind="memory", storage=storage)
        if found:
            rows.append(Row(f"7 s stored {storage} ({found['what']})", found["mb_per_s"] * 7, "MB"))
    return rows


def run() -> Sequence[Row]:
    """The delay line: CPU per frame, delay, memory and scaling."""
    return [*cpu_rows(), *delay_rows(), *scaling_rows(), *memory_rows()]


if __name__ == "__main__":
    main(run)
