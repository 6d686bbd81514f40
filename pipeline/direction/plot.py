"""Plot of a camera path: ball, camera and field of view over time, and the horizon of one plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from pipeline.analysis.detector import DetectionSet
from pipeline.direction.spline import STRIDE_S
from pipeline.optics.view import View
from pipeline.plotting import BLUE, GREEN, ORANGE, new_figure, save_figure
from pipeline.timebase import NS_PER_S

SEEN, CAMERA = ORANGE, BLUE
AXES: tuple[tuple[Literal["yaw", "tilt"], float], ...] = (("yaw", 1.0), ("tilt", 9 / 16))
"""The axes that are drawn, and the view's extent along each relative to its width (16:9)."""


def plot_path(
    path: Path, sets: Sequence[DetectionSet], views: Sequence[tuple[int, View]], lookahead_s: float
) -> None:
    """Plot yaw, tilt and width of `views` (running time in ns, view) and the balls of `sets` into an image file.

    The green span shows the look-ahead of the plan in the middle. Any thread; blocks on the disk. Raises
    OutputError if the file cannot be written or its extension is unknown.
    """
    times = np.array([time_ns for time_ns, _ in views]) / NS_PER_S
    camera = np.array([(view.yaw_deg, view.tilt_deg, view.hfov_deg) for _, view in views])
    balls = [(one.time_ns / NS_PER_S, d) for one in sets for d in one.detections if d.label == "ball"]
    seen_s = np.array([time_s for time_s, _ in balls])
    figure = new_figure(14, 9)
    axes = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 1))
    for k, (name, share) in enumerate(AXES):
        half = camera[:, 2] / 2 * share
        axes[k].fill_between(
            times, camera[:, k] - half, camera[:, k] + half, color=CAMERA, alpha=0.15, label="field of view"
        )
        angles = np.array([d.yaw_deg if name == "yaw" else d.tilt_deg for _, d in balls])
        axes[k].plot(seen_s, angles, ".", color=SEEN, markersize=2, label="ball candidates")
        axes[k].plot(times, camera[:, k], color=CAMERA, linewidth=1.5, label="camera")
        axes[k].set_ylabel(f"{name} (deg)")
    axes[0].legend(loc="upper right", ncols=3)
    axes[2].plot(times, camera[:, 2], color=CAMERA)
    axes[2].set_ylabel("width (deg)")
    axes[2].set_xlabel("time (s)")
    now = times[len(times) // 2]
    for axis in axes:
        axis.axvspan(now, min(now + lookahead_s, times[-1]), color=GREEN, alpha=0.1)
        axis.axvline(now, color=GREEN, linewidth=1)
        axis.grid(alpha=0.3)
    axes[0].set_title(
        f"Camera path; green: the look-ahead of one view ({lookahead_s:g} s; a plan every {STRIDE_S:g} s)"
    )
    save_figure(figure, path)
