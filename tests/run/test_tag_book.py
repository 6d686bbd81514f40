"""The tags of a run: in their file at once, from many threads, and kept if the file fails."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, OutputError, StateError
from pipeline.run.tag_book import TagBook, read_tags


def never(error: OutputError) -> None:
    raise error


def test_each_tag_is_in_the_file_before_the_call_returns(tmp_path: Path) -> None:
    path = tmp_path / "tags.jsonl"
    path.write_text("an older run's")
    book = TagBook(path, never)
    first = book.add(7, "goal", "home", "Müller", "phone")
    assert read_tags(path) == [first] == list(book.tags())
    second = book.add(3, "save", None)
    assert read_tags(path) == [second, first] == list(book.tags())
    assert book.undo(1, "phone") == first
    assert read_tags(path) == [second] == list(book.tags())
    with pytest.raises(StateError, match="there is no tag 1"):
        book.undo(1)
    with pytest.raises(ConfigError, match="kind"):
        book.add(0, "", None)
    assert len(path.read_text().splitlines()) == 3
    path.write_text(path.read_text()[:-9])  # killed while it wrote: the undo was not confirmed to anybody
    assert read_tags(path) == [second, first]
    book.close()
    book.close()
    book.add(9, "card", "away")
    assert len(book.tags()) == 2


def test_many_threads_set_and_undo_without_losing_a_line(tmp_path: Path) -> None:
    path = tmp_path / "tags.jsonl"
    book = TagBook(path, never)

    def touch(who: int) -> None:
        for at_ns in range(40):
            tag = book.add(at_ns, "goal", "home", who=str(who))
            if at_ns % 2:
                book.undo(tag.number)

    threads = [threading.Thread(target=touch, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(book.tags()) == 120
    assert read_tags(path) == list(book.tags())


def test_a_full_disk_is_told_once_and_the_tags_stay() -> None:
    told: list[OutputError] = []
    book = TagBook(Path("/dev/full"), told.append)
    book.add(1, "goal", "home")
    book.add(2, "goal", "home")
    assert [str(error) for error in told] == [
        "/dev/full: cannot be written (No space left on device); the tags before stay in it"
    ]
    assert len(book.tags()) == 2


def test_without_a_file_they_are_kept_in_memory() -> None:
    book = TagBook(None, never)
    assert [book.add(1, "goal", "home")] == list(book.tags())


def test_a_file_that_cannot_be_made_or_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"tags\.jsonl: cannot be written \(No such file"):
        TagBook(tmp_path / "none" / "tags.jsonl", never)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_tags(tmp_path / "none.jsonl")
    (tmp_path / "binary").write_bytes(b"\xff\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_tags(tmp_path / "binary")
