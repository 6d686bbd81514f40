"""Who directs a run: a director over all that is seen, or a fixed shot."""

from __future__ import annotations

from pipeline.analysis.timeline import Timeline
from pipeline.direction.director import Director, FixedDirector
from pipeline.direction.framing import goals_of
from pipeline.optics.limits import limits
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from pipeline.settings import Settings


def director_for(settings: Settings, timeline: Timeline, rig: Rig, aspect: float) -> Director | FixedDirector:
    """The director that `settings` ask for, of a virtual camera whose picture is `aspect` times as wide as high.

    Live its plans wait for nobody, offline until the timeline knows their whole future.
    """
    fixed = settings.director.fixed_view
    if fixed is not None:
        return FixedDirector(View(fixed.yaw_deg, fixed.pitch_deg, fixed.hfov_deg))
    wanted_s = settings.director.lookahead_s
    return Director(
        timeline,
        rig,
        style=settings.director.style,
        lookahead_s=settings.delay_s if wanted_s is None else min(wanted_s, settings.delay_s),
        aspect=aspect,
        edges=limits(rig, aspect),
        goals=goals_of(rig),
        patience_s=0.0 if settings.is_live else None,
    )
