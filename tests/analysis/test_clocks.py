"""Tests of two cameras whose clocks part: measured, followed, and their frames paired; simulated, in no time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.analysis.camera_clocks import CameraClocks
from pipeline.analysis.clock_lag import lag_of
from pipeline.analysis.clock_line import CATCH_UP, ClockLine
from pipeline.analysis.clock_tracker import ClockTracker
from pipeline.analysis.clock_watch import ClockWatch, watched_pairs
from pipeline.analysis.frame_pairing import FramePairing
from pipeline.analysis.learned_seams import SeamLines, read_learned_seams
from pipeline.errors import ConfigError
from pipeline.optics.frame import Frame
from pipeline.optics.lens import RectilinearLens
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.surface import Surface
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds

LENS = RectilinearLens((320, 180), 200.0, (159.5, 89.5))
GROUND = Surface("ground-capped", 8.0, 80.0)
RIG = Rig((Camera("left", LENS, -25.0, -12.0), Camera("right", LENS, 25.0, -12.0)), GROUND)
FRAME_NS = 40 * NS_PER_MS
POINTS = np.linspace(0.0, 60.0, 80)

Samples = NDArray[np.float32]


class Scene:
    """Eight bodies that walk over a line of points, each at its own pace; what a camera sees of it."""

    def __init__(self, seed: int = 1) -> None:
        self.random = np.random.default_rng(seed)
        self.speeds = self.random.uniform(1.0, 5.0, 8) * np.where(np.arange(8) % 2, 1, -1)
        self.phases = self.random.uniform(0, 80, 8)

    def seen(self, time_s: float, noise: float = 1.0) -> Samples:
        """The brightness of each point; bodies that leave on one side come back on the other."""
        turns = np.sin(0.37 * time_s + self.phases)  # nobody runs evenly
        places = (self.phases + self.speeds * (time_s + turns)) % 80 - 10
        bodies = 60 * np.exp(-(((POINTS[:, None] - places) / 1.0) ** 2)).sum(axis=1)
        return np.asarray(90 + bodies + self.random.normal(0, noise, len(POINTS)), np.float32)


def watch(rig: Rig = RIG) -> tuple[ClockWatch, CameraClocks, list[str]]:
    told: list[str] = []
    clocks = CameraClocks(len(rig.cameras))
    return ClockWatch(rig, clocks, told.append), clocks, told


class Run:
    """Two cameras of 25 frames a second: the second one's clock gains `rate` and begins `begins_s` late.

    `same_frames`: its frames are of the first one's moments, and only their times part, as in a film that was
    retimed; otherwise it takes its frames by its own clock.
    """

    def __init__(self, rate: float, begins_s: float = 0.0, same_frames: bool = False) -> None:
        self.watch, self.clocks, self.told = watch()
        self.pairing, self.first_pairing = FramePairing(), FramePairing()
        self.rate, self.begins_s, self.same_frames = rate, begins_s, same_frames
        self.errors: list[float] = []
        self.frames: dict[int, tuple[float, Samples]] = {}
        self.last: tuple[float, Samples] | None = None
        self.number = self.taken = 0

    def frame_of_second(self, scene: Scene) -> bool:
        """Take the next frame of the second camera; whether it was placed."""
        n, self.taken = self.taken, self.taken + 1
        moment_s = n * 0.04 if self.same_frames else n * 0.04 / (1 + self.rate)
        stamp_ns = round((moment_s * (1 + self.rate) + self.begins_s) * NS_PER_S)
        place_ns = self.pairing.place(stamp_ns, self.clocks.correction_ns(1, stamp_ns), 0, FRAME_NS)
        if place_ns is not None:
            self.clocks.shown(1, place_ns, stamp_ns)
            self.frames[place_ns] = moment_s, scene.seen(moment_s)
        return place_ns is not None

    def go(self, seconds: float, scene: Scene | None) -> None:
        """Run on; without a scene nothing moves."""
        pair = self.watch._pairs[0]
        for n in range(self.number, self.number + round(seconds * 25)):
            time_ns = n * FRAME_NS
            while not self.frames or max(self.frames) < time_ns + 5 * FRAME_NS:
                self.frame_of_second(scene or Scene())
            self.last = self.frames.pop(time_ns, self.last)
            self.clocks.shown(0, time_ns, time_ns)
            if self.last is None:
                continue
            self.errors.append((self.last[0] - n * 0.04) / 0.04)
            self.watch._last_ns = Nanoseconds(time_ns)
            still = np.full(len(POINTS), 90.0, np.float32)
            first, second = (still, still) if scene is None else (scene.seen(n * 0.04), self.last[1])
            self.watch.take(pair, Nanoseconds(time_ns), first, second)
        self.number += round(seconds * 25)


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "same_frames"), [(0.005, False), (-0.005, True)])
def test_the_moment_at_the_seam_stays_within_half_a_frame_over_ten_minutes(
    rate: float, same_frames: bool
) -> None:
    run = Run(rate, same_frames=same_frames)
    run.go(600.0, Scene())
    errors = np.abs(run.errors)
    assert errors[25 * 8 :].max() < 0.53, "a frame is shown or not, so half of one is the best that can be"
    assert np.percentile(errors, 99) < 0.505
    assert np.median(errors) < (0.1 if same_frames else 0.3)
    health = run.watch.health()
    assert [each.status for each in health] == ["first", "followed"]
    assert health[1].drift_ppm == pytest.approx(rate * 1e6, abs=150)
    assert health[1].offset_ms == pytest.approx(-600e3 * rate, abs=10)
    assert "ahead of" in run.watch.notes[0] if rate > 0 else "behind" in run.watch.notes[0]


@pytest.mark.parametrize("rate", [0.002, -0.005])
def test_a_minute_is_enough_to_know_the_clock(rate: float) -> None:
    run = Run(rate)
    run.go(60.0, Scene())
    assert np.abs(run.errors[200:]).max() < 0.65
    assert run.watch.health()[1].drift_ppm == pytest.approx(rate * 1e6, abs=300)


def test_clocks_that_agree_are_left_alone() -> None:
    run = Run(0.0)
    run.go(60.0, Scene())
    assert np.abs(run.errors).max() == 0
    assert run.watch.notes == ()


def test_a_wrong_start_is_made_up_for_without_a_leap() -> None:
    run = Run(0.0, begins_s=0.24)
    run.go(60.0, Scene())
    assert np.abs(run.errors[-500:]).max() < 0.5
    assert np.abs(np.diff(run.errors)).max() < 1.5, "never more than a frame at once"


def test_while_nothing_moves_the_clocks_part_as_before_and_it_is_told() -> None:
    run, scene = Run(0.005), Scene()
    run.go(60.0, scene)
    run.go(60.0, None)
    assert run.watch.health()[1].status == "kept"
    assert np.abs(run.errors[-250:]).max() < 1.0
    assert any("too little moves" in line for line in run.told)
    run.go(20.0, scene)
    assert run.watch.health()[1].status == "followed"
    assert np.abs(run.errors[-100:]).max() < 0.65


def _still(random: np.random.Generator, _n: int) -> tuple[Samples, Samples]:
    one = np.full(300, 100.0) + random.normal(0, 1.5, 300)
    return np.float32(one), np.float32(np.full(300, 100.0) + random.normal(0, 1.5, 300))


def _noise(random: np.random.Generator, _n: int) -> tuple[Samples, Samples]:
    return np.float32(random.normal(100, 25, 300)), np.float32(random.normal(100, 25, 300))


def _light(random: np.random.Generator, n: int) -> tuple[Samples, Samples]:
    first, second = (100 * (1 + 0.3 * np.sin((n - late) * 0.9)) for late in (0, 3))
    return np.float32(first + random.normal(0, 1, 300)), np.float32(second + random.normal(0, 1, 300))


def _repeated(random: np.random.Generator, n: int) -> tuple[Samples, Samples]:
    """A board whose pattern comes again every six frames."""
    rows = [100 + 50 * np.sin(np.arange(300) * 0.7 - 2 * np.pi * (n - late) / 6) for late in (0, 2)]
    return np.float32(rows[0]), np.float32(rows[1] + random.normal(0, 1, 300))


def _different(random: np.random.Generator, n: int) -> tuple[Samples, Samples]:
    first, second = (Scene(seed) for seed in (1, 2))
    return first.seen(n * 0.04), second.seen(n * 0.04)


@pytest.mark.parametrize("scene", [_still, _noise, _light, _repeated, _different])
def test_what_does_not_tell_the_time_moves_nothing(scene: object) -> None:
    assert callable(scene)
    random = np.random.default_rng(5)
    for begin in range(0, 500, 50):
        seen = [scene(random, begin + n) for n in range(50)]
        assert lag_of(np.array([one for one, _ in seen]), np.array([two for _, two in seen])) is None


def test_a_lag_is_measured_to_a_tenth_of_a_frame() -> None:
    off = []
    for lag in range(-9, 10, 2):
        for seed in range(3):
            scene = Scene(100 * seed + lag + 9)
            first = np.array([scene.seen(10 + n * 0.04) for n in range(50)])
            second = np.array([scene.seen(10 + (n - lag + 0.3) * 0.04) for n in range(50)])
            found = lag_of(first, second)
            off.append(0.0 if found is None else abs(found.frames - (lag - 0.3)))
    assert np.percentile(off, 90) < 0.12
    assert max(off) < 0.5


@given(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=3), st.integers(10, 40))
def test_single_wrong_measurements_do_not_move_the_clock(wrong: list[float], at: int) -> None:
    tracker = ClockTracker()
    for second in range(60):
        right_s = 0.01 + 0.002 * second
        strange = wrong[second - at] if 0 <= second - at < len(wrong) else 0.0
        tracker.add(second * NS_PER_S, right_s + strange)
        state = tracker.state
        if second > 8:
            assert state is not None
            now_s = state.offset_s + state.rate * (second - state.time_ns / NS_PER_S)
            assert now_s == pytest.approx(right_s, abs=0.012)


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_gross_first_measurements_are_forgiven_in_time(count: int, seed: int) -> None:
    random, tracker = np.random.default_rng(seed), ClockTracker()
    for second in range(60):
        gross_s = random.uniform(-0.012, 0.012) if second < count else random.normal(0, 0.0015)
        tracker.add(second * NS_PER_S, 0.004 * second + gross_s)
    assert tracker.state is not None
    now_s = tracker.state.offset_s + tracker.state.rate * (59 - tracker.state.time_ns / NS_PER_S)
    assert now_s == pytest.approx(0.004 * 59, abs=0.003)


def test_a_camera_that_lost_frames_is_followed_to_where_it_is_now() -> None:
    tracker = ClockTracker()
    for second in range(60):
        tracker.add(second * NS_PER_S, 0.001 * second + (0.2 if second >= 30 else 0.0))
    assert tracker.state is not None
    assert tracker.state.offset_s == pytest.approx(0.2 + 0.059, abs=0.01)
    assert tracker.state.rate == pytest.approx(0.001, abs=5e-4)


@given(st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(-0.01, 0.01)), min_size=1, max_size=20))
def test_a_correction_never_steps_and_never_hurries(aims: list[tuple[float, float]]) -> None:
    line, asked = ClockLine(), []
    for second, (offset_s, rate) in enumerate(aims):
        line.aim((second + 1) * NS_PER_S, second * NS_PER_S, offset_s * NS_PER_S, rate, rate)
        asked += [
            (at_ns, line.at(at_ns)) for at_ns in range(second * NS_PER_S, (second + 1) * NS_PER_S, 10**8)
        ]
    values = np.array([value for _, value in asked])
    assert np.abs(np.diff(values)).max(initial=0.0) <= (CATCH_UP + 0.04) * 10**8
    assert all(line.at(at_ns) == pytest.approx(value, abs=1.0) for at_ns, value in asked), "the past stays"


@given(st.floats(-0.02, 0.02), st.floats(0, 40e6), st.integers(0, 4))
def test_every_rig_frame_gets_at_most_one_frame_and_the_nearest(
    rate: float, phase: float, noise: int
) -> None:
    pairing, random = FramePairing(), np.random.default_rng(3)
    shown: list[int] = []
    for n in range(300):
        time_ns = round(n * FRAME_NS * (1 + rate) + phase + random.uniform(-1, 1) * noise * NS_PER_MS)
        place_ns = pairing.place(time_ns, 0.0, 0, FRAME_NS)
        if place_ns is not None:
            assert place_ns % FRAME_NS == 0
            assert abs(place_ns - time_ns) <= 0.56 * FRAME_NS
            shown.append(place_ns)
    assert shown == sorted(set(shown))
    assert np.diff(shown).max() <= 2 * FRAME_NS


def test_cameras_are_measured_from_the_first_one_outwards() -> None:
    row = [Camera(str(yaw), LENS, yaw, -12.0) for yaw in (0.0, -60.0, 60.0, -30.0, 30.0)]
    pairs = watched_pairs(Rig(tuple(row), GROUND))
    assert sorted(pairs) == [(1, 3), (2, 4), (3, 0), (4, 0)]


def test_cameras_that_share_nothing_are_told_as_such() -> None:
    apart = Rig((Camera("left", LENS, -70.0, -12.0), Camera("right", LENS, 70.0, -12.0)), GROUND)
    clock_watch, clocks, _ = watch(apart)
    clock_watch.look(Frame.empty("NV12", 320, 360), Nanoseconds(0))
    assert [each.status for each in clock_watch.health()] == ["first", "unseen"]
    assert not clocks.is_followed(1)


def test_another_run_knows_the_clock_from_the_first_frame(tmp_path: Path) -> None:
    run, path = Run(0.004), tmp_path / "learned.jsonl"
    lines = SeamLines(["left", "right"], [(0, 1)])
    written: list[str] = []
    run.watch._on_learned = lambda time_ns, name, state: written.append(lines.clock(time_ns, name, state))
    run.go(60.0, Scene())
    path.write_text("\n".join(written) + "\n")
    again = CameraClocks(2)
    learned = read_learned_seams(path, ["left", "right"], [(0, 1)])
    assert learned.colours == []
    for camera, points in learned.clocks.items():
        again.recall(camera, [(at - round(off), off) for at, off in points], -0.004)
    again.begin(Nanoseconds(5 * NS_PER_S))
    for second in range(60):
        assert again.correction_ns(1, (5 + second) * NS_PER_S) == pytest.approx(-second * 4e6, abs=6e6)


@pytest.mark.parametrize(
    "line",
    [
        '{"time_s": 1, "clocks": {"middle": {"offset_ms": 1, "drift_ppm": 1}}}',
        '{"time_s": 1, "clocks": {"right": {"offset_ms": "x", "drift_ppm": 1}}}',
        '{"time_s": 1, "clocks": {"right": {"offset_ms": 1}}}',
        '{"time_s": -1, "clocks": {}}',
        '{"time_s": 1, "clocks": []}',
        '{"time_s": 1, "colours": {"left": [1, 1, 1]}}',
        '{"time_s": 1, "colours": {"right": [1, 1]}}',
        '{"time_s": 1, "colours": {"right": [1, 1, 0]}}',
        '{"time_s": 1, "colours": {"right": 5}}',
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "learned.jsonl"
    path.write_text('{"time_s": 0, "colours": {}}\n' + line + "\n")
    with pytest.raises(ConfigError, match="line 2"):
        read_learned_seams(path, ["left", "right"], [(0, 1)])
