"""What a camera path shows: metres of ground, enlargement, sky, black, and when the play is first in view.

``python -m benchmarks.framing_measure PATH.csv --rig RIG.toml [--size 1920x1080]`` prints the figures of a run's
``--path-out``. Independent of the limits that the director keeps to: every figure comes from the rig's lenses.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.direction.metrics import CENTRAL, image_position
from pipeline.optics.angles import rays_to_angles
from pipeline.optics.rig import Rig
from pipeline.optics.view import View

Array = NDArray[np.float64]

COLUMNS, ROWS = 15, 9
"""The pixels of a picture at which it is measured, corners included."""
REACH_M = 80.0
"""How far a field without a known pitch reaches from the cameras."""
WIDEST_OPENING_M = 44.0
"""A picture this wide or narrower shows the play, not the ground as a whole."""


@dataclass(frozen=True)
class Shown:
    """The figures of every frame, arrays (N,).

    ``width_m``: metres of ground across the picture, in the row of the play, or in its middle row if that is not
    given; infinite above the horizon. ``centre`` and ``worst``: output pixels per source pixel, in the direction in
    which the picture is enlarged most, at its centre and anywhere. ``sky``, ``black``: the shares of the picture
    above the horizon, and outside the sources. ``beyond``: the share that shows neither the ground of the field nor
    what is nearer: the sky, and all ground behind the far touchline, or REACH_M away if the rig has no pitch.
    """

    width_m: Array
    centre: Array
    worst: Array
    sky: Array
    black: Array
    beyond: Array


def enlargement(rig: Rig, view: View, size_px: tuple[int, int]) -> Array:
    """Output pixels per source pixel (ROWS, COLUMNS), in the direction of the largest; nan where no camera sees.

    Where several cameras see, that of the camera that the seams choose, otherwise the sharpest.
    """
    pixels = _grid(size_px)
    lens, turn = view.lens(*size_px), view.rotation
    rays = [lens.unproject(pixels + step) @ turn.T for step in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5))]
    owner = rig.owners(rays_to_angles(rays[0])[0])
    best, chosen = np.full(pixels.shape[:-1], np.nan), np.full(pixels.shape[:-1], np.nan)
    for i, camera in enumerate(rig.cameras):
        place, right, below = (rig.camera_pixels(i, each) for each in rays)
        seen = camera.shows(place) & np.isfinite(right).all(-1) & np.isfinite(below).all(-1)
        slopes = np.stack([right - place, below - place], axis=-1)[seen] / 0.5
        found = np.full(seen.shape, np.nan)
        found[seen] = 1.0 / np.maximum(np.linalg.svd(slopes, compute_uv=False)[:, 1], 1e-9)
        best = np.fmin(best, found)
        chosen = np.where(owner == i, found, chosen)
    return np.where(np.isnan(chosen), best, chosen)


def black_share(rig: Rig, view: View, size_px: tuple[int, int]) -> float:
    """The share of the picture that no camera sees."""
    yaw, tilt = view.pixels_to_angles(_grid(size_px), *size_px)
    return float(1.0 - rig.seen_by(yaw, tilt).any(axis=-1).mean())


def sky_share(view: View, size_px: tuple[int, int]) -> float:
    """The share of an upright rectilinear picture that lies above the horizon."""
    half = np.tan(np.radians(view.hfov_deg) / 2) * size_px[1] / size_px[0]
    return float(np.clip(0.5 + 0.5 * np.tan(np.radians(view.tilt_deg)) / half, 0.0, 1.0))


def beyond_share(rig: Rig, view: View, size_px: tuple[int, int]) -> float:
    """The share of the picture beyond the far side of the field."""
    x, z = rig.angles_to_metres(*view.pixels_to_angles(_grid(size_px), *size_px))
    if rig.pitch is None:
        near = np.hypot(x, z) <= REACH_M
    else:
        near = rig.pitch.from_world(x, z)[1] <= rig.pitch.width_m / 2
    return float(1.0 - near.mean())


def width_m(rig: Rig, view: View, play: Sequence[float] | None = None) -> float:
    """Metres of ground across the picture, in the row of the `play` (yaw and tilt in degrees) or its middle row."""
    yaw, tilt = (view.yaw_deg, view.tilt_deg) if play is None else play
    x, z = rig.angles_to_metres(yaw, tilt)
    ahead = np.array([x, rig.surface.height_m, z]) @ view.rotation[:, 2]
    wide = 2.0 * np.tan(np.radians(view.hfov_deg) / 2) * ahead
    return float(wide) if np.isfinite(wide) and wide > 0 else float("inf")


def shown(rig: Rig, path: Array, size_px: tuple[int, int], play: Array | None = None) -> Shown:
    """The figures of a path (N, 3: yaw, tilt, hfov); `play` (N, 2: yaw, tilt) is where the play is. Degrees."""
    rows = []
    for i, (yaw, tilt, hfov) in enumerate(path.tolist()):
        view = View(yaw, tilt, hfov)
        grown = enlargement(rig, view, size_px)
        middle = float(grown[ROWS // 2, COLUMNS // 2])
        worst = float(np.nanmax(grown)) if np.isfinite(grown).any() else float("nan")
        wide = width_m(rig, view, None if play is None else play[i])
        shares = sky_share(view, size_px), black_share(rig, view, size_px), beyond_share(rig, view, size_px)
        rows.append((wide, middle, worst, *shares))
    return Shown(*np.array(rows).T)


def opens_s(found: Shown, path: Array, rate_hz: float, size_px: tuple[int, int], play: Array) -> float:
    """Seconds until the play is first in the central part of a picture no wider than WIDEST_OPENING_M.

    A `play` that is not known yet is nan. Infinite if it never is.
    """
    x, y = image_position(path, play, size_px[0] / size_px[1])
    there = (np.maximum(np.abs(x), np.abs(y)) <= CENTRAL) & (found.width_m <= WIDEST_OPENING_M)
    return float(np.argmax(there) / rate_hz) if there.any() else float("inf")


def read_path(path: Path) -> tuple[Array, Array]:
    """Times (N,) in seconds and views (N, 3: yaw, tilt, hfov in degrees) of a path CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]
    table = np.array(rows)
    return table[:, 0], table[:, 1:]


def summary(found: Shown) -> dict[str, float]:
    """The figures of a whole film."""
    finite = np.where(np.isfinite(found.width_m), found.width_m, np.nan)
    low, middle, high = np.nanpercentile(finite, (5, 50, 95)) if np.isfinite(finite).any() else (np.nan,) * 3
    return {
        "width at the first frame, m": float(finite[0]),
        "width, 5 % of frames below, m": float(low),
        "width, median, m": float(middle),
        "width, 95 % of frames below, m": float(high),
        "enlargement at the centre, worst frame": float(np.nanmax(found.centre)),
        "enlargement anywhere, worst frame": float(np.nanmax(found.worst)),
        "sky, mean %": 100.0 * float(found.sky.mean()),
        "sky, worst frame %": 100.0 * float(found.sky.max()),
        "black, worst frame %": 100.0 * float(found.black.max()),
        "beyond the field, mean %": 100.0 * float(found.beyond.mean()),
    }


def _grid(size_px: tuple[int, int]) -> Array:
    """COLUMNS x ROWS pixels (ROWS, COLUMNS, 2) from the centre of the first to that of the last."""
    x, y = np.linspace(0, size_px[0] - 1, COLUMNS), np.linspace(0, size_px[1] - 1, ROWS)
    return np.stack(np.meshgrid(x, y), axis=-1)


def main() -> None:
    """Print the figures of a path file."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rig", type=Path)
    parser.add_argument("--assume", help="the size of the one source without a rig, as 3072x1728")
    parser.add_argument("--size", default="1920x1080", help="of the output")
    options = parser.parse_args()
    width, height = (int(side) for side in options.size.split("x"))
    if options.rig is None:
        rig = Rig.assume(*(int(side) for side in options.assume.split("x")))
    else:
        rig = Rig.load(options.rig)
    _, path = read_path(options.path)
    for name, value in summary(shown(rig, path, (width, height))).items():
        print(f"{name}: {value:.4g}")


if __name__ == "__main__":
    main()
