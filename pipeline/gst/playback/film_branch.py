"""FilmBranch: what the playback pipeline needs to know of one film: its frames, its sound, its outputs."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.gst.runtime import Gst
from pipeline.media.output_spec import FileSpec, StreamSpec


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """The elements that make the frames of one or more films, in this order; each transforms raw frames.

    A film has the frames behind `graphics` or, without graphics, those before it.
    """

    view: Gst.Element | None = None
    cover: Gst.Element | None = None
    graphics: Gst.Element | None = None

    @property
    def elements(self) -> tuple[Gst.Element, ...]:
        """Those that there are."""
        return tuple(one for one in (self.view, self.cover, self.graphics) if one is not None)


@dataclass(frozen=True, slots=True, eq=False)
class FilmBranch:
    """One film; films that share a `rendering` show the same frames."""

    name: str
    rendering: Rendering
    files: tuple[FileSpec, ...] = ()
    streams: tuple[StreamSpec, ...] = ()
    graphics: bool = True
    """Whether its frames have graphics, if any are drawn."""
    sound: bool = True
