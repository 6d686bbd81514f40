"""Chooses black or white for text on a team's colour, by the contrast of WCAG 2.2."""

from __future__ import annotations

WHITE, BLACK = "#ffffff", "#000000"


def readable_on(colour: str) -> str:
    """White or black, whichever contrasts more with `colour` (``#rrggbb``): always 4.58 to 1 or better."""
    return max(WHITE, BLACK, key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 (the same) to 21 (black on white)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of ``#rrggbb``, 0 for black to 1 for white (WCAG 2.2, "relative luminance")."""
    linear = [_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
