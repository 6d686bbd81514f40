"""Styles: all parameters of a camera path, with their units, one table per style."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.errors import ConfigError
from pipeline.fields import Play


@dataclass(frozen=True, slots=True)
class Style:
    """How the camera frames and moves. Fractions are of half the view: 0 is its centre, 1 its edge."""

    # Framing
    picture_width_m: float = 32.0
    """The width of the view at the ball's distance, at rest, in football."""
    hfov_min_deg: float = 22.0
    hfov_max_deg: float = 80.0
    lead_s: float = 1.2
    """Lead room: the camera aims at the ball's position this much later."""
    dead_zone: float = 0.5
    """The camera does not follow the ball within this distance from the centre."""
    keep_in: float = 0.765
    """The ball, its uncertainty included, is kept within this distance; the actual goal is 0.8."""
    speed_widens: float = 0.15
    """Degrees of field of view for each degree that the ball moves in the last and the next second."""
    # Limits, held at every instant
    pan_speed_deg_s: float = 30.0
    pan_acceleration_deg_s2: float = 45.0
    tilt_speed_deg_s: float = 15.0
    tilt_acceleration_deg_s2: float = 22.5
    zoom_speed_deg_s: float = 20.0
    zoom_acceleration_deg_s2: float = 20.0
    # Costs, relative to 1 for a squared degree outside the dead zone
    pan_speed_cost: float = 22.0
    """Per deg/s (absolute)."""
    pan_acceleration_cost: float = 36.0
    """Per (deg/s2)^2."""
    pan_jerk_cost: float = 3.0
    """Per (deg/s3)^2."""
    tilt_acceleration_cost: float = 12.0
    tilt_jerk_cost: float = 12.0
    zoom_acceleration_cost: float = 0.7
    zoom_jerk_cost: float = 0.7
    zoom_cost: float = 0.03
    """Per squared degree off the reference width."""
    aim_cost: float = 1.0
    """Per squared degree outside the dead zone."""
    outside_cost: float = 60.0
    """Per degree outside ``keep_in`` (absolute)."""
    outside_square_cost: float = 20.0
    """Per squared degree outside ``keep_in``."""


STYLES: dict[str, Style] = {
    "broadcast": Style(),
    "calm": Style(picture_width_m=42.0, hfov_min_deg=28.0, dead_zone=0.6, pan_acceleration_cost=50.0),
    "close": Style(picture_width_m=24.0, hfov_min_deg=14.0, dead_zone=0.4, zoom_cost=0.1),
}


def style_in(style: Style, play: Play) -> Style:
    """The style for a sport: as much wider or narrower as its play is than football's."""
    return replace(style, picture_width_m=play.breadth * style.picture_width_m)


def operator_style(style: Style) -> Style:
    """The style of a camera that an operator steers: directly, within the limits of `style`."""
    return replace(
        style,
        dead_zone=0.0,
        lead_s=0.0,
        speed_widens=0.0,
        pan_speed_cost=0.0,
        pan_acceleration_cost=0.02,
        pan_jerk_cost=0.02,
        tilt_acceleration_cost=0.02,
        tilt_jerk_cost=0.02,
        zoom_acceleration_cost=0.02,
        zoom_jerk_cost=0.02,
        zoom_cost=1.0,
        outside_cost=0.0,
        outside_square_cost=0.0,
    )


def style_named(name: str) -> Style:
    """The style of that name. Raises ConfigError that names the existing ones."""
    if name not in STYLES:
        raise ConfigError(f"there is no style {name!r}; allowed: {', '.join(STYLES)}")
    return STYLES[name]
