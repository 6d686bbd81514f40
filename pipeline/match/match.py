"""Match: renders the built-in match frame by frame into NV12, sync marks included."""

from __future__ import annotations

import numpy as np

from pipeline.errors import ConfigError
from pipeline.match.draw import Painter
from pipeline.match.grain import Grain
from pipeline.match.play import Play
from pipeline.match.settings import MatchSettings
from pipeline.match.sync import FLASH_LIFT, is_marked
from pipeline.match.venue import Venue
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig

MARK_YAW_DEG, MARK_TILT_DEG, MARK_SIDE_DEG = -78.6, -34.6, 1.2
"""The square that turns white with the flash: its centre in the rig's angles, and its side."""
_MARK_OFF, _MARK_ON = 28, 235


class Match:
    """Frames of one match, rendered in time order. Deterministic for its settings.

    One thread at a time; starts none. Construction paints the stadium, which takes a second or two for 2880x960.
    """

    def __init__(self, settings: MatchSettings) -> None:
        self.settings = settings
        self._venue = Venue.of(settings)
        self._play = Play(settings.seed)
        self._painter = Painter(self._venue, settings.ball, settings.light)
        self._grain = Grain(settings) if settings.noise else None

    @property
    def rig(self) -> Rig:
        """The rig of the match: its camera and the pitch."""
        return self._venue.rig()

    def render(self, frame_index: int, out: Frame) -> None:
        """Draw a frame, not earlier than the previous one, into `out`, an NV12 frame of the settings' size.

        Frames may be skipped. Computes for some milliseconds. Raises ConfigError for another format or size,
        ValueError for an earlier frame.
        """
        settings = self.settings
        if (out.format, out.width, out.height) != ("NV12", settings.width, settings.height):
            raise ConfigError(
                f"the match is drawn as NV12 of {settings.width}x{settings.height}, "
                f"not {out.format} of {out.width}x{out.height}"
            )
        self._painter.draw(self._play.at(float(frame_index / settings.fps)), out)
        if self._grain is not None:
            self._grain.add(frame_index, out)
        if settings.marks:
            self._mark(out, is_marked(frame_index, settings.fps))

    def _mark(self, out: Frame, flash: bool) -> None:
        if flash:
            np.minimum(out.luma, 255 - FLASH_LIFT, out=out.luma)  # noise may be as bright as that
            np.add(out.luma, FLASH_LIFT, out=out.luma)
        half = MARK_SIDE_DEG / 2
        (left, right), (top, bottom) = self._venue.span(
            (MARK_YAW_DEG - half, MARK_YAW_DEG + half), (MARK_TILT_DEG + half, MARK_TILT_DEG - half)
        )
        out.luma[top:bottom, left:right] = _MARK_ON if flash else _MARK_OFF
        out.planes[1][top // 2 : bottom // 2, left // 2 : right // 2] = 128


def match_rig(settings: MatchSettings) -> Rig:
    """The rig of a match, without painting the stadium."""
    return Venue.of(settings).rig()
