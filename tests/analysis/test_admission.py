"""What a detector may answer, and what is said of everything else: one line, whatever it is."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.analysis.admission import MOST_DETECTIONS, admitted
from pipeline.analysis.detector import Detection
from pipeline.errors import DetectorError
from pipeline.foreign_code import LONGEST_LINE, describe
from tests.analysis.fakes import BALL


def ball(**changed: object) -> Detection:
    given: dict[str, object] = {"label": "ball", "score": 0.9, "yaw_deg": 1.0, "tilt_deg": -5.0}
    return Detection(**(given | {"width_deg": 0.2, "height_deg": 0.2} | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", [[], (), [BALL], (BALL, BALL), iter([BALL]), np.array([BALL], object)])
def test_any_collection_of_detections_is_admitted(answer: object) -> None:
    assert set(admitted(answer)) <= {BALL}


def test_numbers_of_other_kinds_become_floats() -> None:
    (found,) = admitted([ball(score=np.float32(0.5), yaw_deg=np.int64(3), tilt_deg=np.array(-2.0))])
    assert found == ball(score=0.5, yaw_deg=3.0, tilt_deg=-2.0)
    assert {type(value) for value in (found.score, found.yaw_deg, found.tilt_deg)} == {float}


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("not even a name")

    def __float__(self) -> float:
        raise RuntimeError("not a number")


@pytest.mark.parametrize(
    "answer",
    [
        "ball",
        b"ball",
        7,
        {"label": "ball"},
        [{"label": "ball"}],
        [("ball", 0.9, 0, 0, 1, 1)],
        ["ball"],
        [None],
        [[BALL]],
        [BALL, None],
        itertools.repeat(BALL),
        [BALL] * (MOST_DETECTIONS + 1),
        [ball(label="dog")],
        [ball(label=7)],
        [ball(label=["ball"])],
        [ball(label="\x1b[2J")],
        [ball(score=1.5)],
        [ball(score=-0.1)],
        [ball(score="high")],
        [ball(score=None)],
        [ball(score=True)],
        [ball(yaw_deg=math.inf)],
        [ball(yaw_deg=math.nan)],
        [ball(tilt_deg=91.0)],
        [ball(width_deg=-1.0)],
        [ball(height_deg=1e308)],
        [ball(yaw_deg=10**400)],
        [ball(yaw_deg=np.array([1.0, 2.0]))],
        [ball(yaw_deg=Hostile())],
        [Hostile()],
        Hostile(),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_everything_else_is_refused_in_one_printable_line(answer: object) -> None:
    with pytest.raises(Exception) as refused:  # noqa: PT011  (foreign code: what it raises is its own)
        admitted(answer)
    line = describe(refused.value)
    assert line.isprintable()
    assert len(line) <= LONGEST_LINE + 50


def test_the_line_says_what_is_wrong() -> None:
    for answer, said in (
        ([ball(label="dog")], "label 'dog' is none of ball, player"),
        ([ball(score=1.5)], "score is 1.5; allowed: 0 to 1"),
        ([{"label": "ball"}], "it answered dict instead of a Detection"),
        ("ball", "it answered 'ball' instead of a list of Detection"),
        ([BALL] * 10_000, "more than 500 things"),
    ):
        with pytest.raises(DetectorError, match=said):
            admitted(answer)


@given(st.text())
def test_any_message_becomes_one_printable_line(text: str) -> None:
    line = describe(ValueError(text * 50))
    assert line.isprintable()
    assert len(line) <= LONGEST_LINE + 50


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_error_whose_message_raises_is_still_told() -> None:
    assert describe(UnspeakableError()) == "UnspeakableError: its message cannot be read (RuntimeError)"
