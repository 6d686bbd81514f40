"""Plot of benchmark results: the ratio of each result to its rival, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.plotting import BLUE, GREEN, RED, new_figure, save_figure

COLOURS = {True: GREEN, False: RED, None: BLUE}
"""Colours of results that met their goal, missed it, or have none."""


def plot_rows(path: Path, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Plot all rows with a ratio above zero, by benchmark. Any thread; blocks on the disk.

    Raises OutputError if the file cannot be written or its extension is unknown.
    """
    drawn = [(name, row) for name, some in rows.items() for row in some if row["ratio"]]
    figure = new_figure(11, 1.5 + 0.3 * len(drawn))
    axis = figure.subplots()
    labels = [f"{name}: {row['case']} / {row['rival']}" for name, row in drawn]
    places = range(len(drawn))
    axis.barh(
        places,
        [row["ratio"] - 1 for _, row in drawn],
        left=1,
        color=[COLOURS[row["met"]] for _, row in drawn],
    )
    axis.set_yticks(places, labels, fontsize=8)
    axis.invert_yaxis()
    axis.set_xscale("log")
    axis.axvline(1, color="black", linewidth=1)
    axis.set_xlabel("ratio to the rival of the same run; green: goal met, red: missed, blue: no goal")
    axis.grid(axis="x", alpha=0.3)
    save_figure(figure, path)
