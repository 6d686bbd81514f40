"""A thousand random actions in one process leave nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.use import expect_nothing_left

ACTIONS = 1000


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_thousand_random_actions_leave_nothing(tmp_path: Path) -> None:
    expect_nothing_left(tmp_path, seed=1, actions=ACTIONS)
