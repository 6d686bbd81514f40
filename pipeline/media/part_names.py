"""Names of the parts of a recording that a run continues after a failure: match.mp4, match.part2.mp4, ... Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path


def part_path(path: Path, number: int) -> Path:
    """The file of part `number` of the output at `path`; the first part has the output's own name."""
    return path if number == 1 else path.with_name(f"{path.stem}.part{number}{path.suffix}")


def next_part(path: Path, suffixes: Collection[str], names: Iterable[str]) -> int:
    """One more than the highest part of `path` among the `names` of its folder; 1 if there is none.

    `suffixes`: of its files; its numbered files and segments count as the part that they belong to.
    """
    endings = "|".join(map(re.escape, {path.suffix, *suffixes}))
    files = re.compile(rf"{re.escape(path.stem)}(?:\.part(\d{{1,9}}))?(?:-\d+|-init)?(?:{endings})")
    found = (files.fullmatch(name) for name in names)
    return max((int(one[1] or 1) for one in found if one is not None), default=0) + 1
