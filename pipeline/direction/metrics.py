"""Metrics of a camera path: how long the ball is in view, and how smoothly the camera moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.direction.spline import Array

REVERSAL_DEG_S = 0.5
"""Pans slower than this count as no movement when reversals are counted."""

CENTRAL = 0.8


@dataclass(frozen=True, slots=True)
class PathMetrics:
    """The metrics of one path for one true ball track, both sampled at the same constant rate."""

    in_view_percent: float
    """Percentage of samples with the ball in view (rectilinear, the image's own aspect ratio)."""
    central_percent: float
    """Percentage of samples with the ball in the central 80 % of the image's width and of its height."""
    longest_loss_s: float
    """The longest uninterrupted time with the ball out of view."""
    pan_acceleration_deg_s2: float
    """Mean of the absolute second difference of yaw."""
    pan_jerk_deg_s3: float
    """Mean of the absolute third difference of yaw."""
    reversals_per_min: float
    """Changes of pan direction per minute; see `REVERSAL_DEG_S`."""
    mean_hfov_deg: float
    highest_pan_deg_s: float
    highest_pan_acceleration_deg_s2: float
    duration_s: float


def image_position(path: Array, ball: Array, aspect: float = 16 / 9) -> tuple[Array, Array]:
    """The positions of balls (N, 2: yaw, tilt) in the images of path views (N, 3: yaw, tilt, hfov), degrees.

    x to the right and y up from the centre, (N,) each, in half widths and half heights of the image: -1..1 is
    inside; infinite behind the camera.
    """
    turn = np.radians(ball[:, 0] - path[:, 0])
    up, tilt = np.radians(ball[:, 1]), np.radians(path[:, 1])
    forward = np.cos(up) * np.cos(turn) * np.cos(tilt) + np.sin(up) * np.sin(tilt)
    right = np.cos(up) * np.sin(turn)
    above = np.sin(up) * np.cos(tilt) - np.cos(up) * np.cos(turn) * np.sin(tilt)
    half = np.tan(np.radians(path[:, 2]) / 2)
    depth = np.where(forward > 1e-6, forward, np.nan)
    x, y = right / depth / half, above / depth / half * aspect
    return np.where(np.isnan(x), np.inf, x), np.where(np.isnan(y), np.inf, y)


def reversals(yaw_deg: Array, rate_hz: float) -> int:
    """How often the pan changes direction, ignoring rates under `REVERSAL_DEG_S`; yaw is (N,) in degrees."""
    speed = np.diff(yaw_deg) * rate_hz
    signs = np.sign(speed[np.abs(speed) > REVERSAL_DEG_S])
    return int(np.count_nonzero(np.diff(signs)))


def measure(path: Array, ball: Array, rate_hz: float, aspect: float = 16 / 9) -> PathMetrics:
    """The metrics of a path (N, 3: yaw, tilt, hfov) for the true ball (N, 2: yaw, tilt), degrees; N at least 4."""
    x, y = image_position(path, ball, aspect)
    outside = np.maximum(np.abs(x), np.abs(y))
    seconds = len(path) / rate_hz
    speed = np.diff(path[:, 0]) * rate_hz
    acceleration = np.diff(speed) * rate_hz
    return PathMetrics(
        in_view_percent=100.0 * float(np.mean(outside <= 1.0)),
        central_percent=100.0 * float(np.mean(outside <= CENTRAL)),
        longest_loss_s=longest_run(outside > 1.0) / rate_hz,
        pan_acceleration_deg_s2=float(np.mean(np.abs(acceleration))),
        pan_jerk_deg_s3=float(np.mean(np.abs(np.diff(acceleration) * rate_hz))),
        reversals_per_min=reversals(path[:, 0], rate_hz) / seconds * 60.0,
        mean_hfov_deg=float(np.mean(path[:, 2])),
        highest_pan_deg_s=float(np.max(np.abs(speed))),
        highest_pan_acceleration_deg_s2=float(np.max(np.abs(acceleration))),
        duration_s=seconds,
    )


def longest_run(true: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> int:
    """The length of the longest uninterrupted run of true values, (N,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(np.int8), [0]])))
    return int(np.max(edges[1::2] - edges[::2], initial=0))
