"""A pytest plugin: writes the rows whose tests passed into docs/reliability.md (`make faults` loads it)."""

from __future__ import annotations

import pytest

from tests.faults.record import MARK, Row, declared, read_tables, tables, write_tables


class Results:
    """What became of each row's tests."""

    def __init__(self) -> None:
        self._passed: set[str] = set()
        self._failed: set[str] = set()

    def note(self, report: pytest.TestReport) -> None:
        """Count one report. One failure outweighs every pass; a skipped test says nothing."""
        rows = {str(value) for name, value in report.user_properties if name == MARK}
        if report.failed:
            self._failed |= rows
        elif report.passed and report.when == "call":
            self._passed |= rows

    def is_held(self, row: Row, page: str) -> bool:
        """Whether the fault is held: its tests passed, or none ran here and the page has it."""
        name = str(row)
        return name not in self._failed and (name in self._passed or f"| {name} |" in page)


RESULTS = Results()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each test's reports carry its rows: reports also cross from the processes of pytest-xdist."""
    for item in items:
        item.user_properties += [(MARK, str(mark.args[0])) for mark in item.iter_markers(MARK)]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count the report of a test, here or in another process."""
    RESULTS.note(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the page, once for all processes."""
    if hasattr(session.config, "workerinput") or session.config.option.collectonly:
        return
    places, page = declared(), read_tables()
    write_tables(tables([row for row in places if RESULTS.is_held(row, page)], places))
