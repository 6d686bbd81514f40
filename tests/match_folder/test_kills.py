"""A run that is killed at any moment leaves a folder that opens, without its last second at most."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.match_folder.export import export
from pipeline.match_folder.info import match_info, read_tags_of
from pipeline.match_folder.repair import repair
from pipeline.media.match_folder import read_manifest
from tests.match_folder.matches import play
from tests.processes import Process

ROOT = Path(__file__).resolve().parents[2]
MOST_LOST_S = 1.0


def kill_a_run(folder: Path, tellings: int) -> tuple[float, float]:
    """Kill a run into `folder` after so many tellings; returns how far video and sound had been captured, in s."""
    command = [sys.executable, "-m", "tests.match_folder.killed_run", str(folder)]
    with Process(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(tellings)]
        process.kill()
    seen_s, heard_s = map(float, told[-1].split())
    return seen_s, heard_s


def times_s(path: Path) -> list[float]:
    """The times of a file's frames or pieces of sound, as they are in it."""
    shown = "-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0"
    found = subprocess.run(["ffprobe", *shown, str(path)], capture_output=True, text=True, check=True).stdout
    return [float(line.strip(",")) for line in found.split()]


@pytest.mark.xdist_group("match folder")
@pytest.mark.parametrize("seed", range(3))
def test_a_killed_run_leaves_a_folder_that_opens(tmp_path: Path, seed: int) -> None:
    folder, draw = tmp_path / "match", random.Random(seed)
    captured_s, captured_sound_s = kill_a_run(folder, draw.randint(4, 16))
    assert not read_manifest(folder).complete
    assert match_info(folder).state == "cut off"
    written_s, heard_s = times_s(folder / "camera-1.mkv"), times_s(folder / "sound.mka")
    assert written_s[-1] >= captured_s - MOST_LOST_S
    assert heard_s[-1] >= captured_sound_s - MOST_LOST_S
    report = play([str(folder)], tmp_path / "again.mkv")
    assert report.frames_out >= len(written_s) - 1  # a last frame may be cut
    assert read_tags_of(folder)

    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    told: list[str] = []
    assert repair(folder, told.append).complete
    assert match_info(folder).state == "repaired"
    again_s = times_s(folder / "camera-1.mkv")
    assert again_s[0] == pytest.approx(written_s[0], abs=1e-4)
    assert len(again_s) >= len(written_s) - 1
    assert times_s(folder / "sound.mka")[0] == pytest.approx(heard_s[0], abs=1e-3)
    kept = folder / "before-repair"
    for path in kept.iterdir():
        assert path.read_bytes() == found[path.name]
    assert play([str(folder)], tmp_path / "repaired.mkv").frames_out == report.frames_out
    repair(folder, told.append)
    assert told[-1].endswith("there is nothing to repair")

    export(folder, tmp_path / "match.zip", told.append)
    assert (tmp_path / "match.zip").stat().st_size > (folder / "camera-1.mkv").stat().st_size
