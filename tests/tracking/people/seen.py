"""Detections as a camera would give them of people whose places are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from pipeline.analysis.detector import Detection, DetectionSet, Shirt
from pipeline.match.match import match_rig
from pipeline.match.settings import MatchSettings
from pipeline.match.truth import TrackTruth
from pipeline.media.track_rows import TrackRow
from pipeline.optics.rig import Rig
from pipeline.timebase import Nanoseconds

SETTINGS = MatchSettings(seed=4)
RIG = match_rig(SETTINGS)
STEP_NS = 80_000_000
SHIRTS: dict[tuple[str, str], Shirt] = {
    ("player", "left"): (80.0, 110.0, 190.0),
    ("player", "right"): (95.0, 165.0, 110.0),
    ("goalkeeper", "left"): (170.0, 60.0, 150.0),
    ("goalkeeper", "right"): (140.0, 70.0, 190.0),
    ("referee", ""): (35.0, 128.0, 128.0),
}


def truth_of(seconds: float) -> list[list[TrackRow]]:
    """The true rows of a match, 12.5 times a second."""
    truth = TrackTruth(SETTINGS)
    return [truth.at(index * STEP_NS) for index in range(round(seconds * 12.5))]


def seen(
    frames: Sequence[Sequence[TrackRow]],
    seed: int = 1,
    missed: float = 0.1,
    false: float = 0.3,
    rig: Rig = RIG,
) -> Iterator[DetectionSet]:
    """The frames as a detector sees them: a pixel of noise, some missed, now and then a box with nobody in it."""
    rng = np.random.default_rng(seed)
    for rows in frames:
        found: list[Detection] = []
        shirts: list[Shirt | None] = []
        people = [row for row in rows if row.label != "ball" and rng.random() > missed]
        places = [(row.x_m - 52.5, row.y_m - 34.0) for row in people]
        worn: list[Shirt | None] = [SHIRTS[row.label, row.team] for row in people]
        for _ in range(int(rng.poisson(false))):
            places.append((float(rng.uniform(-50, 50)), float(rng.uniform(-33, 33))))
            worn.append((110.0, 97.0, 110.0))
        for (u, v), shirt in zip(places, worn, strict=True):
            assert rig.pitch is not None
            x, z = rig.pitch.to_world(u, v)
            yaw, foot = (float(angle) for angle in rig.metres_to_angles(x, z))
            _, head = (float(angle) for angle in rig.metres_to_angles(x, z, 1.75))
            yaw, foot, head = (
                yaw + rng.normal(0, 0.04),
                foot + rng.normal(0, 0.03),
                head + rng.normal(0, 0.03),
            )
            found.append(Detection("player", 0.9, yaw, (foot + head) / 2, 0.4 * (head - foot), head - foot))
            assert shirt is not None
            y, cb, cr = (level + rng.normal(0, 4) for level in shirt)
            shirts.append((y, cb, cr))
        yield DetectionSet(Nanoseconds(rows[0].time_ns), tuple(found), tuple(shirts))
