"""A QR code of a link: as the outline that a page draws, and as lines for a terminal."""

from __future__ import annotations

import io
from dataclasses import dataclass

import segno

QUIET_ZONE = 4
"""The white border that a reader needs, in modules (ISO/IEC 18004)."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """A square of `size` by `size` modules, border included; `path`: the dark ones, as an SVG path."""

    size: int
    path: str


def qr_code(text: str) -> QrCode:
    """The QR code of a text of up to 2,000 characters."""
    rows = [list(row) for row in segno.make_qr(text, error="m").matrix_iter(border=QUIET_ZONE)]
    steps = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            length = 1
            while x + length < len(row) and bool(row[x + length]) == bool(row[x]):
                length += 1
            if row[x]:
                steps.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length
    return QrCode(len(rows), "".join(steps))


def qr_lines(text: str) -> str:
    """The QR code of a text for a terminal, with its colours set, two modules in the height of a line."""
    drawn = io.StringIO()
    segno.make_qr(text, error="m").terminal(drawn, border=2, compact=True)
    return drawn.getvalue()
