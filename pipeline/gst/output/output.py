"""Output: the protocol between the board and each of a run's outputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from pipeline.gst.output.uplink import Uplink
from pipeline.gst.runtime import Gst
from pipeline.media.film_file import FilmFile

OutputKind = Literal["file", "stream"]


class Output(Protocol):
    """One output: put `element` into the pipeline; its sink pads are ``video`` and, with sound, ``audio``.

    Any thread may read the properties and call `abandon`; neither blocks.
    """

    @property
    def name(self) -> str:
        """The file's path, or the address without secrets."""

    @property
    def kind(self) -> OutputKind:
        """What the user sees it as: a file or a stream."""

    @property
    def element(self) -> Gst.Bin:
        """The bin that receives the encoded streams."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user about it, about a gap or generated silence for example."""

    @property
    def trouble(self) -> str | None:
        """Why it is not working now, in one line; None while it works."""

    @property
    def recovers(self) -> bool:
        """Whether it resumes by itself after trouble, as a push does when its server is back."""

    @property
    def undelivered(self) -> str | None:
        """Why its server has received nothing at all, in one line, once it is closed; otherwise None."""

    @property
    def gaps(self) -> int:
        """How often it lost its server."""

    @property
    def lost_s(self) -> float:
        """Seconds of video that its server has not received."""

    @property
    def uplink(self) -> Uplink | None:
        """How its server takes what it is sent; None if it sends nothing."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it has started, in order."""

    @property
    def sole_file(self) -> Path | None:
        """The one file that plays all of it, by itself; None for several, a playlist or a stream."""

    @property
    def films(self) -> tuple[FilmFile, ...]:
        """Its files, each of which plays by itself, with the times of its frames; none of a playlist or stream."""

    @property
    def cut_short(self) -> str | None:
        """The message if it ends before the video does; None if nothing is then missing."""

    @property
    def waiting_bytes(self) -> tuple[int, ...]:
        """How many bytes of each stream wait in the playback pipeline; none if playback never waits for it."""

    def abandon(self) -> None:
        """Discard everything from now on, because the output has failed; playback must not wait for it."""

    def close(self) -> None:
        """Finish what runs outside the playback pipeline. Idempotent; blocks for a bounded time."""


OnFailed = Callable[[Output], object]
"""Called once with an output that has failed, on a thread of the output; it must not block."""


def incomplete_file(name: str) -> str:
    """The message about a file that lacks the end of the video."""
    return f"{name}: was not finished in time, so the file is incomplete; check the disk"
