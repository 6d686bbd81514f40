"""Precision and recall of proposed tags on the built-in match, and what finding them costs; figures, no rival.

    foresight bench proposals            or: python -m benchmarks.proposals [--json FILE]

Some minutes of each of several matches. Constants were chosen on the seeds 3, 5, 7 and 11, also from pixels, and 21
to 24; those reported were not looked at. The sound is the match's own, with its crowd, kicks and clicks. The tracks
are the true places as the default detector gives them: 12.5 a second, 0.3 m of noise, a third of the balls missing,
and none behind a goal line, where the net hides it.

A proposal is right if such an event is within 3 s of its moment, stop and kick-off within 1 s. A chance is right
at a shot that is no goal, within 5 s, and a stop at any whistle.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Row, main
from pipeline.match.match_state import Event
from pipeline.match.settings import MatchSettings
from pipeline.match.sound import CHANNELS, RATE_HZ, Sound
from pipeline.match.truth import TrackTruth, events_until
from pipeline.media.track_rows import TrackRow
from pipeline.proposals.play import GoalMouth
from pipeline.proposals.proposal import Proposal
from pipeline.proposals.proposer import Proposer
from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds

SECONDS = 400
SEEDS = (31, 32, 33, 34)
FIELD = GoalMouth(105.0, 68.0, 3.66, 2.44)
RATE_TRACKS, NOISE_M, MISSING = 12.5, 0.3, 0.33
TRACKS_LATE_S = 2.5
"""The tracks of a moment are known so much later than its sound: their window, and half of what is made at once."""

NEAR_S = {"goal": 3.0, "chance": 5.0, "stop": 1.0, "kick-off": 1.0}
GOALS = {"goal": 0.9}
EVERY_S = 0.5


@dataclass(frozen=True)
class Run:
    """What was proposed in a match at the end, when each goal was first proposed, and what happened."""

    proposals: list[Proposal]
    first: dict[int, Proposal]
    events: list[Event]
    cpu_percent: float


class Watcher:
    """One proposer, and what it has said."""

    def __init__(self, mouth: GoalMouth | None) -> None:
        self.proposer = Proposer(mouth)
        self.held: dict[int, Proposal] = {}
        self.first: dict[int, Proposal] = {}
        self.used_s = 0.0

    def take(self, begin_ns: Nanoseconds, samples: NDArray[np.float32], rows: Sequence[TrackRow]) -> None:
        """Let it hear and see, and measure the processor time of that."""
        begin_s = time.process_time()
        found = [*self.proposer.hear(begin_ns, samples, RATE_HZ), *self.proposer.see(rows)]
        self.used_s += time.process_time() - begin_s
        for one in found:
            self.held[one.number] = one
            if one.kind == "goal":
                self.first.setdefault(one.number, one)

    def run(self, events: list[Event]) -> Run:
        """What came of it."""
        proposals = [one for one in self.held.values() if one.confidence]
        return Run(proposals, self.first, events, 100 * self.used_s / SECONDS)


def runs_of(seed: int) -> tuple[Run, Run]:
    """Propose tags in one match: by the sound alone, and by sound and tracks."""
    settings = MatchSettings(seed=seed)
    sound, truth, rng = Sound(settings), TrackTruth(settings), np.random.default_rng(seed)
    watchers, step = (Watcher(None), Watcher(FIELD)), 0
    for part in range(round(SECONDS / EVERY_S)):
        count = round(EVERY_S * RATE_HZ)
        samples = sound.read(part * count, count).astype(np.float32) / 32768
        end_s = (part + 1) * EVERY_S - TRACKS_LATE_S
        rows: list[TrackRow] = []
        while step / RATE_TRACKS <= end_s:
            rows += seen(truth.at(round(step / RATE_TRACKS * NS_PER_S)), rng)
            step += 1
        for watcher in watchers:
            watcher.take(Nanoseconds(round(part * EVERY_S * NS_PER_S)), samples, rows)
    events = events_until(settings, SECONDS)
    return watchers[0].run(events), watchers[1].run(events)


def seen(rows: Sequence[TrackRow], rng: np.random.Generator) -> list[TrackRow]:
    """What a tracker gives of the true rows of a frame."""
    given = []
    for row in rows:
        is_hidden = row.label == "ball" and not 0.0 <= row.x_m <= FIELD.length_m
        if is_hidden or (row.label == "ball" and rng.random() < MISSING):
            continue
        x_m, y_m = (place + rng.normal(0.0, NOISE_M) for place in (row.x_m, row.y_m))
        given.append(replace(row, x_m=x_m, y_m=y_m, sigma_m=NOISE_M))
    return given


def truth_of(kind: str, events: Sequence[Event]) -> list[float]:
    """When something of a kind happened, in seconds."""
    goals = [event.time_s for event in events if event.kind == "goal"]
    kick_offs = [event.time_s for event in events if event.kind == "kick-off"]
    if kind == "goal":
        return goals
    if kind == "kick-off":
        return kick_offs
    if kind == "chance":
        shots = [event.time_s for event in events if event.kind == "shot"]
        return [shot for shot in shots if not any(-1.0 <= goal - shot <= 4.0 for goal in goals)]
    blown = [event.time_s for event in events if event.kind == "whistle"]
    return [at_s for at_s in blown if all(abs(at_s - other) > 0.5 for other in [*goals, *kick_offs])]


def counted(kind: str, runs: Sequence[Run]) -> tuple[int, int, int, int]:
    """How many were proposed, how many of them rightly, how many happened, and how many of them were proposed."""
    proposed = right = happened = found = 0
    for run in runs:
        times = [ns_to_seconds(one.captured_ns) for one in run.proposals if one.kind == kind]
        true = truth_of(kind, run.events)
        true = [at_s for at_s in true if at_s < SECONDS - 10]
        proposed += len(times)
        blown = [event.time_s for event in run.events if event.kind == "whistle"]
        correct = blown if kind == "stop" else true
        right += sum(any(abs(at_s - other) <= NEAR_S[kind] for other in correct) for at_s in times)
        happened += len(true)
        found += sum(any(abs(at_s - other) <= NEAR_S[kind] for other in times) for at_s in true)
    return proposed, right, happened, found


def rows_of(case: str, runs: Sequence[Run]) -> list[Row]:
    """Precision and recall of each kind, and how soon goals are proposed."""
    rows = []
    for kind in ("goal", "chance", "stop", "kick-off"):
        proposed, right, happened, found = counted(kind, runs)
        if not proposed and kind == "kick-off":
            continue  # the sound alone does not tell
        goal = GOALS.get(kind)
        for name, part, whole in (("precision", right, proposed), ("recall", found, happened)):
            share = part / whole if whole else 1.0
            aim = "" if goal is None else f"at least {goal:g}"
            met = None if goal is None else share >= goal
            rows.append(Row(f"{case}: {kind}, {name} ({part} of {whole})", share, "", goal=aim, met=met))
    late_s = [
        ns_to_seconds(Nanoseconds(one.known_ns - one.captured_ns))
        for run in runs
        for one in run.first.values()
    ]
    rows.append(Row(f"{case}: a goal is proposed after, median", statistics.median(late_s), "s"))
    cpu = statistics.mean(run.cpu_percent for run in runs)
    rows.append(Row(f"{case}: of one core, {CHANNELS} channels of {RATE_HZ} Hz", cpu, "%"))
    return rows


def run() -> Sequence[Row]:
    """Precision and recall by the sound alone, and by sound and tracks."""
    runs = [runs_of(seed) for seed in SEEDS]
    return [
        *rows_of("sound", [by_sound for by_sound, _ in runs]),
        *rows_of("sound and tracks", [by_both for _, by_both in runs]),
    ]


if __name__ == "__main__":
    main(run)
