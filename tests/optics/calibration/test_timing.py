"""Tests of the time offset between two cameras: of any frame rates, and of films that share no moment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import CalibrationError
from pipeline.optics.calibration import Footage
from pipeline.optics.calibration.timing import frame_offset
from pipeline.optics.rig import Rig
from tests.optics.calibration.scene import make_rig


@pytest.mark.parametrize("offset", [-7, 0, 5])
def test_the_time_offset_is_found(painted: list[Footage], offset: int) -> None:
    rig = make_rig()
    late = painted[0]
    motion = np.roll(late.motion, offset, axis=0)
    footage = (late, Footage("again", late.background, motion, late.frame_rate))
    twins = Rig((rig.cameras[0], replace(rig.cameras[0], name="again")), rig.surface)
    assert frame_offset(twins, 0, 1, footage) == offset


@pytest.mark.parametrize(("rate", "offset"), [(50.0, 10), (12.5, 2), (30.0, 6)])
def test_the_time_offset_of_another_rate_is_found(painted: list[Footage], rate: float, offset: int) -> None:
    rig = make_rig()
    late = painted[0]
    times = np.rint(np.arange(0, len(late.motion) - 0.5, 25.0 / rate)).astype(int)
    again = Footage("again", late.background, np.roll(late.motion, 5, axis=0)[times], rate)
    twins = Rig((rig.cameras[0], replace(rig.cameras[0], name="again")), rig.surface)
    found = frame_offset(twins, 0, 1, (late, again))
    assert found is not None
    assert abs(found - offset) <= max(1, rate / 25), "half a frame of the slower one"


def test_films_of_different_moments_are_refused() -> None:
    rig = make_rig()
    twins = Rig((rig.cameras[0], replace(rig.cameras[0], name="later")), rig.surface)
    noise = np.random.default_rng(4)
    films = []
    for name in ("now", "later"):
        motion = np.full((80, 225, 400), 90, np.uint8)
        for frame in motion:
            for x, y in noise.integers((0, 100), (390, 210), (6, 2)).tolist():
                frame[y : y + 9, x : x + 4] = 220
        films.append(Footage(name, np.zeros((900, 1600, 3), np.uint8), motion, 25.0))
    with pytest.raises(CalibrationError, match="not filmed at the same time"):
        frame_offset(twins, 0, 1, tuple(films))
    assert frame_offset(twins, 0, 1, (films[0], replace(films[0], name="later"))) == 0


def test_still_footage_gives_no_time_offset(painted: list[Footage]) -> None:
    still = tuple(
        Footage(part.name, part.background, np.repeat(part.motion[:1], 20, axis=0), 25.0) for part in painted
    )
    assert frame_offset(make_rig(), 0, 1, still) is None
