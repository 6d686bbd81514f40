"""Physics of the ball: rolling, flight, bounces, net and boards; and the speeds of passes and shots."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.match.field import (
    BALL_RADIUS_M,
    BOARD_GAP_M,
    GOAL_DEPTH_M,
    GOAL_HALF_WIDTH_M,
    GOAL_HEIGHT_M,
    HALF_LENGTH_M,
    HALF_WIDTH_M,
)

GRAVITY: Final = 9.81
ROLLING_DECELERATION: Final = 2.4
"""m/s2 on mown turf."""
MAX_SPEED: Final = 31.5
BOUNCE: Final = 0.52
"""The fraction of the vertical speed that remains after a bounce on turf."""
BOUNCE_DRAG: Final = 0.72
"""The fraction of the horizontal speed that remains after a bounce."""
BOARD_BOUNCE: Final = 0.3
NET_BOUNCE: Final = 0.06
_NET_DEPTH_M = 0.8 * GOAL_DEPTH_M
SETTLED_SPEED: Final = 0.9
"""m/s; a slower bounce becomes rolling."""

Array = NDArray[np.float64]


@dataclass(slots=True)
class Ball:
    """Position of the ball's lowest point (pitch coordinates and height, m) and its velocity (m/s)."""

    u: float = 0.0
    v: float = 0.0
    z: float = 0.0
    speed_u: float = 0.0
    speed_v: float = 0.0
    speed_z: float = 0.0
    in_net: bool = False

    @property
    def ground_speed(self) -> float:
        """The horizontal speed, m/s."""
        return math.hypot(self.speed_u, self.speed_v)

    @property
    def flying(self) -> bool:
        """Whether the ball is off the ground."""
        return self.z > 0.0 or self.speed_z > 0.0

    def kick(self, speed_u: float, speed_v: float, speed_z: float = 0.0) -> None:
        """Set a new velocity, limited to MAX_SPEED."""
        speed = math.sqrt(speed_u * speed_u + speed_v * speed_v + speed_z * speed_z)
        scale = min(1.0, MAX_SPEED / max(speed, 1e-9))
        self.speed_u, self.speed_v, self.speed_z = speed_u * scale, speed_v * scale, speed_z * scale

    def step(self, dt_s: float) -> None:
        """Advance by `dt_s` seconds."""
        before_u = self.u
        self.u += self.speed_u * dt_s
        self.v += self.speed_v * dt_s
        if self.flying:
            self.z += self.speed_z * dt_s - 0.5 * GRAVITY * dt_s * dt_s
            self.speed_z -= GRAVITY * dt_s
            if self.z <= 0.0:
                self._bounce()
        else:
            speed = self.ground_speed
            scale = max(0.0, 1.0 - ROLLING_DECELERATION * dt_s / max(speed, 1e-9))
            self.speed_u *= scale
            self.speed_v *= scale
        self._stop_at_net(before_u)
        self._stop_at_boards()

    def future(self, times_s: Array) -> Array:
        """The positions (N, 3) after `times_s` (N,) if nobody touches the ball; a flight ends at its first
        bounce."""
        flight_s = self._flight_s()
        flying_s = np.minimum(times_s, flight_s)
        rolling_s = times_s - flying_s
        speed = self.ground_speed * (BOUNCE_DRAG if flight_s > 0 else 1.0)
        rolling_s = np.minimum(rolling_s, speed / ROLLING_DECELERATION)
        rolled_m = speed * rolling_s - 0.5 * ROLLING_DECELERATION * rolling_s**2
        scale = rolled_m / max(self.ground_speed, 1e-9) + flying_s
        z = self.z + self.speed_z * flying_s - 0.5 * GRAVITY * flying_s**2
        return np.stack(
            [self.u + self.speed_u * scale, self.v + self.speed_v * scale, np.maximum(z, 0.0)], axis=-1
        )

    def _flight_s(self) -> float:
        if not self.flying:
            return 0.0
        return (self.speed_z + math.sqrt(self.speed_z**2 + 2 * GRAVITY * max(self.z, 0.0))) / GRAVITY

    def _bounce(self) -> None:
        self.z = 0.0
        self.speed_z *= -BOUNCE
        if self.speed_z < SETTLED_SPEED:
            self.speed_z = 0.0
        else:
            self.speed_u *= BOUNCE_DRAG
            self.speed_v *= BOUNCE_DRAG

    def _stop_at_net(self, before_u: float) -> None:
        end = math.copysign(1.0, self.u)
        depth = abs(self.u) - HALF_LENGTH_M
        if depth <= 0.0:
            self.in_net = False
            return
        if abs(before_u) <= HALF_LENGTH_M and abs(self.v) < GOAL_HALF_WIDTH_M and self.z < GOAL_HEIGHT_M:
            self.in_net = True
        if not self.in_net:
            return
        if depth > _NET_DEPTH_M:
            self.u = end * (HALF_LENGTH_M + _NET_DEPTH_M)
            self.speed_u, self.speed_v = -NET_BOUNCE * self.speed_u, NET_BOUNCE * self.speed_v
        if abs(self.v) > GOAL_HALF_WIDTH_M - BALL_RADIUS_M:
            self.v = math.copysign(GOAL_HALF_WIDTH_M - BALL_RADIUS_M, self.v)
            self.speed_u, self.speed_v = NET_BOUNCE * self.speed_u, -NET_BOUNCE * self.speed_v
        if self.z > GOAL_HEIGHT_M - 2 * BALL_RADIUS_M:
            self.z, self.speed_z = GOAL_HEIGHT_M - 2 * BALL_RADIUS_M, 0.0

    def _stop_at_boards(self) -> None:
        if abs(self.u) > HALF_LENGTH_M + BOARD_GAP_M:
            self.u = math.copysign(HALF_LENGTH_M + BOARD_GAP_M, self.u)
            self.speed_u, self.speed_v = -BOARD_BOUNCE * self.speed_u, BOARD_BOUNCE * self.speed_v
        if abs(self.v) > HALF_WIDTH_M + BOARD_GAP_M:
            self.v = math.copysign(HALF_WIDTH_M + BOARD_GAP_M, self.v)
            self.speed_u, self.speed_v = BOARD_BOUNCE * self.speed_u, -BOARD_BOUNCE * self.speed_v


def rolling_speed(distance_m: float, arrival_speed: float) -> float:
    """The speed of a pass along the ground that arrives after `distance_m` with `arrival_speed`, m/s."""
    return math.sqrt(arrival_speed**2 + 2 * ROLLING_DECELERATION * distance_m)


def lofted_speeds(distance_m: float, elevation_deg: float, from_m: float = 0.0) -> tuple[float, float]:
    """Horizontal and vertical speed, m/s, of a ball that starts at `elevation_deg` and lands `distance_m` away.

    From the parabola ``from + d tan(e) - g d^2 / (2 forward^2) = 0``.
    """
    slope = math.tan(math.radians(elevation_deg))
    forward = distance_m * math.sqrt(GRAVITY / (2 * (from_m + distance_m * slope)))
    return forward, forward * slope


def shot_rise(distance_m: float, forward_speed: float, height_m: float) -> float:
    """The vertical speed, m/s, of a shot that is `height_m` high after `distance_m`."""
    time_s = distance_m / forward_speed
    return height_m / time_s + 0.5 * GRAVITY * time_s
