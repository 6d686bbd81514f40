"""Dimensions of the match's pitch, in metres: those of the football field, its goals and its boards.

Pitch coordinates: u along the length, v across, away from the camera; the origin is the centre spot. Team 0 attacks
towards +u, team 1 towards -u.
"""

from __future__ import annotations

from typing import Final

from pipeline.fields import field_at

_FIELD, (LENGTH_M, WIDTH_M) = field_at("football", None)
HALF_LENGTH_M: Final = LENGTH_M / 2
HALF_WIDTH_M: Final = WIDTH_M / 2

GOAL_HALF_WIDTH_M: Final = _FIELD.length("goal_half_width")
GOAL_HEIGHT_M: Final = _FIELD.length("goal_height")
GOAL_DEPTH_M: Final = 2.0
POST_RADIUS_M: Final = 0.06

BOX_DEPTH_M: Final = _FIELD.length("penalty_area_depth")
BOX_HALF_WIDTH_M: Final = _FIELD.length("penalty_area_half_width")
GOAL_AREA_DEPTH_M: Final = _FIELD.length("goal_area_depth")
GOAL_AREA_HALF_WIDTH_M: Final = _FIELD.length("goal_area_half_width")
PENALTY_SPOT_M: Final = _FIELD.length("penalty_spot")
CIRCLE_RADIUS_M: Final = _FIELD.length("circle_radius")
CORNER_RADIUS_M: Final = _FIELD.length("corner_radius")
LINE_WIDTH_M: Final = _FIELD.line_m

BALL_RADIUS_M: Final = 0.11
BOARD_GAP_M: Final = 4.0
"""The distance from the lines to the advertising boards, which stop the ball."""
BOARD_HEIGHT_M: Final = 0.95
