"""Draws docs/images/director-horizon.png and director-path.png: the effect of look-ahead, and one path.

``python -m benchmarks.director_pictures [FOLDER]``; a few minutes for the horizons.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from benchmarks.director import directed, horizons
from benchmarks.play import degraded, random_play
from pipeline.direction.plot import plot_path
from pipeline.optics.view import View
from pipeline.plotting import BLUE, new_figure, save_figure

CURVES = (
    ("in_view_percent", "ball in view (%)"),
    ("pan_acceleration_deg_s2", "mean pan acceleration (deg/s2)"),
    ("mean_hfov_deg", "mean picture width (deg)"),
    ("reversals_per_min", "reversals per minute"),
)


def draw_horizons(path: Path) -> None:
    """Four figures over the look-ahead, on held-out, degraded play."""
    found = horizons()
    figure = new_figure(12, 3.2)
    for axis, (name, title) in zip(figure.subplots(1, len(CURVES)), CURVES, strict=True):
        axis.plot([s for s, _ in found], [getattr(one, name) for _, one in found], "o-", color=BLUE)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("look-ahead (s)")
        axis.grid(alpha=0.3)
        print(name, [round(getattr(one, name), 3) for _, one in found])
    save_figure(figure, path)


def draw_path(path: Path) -> None:
    """A minute of degraded random play: candidates, camera, frame edges, look-ahead."""
    play = random_play(921, 60.0)
    sets = degraded(play, 0)
    rows = directed(play, sets).path
    views = [(t, View(*map(float, row))) for t, row in zip(play.times_ns, np.asarray(rows), strict=True)]
    plot_path(path, sets, views, 7.0)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    draw_path(folder / "director-path.png")
    draw_horizons(folder / "director-horizon.png")
