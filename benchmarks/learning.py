"""The ball's looks learned from the match itself, against the shipped model alone, on the same pictures.

    foresight bench learning            or: python -m benchmarks.learning [--json FILE]

Twelve matches that nothing was tuned on, with balls of all colours, by day, in a low sun and under floodlight, 84 s
each. The ball counts as found, and anything else as false, with a score over 0.3; both are counted from 60 s on,
when the match has taught for a minute. The director follows each whole match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Row, main
from benchmarks.sight import EVERY, FPS, Watched, directed, looks
from pipeline.analysis.ball_lessons import SURE
from pipeline.analysis.ball_looks import shipped_looks
from pipeline.analysis.detector import Detection, DetectionSet
from pipeline.analysis.motion import Spots, likeliest
from pipeline.match.match import match_rig
from pipeline.match.settings import MatchSettings, parse_match
from pipeline.match.truth import MatchTruth
from pipeline.optics.rig import Rig
from pipeline.run.ball_learning import BallLearning
from pipeline.timebase import Nanoseconds

Array = NDArray[np.float64]

SECONDS, TAUGHT_S, NEAR_DEG = 84, 60, 0.45
MATCHES = (
    "match?seed=500&light=floodlight&ball=red&noise=2",
    "match?seed=501",
    "match?seed=502&light=floodlight",
    "match?seed=503&ball=red",
    "match?seed=504&light=low_sun",
    "match?seed=505&light=floodlight&ball=orange&noise=3",
    "match?seed=506&ball=orange",
    "match?seed=507&light=low_sun&ball=red",
    "match?seed=508&light=floodlight&ball=red",
    "match?seed=509&ball=yellow",
    "match?seed=510&noise=4",
    "match?seed=511&light=floodlight&ball=yellow&noise=2",
)


@dataclass(frozen=True)
class Recorded:
    """What the detector saw of a match before anything was scored, and the true ball of each frame, (N, 2)
    degrees."""

    rig: Rig
    frames: list[tuple[Nanoseconds, list[Detection], Spots]]
    ball: Array


@dataclass(frozen=True)
class Sight:
    """What was seen of a match: percent of the frames in which the ball is found, false balls a frame, both after a
    minute; percent of the frames with the ball in view, and the longest loss in seconds."""

    found: float
    false: float
    in_view: float
    longest_loss_s: float


def recorded(settings: MatchSettings) -> Recorded:
    """Render a match and look at it."""
    frames = []
    for time_ns, found, detector in looks(settings, SECONDS):
        players = [one for one in found if one.label != "ball"]
        frames.append((time_ns, players, detector.spots))
    truth = [rows[0] for rows in MatchTruth(settings).frames(SECONDS * FPS)]
    return Recorded(match_rig(settings), frames, np.array([(ball.yaw_deg, ball.tilt_deg) for ball in truth]))


def sight(match: Recorded, learning: BallLearning | None) -> Sight:
    """How well a detector sees that learns, or does not."""
    looks = (shipped_looks(),) if learning is None else learning.looks
    sets, found, false, count = [], 0, 0, 0
    for number, (time_ns, players, spots) in enumerate(match.frames):
        seen = [*players, *likeliest(looks, spots)]
        sets.append(DetectionSet(time_ns, tuple(seen)))
        if learning is not None:
            looks = learning.seen(time_ns, seen, spots)
        if time_ns < TAUGHT_S * 10**9:
            continue
        yaw, tilt = match.ball[EVERY * number]
        sure = [one for one in seen if one.label == "ball" and one.score > SURE]
        hits = [np.hypot(one.yaw_deg - yaw, one.tilt_deg - tilt) < NEAR_DEG for one in sure]
        found += any(hits)
        false += len(hits) - sum(hits)
        count += 1
    if learning is not None:
        learning.close()
    path = directed(Watched(match.rig, sets, match.ball))
    return Sight(100 * found / count, false / count, path.in_view_percent, path.longest_loss_s)


def run() -> Sequence[Row]:
    """Found and false balls after a minute, and the ball in view, with and without learning."""
    cv2.setNumThreads(1)
    rows: list[Row] = []
    before, after = [], []
    for text in MATCHES:
        match = recorded(replace(parse_match(text), fps=Fraction(FPS)))
        before.append(sight(match, None))
        after.append(sight(match, BallLearning(match.rig, live=False)))
        rows += rows_of(text.removeprefix("match?"), before[-1], after[-1])
    found = [float(np.mean([one.found for one in some])) for some in (before, after)]
    false = [float(np.mean([one.false for one in some])) for some in (before, after)]
    rows += [
        Row("all: ball found", found[1], "%", f"shipped {found[0]:.3g}", found[1] / found[0],
            f">= {found[0]:.3g}", found[1] >= found[0]),
        Row("all: false balls", false[1], "a frame", f"shipped {false[0]:.3g}", false[1] / max(false[0], 1e-9),
            f"<= {false[0] / 2:.3g}", false[1] <= false[0] / 2),
    ]  # fmt: skip
    return rows


def rows_of(name: str, before: Sight, after: Sight) -> list[Row]:
    """The figures of one match."""
    return [
        Row(f"{name}: ball found", after.found, "%", f"shipped {before.found:.3g}"),
        Row(f"{name}: false balls", after.false, "a frame", f"shipped {before.false:.3g}"),
        Row(f"{name}: ball in view", after.in_view, "%", f"shipped {before.in_view:.4g}",
            goal=">= 100", met=after.in_view >= 100.0),
        Row(f"{name}: longest loss", after.longest_loss_s, "s", f"shipped {before.longest_loss_s:.2g}"),
    ]  # fmt: skip


if __name__ == "__main__":
    main(run)
