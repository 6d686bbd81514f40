"""Telling fails: a closed or full terminal, an export on a full disk. The recording is complete nevertheless."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import shlex
import subprocess
from pathlib import Path

import pytest

from tests import videos
from tests.faults.record import Area, fault
from tests.faults.runs import COMMAND, FRAMES, LONGEST_S, SMALL, run, start

FULL_DISK = fault(
    Area.TELLING,
    "standard error or standard output is on a full disk",
    seen="a lost report is told on standard error; status as always",
    lost="the text",
)

FULL = Path("/dev/full")
LOUD = ("--set", "log_level=debug")


@fault(
    Area.TELLING,
    "the reader of the output goes (`foresight run ... 2>&1 | head`)",
    seen="the run goes on; its exit status is as always",
    lost="the text",
)
@fault(
    Area.TELLING,
    "standard input, output or error is closed (`2>&-`)",
    seen="nothing; status as always",
    lost="the text",
)
@FULL_DISK
@pytest.mark.parametrize(
    ("behind", "status"),
    [
        ("2>&1 | head -1", 0),
        ("--json 2>&1 | head -0", 0),
        ("2>/dev/full", 0),
        ("--json >/dev/full", 0),
        (">/dev/full 2>/dev/full", 0),
        (">&- 2>&- <&-", 0),
        ("--detections-out /dev/full --detector motion >/dev/full 2>/dev/full", 1),
        ("--size 0x0 2>&1 | head -0", 2),
        ("--size 0x0 2>&-", 2),
    ],
)
def test_a_run_that_nobody_can_read_ends_as_it_would(tmp_path: Path, behind: str, status: int) -> None:
    video = tmp_path / "video.mkv"
    command = shlex.join([*COMMAND, *SMALL, "--offline", *LOUD, "-o", str(video)])
    ended = subprocess.run(
        ["bash", "-c", f"{command} {behind}; exit ${{PIPESTATUS[0]}}"], timeout=LONGEST_S, check=False
    )
    assert ended.returncode == status
    if status != 2:
        assert len(videos.frame_times(video)) == FRAMES


@FULL_DISK
def test_a_report_that_cannot_be_written_is_told() -> None:
    with FULL.open("wb") as full:
        ended = run("--json", stdout=full)
    assert ended.returncode == 0
    assert "the report could not be written to standard output: No space left on device" in ended.stderr


@fault(
    Area.TELLING,
    "nobody reads the output, but nobody closes it (`2>&1 | sleep 1000`, a stopped terminal)",
    seen="the run goes on, its end waits a few seconds; status as always; if there is room again, a line says what "
    "is lost",
    lost="the text that found no room",
)
@pytest.mark.parametrize("behind", ["", "--json"])
def test_a_reader_that_stops_reading_holds_nothing_up(tmp_path: Path, behind: str) -> None:
    video = tmp_path / "video.mkv"
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    command = [*COMMAND, *SMALL, "--offline", *LOUD, "-o", str(video), *behind.split()]
    try:
        ended = subprocess.run(command, stdout=writer, stderr=writer, timeout=LONGEST_S, check=False)
    finally:
        os.close(writer)
    with os.fdopen(reader, "rb") as rest:
        said = rest.read()
    assert ended.returncode == 0
    assert len(videos.frame_times(video)) == FRAMES
    assert 0 < len(said) <= 4096
    assert b"Traceback" not in said


@fault(
    Area.TELLING,
    "an export cannot be written (`--path-out`, `--detections-out`, `--tracks-out`, `--truth-out`)",
    seen="one line in the log, when it happens, and in the report's failures; status 1",
    lost="the rest of that export; its lines before that, the video and the other exports are complete",
)
@pytest.mark.parametrize("failing", ["path", "detections", "truth"])
def test_an_export_on_a_full_disk_fails_alone(tmp_path: Path, failing: str) -> None:
    files = {name: tmp_path / name for name in ("path", "detections", "truth")} | {failing: FULL}
    exports = [part for name, path in files.items() for part in (f"--{name}-out", path)]
    video = tmp_path / "video.mkv"
    ended = run("-o", video, "--detector", "motion", "--json", *exports)
    assert ended.returncode == 1
    report = json.loads(ended.stdout)
    (failure,) = report["failures"]
    assert str(FULL) in failure
    assert "No space left on device" in failure
    assert ended.stderr.splitlines()[-1] == f"foresight: {failure}"
    assert report["frames_out"] == FRAMES
    assert len(videos.frame_times(video)) == FRAMES
    for name, path in files.items():
        assert name == failing or path.read_text(encoding="utf-8").count("\n") > 10


@fault(
    Area.MACHINE,
    "no file descriptor is free",
    seen="memory is reported as its peak; status as always",
)
def test_a_run_without_free_descriptors_ends_as_it_should(tmp_path: Path) -> None:
    video, path, detections = tmp_path / "video.mkv", tmp_path / "path.csv", tmp_path / "detections.jsonl"
    arguments = ("--delay", "0.5", "--detector", "none", "--path-out", path, "--detections-out", detections)
    process = start("-o", video, *arguments, "--json")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, hard))
    said, wrong = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0
    assert "Traceback" not in wrong
    report = json.loads(said)
    assert report["failures"] == []
    assert len(videos.frame_times(video)) == report["frames_out"] > 0
    assert path.read_text(encoding="utf-8").count("\n") == report["frames_out"] + 1


@fault(
    Area.TELLING,
    "a library logs a message that cannot be shown",
    seen="a line that says so",
    lost="the message",
)
def test_a_log_message_that_cannot_be_shown_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "noisy.py").write_text(
        "import logging\n"
        "class Noisy:\n"
        "    name, rate_hz = 'noisy', 25.0\n"
        "    def detect(self, frame, time_ns):\n"
        "        logging.getLogger('noisy').warning('%d frames', 'many')\n"
        "        return []\n"
        "    def close(self):\n"
        "        pass\n"
        "def make(rig):\n"
        "    return Noisy()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    ended = run("--detector", "noisy:make", "--json")
    assert ended.returncode == 0
    assert "a message that cannot be shown (TypeError: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert json.loads(ended.stdout)["frames_out"] == FRAMES


@fault(
    Area.INPUT,
    "a name that is not UTF-8",
    seen="works for sources that are files, and for exports; an output is refused with status 2",
)
def test_a_name_that_is_not_utf8_is_no_fault(tmp_path: Path) -> None:
    odd = tmp_path / "odd\udcff"
    for arguments, status in (
        (("--path-out", f"{odd}.csv", "--json"), 0),
        (("-o", f"{odd}.mkv"), 2),
        (("--rig", f"{odd}.toml"), 2),
    ):
        ended = run(*arguments)
        assert ended.returncode == status
        assert "fault in Foresight" not in ended.stderr
        assert "Traceback" not in ended.stderr
    assert Path(f"{odd}.csv").read_text(encoding="utf-8").count("\n") == FRAMES + 1
