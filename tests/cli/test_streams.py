"""Tests of the lossy file: it writes what can be written, and never raises."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.cli.streams import LossyFile


def test_what_can_be_written_is_written(tmp_path: Path) -> None:
    with LossyFile(tmp_path / "file", "w") as file:
        assert file.write(b"one ") == 4
        assert file.write(memoryview(b"two")) == 3
    assert (tmp_path / "file").read_bytes() == b"one two"


def test_a_full_disk_loses_the_text() -> None:
    with LossyFile("/dev/full", "w") as file:
        assert [file.write(b"text") for _ in range(3)] == [4, 4, 4]


def test_a_closed_pipe_loses_the_text() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with LossyFile(writer, "w") as file:
        assert file.write(b"text") == 4


def test_a_pipe_that_is_full_and_may_not_block_loses_the_rest() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with LossyFile(writer, "w") as file:
        assert file.write(bytes(1 << 20)) == 1 << 20
        assert file.write(b"more") == 4
    with os.fdopen(reader, "rb") as rest:
        assert 0 < len(rest.read()) < 1 << 20


def test_a_closed_file_is_a_mistake_of_ours(tmp_path: Path) -> None:
    file = LossyFile(tmp_path / "file", "w")
    file.close()
    with pytest.raises(ValueError, match="closed"):
        file.write(b"text")
