"""The list of the checkout's benchmarks."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_BENCHMARKS = frozenset({"__init__", "harness"})


def known_benchmarks() -> list[str]:
    """The names of the checkout's benchmarks; empty without a checkout."""
    return sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if _is_benchmark(path))


def _is_benchmark(path: Path) -> bool:
    """Whether a file is a benchmark; the others are modules that benchmarks share."""
    return path.stem not in NOT_BENCHMARKS and "harness import" in path.read_text(encoding="utf-8")
