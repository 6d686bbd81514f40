"""Output: what the board, and nothing else, has to know of one destination of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from pipeline.gst.runtime import Gst

OutputKind = Literal["file", "stream"]


class Output(Protocol):
    """One destination: put `element` into the pipeline; its sink pads are ``video`` and, with sound, ``audio``.

    Any thread may read the properties and call `abandon`; neither blocks.
    """

    @property
    def name(self) -> str:
        """The file's path, or the address without secrets."""

    @property
    def kind(self) -> OutputKind:
        """What a user calls it."""

    @property
    def element(self) -> Gst.Bin:
        """What takes the encoded streams."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about it, a line each: a gap, a silence."""

    @property
    def trouble(self) -> str | None:
        """Why it delivers nothing now, in one line; None while all is well."""

    @property
    def recovers(self) -> bool:
        """Whether it goes on by itself after a trouble, as a stream does when its server is back."""

    @property
    def gaps(self) -> int:
        """How often it lost its server."""

    @property
    def lost_s(self) -> float:
        """Seconds of video that its server has not had."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it has begun, in order."""

    @property
    def cut_short(self) -> str | None:
        """What to tell the user when it has not taken the end of the video; None where nothing is missing then."""

    @property
    def waiting_bytes(self) -> int:
        """How much waits in the playback pipeline to be written; 0 for an output that playback never waits for."""

    def abandon(self) -> None:
        """Take nothing from now on and hold up nobody: the output has failed."""

    def close(self) -> None:
        """Finish what goes on outside of the pipeline. Idempotent; blocks for a bounded time."""


OnFailed = Callable[[Output], object]
"""Called with an output that can go no further, once, on a thread of the output; it must not wait."""


def incomplete_file(name: str) -> str:
    """What a user is told of a file that lacks the end of the video."""
    return f"{name}: was not finished in time, so the file is incomplete; check the disk"
