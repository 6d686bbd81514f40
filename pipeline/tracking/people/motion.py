"""Motion: how people move, as a linear model whose speed fades (an integrated Ornstein-Uhlenbeck process).

Over a fraction of a second it is the constant-velocity model; over seconds the velocity is forgotten, so that the
place of somebody unseen spreads no faster than people run. Johnson et al. 2008, Ecology 89(5).
"""

from __future__ import annotations

import math

import numpy as np

from pipeline.tracking.ground import Array

FADES_S = 2.0
"""A velocity is kept for about so long."""

SPEED_M_S = 2.6
"""The standard deviation of the velocity along each axis."""


def transition(seconds: float) -> tuple[Array, Array]:
    """The transition matrix and the process noise (4, 4) over `seconds`, for states x, y, vx, vy."""
    fade = math.exp(-seconds / FADES_S)
    reach = FADES_S * (1 - fade)
    square = SPEED_M_S**2
    place = square * FADES_S * (2 * seconds - FADES_S * (3 - 4 * fade + fade * fade))
    both = square * FADES_S * (1 - fade) ** 2
    speed = square * (1 - fade * fade)
    eye = np.eye(2)
    step = np.block([[eye, reach * eye], [np.zeros((2, 2)), fade * eye]])
    noise = np.block([[place * eye, both * eye], [both * eye, speed * eye]])
    return step, noise


def beginning(xy_m: Array, covariance: Array) -> tuple[Array, Array]:
    """States (..., 4) and covariances (..., 4, 4) of people first seen at places (..., 2): any velocity."""
    mean = np.concatenate([xy_m, np.zeros_like(xy_m)], axis=-1)
    spread = np.zeros((*xy_m.shape[:-1], 4, 4))
    spread[..., :2, :2] = covariance
    spread[..., 2, 2] = spread[..., 3, 3] = SPEED_M_S**2
    return mean, spread


def updated(mean: Array, spread: Array, xy_m: Array, covariance: Array) -> tuple[Array, Array]:
    """The states (n, 4) and covariances (n, 4, 4) after places (n, 2) were seen (Kalman 1960; Joseph's form)."""
    within = spread[:, :2, :2] + covariance
    gain = spread[:, :, :2] @ np.linalg.inv(within)
    mean = mean + (gain @ (xy_m - mean[:, :2])[..., None])[..., 0]
    keep = np.broadcast_to(np.eye(4), spread.shape).copy()
    keep[:, :, :2] -= gain
    spread = keep @ spread @ keep.swapaxes(1, 2) + gain @ covariance @ gain.swapaxes(1, 2)
    return mean, spread
