"""Tests of what a run learned of its cameras: written, read again, and used from the first frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.analysis.learned import read_learned
from pipeline.analysis.sway_history import SwayHistory
from pipeline.errors import ConfigError
from pipeline.optics.angles import Array
from pipeline.optics.lens import RectilinearLens
from pipeline.optics.rig import Camera, Rig
from pipeline.timebase import NS_PER_S, Nanoseconds

LENS = RectilinearLens((640, 360), 420.0, (319.5, 179.5))
RIG = Rig((Camera("left", LENS, -30.0), Camera("right", LENS, 30.0)))
FRAME_NS = NS_PER_S // 25
BUMP = np.array([0.0, 0.03, 0.005, 0.02, 0.0])
GOOD = '{"time_s": 1.0, "cameras": {"left": {"turn_deg": [0, 1, 0], "zoom": 1, "lowered_m": 0, "readout_ms": 0}}}'


def right_at(n: int) -> Array | None:
    """The right camera is bumped in frame 150, unseen for a moment before."""
    return None if 140 <= n < 145 else BUMP * (n >= 150)


def learn(path: Path, start_ns: int) -> SwayHistory:
    """A run that writes what it learns."""
    lines: list[str] = []
    history = SwayHistory(RIG, span_s=60.0, settle_s=6.0, on_learned=lines.append)
    for n in range(250):
        vectors = [np.zeros(5), right_at(n)]
        history.add(Nanoseconds(start_ns + n * FRAME_NS), vectors, None, [0.0, 2e7 * (n > 200)])
    history.finish()
    path.write_text("\n".join(lines) + "\n")
    return history


def test_another_run_stands_as_the_first_did_and_from_its_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "learned.jsonl"
    first = learn(path, start_ns=5 * NS_PER_S)
    bumps: list[int] = []
    again = SwayHistory(RIG, span_s=1e6, on_bump=lambda at_ns, _stands: bumps.append(at_ns))
    again.recall(read_learned(path, ["left", "right"]))
    assert again.is_recalled
    assert not again.wait_known(0, 0.01)
    again.begin(Nanoseconds(2 * NS_PER_S))
    assert again.wait_known(8 * NS_PER_S, 0.01)
    assert len(bumps) == 1
    for n in range(160, 250, 9):
        before, now = first.poses_at(5 * NS_PER_S + n * FRAME_NS), again.poses_at(2 * NS_PER_S + n * FRAME_NS)
        assert before is not None
        assert now is not None
        assert before[1] is not None
        assert now[1] is not None
        assert now[1].turn == pytest.approx(before[1].turn, abs=1e-6)
        assert now[1].zoom == pytest.approx(before[1].zoom, abs=1e-5)
        assert now[0] is None
    start = again.pose_at(Nanoseconds(2 * NS_PER_S))
    assert start.from_place is not None
    assert start.from_place[1] is not None
    assert start.from_place[1].angle_rad == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "line 1"),
        ("{}", "line 1"),
        ("no json", "line 1"),
        (f"{GOOD}\n{GOOD}", "line 2: time_s is 1.0, not after"),
        (GOOD.replace("left", "middle"), "middle is no camera of the rig; allowed: left, right"),
        (GOOD.replace('"zoom": 1', '"zoom": 0'), "line 1"),
        (GOOD.replace('"zoom": 1', '"zoom": NaN'), "line 1"),
        (GOOD.replace("[0, 1, 0]", "[0, 1]"), "line 1"),
        (GOOD.replace("[0, 1, 0]", '"far"'), "line 1"),
        (GOOD.replace("1.0", "true"), "line 1"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "learned.jsonl"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        list(read_learned(path, ["left", "right"]))
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_half_a_line_at_the_end_is_what_a_killed_run_left(tmp_path: Path) -> None:
    path = tmp_path / "learned.jsonl"
    learn(path, start_ns=0)
    whole = list(read_learned(path, ["left", "right"]))
    path.write_text(path.read_text()[:-10])
    assert len(list(read_learned(path, ["left", "right"]))) == len(whole) - 1


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        list(read_learned(tmp_path / "none.jsonl", ["left"]))
