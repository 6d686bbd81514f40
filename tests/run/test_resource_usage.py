"""Tests of the process's figures: what cannot be read is replaced by what is known."""

from __future__ import annotations

from pathlib import Path

from pipeline.run.resource_usage import memory_mb, peak_memory_mb


def test_memory_that_cannot_be_read_is_the_peak(tmp_path: Path) -> None:
    for unreadable in (tmp_path / "missing", tmp_path):
        assert 0 < memory_mb(unreadable) <= peak_memory_mb()
    (tmp_path / "statm").write_text("2000 1000 0\n")
    assert memory_mb(tmp_path / "statm") < 100
