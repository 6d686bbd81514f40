"""Tests of foresight calibrate: unusable arguments are refused before the work begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli import main


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["none.mp4", "-o", "rig.toml"], 2, "sources: there is no file none.mp4"),
        (["foo://host", "-o", "rig.toml"], 2, "sources.0: foo://host is not allowed"),
        (["match", "-o", "missing/rig.toml"], 2, "mkdir -p missing"),
        (["match", "-o", "."], 2, "--output: . is a folder"),
        (["match", "-o", "rig.toml", "--preview", "missing/rig.png"], 2, "--preview: there is no folder"),
        (["match", "-o", "rig.png", "--preview", "rig.png"], 2, "--preview: rig.png is also written as"),
        ([__file__, "-o", __file__], 2, "is also read (sources)"),
        ([f"file://{__file__}", "-o", __file__], 2, "is also read (sources)"),
        (["none.mp4", "-o", "rig.toml", "--preview", "rig.xyz"], 2, "not an image file"),
        (["none.mp4", "-o", "rig.toml", "--plot", "rig.xyz"], 2, "not an image file"),
        (["match", "-o", "rig.toml", "--plot", "missing/rig.png"], 2, "mkdir -p missing"),
        (["match", "--watch", "--preview", "a.png"], 2, "--watch takes no --preview"),
        (["match", "--watch", "-o", "missing/rig.toml"], 2, "mkdir -p missing"),
        (["match"], 2, "-o rig.toml"),
    ],
)
def test_unusable_arguments_are_refused(
    arguments: list[str],
    status: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["calibrate", *arguments])
    assert ended.value.code == status
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
