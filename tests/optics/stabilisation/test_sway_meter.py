"""Tests of the sway meter against cameras whose turn is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.optics.angles import Array
from pipeline.optics.angles import rotation as rotation_of
from pipeline.optics.frame import Plane
from pipeline.optics.lens import CylindricalLens, EquirectangularLens, FisheyeLens, Lens, RectilinearLens
from pipeline.optics.stabilisation.backdrop import Backdrop
from pipeline.optics.stabilisation.fit import SEARCHING, Mount, fit_pose
from pipeline.optics.stabilisation.sway_meter import SEARCH_EVERY, SwayMeter
from pipeline.optics.surface import Surface
from tests.optics.stabilisation.scenes import as_measured, seen, world

WIDE = FisheyeLens((960, 540), 660.0, (490.0, 279.0), (-0.065, -0.005))
LENSES: dict[str, Lens] = {
    "fisheye": WIDE,
    "rectilinear": RectilinearLens((960, 540), 700.0, (479.5, 269.5)),
    "small": RectilinearLens((640, 360), 420.0, (319.5, 179.5), (-0.1,)),
    "cylindrical": CylindricalLens((2400, 400), 900.0, (1199.5, 120.0)),
    "equirectangular": EquirectangularLens((1600, 400), 500.0, (799.5, 150.0)),
}
POSES_DEG = [
    (0.0, 0.0, 0.0),
    (0.3, -0.2, 0.1),
    (0.5, 0.1, -0.4),
    (0.1, 0.5, 0.5),
    (-0.4, 0.2, 0.3),
    (-0.5, -0.5, 0.0),
]


def errors_deg(meter: SwayMeter, frames: list[Plane], poses_deg: list[tuple[float, ...]]) -> Array:
    """By how much the meter is off in each frame, in degrees; nan where it does not know."""
    wrong = []
    for frame, pose in zip(frames, poses_deg, strict=True):
        turn = meter.measure(frame)
        expected = as_measured(np.array(pose), np.array(poses_deg[0]))
        wrong.append(np.nan if turn is None else np.abs(np.degrees(turn.vector[:3]) - expected).max())
    return np.array(wrong)


@pytest.mark.parametrize("name", LENSES)
def test_a_turn_is_measured_to_a_tenth_of_a_pixel(name: str) -> None:
    lens = LENSES[name]
    frames = [seen(world(5), lens, np.array(pose)) for pose in POSES_DEG]
    px_per_deg = lens.focal_px * np.pi / 180
    assert errors_deg(SwayMeter(lens), frames, POSES_DEG).max() * px_per_deg < 0.1


def test_people_and_a_change_of_light_are_no_movement() -> None:
    frames = [seen(world(5), WIDE, np.array(pose)) for pose in POSES_DEG]
    rng = np.random.default_rng(2)
    for n, frame in enumerate(frames):
        frame[...] = np.clip(frame * (1 - 0.08 * n) + 3 * n, 0, 255)
        for x, y in rng.integers(
            (100, 100), (1180, 620), (20, 2)
        ).tolist():  # a fifth of the picture walks about
            cv2.rectangle(frame, (x, y), (x + 45, y + 90), (int(rng.integers(0, 255)),), cv2.FILLED)
    assert errors_deg(SwayMeter(WIDE), frames, POSES_DEG).max() < 0.02


@pytest.mark.parametrize("bump_deg", [(1.5, 0.0, 0.0), (0.0, 3.0, 0.0), (-2.0, -2.0, 1.0)])
def test_a_bump_is_found_in_its_first_frame(bump_deg: tuple[float, ...]) -> None:
    poses = [(0.0, 0.0, 0.0), (0.0, 0.0, 0.0), bump_deg, bump_deg]
    frames = [seen(world(5), WIDE, np.array(pose)) for pose in poses]
    assert errors_deg(SwayMeter(WIDE), frames, poses).max() < 0.02


def test_a_covered_camera_is_unknown_and_is_found_again() -> None:
    frame, moved = (seen(world(5), WIDE, np.array(pose)) for pose in (POSES_DEG[0], POSES_DEG[2]))
    noise = np.random.default_rng(1).integers(0, 255, frame.shape).astype(np.uint8)
    meter = SwayMeter(WIDE)
    meter.measure(frame)
    assert meter.measure(np.full_like(frame, 40)) is None
    assert meter.measure(cv2.GaussianBlur(noise, (5, 5), 0)) is None
    turn = meter.measure(moved)
    assert turn is not None
    expected = as_measured(np.array(POSES_DEG[2]), np.zeros(3))
    assert np.degrees(turn.vector[:3]) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_without_corners_gives_no_turn(level: int) -> None:
    meter = SwayMeter(WIDE)
    plain = np.full((540, 960), level, np.uint8)
    assert [meter.measure(plain) for _ in range(3)] == [None, None, None]


def test_landmarks_on_what_changes_are_replaced_and_the_pose_stays() -> None:
    """Half of the world is another one from the fourth frame on: its landmarks must not be followed for ever."""
    poses = [0.4 * np.array(pose) for pose in POSES_DEG]
    lens = LENSES["small"]
    frames = [seen(world(5), lens, pose) for pose in poses]
    other = [seen(world(9), lens, pose) for pose in poses]
    meter = SwayMeter(lens)
    agreement = []
    for n in range(300):
        frame = frames[n % 6].copy()
        if n > 3:
            frame[:, 320:] = other[n % 6][:, 320:]
        turn = meter.measure(frame)
        assert turn is not None
        agreement.append(turn.agreement)
        assert np.degrees(turn.vector[:3]) == pytest.approx(as_measured(poses[n % 6], np.zeros(3)), abs=0.03)
    assert agreement[10] < 0.65
    assert agreement[-1] > 0.85


@pytest.mark.parametrize("zoom", [0.95, 1.05])
def test_a_zoom_is_measured_with_a_turn_and_a_roll(zoom: float) -> None:
    meter = SwayMeter(WIDE)
    meter.measure(seen(world(5), WIDE, np.zeros(3)))
    bump_deg = np.array([0.4, -1.2, 3.0])
    fit = [meter.measure(seen(world(5), WIDE, bump_deg, zoom)) for _ in range(2)][-1]
    assert fit is not None
    assert np.degrees(fit.vector[:3]) == pytest.approx(as_measured(bump_deg, np.zeros(3)), abs=0.02)
    assert np.exp(fit.vector[3]) == pytest.approx(zoom, abs=5e-4)


def test_a_lowered_camera_is_known_by_its_near_ground() -> None:
    """Rays and pixels of a world whose ground the mount knows; the far half says nothing of the height."""
    lens, rotation = WIDE, rotation_of(0, -10, 0)
    mount = Mount(lens, rotation, (0.0, 0.0, 0.0), Surface("ground-capped", 8.0, 90.0))
    rng = np.random.default_rng(3)
    rays = lens.unproject(rng.uniform((0, 0), (959, 539), (48, 2)))
    pulls = mount.pulls(rays)
    truth = np.array([0.01, -0.02, 0.005, 0.01, 0.5])
    pixels = mount.pixels(rays, pulls, truth) + rng.normal(0, 0.1, (48, 2))
    pixels[:9] += 60  # people
    fit = fit_pose(mount, rays, pulls, pixels, np.ones(48, bool), lens.focal_px, freedom=SEARCHING)
    assert fit.vector == pytest.approx(truth, abs=0.01)
    assert fit.vector[:4] == pytest.approx(truth[:4], abs=5e-4)
    assert not (fit.weights[:9] > 0).any()


@pytest.mark.parametrize(
    ("shown", "sight"), [("black", "dark"), ("grey", "covered"), ("another world", "elsewhere")]
)
def test_what_a_camera_shows_instead_of_its_backdrop_is_told_apart(shown: str, sight: str) -> None:
    meter = SwayMeter(WIDE)
    meter.measure(seen(world(5), WIDE, np.zeros(3)))
    other = {
        "black": np.full((540, 960), 17, np.uint8),
        "grey": np.full((540, 960), 120, np.uint8),
        "another world": seen(world(9), WIDE, np.zeros(3)),
    }[shown]
    for _ in range(12):
        assert meter.measure(other) is None
        assert meter.sight == sight
    assert meter.measure(seen(world(5), WIDE, np.zeros(3))) is not None
    assert meter.sight == "seen"


def test_a_camera_that_was_moved_away_is_not_healed() -> None:
    meter = SwayMeter(WIDE)
    meter.measure(seen(world(5), WIDE, np.zeros(3)))
    assert [meter.measure(seen(world(5), WIDE, np.array([0.0, 25.0, 0.0]))) for _ in range(10)] == [None] * 10


def test_while_the_backdrop_is_not_seen_it_is_looked_for_in_some_frames_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meter = SwayMeter(WIDE)
    meter.measure(seen(world(5), WIDE, np.zeros(3)))
    searches = []
    search = Backdrop.search
    monkeypatch.setattr(Backdrop, "search", lambda self, luma: searches.append(1) or search(self, luma))
    covered = seen(world(9), WIDE, np.zeros(3))
    for _ in range(40):
        meter.measure(covered)
    assert len(searches) <= 40 // SEARCH_EVERY + 3


def test_the_stored_backdrop_follows_the_light() -> None:
    """After a day's change of light, in which nothing is seen for a while, the backdrop is found again."""
    day = seen(world(5), WIDE, np.zeros(3))
    backdrop = Backdrop(Mount(WIDE), day)
    bumped = np.array([0.5, 1.5, -1.0])
    shade = np.linspace(1, 0.1, 960)[None]
    evening = [np.asarray(each * shade, np.uint8) for each in (day, seen(world(5), WIDE, bumped))]
    for _ in range(20):
        backdrop.learn(evening[0], np.zeros(5))
    found = backdrop.search(evening[1])
    assert found is not None
    assert np.degrees(found[:3]) == pytest.approx(as_measured(bumped, np.zeros(3)), abs=0.2)


def test_nothing_of_a_frame_is_kept_because_its_memory_is_the_pipelines() -> None:
    day = seen(world(5), WIDE, np.zeros(3))
    mount = Mount(RectilinearLens((320, 180), 260.0, (159.5, 89.5)))  # so small that it is not reduced
    frame = cv2.resize(np.asarray(day, np.uint8), (320, 180))
    frame.flags.writeable = False
    backdrop = Backdrop(mount, frame)
    assert not np.shares_memory(backdrop._picture, frame)
    backdrop.learn(frame, np.zeros(5))
