"""Seams: what changes slowly between the cameras of a run, clocks and colours: measured, or recalled."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.analysis.camera_clocks import CameraClocks
from pipeline.analysis.camera_health import CameraHealth, with_seams
from pipeline.analysis.clock_watch import ClockWatch
from pipeline.analysis.colour_history import ColourHistory
from pipeline.analysis.colour_watch import ColourWatch, neighbours
from pipeline.analysis.learned_seams import SeamLines, read_learned_seams
from pipeline.analysis.seam_error import SeamErrorWatch
from pipeline.optics.rig import Rig
from pipeline.settings import Settings

MARGIN_S = 5.0
"""Measurements are kept for this much longer than the window."""

RECALLED_SPAN_S = 1e6
"""What an earlier run learned is kept whole."""


class Seams:
    """The seams between one run's cameras. Any thread; the watches one at a time."""

    def __init__(
        self,
        settings: Settings,
        rig: Rig,
        on_told: Callable[[str], object],
        on_learned: Callable[[str], object],
    ) -> None:
        """`on_told(line)` with what is to be told, `on_learned(line)` with what is to be written.

        Raises ConfigError for a file of what was learned that is none.
        """
        names, pairs = [camera.name for camera in rig.cameras], neighbours(rig)
        is_recalled = settings.learned is not None
        span_s = RECALLED_SPAN_S if is_recalled else settings.delay_s + settings.keep_behind_s + MARGIN_S
        self.clocks = CameraClocks(len(rig.cameras))
        self.colours = ColourHistory(names, pairs, span_s, settings.delay_s)
        if settings.learned is not None:
            read_learned_seams(settings.learned, names, pairs).recall(self.clocks, self.colours)
        lines = SeamLines(names, pairs)
        self.clock_watch = ClockWatch(
            rig,
            self.clocks,
            on_told,
            lambda time_ns, name, state: on_learned(lines.clock(time_ns - self.clocks.first_ns, name, state)),
        )
        self.colour_watch = ColourWatch(
            rig, self.colours, lambda since_ns, ratios: on_learned(lines.colours(since_ns, ratios))
        )

        self.error_watch = SeamErrorWatch(rig, pairs)

    def told_of(self, cameras: list[CameraHealth]) -> list[CameraHealth]:
        """The same cameras with what is known of their clocks and colours."""
        clocks, colours, errors = (
            self.clock_watch.health(),
            self.colours.state(),
            self.error_watch.errors_px(),
        )
        known = zip(cameras, clocks, colours, errors, strict=True)
        return [with_seams(*each) for each in known]

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user."""
        return (*self.clock_watch.notes, *self.colours.notes, *self.error_watch.notes)
