"""Standard error and results: what can be written is written, nothing raises, and nobody waits for a reader."""

from __future__ import annotations

import fcntl
import io
import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from pipeline.cli import streams
from pipeline.cli.streams import LossyFile, write_result

WAIT_S = 20.0


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The descriptors of the reader and the writer of a pipe that holds a page; the test closes the reader."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    yield reader, writer
    os.close(writer)


def read_until(reader: int, end: bytes) -> list[bytes]:
    """The lines up to one that ends with `end`."""
    text = b""
    while not text.endswith(end + b"\n"):
        text += os.read(reader, 1)
    return text.splitlines()


def test_what_can_be_written_is_written(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as opened:
        file = LossyFile(opened.fileno())
        assert file.write(b"one ") == 4
        assert file.write(memoryview(b"two")) == 3
        assert file.drain(WAIT_S)
    assert (tmp_path / "file").read_bytes() == b"one two"


def test_a_full_disk_loses_the_text() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        file = LossyFile(full.fileno())
        assert [file.write(b"text") for _ in range(3)] == [4, 4, 4]
        assert file.drain(WAIT_S)


def test_a_closed_pipe_loses_the_text(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    file = LossyFile(pipe[1])
    assert file.write(b"text") == 4
    assert file.drain(WAIT_S)


@pytest.mark.parametrize("blocking", [True, False])
def test_a_pipe_that_nobody_reads_holds_nobody_up_and_what_is_lost_is_counted(
    pipe: tuple[int, int], blocking: bool
) -> None:
    reader, writer = pipe
    os.set_blocking(writer, blocking)
    file = LossyFile(writer, most_waiting=10)
    line = b"x" * 4095 + b"\n"
    written = 200
    for _ in range(written):
        assert file.write(line) == len(line)
    assert not file.drain(0.01)
    lines: list[bytes] = []
    reading = threading.Thread(target=lambda: lines.extend(read_until(reader, b"again")))
    reading.start()
    assert file.drain(WAIT_S)  # until then a further line may be lost as well
    file.write(b"again\n")
    reading.join()
    told = [re.fullmatch(rb"foresight: (\d+) lines are lost, because nobody read them", one) for one in lines]
    losses = [int(found[1]) for found in told if found]
    kept = lines.count(line[:-1])
    assert sum(losses) == written - kept
    assert len(lines) == kept + len(losses) + 1
    assert kept >= 10
    os.close(reader)
    assert file.drain(WAIT_S)


def test_a_signal_handler_may_write_while_the_main_thread_writes(pipe: tuple[int, int]) -> None:
    file = LossyFile(pipe[1], most_waiting=10_000)
    handled = 0

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal handled
        handled += 1
        file.write(b"handler\n")

    before = signal.signal(signal.SIGALRM, on_signal)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    count = 0
    try:
        while handled < 20:
            file.write(b"main\n")
            count += 1
            if count % 100 == 0:
                read_until(pipe[0], b"")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    os.close(pipe[0])
    assert file.drain(WAIT_S)


def test_a_result_is_written_as_far_as_there_is_a_reader(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = pipe
    monkeypatch.setattr(streams, "READ_WITHIN_S", 0.05)
    with io.TextIOWrapper(io.FileIO(writer, "w", closefd=False), encoding="utf-8") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        write_result("\N{BLACK SQUARE}" * 999 + "\n")
        assert read_until(reader, b"") == ["\N{BLACK SQUARE}".encode() * 999]
        with pytest.raises(TimeoutError, match=r"nobody has read it for 0\.05 s"):
            write_result("x" * (1 << 16))
        late = threading.Thread(target=write_result, args=("x" * (1 << 16) + "\n",))
        monkeypatch.setattr(streams, "READ_WITHIN_S", WAIT_S)
        late.start()
        read_until(reader, b"")
        late.join(WAIT_S)
        assert not late.is_alive()
    os.close(reader)
