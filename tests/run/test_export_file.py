"""A data file that grows with the run: whole lines at any moment, and a fault that is told once."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import OutputError
from pipeline.run import export_file
from pipeline.run.export_file import MOST_WAITING, ExportFile
from tests.faults.record import Area, fault
from tests.gst.output.peers import wait_until

HEADER = "number"
WAIT_S = 20.0


def lines_of(number: int) -> Iterator[str]:
    """Some lines for each item, none for every third."""
    return (f"{number} {'x' * (number % 7)}" for _ in range(number % 3))


def whole(numbers: list[int]) -> str:
    return "".join(f"{line}\n" for line in (HEADER, *(line for n in numbers for line in lines_of(n))))


class Told:
    """Collects the failures."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def __call__(self, error: OutputError) -> None:
        self.errors.append(str(error))


def opened(path: Path, told: Told, *, live: bool = True) -> ExportFile[int]:
    return ExportFile(path, HEADER, lines_of, told, live=live)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 1000), max_size=50), st.booleans())
def test_every_line_is_there_once_in_its_order(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], live: bool
) -> None:
    path, told = tmp_path_factory.mktemp("export") / "file", Told()
    file = opened(path, told, live=live)
    for number in numbers:
        file.add(number)
    file.close()
    file.close()
    file.add(1)
    assert path.read_text() == whole(numbers)
    assert told.errors == []


def test_what_was_added_is_there_before_the_end(tmp_path: Path) -> None:
    path, told = tmp_path / "file", Told()
    file = opened(path, told)
    for count in (1, 2):
        file.add(5)
        wait_until(lambda: path.exists() and path.read_text() == whole([5] * count), "the line")  # noqa: B023
    file.close()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 200), st.integers(1, 40))
def test_a_full_disk_leaves_whole_lines_and_is_told_once(
    tmp_path_factory: pytest.TempPathFactory, room: int, most: int
) -> None:
    """A disk with `room` bytes, which takes at most `most` of them at once."""
    path, told = tmp_path_factory.mktemp("full") / "file", Told()
    numbers = list(range(40))
    left = room

    def write(descriptor: int, data: memoryview) -> int:
        nonlocal left
        if not left:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = real(descriptor, data[: min(left, most)])
        left -= count
        return count

    real = os.write
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export_file.os, "write", write)
        file = opened(path, told)
        for number in numbers:
            file.add(number)
        file.close()
    expected = whole(numbers).encode()
    assert path.read_bytes() == expected[: expected.rfind(b"\n", 0, room) + 1]
    assert told.errors == [
        f"{path}: cannot be written (No space left on device); what was written before stays"
    ]


@pytest.mark.parametrize("name", ["none/file", "/dev/full", "."])
def test_a_file_that_cannot_be_opened_or_written_is_told_once(tmp_path: Path, name: str) -> None:
    told = Told()
    file = opened(tmp_path / name, told)
    file.add(5)
    file.close()
    (error,) = told.errors
    assert str(tmp_path / name) in error


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.rename(path.with_name("moved"))])
def test_a_file_that_is_no_longer_there_is_told(tmp_path: Path, change: object) -> None:
    path, told = tmp_path / "file", Told()
    file = opened(path, told)
    wait_until(path.exists, "the file")
    change(path)  # type: ignore[operator]
    file.close()
    (error,) = told.errors
    assert "deleted, moved or replaced" in error


@fault(
    Area.TELLING,
    "an export is a pipe that nobody reads, or on a disk that takes nothing",
    seen="the run goes on; a failure in the report, at the latest 10 s after the end; status 1",
    lost="that export",
)
def test_a_pipe_that_nobody_reads_holds_nobody_up(tmp_path: Path) -> None:
    pipe, told = tmp_path / "pipe", Told()
    os.mkfifo(pipe)
    file = opened(pipe, told)
    for number in range(MOST_WAITING):
        file.add(number)
    assert told.errors == []
    file.add(0)
    assert told.errors == [
        f"{pipe}: cannot be written (the disk does not keep up); what was written before stays"
    ]
    file.add(0)
    file.close(0.01)
    assert len(told.errors) == 1
    with pipe.open("rb"):  # lets the file's thread go
        file.close()


def test_an_end_does_not_wait_for_ever(tmp_path: Path) -> None:
    pipe, told = tmp_path / "pipe", Told()
    os.mkfifo(pipe)
    file = opened(pipe, told)
    file.add(1)
    file.close(0.01)
    assert told.errors == [
        f"{pipe}: cannot be written (the disk does not answer); what was written before stays"
    ]
    with pipe.open("rb"):
        file.close()


def test_offline_an_item_waits_for_room(tmp_path: Path) -> None:
    pipe, told = tmp_path / "pipe", Told()
    os.mkfifo(pipe)
    file = opened(pipe, told, live=False)
    for _ in range(MOST_WAITING):
        file.add(1)
    one_more = threading.Thread(target=file.add, args=(1,))
    one_more.start()
    assert one_more.is_alive()
    with pipe.open("rb") as reader:
        text = b""
        while text.count(b"\n") <= MOST_WAITING:
            text += reader.read1()
        one_more.join(WAIT_S)
        file.close()
        text += reader.read()
    assert text.count(b"\n") == 1 + MOST_WAITING + 1
    assert told.errors == []
