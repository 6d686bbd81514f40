"""More than 500 damaged films: never a hang, a traceback or a crash."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.soak.films import film
from tests.soak.media_fuzz import FILMS

SEEDS = 90
"""For each of six containers."""


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("container", FILMS)
def test_ninety_damaged_films_in_one_process(
    tmp_path_factory: pytest.TempPathFactory, container: str
) -> None:
    whole = film(tmp_path_factory, container)
    command = [sys.executable, "-m", "tests.soak.media_fuzz", str(whole), "0", str(SEEDS)]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, f"{played.stdout}\n{played.stderr[-5000:]}"
    assert "Traceback" not in played.stderr, f"{played.stdout}\n{played.stderr[-5000:]}"
    assert played.stdout.count("\n") == SEEDS
