"""The pictures of `foresight start`: its page with the two real cameras, and on a phone after a match."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from docs.calibration_pictures import DATA

PATIENCE_MS = 1_200_000
SETTINGS = """
sources = ["match?size=1440x480"]
size = "960x540"

[teams]
home = "SV Grün"
home_colour = "#1b7f3b"
away = "FC Blau"
away_colour = "#1e6fd9"

[graphics]
scoreboard = true
"""


@contextmanager
def start_page(home: Path, width: int, height: int) -> Iterator[Page]:
    """The page of a folder in Chromium, of that size; the command ends with the block."""
    command = [
        sys.executable,
        "-m",
        "pipeline",
        "start",
        str(home),
        "--no-browser",
        "--address",
        "127.0.0.1:0",
    ]
    own = {**os.environ, "HOME": str(home.parent)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=own) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[1]
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=["--no-sandbox"]
                )
                page = browser.new_page(viewport={"width": width, "height": height}, locale="en-GB")
                page.set_default_timeout(PATIENCE_MS)
                page.goto(address)
                yield page
                browser.close()
        finally:
            process.send_signal(signal.SIGINT)


def draw_start(path: Path) -> None:
    """The set-up page with both real cameras, calibrated."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "Foresight"
        home.mkdir()
        for name in ("left.mp4", "right.mp4"):
            shutil.copy(DATA / name, home)
        with start_page(home, 1000, 1340) as page:
            for count, name in enumerate(("left.mp4", "right.mp4"), 1):
                page.check(f"label:text-is('{name}') input")
                page.wait_for_selector(f"#chosen li:nth-child({count}) img")
            page.click("#calibrate")
            page.wait_for_selector("#preview:not([hidden])")
            page.wait_for_timeout(3000)
            # the button that stays at the foot of the window would lie over the picture of the rig
            page.add_style_tag(content=".start section.go { position: static !important; }")
            page.screenshot(path=path, quality=75, type="jpeg")


def draw_start_phone(path: Path) -> None:
    """The set-up page on a phone after a match of half a minute with a goal."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "Foresight"
        home.mkdir()
        (home / "match.toml").write_text(SETTINGS, encoding="utf-8")
        with start_page(home, 390, 844) as page:
            page.wait_for_selector("#chosen img")
            page.click("#start")
            page.wait_for_selector("#match:not([hidden])")
            page.wait_for_timeout(20_000)
            page.click("#match-kinds button")
            page.wait_for_timeout(15_000)
            page.click("#end_run")
            page.click("#end_sure")
            page.wait_for_selector("#matches h3")
            page.wait_for_timeout(1500)
            page.screenshot(path=path, quality=80, type="jpeg")
