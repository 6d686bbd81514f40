"""The command lines in the pages run, on the built-in match or the two real recordings.

The files that a reader would have are in a temporary folder; only durations are shortened.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.media.track_rows import HEADER
from tests.conftest import SHARED_DATA
from tests.docs.pages import PAGES, ROOT, command_lines, transcripts

FOOTAGE = ("left.mp4", "right.mp4")
ELSEWHERE = re.compile(r"://|gst:|\.onnx|hall\.mp4")
"""What a line needs that a test does not have: another machine, a camera, a model, a sports hall."""

SHORT = ("--duration", "1", "--delay", "0.5", "--size", "320x180")
SMALL_MATCH = "match?size=720x240"
HERE = {"127.0.0.1:8080": "127.0.0.1:0", "--window": "--output=window.mkv", " match ": f" {SMALL_MATCH} "}
"""Replacements for the dashboard's port, a screen (which may be missing) and the large match."""

WRITTEN_AFTER = ("-o", "--output", "--preview", "--plot", "--path-out", "--truth-out", "--detections-out")


def _at_hand(folder: Path, words: list[str]) -> None:
    """Write the files that the pages assume."""
    for name in FOOTAGE:
        if (SHARED_DATA / name).exists():
            (folder / name).symlink_to(SHARED_DATA / name)
        elif name in words:
            pytest.skip("the real footage (../shared/data beside the checkout) is not here")
    if (SHARED_DATA / "rig.toml").exists():
        shutil.copy(SHARED_DATA / "rig.toml", folder)
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    rows = "".join(f"{i / 25:.2f},{i / 10:.1f},-8,0.9,ball\n" for i in range(100))
    (folder / "track.csv").write_text("time_s,yaw_deg,pitch_deg,confidence,label\n" + rows)
    places = "".join(f"{i / 25:.2f},0,ball,,{40 + i / 10:.1f},30,0,0.3,0.9\n" for i in range(100))
    (folder / "tracks.csv").write_text(f"{HEADER}\n{places}")
    if "final" in words and "--match-folder" not in words:
        done = _foresight(f'foresight run "{SMALL_MATCH}" -o live.mkv --match-folder final', folder, *SHORT)
        assert done.returncode == 0, done.stderr
    if "init" not in words:
        (folder / "match.toml").write_text(f'sources = ["{SMALL_MATCH}"]\noutputs = ["match.mkv"]\n')


def _foresight(line: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run a page's line in a folder, with the variables set before it."""
    words = shlex.split(line, comments=True)
    at = words.index("foresight")
    variables = dict(word.split("=", 1) for word in words[:at])
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *words[at + 1 :], *more],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )


def _runnable() -> list[str]:
    """Every line once, however many pages have it; lines that end in an error are tested as transcripts."""
    failing = {line for page in PAGES for line, _ in transcripts(page)}
    lines = dict.fromkeys(
        " ".join(line.split("  #")[0].split())
        for page in PAGES
        for line in command_lines(page)
        if line not in failing
    )
    return [line for line in lines if not ELSEWHERE.search(line)]


def _marked(line: str) -> Any:
    return pytest.param(line, marks=pytest.mark.slow if " calibrate " in line else ())


@pytest.mark.parametrize("line", [_marked(line) for line in _runnable()])
def test_a_command_line_does_what_it_says(line: str, tmp_path: Path) -> None:
    for there, here in HERE.items():
        if not (there == " match " and line.startswith("foresight match ")):  # the command, no source
            line = line.replace(there, here)
    words = shlex.split(line, comments=True)
    _at_hand(tmp_path, words)
    if (
        words[words.index("foresight") + 1] == "start"
    ):  # goes on until it is closed: tests/setup_page starts it
        line = f"{line} --help"
    done = _foresight(line, tmp_path, *(SHORT if "run" in words else ()))
    assert done.returncode == 0, done.stderr
    for option, name in zip(words, words[1:], strict=False):  # noqa: RUF007 (pairs of words)
        if option in WRITTEN_AFTER:
            assert (tmp_path / name).stat().st_size > 0, name


@pytest.mark.parametrize(("line", "printed"), [pair for page in PAGES for pair in transcripts(page)])
def test_a_mistake_prints_what_the_page_shows(line: str, printed: str, tmp_path: Path) -> None:
    (tmp_path / "match.toml").write_text(
        'sources = ["match"]\nmode = "virtual"\n\n[encoder]\n\nbitrate_kbps = "x"\n', encoding="utf-8"
    )
    done = _foresight(line, tmp_path)
    assert done.returncode == 2
    assert (done.stdout + done.stderr).strip() == printed
