"""Damaged films of every container: played as far as they go or refused in one line, never a hang or a crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.record import Area, fault
from tests.faults.runs import foresight
from tests.soak.films import film
from tests.soak.media_fuzz import FILMS
from tests.soak.mutations import mutated

SEEDS = 10
"""In one process for each container; `make soak` plays 500 and more."""
BY_COMMAND = 3
DAMAGED = fault(
    Area.CAMERAS,
    "a film that was cut, or has wrong bits, fields, blocks or order (mp4, mov, mkv, ts, webm, avi)",
    seen="what can be decoded; or one line, status 1",
    lost="what cannot be decoded",
)


@DAMAGED
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("container", FILMS)
def test_many_damaged_films_in_one_process(tmp_path_factory: pytest.TempPathFactory, container: str) -> None:
    whole = film(tmp_path_factory, container)
    command = [sys.executable, "-m", "tests.soak.media_fuzz", str(whole), "0", str(SEEDS)]
    played = subprocess.run(command, capture_output=True, text=True, check=False)
    assert played.returncode == 0, f"{played.stdout}\n{played.stderr[-5000:]}"
    assert "Traceback" not in played.stderr, f"{played.stdout}\n{played.stderr[-5000:]}"
    assert played.stdout.count("\n") == SEEDS


@DAMAGED
@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("container", FILMS)
def test_damaged_films_by_the_command(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, container: str
) -> None:
    content = film(tmp_path_factory, container).read_bytes()
    source, video = tmp_path / f"damaged.{container}", tmp_path / "video.mkv"
    given = ("--offline", "--delay", "0.5", "--detector", "none", "--size", "160x90", "-o", video)
    for seed in range(1000, 1000 + BY_COMMAND):
        source.write_bytes(mutated(content, seed))
        ended = foresight("run", source, *given)
        assert ended.returncode in (0, 1), f"seed {seed}: {ended.stderr}"
        assert "Traceback" not in ended.stderr, f"seed {seed}"
        assert "fault in Foresight" not in ended.stderr, f"seed {seed}: {ended.stderr}"
        if ended.returncode:
            assert ended.stderr.splitlines()[-1].startswith("foresight: "), f"seed {seed}: {ended.stderr}"
