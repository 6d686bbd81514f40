"""Tests of foresight config check: findings as JSON and as notes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli import main

TEXTS = [("delay_s = 5\n", 0), ("delay_s = -1\n", 2), ("delay_s = =\n", 2), (None, 2)]
"""A valid file, a wrong one, one that is not TOML, and a missing one."""


@pytest.mark.parametrize(("text", "status"), TEXTS)
def test_problems_are_reported_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, status: int
) -> None:
    file = tmp_path / "match.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SystemExit) as ended:
        main(["config", "check", str(file), "--json"])
    result = json.loads(capsys.readouterr().out)
    assert ended.value.code == status
    assert result["good"] is (status == 0)
    assert len(result["problems"]) == (status == 2)
    assert all(str(file) in problem for problem in result["problems"])
    assert len(result["notes"]) == (status == 0)  # there is no source


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("delay_s = 5", "sources"),
        ('sources = ["match"]\n[web]\naddress = "0.0.0.0:8080"', "web.token"),
        ('sources = ["match"]\nmode = "stream"', "mode"),
        ('sources = ["match"]\nmode = "record"', "mode"),
        ('sources = ["match"]\n[detector]\nkind = "onnx"', "detector.model"),
        ('[export]\ntruth_out = "t.csv"', "export.truth_out"),
    ],
)
def test_settings_that_flags_or_the_environment_may_give_are_notes_and_no_errors(
    text: str, key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("match.toml")
    file.write_text(text)
    with pytest.raises(SystemExit) as ended:
        main(["config", "check", str(file)])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("match.toml: good\n")
    assert f"still required, from a flag or the environment: {key}: " in said
