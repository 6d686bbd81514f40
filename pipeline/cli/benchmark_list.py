"""Which benchmarks the checkout has."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_BENCHMARKS = frozenset({"__init__", "harness"})


def known_benchmarks() -> list[str]:
    """The names of the checkout's benchmarks; none where there is no checkout."""
    return sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if _is_benchmark(path))


def _is_benchmark(path: Path) -> bool:
    """A benchmark is run by itself; the others are what they share."""
    return path.stem not in NOT_BENCHMARKS and "harness import" in path.read_text(encoding="utf-8")
