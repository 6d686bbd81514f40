"""Files that are taken away or shared while they are written, and pushes without a server, from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.record import Area, fault
from tests.gst.output.peers import free_port

TAKEN_AWAY = fault(
    Area.OUTPUTS,
    "an output is deleted, moved or replaced while it is written",
    seen="a failure in the report, status 1",
    lost="that file",
)

RUN = [sys.executable, "-m", "pipeline", "run", "match?size=320x108&fps=25"]
LIVE = ["--live", "--delay", "1", "--duration", "4", "--size", "320x108", "--detector", "none"]


def begin(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*RUN, *LIVE, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_until(fulfilled: Callable[[], bool], what: str) -> None:
    """Poll ten times a second, for a minute: the machine may be busy."""
    pause = threading.Event()
    for _ in range(600):
        if fulfilled():
            return
        pause.wait(0.1)
    raise AssertionError(f"{what} did not happen within a minute")


def has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def replace(path: Path) -> None:
    path.rename(path.with_suffix(".aside"))
    path.write_bytes(b"another")


@TAKEN_AWAY
@pytest.mark.parametrize(
    ("take_away", "why"),
    [
        (Path.unlink, "was deleted or moved while it was written"),
        (lambda path: path.rename(path.with_name("elsewhere.mkv")), "was deleted or moved"),
        (replace, "was replaced by another file while it was written"),
    ],
)
def test_a_file_that_is_taken_away_is_a_failure(
    tmp_path: Path, take_away: Callable[[Path], object], why: str
) -> None:
    path = tmp_path / "match.mkv"
    run = begin("-o", path)
    wait_until(lambda: has_content(path), "the file to grow")
    take_away(path)
    said, logged = run.communicate(timeout=60)
    assert run.returncode == 1
    assert f"foresight: {path}: {why}" in logged
    assert "written" not in said


@TAKEN_AWAY
def test_a_part_that_is_deleted_is_a_failure_and_the_others_are_reported(tmp_path: Path) -> None:
    parts = [tmp_path / f"match-0000{number}.mkv" for number in (0, 1)]
    run = begin("-o", tmp_path / "match.mkv", "--set", "split_s=1", "--set", "encoder.keyframe_interval_s=1")
    wait_until(lambda: has_content(parts[1]), "the second part")
    parts[0].unlink()
    said, logged = run.communicate(timeout=60)
    assert run.returncode == 1
    assert f"{parts[0]}: was deleted" in logged
    assert f"written: {parts[1]}" in said
    assert f"written: {parts[0]}" not in said


@TAKEN_AWAY
def test_a_segment_that_is_deleted_is_a_failure(tmp_path: Path) -> None:
    segments = [tmp_path / f"live-0000{number}.ts" for number in (0, 1)]
    playlist = tmp_path / "live.m3u8"
    run = begin("-o", playlist, "--set", "encoder.keyframe_interval_s=1", "--duration", "7")
    wait_until(lambda: has_content(segments[1]), "the second segment")
    segments[0].unlink()
    _said, logged = run.communicate(timeout=60)
    assert run.returncode == 1
    assert f"{playlist}: 1 of its 2 segments were deleted or moved" in logged


@fault(
    Area.OUTPUTS,
    "two runs write the same file",
    seen="the second one is refused in one line before it opens a source",
)
@pytest.mark.parametrize("name", ["match.mkv", "link.mkv"])
def test_a_second_run_does_not_touch_a_file_that_is_being_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / "match.mkv"
    (tmp_path / "link.mkv").symlink_to(path)
    first = begin("--duration", "60", "-o", path)
    wait_until(lambda: has_content(path), "the file to grow")
    second = begin("-o", tmp_path / name)
    _said, logged = second.communicate(timeout=60)
    assert second.returncode == 1
    assert logged == (
        f"foresight: {tmp_path / name}: another run is writing this file; "
        "name another file, or end that run first\n"
    )
    first.send_signal(signal.SIGINT)
    said, _logged = first.communicate(timeout=60)
    assert first.returncode == 0
    assert f"written: {path}" in said
    assert {found.name for found in tmp_path.iterdir()} == {"match.mkv", "link.mkv"}


@fault(
    Area.OUTPUTS,
    "a run is killed, and the next one writes the same file",
    seen="nothing; no lock is left",
    lost="what the killed run had written",
)
def test_a_killed_run_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "match.mkv"
    first = begin("-o", path)
    wait_until(lambda: has_content(path), "the file to grow")
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=60)
    second = begin("-o", path)
    assert f"written: {path}" in second.communicate(timeout=60)[0]
    assert second.returncode == 0
    assert [found.name for found in tmp_path.iterdir()] == ["match.mkv"]


@fault(
    Area.OUTPUTS,
    "a push never reaches its server",
    seen="a failure in the report, status 1; the recording beside it is complete",
    lost="the push",
)
@pytest.mark.parametrize("scheme", ["rtmp", "srt"])
def test_a_push_that_delivered_nothing_is_a_failure_and_the_recording_is_written(
    tmp_path: Path, scheme: str
) -> None:
    path, url = tmp_path / "match.mkv", f"{scheme}://127.0.0.1:{free_port()}"
    url += "/live/key" if scheme == "rtmp" else ""
    run = begin("-o", path, "--stream", url)
    said, logged = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "nothing was delivered" in logged.splitlines()[-1]
    assert f"written: {path}" in said
    assert "not streamed to: " in said
    assert has_content(path)
