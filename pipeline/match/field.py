"""Dimensions of the pitch by the Laws of the Game, in metres.

Pitch coordinates: u along the length, v across, away from the camera; the origin is the centre spot. Team 0 attacks
towards +u, team 1 towards -u.
"""

from __future__ import annotations

from typing import Final

LENGTH_M: Final = 105.0
WIDTH_M: Final = 68.0
HALF_LENGTH_M: Final = LENGTH_M / 2
HALF_WIDTH_M: Final = WIDTH_M / 2

GOAL_HALF_WIDTH_M: Final = 3.66
GOAL_HEIGHT_M: Final = 2.44
GOAL_DEPTH_M: Final = 2.0
POST_RADIUS_M: Final = 0.06

BOX_DEPTH_M: Final = 16.5
BOX_HALF_WIDTH_M: Final = GOAL_HALF_WIDTH_M + 16.5
GOAL_AREA_DEPTH_M: Final = 5.5
GOAL_AREA_HALF_WIDTH_M: Final = GOAL_HALF_WIDTH_M + 5.5
PENALTY_SPOT_M: Final = 11.0
CIRCLE_RADIUS_M: Final = 9.15
CORNER_RADIUS_M: Final = 1.0
LINE_WIDTH_M: Final = 0.12

BALL_RADIUS_M: Final = 0.11
BOARD_GAP_M: Final = 4.0
"""The distance from the lines to the advertising boards, which stop the ball."""
BOARD_HEIGHT_M: Final = 0.95
