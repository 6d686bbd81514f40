"""Tests of detection files, and of a recorded run replayed at its times."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analysis.admission import BOUNDS
from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.analysis.jsonl import LABELS, DetectionLines, from_line, read_detections, to_line
from pipeline.analysis.replay import NoDetector, ReplayDetector
from pipeline.errors import ConfigError
from pipeline.timebase import Nanoseconds
from tests.analysis.fakes import BALL, FRAME, ms

numbers = (st.floats(*allowed) for allowed in BOUNDS.values())
sets = st.builds(
    DetectionSet,
    st.integers(-(10**15), 10**15).map(Nanoseconds),
    st.lists(st.builds(Detection, st.sampled_from(LABELS), *numbers), max_size=3).map(tuple),
)


@settings(max_examples=50)
@given(sets)
def test_a_line_is_read_back_without_loss(seen: DetectionSet) -> None:
    assert from_line(to_line(seen)) == seen


def test_a_line_is_as_documented() -> None:
    assert to_line(DetectionSet(ms(1500), (BALL,))) == (
        '{"time_s": 1.5, "detections": [{"label": "ball", "score": 0.9, "yaw_deg": 1.0, "pitch_deg": -5.0, '
        '"width_deg": 0.2, "height_deg": 0.2}]}'
    )


def test_a_file_is_read_back_in_order_of_time(tmp_path: Path) -> None:
    path = tmp_path / "seen.jsonl"
    path.write_text(
        "".join(f"{to_line(DetectionSet(ms(at), (BALL,)))}\n" for at in (80, 0)), encoding="utf-8"
    )
    assert [seen.time_ns for seen in read_detections(path)] == [0, ms(80)]


@given(st.lists(st.integers(0, 8), max_size=12))
def test_a_file_that_grew_is_complete_in_order_of_time(
    tmp_path_factory: pytest.TempPathFactory, times_ms: list[int]
) -> None:
    path = tmp_path_factory.mktemp("grown") / "seen.jsonl"
    sets = [DetectionSet(ms(at), (BALL,) * (number % 3)) for number, at in enumerate(times_ms)]
    lines = DetectionLines()
    path.write_text("".join(f"{line}\n" for seen in sets for line in lines.of(seen)), encoding="utf-8")
    lines.complete(path)
    ordered = sorted(sets, key=lambda seen: seen.time_ns)
    assert path.read_text(encoding="utf-8") == "".join(f"{to_line(seen)}\n" for seen in ordered)
    assert list(path.parent.iterdir()) == [path]


def test_a_cut_last_line_is_left_out_wherever_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "seen.jsonl"
    first, last = (f"{to_line(DetectionSet(ms(at), (BALL,)))}\n".encode() for at in (0, 40))
    for cut in range(len(last)):
        path.write_bytes(first + last[:cut])
        times_ns = [seen.time_ns for seen in read_detections(path)]
        assert times_ns == ([0] if cut < len(last) - 1 else [0, ms(40)])
    path.write_bytes(first[:-2] + b"\n" + last)
    with pytest.raises(ConfigError, match="line 1"):
        read_detections(path)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "line 1: expected"),
        ('{"time_s": 0}', "line 1: expected"),
        ('{"time_s": "0", "detections": []}', "time_s must be a finite number, not '0'"),
        ('{"time_s": NaN, "detections": []}', "time_s must be a finite number, not nan"),
        ('{"time_s": 0, "detections": [1]}', "a detection is an object"),
        ('{"time_s": 0, "detections": [{"label": "cow"}]}', "'cow' is not one of ball, player"),
        ('{"time_s": 0, "detections": [{"label": "ball", "score": true}]}', "score must be"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, named: str) -> None:
    path = tmp_path / "seen.jsonl"
    path.write_text(f"{line}\n")
    with pytest.raises(ConfigError, match=r"seen\.jsonl, line 1") as caught:
        read_detections(path)
    assert named in str(caught.value)


def test_a_missing_file_or_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        ReplayDetector.load(tmp_path / "missing.jsonl")


def test_each_recorded_set_is_given_once_at_its_time() -> None:
    recorded = [DetectionSet(ms(at), (BALL,) * count) for count, at in enumerate((0, 80, 200), start=1)]
    replay = ReplayDetector(recorded)
    given = [replay.detect(FRAME, ms(at)) for at in range(0, 280, 40)]
    assert [None if seen is None else len(seen) for seen in given] == [1, None, 2, None, None, 3, None]


def test_a_step_back_in_time_replays_again() -> None:
    replay = ReplayDetector([DetectionSet(ms(0), (BALL,)), DetectionSet(ms(80), (BALL,))])
    assert replay.detect(FRAME, ms(80))
    assert replay.detect(FRAME, ms(0)) is None
    assert replay.detect(FRAME, ms(80))


def test_the_none_detector_never_runs() -> None:
    assert NoDetector().detect(FRAME, ms(0)) is None
