"""FilmFeed: where the outputs of one film get their raw frames and their sound."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.gst.core.elements import is_inside
from pipeline.gst.runtime import Gst


@dataclass(frozen=True, slots=True, eq=False)
class FilmFeed:
    """The tees behind which a film is encoded. Films of the same picture share their video tees."""

    name: str
    video_tee: Gst.Element
    """Its raw frames."""
    audio_tee: Gst.Element | None
    """Its raw sound; None without."""
    clean_tee: Gst.Element | None = None
    """Its frames without graphics; None if none are drawn."""
    rendering: tuple[Gst.Element, ...] = ()
    """The elements that make its frames, if it can fail alone."""

    def video(self, graphics: bool) -> Gst.Element:
        """The tee of its frames with or without graphics."""
        return self.video_tee if graphics or self.clean_tee is None else self.clean_tee

    def is_made_by(self, element: Gst.Object | None) -> bool:
        """Whether `element` is one of those that make its frames, or inside one."""
        return any(is_inside(element, own) for own in self.rendering)
