"""MatchGraphics: what the graphics of a match show in the frame of any captured time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.buffering.annotations import ROUNDING_NS, Annotations
from pipeline.graphics.content import LowerThird, scoreboard_values
from pipeline.graphics.logo import picture_uri
from pipeline.graphics.template import Template
from pipeline.gst.graphics.graphics_element import Shown
from pipeline.match_folder.annotation_lines import Kind
from pipeline.scoring.scoreboard import scoreboard_text
from pipeline.scoring.sport import Sport
from pipeline.scoring.team import Team
from pipeline.timebase import Nanoseconds

SCORE: Kind = "score"
CLOCK: Kind = "clock"
LOWER_THIRD: Kind = "lower_third"
REPLAY: Kind = "replay"
"""The kinds of annotations that are drawn: a MatchScore, a Clock, a LowerThird or None, a word or None."""


@dataclass(frozen=True, slots=True)
class GraphicsFiles:
    """The templates, by name or path (see `Template.load`), and the sponsor's picture."""

    scoreboard: str = "scoreboard"
    lower_third: str = "lower_third"
    replay: str = "replay"
    sponsor: str = "sponsor"
    sponsor_picture: Path | None = None


class MatchGraphics:
    """Called with a running time of playback, returns what that frame shows (see GraphicsElement).

    It reads the annotations at the frame's captured time. They are settled by then, so every output, and every call
    for one frame, shows the same. Any thread; never blocks.
    """

    def __init__(
        self,
        sport: Sport,
        teams: tuple[Team, Team],
        annotations: Annotations,
        captured_ns: Callable[[int], int],
        files: GraphicsFiles = GraphicsFiles(),
    ) -> None:
        """`captured_ns` converts a running time of playback to the capture's. Blocks on the disk.

        Raises ConfigError for a template or a picture that cannot be used.
        """
        self._sport, self._teams = sport, teams
        self._annotations, self._captured_ns = annotations, captured_ns
        self._logos = ["" if team.logo is None else picture_uri(team.logo) for team in teams]
        self._scoreboard, self._lower_third, self._replay, self._sponsor = (
            Template.load(name) for name in (files.scoreboard, files.lower_third, files.replay, files.sponsor)
        )
        self._sponsor_uri = "" if files.sponsor_picture is None else picture_uri(files.sponsor_picture)

    def __call__(self, time_ns: Nanoseconds) -> list[Shown]:
        """What the frame of this running time shows, the lowest first."""
        captured_ns = self._captured_ns(time_ns)
        score, clock, third, replay = (
            None if (found := self._annotations.at(kind, captured_ns)) is None else found.data
            for kind in (SCORE, CLOCK, LOWER_THIRD, REPLAY)
        )
        text = scoreboard_text(self._sport, *self._teams, score, clock, captured_ns)
        shown = [Shown(self._scoreboard, scoreboard_values(text, *self._logos))]
        if self._sponsor_uri:
            shown.append(Shown(self._sponsor, {"sponsor": self._sponsor_uri}))
        if third is not None and not _is_over(third, captured_ns):
            shown.append(Shown(self._lower_third, third.values))
        if replay:
            shown.append(Shown(self._replay, {"replay": replay}))
        return shown


def _is_over(third: LowerThird, captured_ns: int) -> bool:
    return third.until_ns is not None and captured_ns + ROUNDING_NS >= third.until_ns
