"""Settings of the built-in match, and their text form: ``match?seed=3&size=2880x960``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any
from urllib.parse import parse_qsl

from pipeline.errors import ConfigError
from pipeline.media.source_spec import is_match

_ALLOWED = "seed=N, size=WxH, fps=R, height_m=H, ball=COLOUR, light=LIGHT, noise=N, marks=0|1, joined by &"

BALLS = ("white", "yellow", "orange", "red", "pink")
"""The colours of balls."""

LIGHTS = ("day", "low_sun", "floodlight")
"""What lights a match."""

_MOST_NOISE = 20.0

_SMALLEST_PX, _LARGEST_PX = 64, 8192


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """Settings of one match. Raises ConfigError for values that cannot be drawn.

    ``height_m`` is the camera's height above the pitch; ``marks`` adds a flash and a click to every second, by
    which the sync of video and sound can be measured. ``ball`` is one of `BALLS`, ``light`` one of `LIGHTS`;
    ``noise`` is the standard deviation of the camera's noise in levels of brightness.
    """

    seed: int = 11
    width: int = 2880
    height: int = 960
    fps: Fraction = Fraction(30)
    height_m: float = 9.0
    marks: bool = True
    ball: str = "white"
    light: str = "day"
    noise: float = 0.0

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            side = getattr(self, name)
            if side % 2 or not _SMALLEST_PX <= side <= _LARGEST_PX:
                raise ConfigError(
                    f"match: a {name} of {side}; allowed: even numbers from {_SMALLEST_PX} to {_LARGEST_PX}"
                )
        if self.seed < 0:
            raise ConfigError(f"match: a seed of {self.seed}; allowed: 0, 1, 2, ...")
        if not 1 <= self.fps <= 240:
            raise ConfigError(f"match: fps={self.fps}; allowed: 1 to 240 frames per second")
        if not (math.isfinite(self.height_m) and 4.0 <= self.height_m <= 30.0):
            raise ConfigError(f"match: height_m={self.height_m:g}; allowed: 4 to 30 metres")
        if self.ball not in BALLS:
            raise ConfigError(f"match: ball={self.ball}; allowed: {', '.join(BALLS)}")
        if self.light not in LIGHTS:
            raise ConfigError(f"match: light={self.light}; allowed: {', '.join(LIGHTS)}")
        if not 0.0 <= self.noise <= _MOST_NOISE:
            raise ConfigError(f"match: noise={self.noise:g}; allowed: 0 to {_MOST_NOISE:g} levels")


def parse_match(text: str) -> MatchSettings:
    """The settings in `text`. Raises ConfigError naming the invalid part and what is allowed."""
    if not is_match(text):
        raise ConfigError(f"{text!r} is not a match; write match, or match? and {_ALLOWED}")
    settings = MatchSettings()
    try:
        pairs = parse_qsl(text.removeprefix("match?"), True, strict_parsing=True) if "?" in text else []
    except ValueError as error:
        raise ConfigError(f"{text!r} cannot be read; allowed after match?: {_ALLOWED}") from error
    for key, value in pairs:
        settings = replace(settings, **_setting(key, value))
    return settings


def _setting(key: str, value: str) -> dict[str, Any]:
    try:
        if key == "size":
            size = re.fullmatch(r"(\d+)x(\d+)", value)
            if size is None:
                raise ValueError
            return {"width": int(size[1]), "height": int(size[2])}
        if key == "marks":
            return {"marks": {"0": False, "1": True}[value]}
        kinds = {"seed": int, "fps": Fraction, "height_m": float, "ball": str, "light": str, "noise": float}
        return {key: kinds[key](value)}
    except (ValueError, KeyError, ZeroDivisionError):
        raise ConfigError(f"match: {key}={value} is not understood; allowed: {_ALLOWED}") from None
