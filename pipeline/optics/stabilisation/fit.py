"""Fits a camera's pose to how the landmarks of its backdrop moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.lens import Lens
from pipeline.optics.stabilisation.pose import NO_CHANGE, matrix_of, vector_of
from pipeline.optics.surface import Surface

NOISE_PX = 0.15
"""The least spread of the landmarks' errors that is assumed, in working pixels."""

OUTLIER = 4.0
"""A landmark whose error is this many times the spread has no say (Tukey's biweight)."""

_DONE = 1e-6
_ZOOM_STEP = 1e-4


@dataclass(frozen=True, slots=True)
class Freedom:
    """How far a fit may go from where it starts."""

    roughness_px: tuple[float, ...]
    """The largest spread of the errors that each step of the fit assumes, in working pixels."""
    zoom: float
    """The standard deviation of the zoom's logarithm around its start."""
    lowered_m: float
    """The standard deviation of the camera's height around its start."""


FOLLOWING = Freedom((0.8,) * 6, 2e-4, 2e-3)
"""From one frame to the next."""

REFINING = Freedom((6.0, 3.0, 1.5, 0.8, 0.8, 0.8, 0.8, 0.8), 0.03, 0.5)
"""After a search, from its rough result."""

SEARCHING = Freedom((24.0, 16.0, 12.0, 8.0, 6.0, 6.0, 6.0, 6.0), 0.1, 0.5)
"""From anywhere, with errors of a search's size."""


@dataclass(frozen=True, slots=True)
class Mount:
    """What a camera's lens shows of the scene if the camera is turned, zoomed or lowered. Pure.

    ``down``: the world's downward direction in the camera's axes at its place; ``surface`` as seen from there,
    None if the camera's height is not to be measured.
    """

    lens: Lens
    rotation: Array | None = None
    position_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    surface: Surface | None = None

    def pulls(self, rays: Array) -> Array:
        """By how much each unit ray (n, 3) in the camera's axes changes for each metre that it is lowered."""
        if self.surface is None or self.rotation is None:
            return np.zeros_like(rays)
        nearness = self.surface.inverse_distance(self.position_m, rays @ self.rotation.T)
        return -nearness[:, None] * (self.rotation.T @ (0.0, 1.0, 0.0))

    def pixels(self, rays: Array, pulls: Array, vector: Array) -> Array:
        """The pixels (n, 2) at which rays (n, 3) of the place are seen now; nan for those that are not."""
        centre = np.asarray(self.lens.centre_px)
        turned = (rays + vector[4] * pulls) @ matrix_of(vector[:3]).T
        pixels: Array = (self.lens.project(turned) - centre) * np.exp(vector[3]) + centre
        return pixels

    def rays(self, pixels: Array, vector: Array) -> Array:
        """The inverse of `pixels`, to first order in the metres lowered."""
        now = self.unzoomed_rays(pixels, vector[3])
        rays: Array = now @ matrix_of(vector[:3])
        return rays - vector[4] * self.pulls(rays) if vector[4] else rays

    def row_shares(self, pixels: Array) -> Array:
        """Where pixels (n, 2) are in the picture, from -0.5 at its top to 0.5 at its bottom; 0 for unknown ones."""
        return np.nan_to_num((pixels[:, 1] + 0.5) / self.lens.size_px[1] - 0.5)

    def unzoomed_rays(self, pixels: Array, log_zoom: float) -> Array:
        """Unit rays (n, 3) in the camera's axes now of what is seen at pixels (n, 2)."""
        centre = np.asarray(self.lens.centre_px)
        return self.lens.unproject((pixels - centre) * np.exp(-log_zoom) + centre)


@dataclass(frozen=True, slots=True, eq=False)
class PoseFit:
    """The pose vector that explains the landmarks' places best, and what each landmark says of it."""

    vector: Array
    weights: Array
    """(n,): the say of each landmark, 0 to 1."""
    turned: Array
    """(n, 3): unit rays to the landmarks in the camera's axes now, by the fit."""
    columns: Array
    """(n, 3, 5): how each part of the pose moves them."""
    missed: Array
    """(n, 3): how far from there each is seen, in radians; 0 for those that are not usable."""

    @property
    def agreement(self) -> float:
        """The share of the landmarks that agree, 0 to 1."""
        return float((self.weights > 0).mean()) if len(self.weights) else 0.0


def fit_pose(
    mount: Mount,
    rays: Array,
    pulls: Array,
    seen_px: Array,
    usable: NDArray[np.bool_],
    px_per_rad: float,
    start: Array = NO_CHANGE,
    freedom: Freedom = FOLLOWING,
) -> PoseFit:
    """The pose that takes `rays` (n, 3) of the place, with their `pulls`, to `seen_px` (n, 2); people and leaves
    have no say.

    Iterated least squares with Tukey's biweight, from `start`, a pose vector. ``px_per_rad`` in working pixels.
    """
    seen = mount.unzoomed_rays(seen_px, start[3])
    usable = usable & np.isfinite(seen).all(axis=-1)
    vector: Array = np.array(start, np.float64)
    weights = np.zeros(len(rays))
    if usable.sum() < 3:
        return PoseFit(vector, weights, rays, np.zeros((len(rays), 3, 5)), np.zeros_like(rays))
    seen = np.where(usable[:, None], seen, rays)
    closer = mount.unzoomed_rays(np.where(usable[:, None], seen_px, 0.0), start[3] + _ZOOM_STEP)
    by_zoom = np.where(usable[:, None], np.nan_to_num(closer) - seen, 0.0) / _ZOOM_STEP
    columns = np.zeros((len(rays), 3, 5))
    columns[..., 3] = -by_zoom
    certainty = np.array([0.0, 0.0, 0.0, freedom.zoom**-2, freedom.lowered_m**-2])
    middle = int(usable.sum()) // 2
    for roughness_px in freedom.roughness_px:
        matrix = matrix_of(vector[:3])
        turned = (rays + vector[4] * pulls) @ matrix.T
        turned /= np.sqrt((turned * turned).sum(axis=-1, keepdims=True))
        missed = np.where(usable[:, None], seen + (vector[3] - start[3]) * by_zoom - turned, 0.0)
        error_px = np.sqrt((missed * missed).sum(axis=-1)) * px_per_rad
        # The median of a two-dimensional error is 1.18 times its spread in each direction.
        typical_px = float(np.sort(error_px[usable])[middle]) / 1.18
        spread_px = min(max(typical_px, NOISE_PX), roughness_px)
        share = np.minimum(error_px / (OUTLIER * spread_px), 1.0)
        weights = np.where(usable, (1 - share * share) ** 2, 0.0)
        # A turn about x moves (x, y, z) by (0, -z, y), and so on.
        columns[:, 1, 0], columns[:, 2, 0] = -turned[:, 2], turned[:, 1]
        columns[:, 0, 1], columns[:, 2, 1] = turned[:, 2], -turned[:, 0]
        columns[:, 0, 2], columns[:, 1, 2] = -turned[:, 1], turned[:, 0]
        columns[..., 4] = pulls @ matrix.T
        flat = columns.reshape(-1, 5)
        weighted = flat * np.repeat(weights * (px_per_rad / spread_px) ** 2, 3)[:, None]
        normal = weighted.T @ flat + np.diag(certainty + 1e-3)
        step = np.linalg.solve(normal, weighted.T @ missed.reshape(-1) + certainty * (start - vector))
        vector[:3] = vector_of(matrix_of(np.asarray(step[:3], np.float64)) @ matrix)
        vector[3:] += step[3:]
        if float(np.abs(step).max()) < _DONE:
            break
    return PoseFit(vector, weights, turned, columns, missed)
