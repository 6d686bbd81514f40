"""TagBook: the tags of a run, in a file as soon as they are set."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import ConfigError, OutputError
from pipeline.scoring.tags import Tag, TagLog
from pipeline.scoring.values import Side


class TagBook:
    """Sets and undoes tags; each is a line of the file before the call returns, so a killed run has them all.

    Any thread. `add` and `undo` block for the disk, `tags` never does. Lock: `_writing`, held for the order of the
    lines, also while one is written.
    """

    def __init__(
        self,
        path: Path | None,
        on_failed: Callable[[OutputError], object],
        on_line: Callable[[str], object] | None = None,
    ) -> None:
        """`path`: the file, which begins anew; None for none. `on_failed(error)`: the file cannot be written, told
        once; the tags are kept in memory. `on_line(line)` gets each line too. Raises OutputError if the file cannot
        be made."""
        self._path, self._on_failed, self._on_line = path, on_failed, on_line
        self._writing = threading.Lock()
        self._log = TagLog()
        self._tags: tuple[Tag, ...] = ()
        self._descriptor: int | None = None
        if path is not None:
            try:
                self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
            except OSError as error:
                raise OutputError(
                    f"{path}: cannot be written ({error.strerror}); check the folder"
                ) from error

    def add(self, captured_ns: int, kind: str, team: Side | None, label: str = "", who: str = "") -> Tag:
        """Set a tag. Raises ConfigError for its values, StateError when there are too many."""
        with self._writing:
            tag, line = self._log.add(captured_ns, kind, team, label, who)
            error = self._keep(line)
        if error is not None:
            self._on_failed(error)
        return tag

    def undo(self, number: int, who: str = "") -> Tag:
        """Take a tag back; returns it. Raises StateError for one that is not there."""
        with self._writing:
            tag, line = self._log.undo(number, who)
            error = self._keep(line)
        if error is not None:
            self._on_failed(error)
        return tag

    def tags(self) -> tuple[Tag, ...]:
        """Those that hold, in order of captured time."""
        return self._tags

    def close(self) -> None:
        """Close the file; tags that are set later are only kept in memory. Idempotent."""
        with self._writing:
            self._close()

    def _keep(self, line: str) -> OutputError | None:
        self._tags = tuple(self._log.tags())
        if self._on_line is not None:
            self._on_line(line)
        if self._descriptor is None:
            return None
        left = memoryview(f"{line}\n".encode())
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            self._close()
            return OutputError(
                f"{self._path}: cannot be written ({error.strerror}); the tags before stay in it"
            )
        return None

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def read_tags(path: Path) -> list[Tag]:
    """The tags that hold in a file of a run, also of one that was killed, in order of captured time.

    Blocks on the disk. Raises ConfigError, one line.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            return TagLog.read(file, str(path)).tags()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: no tags: it is not UTF-8") from error
