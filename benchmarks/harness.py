"""Shared by all benchmarks: rows, the table, JSON. `foresight bench NAME` runs benchmarks/NAME.py."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure; `ratio` is value / rival's value (or rival / value if `unit` is a rate)."""

    case: str
    value: float
    unit: str
    rival: str = ""
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None


def wall_ms(work: Callable[[], object], repeat: int = 20) -> float:
    """Median wall time of `work` in milliseconds, after one call to warm up."""
    work()
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times)


def table(rows: Sequence[Row]) -> str:
    """The rows as an aligned Markdown table, ready to be pasted into docs/."""
    cells = [["case", "value", "against", "ratio", "goal", ""]]
    for row in rows:
        cells.append(
            [
                row.case,
                f"{row.value:.4g} {row.unit}",
                row.rival,
                "" if row.ratio is None else f"{row.ratio:.2f}x",
                row.goal,
                {True: "met", False: "missed", None: ""}[row.met],
            ]
        )
    widths = [max(len(line[i]) for line in cells) for i in range(6)]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)


def main(run: Callable[[], Sequence[Row]], argv: Sequence[str] | None = None) -> None:
    """The ``__main__`` of a benchmark: run it, print the table, write ``--json FILE``."""
    parser = argparse.ArgumentParser(description=run.__doc__)
    parser.add_argument("--json", type=Path, help="write the rows as JSON")
    options = parser.parse_args(argv)
    rows = run()
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
