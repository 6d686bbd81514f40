"""A full disk: the output on it ends with what it has, the others lose nothing, and the run reports it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import OutputError
from tests import videos
from tests.faults.record import Area, fault
from tests.gst.output.runs import FPS, expect_video, settings

DISK_KB = 256
"""Two seconds of video at 1000 kbit/s; the first fragment of an mp4 is complete after one."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_KB}k", "none", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a disk that can be full needs the right to mount one")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@fault(
    Area.OUTPUTS,
    "the disk of an output is full",
    seen="a failure in the report, status 1; the others go on",
    lost="the rest of that output; what it has plays",
)
@pytest.mark.parametrize("live", [True, False], ids=["live", "offline"])
@pytest.mark.parametrize(
    ("name", "further"),
    [
        ("a.mp4", {}),
        ("a.mkv", {}),
        ("a.m3u8", {}),
        ("a.m3u8", {"hls_segments": "fmp4"}),
        ("a.ts", {"split_s": 1.0}),
    ],
    ids=["mp4", "mkv", "hls", "hls-fmp4", "parts"],
)
def test_only_the_output_on_the_full_disk_ends(
    short_video: Path,
    tmp_path: Path,
    disk: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
    further: dict[str, object],
    live: bool,
) -> None:
    whole = tmp_path / ("whole.m3u8" if "split_s" in further else "whole.mkv")  # a playlist has no parts
    values = {"encoder": {"bitrate_kbps": 1000, "keyframe_interval_s": 1.0}} | further
    run = settings(short_video, outputs=[disk / name, whole], live=live, **values)
    report = PanoramaWithVirtualCamera(run).run()
    expect_video(whole, report.frames_out)
    assert report.frames_out == len(videos.frame_times(short_video))
    (failure,) = report.failures
    assert failure.startswith(f"{disk / name}: ")
    assert "full" in failure or "space" in failure.lower()
    messages = [
        record.getMessage() for record in caplog.records if "the others continue" in record.getMessage()
    ]
    assert messages == [f"{failure}; this output has stopped, the others continue"]
    if name in ("a.mp4", "a.mkv"):
        kept = videos.frame_times(disk / name)
        assert len(kept) > FPS / 2
        np.testing.assert_allclose(np.diff(kept), 1 / FPS, atol=0.0011)


@fault(
    Area.OUTPUTS,
    "the disk of the last output is full",
    seen="the run ends with one line, status 1",
    lost="the rest; what is written plays",
)
def test_the_run_ends_when_its_last_output_is_on_a_full_disk(short_video: Path, disk: Path) -> None:
    run = settings(short_video, outputs=[disk / "a.mkv"], live=False)
    with pytest.raises(OutputError, match=r"a\.mkv: the disk is full"):
        PanoramaWithVirtualCamera(run).run()
    assert len(videos.frame_times(disk / "a.mkv")) > FPS / 2


def test_both_outputs_are_named_when_one_fails_after_the_other(short_video: Path, disk: Path) -> None:
    run = settings(short_video, outputs=[disk / "a.mkv", disk / "b.mkv"], live=False)
    with pytest.raises(OutputError) as caught:
        PanoramaWithVirtualCamera(run).run()
    assert sorted(str(caught.value).split("; ")[::2]) == [
        f"{disk / name}: the disk is full" for name in ("a.mkv", "b.mkv")
    ]


def test_the_command_reports_a_full_disk_in_one_line_and_fails(
    short_video: Path, tmp_path: Path, disk: Path
) -> None:
    whole = tmp_path / "whole.mkv"
    given = [str(short_video), "-o", str(disk / "a.mp4"), "-o", str(whole), "--offline", "--detector", "none"]
    small = ["--size", "320x180", "--set", "encoder.bitrate_kbps=1000", "--delay", "1"]
    command = [sys.executable, "-m", "pipeline", "run", *given, *small]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 1
    last = ended.stderr.strip().splitlines()[-1]
    assert f"{disk / 'a.mp4'}: the disk is full; free some space, or record to another disk" in last
    assert f"written in part: {disk / 'a.mp4'}\nwritten: {whole}\n" in ended.stdout
    assert ended.stdout.startswith(f"{len(videos.frame_times(whole))} frames")


def test_a_path_file_that_cannot_be_written_does_not_harm_the_video(
    short_video: Path, tmp_path: Path, disk: Path
) -> None:
    whole = tmp_path / "whole.mkv"
    with suppress(OSError), (disk / "before").open("wb", buffering=0) as before:
        while before.write(bytes(1024)):
            """Fill the disk."""
    run = settings(short_video, outputs=[whole], live=False, export={"path_out": disk / "path.csv"})
    (failure,) = PanoramaWithVirtualCamera(run).run().failures
    assert "path.csv: cannot be written (No space left" in failure
    expect_video(whole, len(videos.frame_times(short_video)))
