"""Calls of code that is not ours: whatever it raises is kept as a value, and said in one line."""

from __future__ import annotations

from types import TracebackType

LONGEST_LINE = 300
"""Characters of an error's text that are shown; the rest is left out."""


class Contained:
    """Runs foreign code: ``with Contained() as call: ...``, and afterwards `error` is what it raised, or None.

    SystemExit too: a detector or a graphic must not end the run. On the main thread, where Ctrl-C comes, let
    KeyboardInterrupt pass: ``Contained(KeyboardInterrupt)``.
    """

    def __init__(self, *passed: type[BaseException]) -> None:
        """`passed`: what is raised nevertheless."""
        self.error: BaseException | None = None
        self._passed = passed

    def __enter__(self) -> Contained:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        self.error = error
        return not isinstance(error, self._passed)


def describe(error: BaseException) -> str:
    """An exception's class and message on one line, without control characters, and never raising itself."""
    said = ""
    with Contained() as call:
        said = str(error)
    if call.error is not None:
        said = f"its message cannot be read ({type(call.error).__name__})"
    return f"{type(error).__name__}: {one_line(said)}" if said else type(error).__name__


def one_line(text: str) -> str:
    """`text` as one printable line of at most LONGEST_LINE characters: no escape sequence reaches a terminal."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text[: 10 * LONGEST_LINE])
    line = " ".join(printable.split())
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 3]}..."
