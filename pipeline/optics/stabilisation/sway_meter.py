"""SwayMeter: measures by how much one fixed camera has turned since its first frame, from the frames alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.optics.angles import Array
from pipeline.optics.frame import Plane
from pipeline.optics.lens import Lens
from pipeline.optics.stabilisation.landmarks import find_landmarks, reduced, working_scale
from pipeline.optics.stabilisation.tiles import TILE_PX, Tiles, cut, equally_lit
from pipeline.optics.stabilisation.turn import NO_TURN, Turn, fit_turn, matrix_of

LEAST_AGREEMENT = 0.35
"""With a smaller share of agreeing landmarks the turn is not known: the camera is covered, or looks elsewhere."""

LEAST_LANDMARKS = 6

SURPRISE_PX = 1.0
"""If the turn is further than this from what was expected, in working pixels, it is measured again from there."""

RENEW_EVERY = 25
"""After this many frames the landmarks are looked over."""

RENEW_AT_ONCE = 4
"""So many landmarks are replaced at a time; the others hold the pose."""

POOR = 0.3
"""A landmark whose average say is less than this is replaced: it is on a person, a flag, a shadow's edge."""

FADED_LEVELS = 12.0
"""An agreeing landmark that looks different by more levels than this gets a new picture."""

STRANGE_LEVELS = 30.0
"""A landmark that looks different by more levels than this is not the same one."""

MEMORY = 0.04
"""The part of the newest frame in a landmark's average say."""

_SEARCH_SCALE = 2
"""The search after a bump works at this fraction of the working resolution."""

_TILE_WINDOW_PX, _TILE_LEVELS = 15, 1
_SEARCH_WINDOW_PX, _SEARCH_LEVELS = 21, 2
_CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 10, 0.02)

_follow_points = cast(Any, cv2.calcOpticalFlowPyrLK)


@dataclass(slots=True)
class _Landmarks:
    """The landmarks that are followed, n of them."""

    rays: Array
    """(n, 3): unit rays in the camera's axes at the reference."""
    pixels: Array
    """(n, 2): where each landmark is in the image from which its tile was cut."""
    tiles: Tiles
    cells: NDArray[np.int64]
    """(n,): the cell of the grid in which each is."""
    say: Array
    """(n,): how much each has agreed of late, 0 to 1."""


class SwayMeter:
    """Follows landmarks of the backdrop in one camera's frames (Lucas and Kanade 1981). One thread at a time; pure.

    After a bump the turn is first found by phase correlation of the whole image (Kuglin and Hines 1975).

    The first frame is the reference. A frame costs about a millisecond of one core. Landmarks are compared with how
    they looked at the reference, so errors do not add up; those that changed, or that turn out to be people, are
    replaced a few at a time.
    """

    def __init__(self, lens: Lens) -> None:
        self._lens = lens
        self._scale = working_scale(lens.size_px[0])
        self._px_per_rad = lens.focal_px / self._scale
        self._landmarks: _Landmarks | None = None
        self._first: Plane = np.empty((0, 0), np.uint8)
        """The first frame, much reduced, for the search."""
        self._vector = self._before = NO_TURN
        self._measured = 0

    def measure(self, luma: Plane) -> Turn | None:
        """The camera's turn in this frame (height, width); None if too little of the backdrop is seen again."""
        landmarks = self._landmarks
        if landmarks is None:
            landmarks = self._landmarks = self._begin(luma)
            if len(landmarks.rays) >= LEAST_LANDMARKS:
                return Turn(NO_TURN, np.ones(len(landmarks.rays)))
        if len(landmarks.rays) < LEAST_LANDMARKS:
            return None
        expected = 2 * self._vector - self._before
        turn, levels = self._follow(landmarks, luma, expected)
        if turn.agreement < LEAST_AGREEMENT:
            expected = self._search(landmarks, luma)
            turn, levels = self._follow(landmarks, luma, expected)
        if float(np.abs(turn.vector_rad - expected).max()) * self._px_per_rad > SURPRISE_PX:
            turn, levels = self._follow(landmarks, luma, turn.vector_rad)
        if turn.agreement < LEAST_AGREEMENT:
            self._before = self._vector
            return None
        self._before, self._vector = self._vector, turn.vector_rad
        landmarks.say += MEMORY * ((turn.weights > 0) - landmarks.say)
        self._measured += 1
        if self._measured % RENEW_EVERY == 0:
            self._renew(landmarks, luma, turn, levels)
        return turn

    def _begin(self, luma: Plane) -> _Landmarks:
        found = find_landmarks(luma, self._scale, np.empty((0, 2)))
        rays = self._lens.unproject(found)
        cells = np.flatnonzero(np.isfinite(rays).all(axis=-1))
        self._first = self._for_search(luma)
        tiles = cut(luma, found[cells], self._scale)
        return _Landmarks(rays[cells], found[cells], tiles, cells, np.full(len(cells), 0.5))

    def _follow(self, landmarks: _Landmarks, luma: Plane, expected: Array) -> tuple[Turn, Array]:
        """The turn near the `expected` one, and by how many levels each landmark (n,) looks different."""
        reference = landmarks.tiles
        expected_px = self._lens.project(landmarks.rays @ matrix_of(expected).T)
        seen_at_all = np.asarray(np.isfinite(expected_px).all(axis=-1))
        expected_px = np.where(seen_at_all[:, None], expected_px, landmarks.pixels)
        tiles = cut(luma, expected_px, self._scale)
        start = tiles.to_sheet(expected_px)
        places, found, levels = _follow_points(
            reference.sheet,
            equally_lit(tiles.sheet, reference.sheet),
            reference.to_sheet(landmarks.pixels),
            start.copy(),
            winSize=(_TILE_WINDOW_PX, _TILE_WINDOW_PX),
            maxLevel=_TILE_LEVELS,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
            criteria=_CRITERIA,
        )
        is_near = np.abs(places - start).max(axis=-1) < TILE_PX / 2
        seen = self._lens.unproject(tiles.to_pixels(places))
        usable = np.asarray((found[:, 0] > 0) & (levels[:, 0] < STRANGE_LEVELS)) & is_near & seen_at_all
        return fit_turn(landmarks.rays, seen, usable, self._px_per_rad, expected), levels[:, 0]

    def _search(self, landmarks: _Landmarks, luma: Plane) -> Array:
        """The turn after a bump, or when the camera is seen again: roughly, from the whole image."""
        scale = self._scale * _SEARCH_SCALE
        first, now = self._first, self._for_search(luma)
        window = cv2.createHanningWindow(first.shape[::-1], cv2.CV_32F)
        (right, down), _ = cv2.phaseCorrelate(first.astype(np.float32), now.astype(np.float32), window)
        # What moves right and down on the image turns about the axes y and -x.
        shift = np.array([-down, right, 0.0]) * scale / self._lens.focal_px
        at_first = (self._lens.project(landmarks.rays) + 0.5) / scale - 0.5
        expected = (self._lens.project(landmarks.rays @ matrix_of(shift).T) + 0.5) / scale - 0.5
        moved, found, _ = _follow_points(
            first,
            now,
            at_first.astype(np.float32),
            np.nan_to_num(expected).astype(np.float32),
            winSize=(_SEARCH_WINDOW_PX, _SEARCH_WINDOW_PX),
            maxLevel=_SEARCH_LEVELS,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
            criteria=_CRITERIA,
        )
        seen = self._lens.unproject((moved.astype(np.float64) + 0.5) * scale - 0.5)
        usable = np.asarray(found[:, 0] > 0) & np.isfinite(expected).all(axis=-1)
        return fit_turn(landmarks.rays, seen, usable, self._px_per_rad / _SEARCH_SCALE, shift).vector_rad

    def _for_search(self, luma: Plane) -> Plane:
        return cast(Plane, cv2.equalizeHist(reduced(luma, self._scale * _SEARCH_SCALE)))

    def _renew(self, landmarks: _Landmarks, luma: Plane, turn: Turn, levels: Array) -> None:
        """Give faded landmarks a new picture, and replace the poorest by others of their cells."""
        matrix = matrix_of(turn.vector_rad)
        now_px = self._lens.project(landmarks.rays @ matrix.T)
        renewed = (turn.weights > 0) & (levels > FADED_LEVELS) & np.isfinite(now_px).all(axis=-1)
        poorest = np.argsort(landmarks.say)[:RENEW_AT_ONCE]
        poorest = poorest[landmarks.say[poorest] < POOR]
        if poorest.size:
            avoid_px = now_px[np.isfinite(now_px).all(axis=-1)]
            found = find_landmarks(luma, self._scale, avoid_px)[landmarks.cells[poorest]]
            rays = self._lens.unproject(found) @ matrix
            known = np.isfinite(rays).all(axis=-1)
            chosen = poorest[known]
            landmarks.rays[chosen], now_px[chosen] = rays[known], found[known]
            landmarks.say[poorest] = 0.5
            renewed[poorest] = False
            renewed[chosen] = True
        if renewed.any():
            landmarks.pixels[renewed] = now_px[renewed]
            now_px = np.where(np.isfinite(now_px), now_px, landmarks.pixels)
            landmarks.tiles.take(cut(luma, now_px, self._scale), renewed)
