"""Running: moves people towards their targets, within human speed and acceleration, avoiding each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MAX_SPEED: Final = 8.6
"""m/s."""
MAX_ACCELERATION: Final = 4.7
"""m/s2."""
_PERSONAL_SPACE_M = 1.1
_TURN_RATE = 7.0
"""How fast the body turns to its direction, per second."""


@dataclass(slots=True)
class Runners:
    """N people on the ground, as arrays in pitch metres, m/s and gait cycles.

    ``stride`` is the phase of the gait in cycles; ``facing`` the direction of the chest as unit vectors.
    """

    position: Array
    velocity: Array
    facing: Array
    stride: Array

    @classmethod
    def standing(cls, position: Array) -> Runners:
        """People at rest who face the centre spot."""
        gap = np.linalg.norm(position, axis=1, keepdims=True)
        facing = np.where(gap > 0.1, -position / np.maximum(gap, 0.1), [[0.0, -1.0]])
        stride: Array = np.mod(np.arange(len(position)) * 0.37, 1.0).astype(np.float64)
        return cls(position.astype(np.float64), np.zeros_like(position), facing, stride)

    def step(self, target: Array, top_speed: Array, look_at: Array, dt_s: float) -> None:
        """Move everyone for `dt_s` towards `target` (N, 2), with at most `top_speed` (N,) m/s.

        People who hardly move turn towards `look_at` (2,).
        """
        away = target - self.position
        gap = np.linalg.norm(away, axis=1)
        # The highest speed from which one can still stop in time, at two thirds of the maximum deceleration.
        wanted = np.minimum(np.minimum(top_speed, MAX_SPEED), np.sqrt(2 * 3.0 * gap))
        wanted = np.minimum(wanted, 2.5 * gap)
        desired = away * (wanted / np.maximum(gap, 1e-6))[:, None] + self._sidestep()
        change = desired - self.velocity
        size = np.linalg.norm(change, axis=1)
        limit = MAX_ACCELERATION * dt_s
        self.velocity += change * np.minimum(1.0, limit / np.maximum(size, 1e-9))[:, None]
        speed = np.linalg.norm(self.velocity, axis=1)
        self.velocity *= np.minimum(1.0, MAX_SPEED / np.maximum(speed, 1e-9))[:, None]
        self.position += self.velocity * dt_s
        self._turn(np.minimum(speed, MAX_SPEED), look_at, dt_s)

    def _sidestep(self) -> Array:
        """The avoidance velocity away from people who are too close, m/s."""
        apart = self.position[:, None] - self.position[None]
        square = np.einsum("ijk,ijk->ij", apart, apart)
        near = square < _PERSONAL_SPACE_M**2
        np.fill_diagonal(near, False)
        push = np.where(near, 1.2 * (1.0 - np.sqrt(square) / _PERSONAL_SPACE_M), 0.0)
        away: Array = (apart / np.sqrt(square + 1e-4)[..., None] * push[..., None]).sum(axis=1)
        return away

    def _turn(self, speed: Array, look_at: Array, dt_s: float) -> None:
        to_ball = look_at - self.position
        to_ball /= np.maximum(np.linalg.norm(to_ball, axis=1, keepdims=True), 0.3)
        facing = np.where(speed[:, None] > 1.2, self.velocity / np.maximum(speed, 1e-6)[:, None], to_ball)
        self.facing += (facing - self.facing) * min(1.0, _TURN_RATE * dt_s)
        self.facing /= np.maximum(np.linalg.norm(self.facing, axis=1, keepdims=True), 1e-6)
        # A stride (two steps) is longer at a higher speed.
        self.stride += speed * dt_s / (1.2 + 0.42 * speed)
        self.stride %= 1.0
