"""Progress and report as a user reads them."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.cli.console import report_lines, status_line, status_table
from pipeline.run.progress import Progress, RunReport

PROGRESS = Progress(
    position_s=12.5,
    delay_s=7.0,
    buffer_fill=0.5,
    buffer_s=3.5,
    fps_in=30.0,
    fps_out=29.9,
    frames_in=400,
    frames_out=375,
    dropped=2,
    cpu_percent=88.0,
    memory_mb=512.0,
    state="playing",
    follows="ball",
    standing=(),
    dropping_fps=0.0,
    offline=(),
    sound=None,
    disks=(),
)


def test_a_plain_line_shows_the_whole_progress() -> None:
    line = status_line(PROGRESS)
    for part in (
        "playing",
        "12.5 s",
        "delay 7.00 s",
        "50%",
        "30.0 fps in",
        "2 dropped",
        "ball",
        "88 %",
        "512 MB",
    ):
        assert part in line


def test_a_terminal_shows_a_bar() -> None:
    text = io.StringIO()
    Console(file=text, width=120).print(status_table(PROGRESS))
    assert "[##########          ] 3.5 s" in text.getvalue()
    assert "follows ball" in text.getvalue()


@pytest.mark.parametrize("follows", ["ball not found", "waiting for video", "fixed view"])
def test_without_a_ball_the_line_says_so(follows: str) -> None:
    line = status_line(replace(PROGRESS, follows=follows))
    assert f", {follows}, " in line


def test_the_report_names_outputs_and_notes() -> None:
    report = RunReport(
        frames_in=10,
        frames_out=9,
        dropped=1,
        duplicated=0,
        duration_s=0.3,
        wall_s=1.0,
        cpu_s=0.5,
        peak_memory_mb=100.0,
        outputs=(Path("video.mp4"), "rtmp://server/app/***"),
        notes=("no rig was given",),
    )
    lines = list(report_lines(report))
    assert "9 frames, 0.30 s of video" in lines[0]
    assert "written: video.mp4" in lines
    assert "streamed to: rtmp://server/app/***" in lines
    assert "note: no rig was given" in lines


def test_no_secret_reaches_a_log_line() -> None:
    code = (
        "import logging; from pipeline.cli import console; from pipeline.settings import Settings; "
        "console._set_up_logging(Settings()); log = logging.getLogger('any'); "
        "log.warning('lost %s', 'rtmp://server/app/S3CR3T'); log.warning('lost rtsp://joe:S3CR3T@camera/1')"
    )
    log = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr
    assert log.count("lost") == 2
    assert "S3CR3T" not in log
