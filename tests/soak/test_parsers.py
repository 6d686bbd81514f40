"""The parsers of what users give a run, fuzzed by their coverage: a result, or a refusal of one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.soak.parsers import PARSERS

SECONDS = 60


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PARSERS)
def test_a_minute_of_anything(tmp_path: Path, name: str) -> None:
    command = [sys.executable, "-m", "tests.soak.fuzz_parser", name, str(SECONDS), str(tmp_path)]
    fuzzed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert fuzzed.returncode == 0, fuzzed.stderr[-5000:]
    assert "DONE" in fuzzed.stderr
