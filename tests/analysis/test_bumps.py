"""Tests of telling bumps from wind, drift and noise, on pose vectors alone."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.analysis.bumps import Bump, BumpFinder
from pipeline.optics.angles import Array

RATE_HZ = 25
WEIGHTS = np.array([1.0, 1.0, 1.0, 0.8, 0.06])
NOISE_RAD = math.radians(0.002)

Pose = Callable[[float], Array]


def turned(deg: float, at_s: float, ramp_s: float = 0.2) -> Pose:
    return lambda t: np.array([0, math.radians(deg) * min(max((t - at_s) / ramp_s, 0), 1), 0, 0, 0])


def wind(deg: float, hz: float, phase: float = 0.0) -> Pose:
    return lambda t: math.radians(deg) * np.array([math.sin(2 * math.pi * (hz * t + phase)), 0.3, 0, 0, 0])


def found(*poses: Pose, seconds: float = 20.0) -> tuple[BumpFinder, list[tuple[float, Bump]]]:
    """The bumps in the sum of these movements, each with the second in which it was noticed."""
    finder, rng, bumps = BumpFinder(WEIGHTS), np.random.default_rng(4), []
    for n in range(int(seconds * RATE_HZ)):
        t = n / RATE_HZ
        vector = sum(pose(t) for pose in poses) + rng.normal(0, NOISE_RAD, 5)
        bump = finder.add(n * 1_000_000_000 // RATE_HZ, vector)
        if bump is not None:
            bumps.append((t, bump))
    return finder, bumps


@pytest.mark.parametrize(
    "change",
    [turned(0.2, 8), turned(1.5, 8), turned(3, 8, 0.01), lambda t: np.array([0, 0, 0, 0.05, 0]) * (t > 8)],
)
def test_a_bump_is_noticed_within_a_second_and_only_once(change: Pose) -> None:
    finder, bumps = found(change)
    ((noticed_s, bump),) = bumps
    assert 8.0 < noticed_s < 9.0
    assert bump.time_ns == pytest.approx(8e9, abs=1e8)
    assert bump.after == pytest.approx(change(19.0), abs=1e-3)
    assert math.degrees(finder.worst_rad) < 0.05


@given(deg=st.floats(0.05, 0.8), hz=st.floats(0.3, 2.0), phase=st.floats(0, 1))
@settings(max_examples=15, deadline=None)
def test_wind_is_no_bump(deg: float, hz: float, phase: float) -> None:
    _, bumps = found(wind(deg, hz, phase), seconds=14)
    assert bumps == []


def test_a_bump_in_wind_is_told_once_it_is_clear() -> None:
    _, bumps = found(wind(0.5, 0.9), turned(1.5, 12))
    ((noticed_s, bump),) = bumps
    assert 12 < noticed_s < 16.5
    assert math.degrees(bump.after[1] - bump.before[1]) == pytest.approx(1.5, abs=0.3)


def test_two_bumps_and_a_return() -> None:
    _, bumps = found(turned(1.5, 5), turned(-2.5, 9), turned(1.0, 13))
    assert [round(noticed_s - at) for (noticed_s, _), at in zip(bumps, (5, 9, 13), strict=True)] == [1, 1, 1]
    assert bumps[-1][1].after == pytest.approx(np.zeros(5), abs=1e-3)


def test_slow_drift_is_followed_and_is_no_bump() -> None:
    finder, bumps = found(lambda t: np.array([math.radians(0.1) * t / 60, 0, 0, 0, 0]), seconds=240)
    assert bumps == []
    assert finder.stand is not None
    assert math.degrees(finder.stand[0]) == pytest.approx(0.4, abs=0.08)


def test_a_bump_while_nothing_was_measured_is_noticed_when_the_camera_is_seen_again() -> None:
    finder = BumpFinder(WEIGHTS)
    bumps = []
    for n in range(300):
        if not 100 <= n < 150:
            bump = finder.add(n * 40_000_000, turned(1.5, 5)(n / 25))
            bumps += [] if bump is None else [(n, bump)]
    ((n, bump),) = bumps
    assert n < 175
    assert bump.after == pytest.approx(turned(1.5, 0)(1.0))
