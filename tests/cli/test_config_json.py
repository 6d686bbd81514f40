"""foresight config check --json: what is wrong with a file, as data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli import main


@pytest.mark.parametrize(("text", "status"), [("delay_s = 5\n", 0), ("delay_s = -1\n", 2)])
def test_problems_are_told_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, status: int
) -> None:
    file = tmp_path / "match.toml"
    file.write_text(text)
    with pytest.raises(SystemExit) as ended:
        main(["config", "check", str(file), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert ended.value.code == status
    assert told["good"] is (status == 0)
    assert len(told["problems"]) == (status == 2)
