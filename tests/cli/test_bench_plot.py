"""Tests of foresight bench --plot."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli.bench_plot import plot_rows
from pipeline.errors import OutputError

ROW = {
    "case": "one camera",
    "value": 8.0,
    "unit": "ms",
    "rival": "crop",
    "ratio": 0.2,
    "goal": "",
    "met": True,
}
ROWS = {"view": [ROW, {**ROW, "ratio": 4.5, "met": False}, {**ROW, "ratio": None, "met": None}]}


def test_the_plot_is_written(tmp_path: Path) -> None:
    plot_rows(tmp_path / "bench.png", ROWS)
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")


def test_a_name_that_is_no_image_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"give a \.png"):
        plot_rows(tmp_path / "bench.nothing", ROWS)
