"""docs/reliability.md: its tables are the rows that the tests of faults declare, each test with its row."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.faults.record import MARK, Area, Row, declared, read_tables, tables, without_row
from tests.faults.results import Results


def test_the_tables_are_the_declared_rows() -> None:
    places = declared()
    assert len(places) > 40
    assert read_tables() == tables(list(places), places), (
        "the page differs from the rows beside the tests: run `make faults`, or for some files "
        "`make faults FAULTS=tests/faults/test_signals.py`"
    )


def test_no_fault_has_two_rows() -> None:
    names = [row.fault for row in declared()]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_every_test_of_a_fault_declares_its_row() -> None:
    assert without_row() == []


@pytest.mark.parametrize(
    ("outcomes", "is_on_the_page", "held"),
    [
        (["passed"], False, True),
        (["passed", "skipped"], False, True),
        (["passed", "failed", "passed"], True, False),
        (["failed"], True, False),
        (["skipped"], True, True),
        (["skipped"], False, False),
        ([], True, True),
        ([], False, False),
    ],
)
def test_the_page_has_the_rows_whose_tests_passed(
    outcomes: list[Literal["passed", "failed", "skipped"]], is_on_the_page: bool, held: bool
) -> None:
    row = Row(Area.OUTPUTS, "a disk | a thief", "a line", "the disk")
    results = Results()
    for outcome in outcomes:
        properties = [(MARK, str(row))]
        report = pytest.TestReport("a", ("a", 0, ""), {}, outcome, None, "call", user_properties=properties)
        results.note(report)
    page = tables([row], {row: "tests/a.py"}) if is_on_the_page else ""
    assert results.is_held(row, page) is held
