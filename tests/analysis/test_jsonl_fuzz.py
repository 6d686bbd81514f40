"""Tests of odd detections files: whatever a line holds, it is refused by its number, or it is kept without loss."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.analysis.jsonl import LABELS, from_line, read_detections, to_line
from pipeline.errors import ConfigError
from tests.faults.record import Area, fault

numbers = st.one_of(
    st.floats(0.0, 1.0),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(10**400), 10**400),
    st.sampled_from([1e308, 1e-308, -1.0, 0, True, None, "1"]),
)
records = st.fixed_dictionaries(
    {"label": st.sampled_from([*LABELS, "goose", None])},
    optional=dict.fromkeys(("score", "yaw_deg", "pitch_deg", "width_deg", "height_deg"), numbers),
)
lines = st.one_of(
    st.fixed_dictionaries({"time_s": numbers, "detections": st.lists(records, max_size=3)}).map(json.dumps),
    st.text(max_size=20).filter(lambda text: len(text.splitlines()) == 1 and bool(text.strip())),
    st.integers(1, 100_000).map(lambda depth: "[" * depth),
    st.integers(500, 502).map(lambda count: json.dumps({"time_s": 0, "detections": [GOOD] * count})),
)
GOOD = {"label": "ball", "score": 1, "yaw_deg": 0, "pitch_deg": 0, "width_deg": 1, "height_deg": 1}
FIRST = json.dumps({"time_s": 0, "detections": [GOOD]})


@fault(
    Area.INPUT,
    "a detections file with odd lines",
    seen="refused in one line that names the file and the line; status 2",
)
@given(lines)
def test_a_line_of_anything_is_refused_by_its_number_or_kept(line: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "detections.jsonl"
        path.write_text(f"{FIRST}\n{line}\n", encoding="utf-8")
        sets, refusal = [], ""
        try:
            sets = read_detections(path)
        except ConfigError as error:
            refusal = str(error)
    if refusal:
        assert refusal.startswith(f"{path}, line 2: ")
        assert "\n" not in refusal
        assert len(refusal) < 400
        return
    assert len(sets) == 2
    assert [from_line(to_line(one)) for one in sets] == sets


@pytest.mark.parametrize("time_s", ["1e308", "-1e308", "1e999", "NaN", str(10**400)])
def test_a_time_beyond_all_measure_is_refused(time_s: str) -> None:
    with pytest.raises(ConfigError, match="time_s"):
        from_line(f'{{"time_s": {time_s}, "detections": []}}')
