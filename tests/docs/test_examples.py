"""Every example runs and does what its first line says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import videos

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one example as a user does."""
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    return subprocess.run(
        command, cwd=EXAMPLES.parent, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_analysis_pipeline_counts_the_frames_of_a_source() -> None:
    done = run(
        "analysis_pipeline.py", "gst:videotestsrc num-buffers=12 ! video/x-raw,width=64,height=48 ! identity"
    )
    assert done.returncode == 0, done.stderr
    assert "rig frame 64x48 at 30 fps" in done.stdout
    assert "sound: none" in done.stdout
    assert "12 frames" in done.stdout


def test_the_analysis_pipeline_says_what_is_wrong() -> None:
    done = run("analysis_pipeline.py", "none.mp4")
    assert done.returncode == 1
    assert done.stderr.strip() == "error: there is no file none.mp4; check the name and the folder"


def test_the_playback_pipeline_writes_a_video(tmp_path: Path) -> None:
    video = tmp_path / "bar.mp4"
    done = run("playback_pipeline.py", str(video))
    assert done.returncode == 0, done.stderr
    assert len(videos.frame_times(video)) == 50
