"""SwayMeter: measures how one fixed camera stands compared with its first frame, from the frames alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.frame import Plane
from pipeline.optics.lens import Lens
from pipeline.optics.stabilisation.backdrop import Backdrop, Sight
from pipeline.optics.stabilisation.fit import FOLLOWING, REFINING, Freedom, Mount, PoseFit, fit_pose
from pipeline.optics.stabilisation.landmarks import find_landmarks, working_scale
from pipeline.optics.stabilisation.pose import NO_CHANGE
from pipeline.optics.stabilisation.rolling_shutter import RollingShutter
from pipeline.optics.stabilisation.tiles import TILE_PX, Tiles, cut, equally_lit

LEAST_AGREEMENT = 0.35
"""With a smaller share of agreeing landmarks the pose is not known: the camera is covered, or looks elsewhere."""

LEAST_LANDMARKS = 6

SURPRISE_PX = 1.0
"""If the turn is further than this from what was expected, in working pixels, it is measured again from there."""

RENEW_EVERY = 25
"""After this many frames the landmarks are looked over."""

RENEW_AT_ONCE = 4
"""So many landmarks are replaced at a time; the others hold the pose."""

POOR = 0.3
"""A landmark whose average say is less than this is replaced: it is on a person, a flag, a shadow's edge."""

TRUSTED = 0.6
"""A landmark whose average say is more than this is the backdrop's."""

DOUBTFUL = 0.9
"""If fewer of the trusted landmarks than this agree, the camera may have moved otherwise than it seems."""

DOUBT_FRAMES = (3, 8, 16)
"""After so many doubtful frames in a row the backdrop is looked for."""

BETTER = 0.05
"""A pose found in the backdrop counts if this share of the landmarks more agrees with it."""

SEARCH_EVERY = 6
"""While the backdrop is not seen it is looked for in every sixth frame, and followed in every second one."""

CHECK_EVERY = 25
"""After so many frames the pose is checked against the backdrop; not where landmarks are renewed."""

LEARN_EVERY = 250
"""After this many frames the stored backdrop takes the present light."""

FADED_LEVELS = 12.0
"""An agreeing landmark that looks different by more levels than this gets a new picture."""

STRANGE_LEVELS = 30.0
"""A landmark that looks different by more levels than this is not the same one."""

MEMORY = 0.04
"""The part of the newest frame in a landmark's average say."""

_WINDOW_PX, _LEVELS = 15, 1
_CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 10, 0.02)

_follow_points = cast(Any, cv2.calcOpticalFlowPyrLK)


@dataclass(slots=True)
class _Landmarks:
    """The landmarks that are followed, n of them."""

    rays: Array
    """(n, 3): unit rays in the camera's axes at the reference."""
    pulls: Array
    """(n, 3): how the rays change for each metre that the camera is lowered."""
    pixels: Array
    """(n, 2): where each landmark is in the image from which its tile was cut."""
    tiles: Tiles
    cells: NDArray[np.int64]
    """(n,): the cell of the grid in which each is."""
    say: Array
    """(n,): how much each has agreed of late, 0 to 1."""


class SwayMeter:
    """Follows landmarks of the backdrop in one camera's frames (Lucas and Kanade 1981). One thread at a time; pure.

    The first frame is the reference. A frame costs about a millisecond of one core, while the backdrop is not seen
    two on average. Landmarks are compared with how they looked at the reference, so errors do not add up; those
    that changed, or that turn out to be people, are replaced a few at a time. After a bump the pose is found in the
    stored `Backdrop`. A plain picture shows nothing to go by; then a later frame is the reference.
    """

    def __init__(self, camera: Lens | Mount) -> None:
        """Of a lens alone, without a mount, the height is not measured."""
        self._mount = mount = camera if isinstance(camera, Mount) else Mount(camera)
        self._scale = working_scale(mount.lens.size_px[0])
        self._px_per_rad = mount.lens.focal_px / self._scale
        self._landmarks: _Landmarks | None = None
        self._backdrop: Backdrop | None = None
        self._vector = self._before = NO_CHANGE
        self._shutter = RollingShutter(self._px_per_rad)
        self._fresh: NDArray[np.bool_] = np.zeros(0, np.bool_)
        """(n,): the landmarks that got a new picture in the last frame."""
        self._measured = self._unseen = self._doubtful = 0
        self.sight: Sight = "seen"
        """What the newest frame shows."""

    def measure(self, luma: Plane) -> PoseFit | None:
        """The camera's pose in this frame (height, width); None if too little of the backdrop is seen again."""
        landmarks = self._landmarks
        if landmarks is None:
            landmarks = self._landmarks = self._begin(luma)
            self._unseen = 0
        if len(landmarks.rays) < LEAST_LANDMARKS:
            self._unseen += 1
            if self._unseen % RENEW_EVERY == 0:
                self._landmarks = None  # nothing to go by yet: the next frame may be the reference
            return None
        if self._unseen % SEARCH_EVERY % 2:
            self._unseen += 1
            return None
        expected = self._vector.copy()
        expected[:3] += self._vector[:3] - self._before[:3]
        fit, levels = self._follow(landmarks, luma, expected)
        if fit.agreement < LEAST_AGREEMENT or self._is_due(landmarks, fit):
            fit, levels = self._search(landmarks, luma, fit, levels)
        if fit.agreement < LEAST_AGREEMENT:
            self._before = self._vector
            self._shutter.skip()
            return None
        self._unseen, self.sight = 0, "seen"
        self._before, self._vector = self._vector, fit.vector
        rows = self._mount.row_shares(self._mount.pixels(landmarks.rays, landmarks.pulls, fit.vector))
        mistaken = self._shutter.add(fit, rows, (landmarks.say > TRUSTED) & ~self._fresh)
        self._fresh = np.zeros(len(rows), np.bool_)
        landmarks.say += MEMORY * ((fit.weights > 0) - landmarks.say)
        self._measured += 1
        if self._measured % RENEW_EVERY == 0:
            self._renew(landmarks, luma, fit, levels)
        if self._measured % LEARN_EVERY == 0 and self._backdrop is not None:
            self._backdrop.learn(luma, fit.vector)
        return replace(fit, vector=fit.vector - mistaken) if mistaken.any() else fit

    @property
    def readout(self) -> float:
        """The share of a frame that the camera's readout takes, from the top row down; 0 while it is not known."""
        return self._shutter.readout

    def _begin(self, luma: Plane) -> _Landmarks:
        found = find_landmarks(luma, self._scale, np.empty((0, 2)))
        rays = self._mount.unzoomed_rays(found, 0.0)
        cells = np.flatnonzero(np.isfinite(rays).all(axis=-1))
        self._backdrop = Backdrop(self._mount, luma)
        tiles = cut(luma, found[cells], self._scale)
        say = np.full(len(cells), 0.5)
        self._fresh = np.zeros(len(cells), np.bool_)
        return _Landmarks(rays[cells], self._mount.pulls(rays[cells]), found[cells], tiles, cells, say)

    def _follow(
        self, landmarks: _Landmarks, luma: Plane, expected: Array, freedom: Freedom = FOLLOWING
    ) -> tuple[PoseFit, Array]:
        """The pose near the `expected` one, and by how many levels each landmark (n,) looks different."""
        fit, levels = self._follow_once(landmarks, luma, expected, freedom)
        surprise_px = float(np.abs((fit.vector - expected)[:4]).max()) * self._px_per_rad
        if surprise_px > SURPRISE_PX and fit.agreement > LEAST_AGREEMENT / 2:
            fit, levels = self._follow_once(landmarks, luma, fit.vector, freedom)
        return fit, levels

    def _follow_once(
        self, landmarks: _Landmarks, luma: Plane, expected: Array, freedom: Freedom
    ) -> tuple[PoseFit, Array]:
        reference = landmarks.tiles
        expected_px = self._mount.pixels(landmarks.rays, landmarks.pulls, expected)
        seen_at_all = np.asarray(np.isfinite(expected_px).all(axis=-1))
        expected_px = np.where(seen_at_all[:, None], expected_px, landmarks.pixels)
        tiles = cut(luma, expected_px, self._scale)
        start = tiles.to_sheet(expected_px)
        places, found, levels = _follow_points(
            reference.sheet,
            equally_lit(tiles.sheet, reference.sheet),
            reference.to_sheet(landmarks.pixels),
            start.copy(),
            winSize=(_WINDOW_PX, _WINDOW_PX),
            maxLevel=_LEVELS,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
            criteria=_CRITERIA,
        )
        is_near = np.abs(places - start).max(axis=-1) < TILE_PX / 2
        usable = np.asarray((found[:, 0] > 0) & (levels[:, 0] < STRANGE_LEVELS)) & is_near & seen_at_all
        seen_px = tiles.to_pixels(places)
        rays, pulls = landmarks.rays, landmarks.pulls
        fit = fit_pose(self._mount, rays, pulls, seen_px, usable, self._px_per_rad, expected, freedom)
        return fit, levels[:, 0]

    def _is_due(self, landmarks: _Landmarks, fit: PoseFit) -> bool:
        """Whether to look for a better pose, in which the near landmarks of a lowered camera agree, too."""
        trusted = landmarks.say > TRUSTED
        is_doubtful = trusted.sum() >= LEAST_LANDMARKS and float((fit.weights[trusted] > 0).mean()) < DOUBTFUL
        self._doubtful = self._doubtful + 1 if is_doubtful else 0
        return self._doubtful in DOUBT_FRAMES or self._measured % CHECK_EVERY == CHECK_EVERY // 2

    def _search(
        self, landmarks: _Landmarks, luma: Plane, fit: PoseFit, levels: Array
    ) -> tuple[PoseFit, Array]:
        """The pose after a bump, or when the camera is seen again; `fit` and `levels` where it is not better."""
        is_lost = fit.agreement < LEAST_AGREEMENT
        if self._backdrop is None or (is_lost and self._unseen % SEARCH_EVERY):
            self._unseen += 1
            return fit, levels
        self._unseen += is_lost
        rough = self._backdrop.search(luma)
        if rough is not None:
            other, other_levels = self._follow(landmarks, luma, rough, REFINING)
            least = LEAST_AGREEMENT if is_lost else fit.agreement + BETTER
            if other.agreement >= least and self._backdrop.is_possible(other.vector):
                self._vector = other.vector  # how the camera turned before says nothing of the next frame
                return other, other_levels
        if is_lost:
            self.sight = self._backdrop.sight(luma)
        return fit, levels

    def _renew(self, landmarks: _Landmarks, luma: Plane, fit: PoseFit, levels: Array) -> None:
        """Give faded landmarks a new picture, and replace the poorest by others of their cells."""
        now_px = self._mount.pixels(landmarks.rays, landmarks.pulls, fit.vector)
        renewed = (fit.weights > 0) & (levels > FADED_LEVELS) & np.isfinite(now_px).all(axis=-1)
        poorest = np.argsort(landmarks.say)[:RENEW_AT_ONCE]
        poorest = poorest[landmarks.say[poorest] < POOR]
        if poorest.size:
            avoid_px = now_px[np.isfinite(now_px).all(axis=-1)]
            found = find_landmarks(luma, self._scale, avoid_px)[landmarks.cells[poorest]]
            rays = self._mount.rays(found, fit.vector)
            known = np.isfinite(rays).all(axis=-1)
            chosen = poorest[known]
            landmarks.rays[chosen], now_px[chosen] = rays[known], found[known]
            landmarks.pulls[chosen] = self._mount.pulls(rays[known])
            landmarks.say[poorest] = 0.5
            renewed[poorest] = False
            renewed[chosen] = True
        if renewed.any():
            self._fresh = renewed
            landmarks.pixels[renewed] = now_px[renewed]
            now_px = np.where(np.isfinite(now_px), now_px, landmarks.pixels)
            landmarks.tiles.take(cut(luma, now_px, self._scale), renewed)
