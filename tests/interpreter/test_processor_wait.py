"""How long the threads of a process have waited for a processor."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pipeline.interpreter.processor_wait import ProcessorWait, waits_ns


def test_it_is_the_longest_wait_of_one_thread_since_the_last_call() -> None:
    waits: dict[str, int] = {"1": 1000, "2": 5000}
    wait = ProcessorWait(lambda: waits)
    assert wait.since_last_ns() == 0
    waits.update({"1": 1300, "2": 5100, "3": 20})
    assert wait.since_last_ns() == 300
    waits["4"] = 700
    assert wait.since_last_ns() == 700, "of a new thread, all of it"
    del waits["2"]
    assert wait.since_last_ns() == 0


def test_what_cannot_be_read_counts_for_nothing(tmp_path: Path) -> None:
    for number, text in {"7": "13167 148866 2\n", "8": "", "9": "1 x 2"}.items():
        (tmp_path / number).mkdir()
        (tmp_path / number / "schedstat").write_text(text)
    (tmp_path / "10").mkdir()
    assert waits_ns(tmp_path) == {"7": 148866}
    assert waits_ns(tmp_path / "none") == {}


def test_this_process_can_be_read() -> None:
    found = waits_ns()
    if not found:
        pytest.skip("this system does not tell how long a thread has waited")
    assert str(threading.get_native_id()) in found
