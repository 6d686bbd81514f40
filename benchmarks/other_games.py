"""The director in other games: play on the fields of other sports, at their pace.

A football play is shrunk to the field and made faster, so that passes are as fast as that sport's. What is seen of
it is degraded as in football.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.harness import Row
from benchmarks.play import LENGTH_M, WIDTH_M, Array, Play, degraded, random_play
from pipeline.analysis.detector import DetectionSet
from pipeline.direction.metrics import PathMetrics
from pipeline.fields import field_at
from pipeline.optics.rig_parts import Pitch

PEOPLE = {"futsal": 10, "handball": 14, "basketball": 10, "ice_hockey": 12, "field_hockey": 22, "rugby": 30}
"""How many play; a football play has no more than 22."""

PACE = {
    "futsal": 2.0,
    "handball": 2.2,
    "basketball": 2.2,
    "ice_hockey": 2.0,
    "field_hockey": 1.2,
    "rugby": 1.0,
}
"""How much faster than in football everything happens."""

TUNED, REPORTED = (200, 201), (961, 962, 963)
SECONDS = 90.0
INDOORS_M, OUTDOORS_M = (5.0, 6.0), (8.0, 12.0)
"""Height of the camera, and its distance behind the touchline; the first on a field of up to 60 m."""

Directed = Callable[[Play, Sequence[DetectionSet], Pitch], PathMetrics]


def play_in(sport: str, seed: int) -> tuple[Play, Pitch]:
    """A play of this sport with its players, and the field."""
    field, (length_m, width_m) = field_at(sport, None)
    height_m, distance_m = INDOORS_M if length_m <= 60.0 else OUTDOORS_M
    pace = PACE[sport]
    football = random_play(seed, SECONDS * pace + 1.0, players=True)
    shrink = np.array([length_m / LENGTH_M, width_m / WIDTH_M])
    at = np.arange(int(SECONDS * football.rate_hz)) * pace

    def paced(places: Array) -> Array:
        """Places (N, ..., 2) of the football play, on this field and at this pace."""
        flat = places.reshape(len(places), -1)
        columns = [np.interp(at, np.arange(len(flat)), column) for column in flat.T]
        return np.stack(columns, axis=1).reshape(len(at), *places.shape[1:]) * shrink

    players = paced(football.players)[:, : PEOPLE[sport]]
    size_m = length_m, width_m
    name = f"{sport} {seed}"
    play = Play(name, football.rate_hz, paced(football.ball), players, height_m, distance_m, size_m)
    return play, Pitch(length_m, width_m, (0.0, distance_m + width_m / 2), 0.0, field)


def other_game_rows(directed: Directed) -> list[Row]:
    """How the director does in each sport, on seeds that were not used for tuning."""
    rows = []
    for sport in PACE:
        figures = []
        for seed in REPORTED:
            play, pitch = play_in(sport, seed)
            figures.append(directed(play, degraded(play, seed), pitch))
        share = float(np.mean([one.in_view_percent for one in figures]))
        pan = float(np.mean([one.pan_acceleration_deg_s2 for one in figures]))
        hfov = float(np.mean([one.mean_hfov_deg for one in figures]))
        name = f"other games, {sport}"
        rows.append(Row(f"{name}: in_view_percent", share, "%", goal=">= 99", met=share >= 99.0))
        rows.append(Row(f"{name}: pan_acceleration_deg_s2", pan, "deg/s2"))
        rows.append(Row(f"{name}: mean_hfov_deg", hfov, "deg"))
    return rows
