"""Plot of a calibration's errors: size, direction, position in the image, and each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.optics.angles import Array
from pipeline.optics.calibration.calibrate import Calibration
from pipeline.optics.calibration.quality import HeldOut
from pipeline.plotting import BLUE, GREEN, ORANGE, new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REACH_PX = 4.0
"""The longest error that is drawn; the legend counts the longer ones."""

STROKE = 40.0
"""Magnification of the errors in the map."""


def plot_calibration(path: Path, calibration: Calibration) -> None:
    """Plot the held-out errors of matches and ties and the rms error of each pitch line into an image file.

    Any thread; blocks on the disk. Raises OutputError if the file cannot be written or its extension is unknown.
    """
    report = calibration.report
    figure = new_figure(14, 9)
    sizes, ways, places, lines = figure.subplots(2, 2).flat
    for name, colour, held in (("matches", BLUE, report.far), ("ties on turf", ORANGE, report.ties)):
        errors_px = np.concatenate([np.empty((0, 2)), *(part.errors_px for part in held)])
        if len(errors_px):
            _draw_sizes(sizes, name, colour, errors_px)
            ways.plot(*errors_px.T, ".", color=colour, markersize=2, alpha=0.5)
            _draw_places(places, colour, held)
    sizes.set_title("Size: errors of held-out matches")
    sizes.set_xlabel("error (px)")
    sizes.set_ylabel("matches")
    if sizes.patches:
        sizes.legend(loc="upper right")
    ways.set_title("Direction: round and centred if the model fits")
    ways.set(xlim=(-REACH_PX, REACH_PX), ylim=(-REACH_PX, REACH_PX), aspect="equal")
    ways.set_xlabel("to the right (px)")
    ways.set_ylabel("down (px)")
    places.set_title(f"Position: in the image of each pair's first camera, magnified {STROKE:g} times")
    places.set_aspect("equal", adjustable="datalim")
    places.invert_yaxis()
    _draw_lines(lines, report.line_rms_px)
    for axis in (sizes, ways, places, lines):
        axis.grid(alpha=0.3)
    save_figure(figure, path)


def _draw_sizes(axis: Axes, name: str, colour: str, errors_px: Array) -> None:
    """Draw a histogram of the errors' lengths, with vertical lines at their median and 95th percentile."""
    lengths_px = np.linalg.norm(errors_px, axis=1)
    median_px, p95_px = np.percentile(lengths_px, [50, 95])
    longer = int(np.count_nonzero(lengths_px > REACH_PX))
    axis.hist(
        lengths_px,
        bins=np.linspace(0, REACH_PX, 41).tolist(),
        color=colour,
        alpha=0.5,
        label=f"{len(lengths_px)} {name}: median {median_px:.2f} px, p95 {p95_px:.2f} px, "
        f"{longer} over {REACH_PX:g} px",
    )
    axis.axvline(median_px, color=colour)
    axis.axvline(p95_px, color=colour, linestyle="--")


def _draw_places(axis: Axes, colour: str, held: Sequence[HeldOut]) -> None:
    """Draw each error as a stroke from its position in the image."""
    for part in held:
        shown = part.distances_px <= REACH_PX
        start = part.matches.pixels_a[shown]
        end = start + STROKE * part.errors_px[shown]
        axis.plot(*np.stack([start, end]).transpose(2, 0, 1), color=colour, linewidth=0.6)


def _draw_lines(axis: Axes, rms_px: Mapping[str, float]) -> None:
    """Draw a bar for each line's root mean square error."""
    axis.barh(range(len(rms_px)), list(rms_px.values()), color=GREEN)
    axis.set_yticks(range(len(rms_px)), list(rms_px), fontsize=8)
    axis.invert_yaxis()
    axis.set_title("Lines: distance of the painted lines from the rig's prediction")
    axis.set_xlabel("root mean square error (px)")
