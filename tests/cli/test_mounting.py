"""foresight calibrate --watch as a user sees it: its lines, Ctrl-C, and what it refuses."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.cli.mounting import state_lines, status_line
from pipeline.operator import mounting_watch
from pipeline.operator.mounting_watch import MountingState, Watched
from pipeline.optics.calibration.mounting import Mounting
from pipeline.optics.calibration.verdict import Grade, Verdict
from pipeline.optics.rig import Rig
from tests.operator.test_mounting_watch import Attempts, film, scene

NOISE = (
    "gst:videotestsrc is-live=true pattern=snow ! video/x-raw,width=320,height=180,framerate=15/1 ! identity"
)


def test_the_line_says_what_is_known_and_what_to_do() -> None:
    cameras = (
        Watched("left", ("is blurred",), 0.004, -9.84, 1.2),
        Watched("right", (), 0.21, -8.0, -0.4),
    )
    state = MountingState(
        cameras,
        10.0,
        "",
        "usable",
        ("faint lines",),
        Mounting(0.93, (0.24,), ("turn 2 degrees to the left",)),
    )
    line = status_line(state)
    for part in (
        "usable: faint lines",
        "TO DO left is blurred",
        "TO DO turn 2 degrees to the left",
        "93% of the pitch in view",
        "overlap 24%",
        "left: tilt -9.8, roll +1.2 degrees, stands still",
        "right: tilt -8.0, roll -0.4 degrees, sways 0.21 degrees",
    ):
        assert part in line
    assert [text.split(":")[0] for text in state_lines(state)][:3] == ["verdict", "to do", "to do"]


def test_before_the_first_verdict_the_line_says_what_is_done() -> None:
    assert status_line(MountingState((), 2.4)) == "none yet: the cameras have stood still for 2 s"
    assert status_line(MountingState((), 5.0, "matching the images")) == "none yet: matching the images"


@pytest.mark.parametrize(("grade", "said"), [("good", "wrote"), ("usable", "the verdict is usable: faint")])
def test_at_the_end_of_a_film_a_good_rig_is_written(
    grade: Grade,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    verdict = Verdict(grade, () if grade == "good" else ("faint",))
    monkeypatch.setattr(mounting_watch, "calibrate_and_judge", Attempts(verdict))
    film(tmp_path / "camera.avi", [scene()] * 20)
    rig = tmp_path / "rig.toml"
    with pytest.raises(SystemExit) as ended:
        main(["calibrate", str(tmp_path / "camera.avi"), "--watch", "-o", str(rig)])
    assert ended.value.code == 0
    assert said in capsys.readouterr().out.splitlines()[-1]
    assert rig.exists() == (grade == "good")
    if rig.exists():
        Rig.load(rig)


def test_ctrl_c_ends_the_watch_with_status_0_and_writes_no_rig_that_is_not_good(tmp_path: Path) -> None:
    rig = tmp_path / "rig.toml"
    command = [sys.executable, "-m", "pipeline", "calibrate", NOISE, "--watch", "-o", str(rig)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        for _ in range(2):  # an impatient hand
            process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert first.startswith("none yet")
    assert "is not written" in rest
    assert errors == ""
    assert process.returncode == 0
    assert not rig.exists()
