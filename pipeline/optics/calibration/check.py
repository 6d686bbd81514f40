"""Whether a kept rig still fits the footage: sizes, what neighbours both see, painted lines, the horizon."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations

import numpy as np

from pipeline.errors import CalibrationError
from pipeline.optics.calibration.agreement import RidgeMap, agreement
from pipeline.optics.calibration.features import Matches, find_features, match_features
from pipeline.optics.calibration.footage import Footage
from pipeline.optics.calibration.residuals import match_errors_px
from pipeline.optics.calibration.ridges import find_ridges, turf_mask
from pipeline.optics.calibration.verdict import turf_above_horizon
from pipeline.optics.rig import Rig

_NEAR = 0.004
"""How near a match must be to where the rig puts it, as a fraction of the image width: people move, trees sway."""

_FEWEST_MATCHES, _LEAST_NEAR = 20, 0.2
_LEAST_PAINTED = 0.25
_MOST_TURF_ABOVE = 0.4
"""Hills and trees are green, too; more than this is a rig for another mounting."""

_MOST_ORDERED = 3
"""Of so many cameras every order is tried."""


def wrong_size(rig: Rig, footage: Sequence[Footage]) -> str | None:
    """Which camera sends frames of another size than the rig is made for; None if none does."""
    for camera, part in zip(rig.cameras, footage, strict=True):
        if camera.size_px != part.size_px:
            return "{} sends {}x{}, the rig is made for {}x{}".format(
                part.name, *part.size_px, *camera.size_px
            )
    return None


def fitting_order(rig: Rig, footage: Sequence[Footage]) -> tuple[int, ...] | None:
    """The order in which the footage fits the rig, where its own does not; None if there is none. Pure."""
    own = tuple(range(len(footage)))
    if not 2 <= len(own) <= _MOST_ORDERED:
        return None
    others = (order for order in permutations(own) if order != own)
    return next((order for order in others if misfit(rig, [footage[i] for i in order]) is None), None)


def misfit(rig: Rig, footage: Sequence[Footage]) -> str | None:
    """Why the rig does not fit the footage of its cameras, None if it does. Pure; a second of computing for two."""
    if (said := wrong_size(rig, footage)) is not None:
        return said
    turf = tuple(turf_mask(part.background) & part.picture for part in footage)
    if rig.pitch is not None:
        pictures = [
            RidgeMap(find_ridges(part, mask), part.size_px) for part, mask in zip(footage, turf, strict=True)
        ]
        seen = agreement(rig, pictures)
        if seen.markings and seen.share - seen.chance < _LEAST_PAINTED:
            return "the pitch lines are not where the rig has them"
    elif any(mask.any() for mask in turf) and turf_above_horizon(rig, turf) > _MOST_TURF_ABOVE:
        return "its horizon runs through the turf"
    return _moved(rig, footage)


def _moved(rig: Rig, footage: Sequence[Footage]) -> str | None:
    """Whether neighbours no longer see the same at the places where the rig says so."""
    if len(footage) < 2:
        return None
    try:
        features = [find_features(part) for part in footage]
    except CalibrationError as error:
        return str(error)
    near: dict[int, int] = dict.fromkeys(range(len(footage)), 0)
    found = dict(near)
    for a, b in combinations(range(len(footage)), 2):
        pair: Matches = match_features(a, b, features[a], features[b])
        if not len(pair):
            continue
        off = np.linalg.norm(match_errors_px(rig, pair), axis=1)
        close = int((off < _NEAR * footage[b].size_px[0]).sum())
        for i in (a, b):
            near[i], found[i] = near[i] + close, found[i] + len(pair)
    for i, part in enumerate(footage):
        if near[i] < max(_FEWEST_MATCHES, _LEAST_NEAR * found[i]):
            return f"{part.name} no longer shows what the rig has there: it was moved, or it is another field"
    return None
