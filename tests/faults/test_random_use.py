"""Random starts, ends and actions of an operator in one process leave nothing; `make soak` does 1,000."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.record import Area, fault
from tests.soak.use import expect_nothing_left

ACTIONS = 80


@fault(
    Area.MACHINE,
    "many runs in one process, used at random, stopped and ended at any moment",
    seen="nothing; no thread, descriptor, pipeline or buffer is left",
)
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_random_use_leaves_nothing(tmp_path: Path) -> None:
    expect_nothing_left(tmp_path, seed=1, actions=ACTIONS)
