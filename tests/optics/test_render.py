"""Tests of rendering: against py360convert and the exact map, straight lines, the seam, edges."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import py360convert
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.errors import ConfigError, RigError
from pipeline.optics.angles import Array
from pipeline.optics.colour import YuvGain
from pipeline.optics.frame import Frame
from pipeline.optics.maps import Block, MapMaker
from pipeline.optics.render import Renderer
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.view import View
from tests.optics.rigs import paint, panorama, sphere, two_cameras


def waves(yaw_deg: Array, tilt_deg: Array) -> Array:
    """A scene that is smooth everywhere except at the poles."""
    values: Array = (
        125
        + 60 * np.sin(np.radians(6 * yaw_deg)) * np.cos(np.radians(tilt_deg))
        + 40 * np.sin(np.radians(7 * tilt_deg))
    )
    return values


def angles_of(view: View, width: int, height: int) -> tuple[Array, Array]:
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return view.pixels_to_angles(np.stack([x, y], axis=-1), width, height)


@pytest.mark.parametrize(
    "view",
    [
        View(0, 0, 90),
        View(40, -20, 70),
        View(-25, 35, 100, 0),
        View(10, 0, 60, 30),
        View(180, 10, 80),
        View(0, 85, 60),
    ],
)
def test_a_sphere_is_rendered_as_by_py360convert(view: View) -> None:
    rig = sphere(2048)
    frame = paint(rig, waves)
    ours = Renderer(rig, 320, 180).render(view, frame).luma.astype(float)
    vfov = 2 * np.degrees(np.arctan(np.tan(np.radians(view.hfov_deg / 2)) * 180 / 320))
    theirs = py360convert.e2p(
        frame.luma[..., None],
        (view.hfov_deg, vfov),
        view.yaw_deg,
        view.tilt_deg,
        (180, 320),
        in_rot_deg=view.roll_deg,
    )[..., 0].astype(float)
    # Its image spans the first to the last pixel's centre, ours edge to edge: half a pixel at the border.
    assert np.abs(ours - theirs).mean() < 1.0
    assert np.abs(ours - waves(*angles_of(view, 320, 180))).mean() < 0.6


views = st.builds(
    View,
    st.floats(-180, 180),
    st.floats(-80, 60),
    st.floats(10, 110),
    st.floats(-30, 30),
    st.sampled_from(["rectilinear", "cylindrical", "equirectangular"]),
)


def seen_within(rig: Rig, yaw_deg: Array, tilt_deg: Array, margin_px: float) -> NDArray[np.bool_]:
    """Which directions a camera sees at least that far inside the edge of its frame (negative: outside)."""
    seen = np.zeros(yaw_deg.shape, np.bool_)
    for i, camera in enumerate(rig.cameras):
        width, height = camera.size_px
        margins = (-1.0 if camera.lens.full_turn else margin_px, margin_px)
        inside = rig.angles_to_pixels(i, yaw_deg, tilt_deg) - margins
        seen |= ((inside >= 0) & (inside <= np.subtract((width - 1, height - 1), 2 * np.array(margins)))).all(
            axis=-1
        )
    return seen


FARTHEST_UP_DEG = 62.0
"""The map is exact every 16 pixels, up to nine degrees of this small view: nearer to a pole it bends in between,
and the scene's waves are narrow. No camera at a pitch sees anything there."""


@settings(max_examples=30, deadline=None)
@given(views)
@example(View(0.0, 51.0, 104.0, 1.0))
@example(View(0.0, -65.0, 96.0, -16.0, "equirectangular"))
@example(View(169.0, 14.0, 20.0))
@example(View(174.0, 0.0, 12.0))
def test_rendered_pixels_are_the_scene_or_black(view: View) -> None:
    """Never a wrapped pixel: each shows the scene in its own direction, or nothing if no camera sees that."""
    for rig, frame in SCENES:
        picture = Renderer(rig, 192, 108).render(view, frame).luma.astype(float)
        yaw, tilt = angles_of(view, 192, 108)
        step_deg = view.hfov_deg / 192
        margin_px = 2 + 2 * step_deg * rig.cameras[0].lens.focal_px / 57
        away_from_poles = np.abs(tilt) < FARTHEST_UP_DEG
        error = np.abs(picture - waves(yaw, tilt))[seen_within(rig, yaw, tilt, margin_px) & away_from_poles]
        assert error.max(initial=0) < 4 + 3 * step_deg
        assert (picture[~seen_within(rig, yaw, tilt, -margin_px) & away_from_poles] == 16).all()


SCENES = [(rig, paint(rig, waves)) for rig in (two_cameras(), panorama(), sphere())]


@pytest.mark.parametrize(
    "view", [View(0, -10, 40), View(0, -8, 60, 10), View(-30, -12, 35), View(0, -5, 90, 0, "cylindrical")]
)
def test_the_interpolated_map_is_near_the_exact_one(view: View) -> None:
    rig = two_cameras()
    maker = MapMaker(rig, 960, 540)
    parts = maker.parts(view)
    assert len(parts) == (1 if view.yaw_deg else 2)
    for part in parts:
        block = Block(0, maker.rows, 0, maker.columns)
        x, y = maker.maps(view, part, block)
        exact = rig.camera_pixels(
            part.camera,
            view.lens(960, 540).unproject(np.stack(np.meshgrid(np.arange(960), np.arange(540)), -1))
            @ view.rotation.T,
        )
        cell_of = (np.arange(540) + 8) // 16, (np.arange(960) + 8) // 16
        judged = part.needed[np.ix_(*cell_of)] & rig.cameras[part.camera].lens.contains(exact)
        error = np.hypot(x - exact[..., 0], y - exact[..., 1])[judged]
        assert error.mean() < 0.03 * max(1.0, part.spacing)
        assert error.max() < 0.2 * max(1.0, part.spacing)


def test_a_line_on_the_ground_is_rendered_straight_across_the_seam() -> None:
    rig = two_cameras()

    def goal_to_goal(yaw: Array, tilt: Array) -> Array:
        x, z = rig.angles_to_metres(yaw, tilt)
        away = np.abs(0.2 * x + z - 20.0)
        return np.where(away < 0.6, 235 - 300 * away, 40.0)

    picture = Renderer(rig, 960, 540).render(View(0, -18, 60), paint(rig, goal_to_goal)).luma.astype(float)
    columns = np.arange(20, 940)
    excess = np.maximum(picture[:, columns] - 60, 0)
    rows = (np.arange(540)[:, None] * excess).sum(axis=0) / excess.sum(axis=0)
    residual = rows - np.polyval(np.polyfit(columns, rows, 1), columns)
    assert np.abs(residual).max() < 0.5


def test_the_scene_is_not_doubled_across_the_seam() -> None:
    rig = two_cameras()
    view = View(0, -12, 30)
    picture = Renderer(rig, 960, 540).render(view, paint(rig, waves)).luma.astype(float)
    assert np.abs(picture - waves(*angles_of(view, 960, 540))).max() < 3


def test_a_pixel_traced_from_camera_to_view_to_camera_returns() -> None:
    rig = two_cameras()
    view = View(3, -10, 50, 7)
    for i in (0, 1):
        width, height = rig.cameras[i].size_px
        pixels = np.stack(np.meshgrid(np.linspace(0, width - 1, 41), np.linspace(0, height - 1, 31)), axis=-1)
        seen = view.angles_to_pixels(*rig.pixels_to_angles(i, pixels), 1920, 1080)
        in_front = np.isfinite(seen[..., 0])
        home = rig.angles_to_pixels(i, *view.pixels_to_angles(seen[in_front], 1920, 1080))
        assert np.abs(home - pixels[in_front]).max() < 1e-6


@pytest.mark.parametrize("source", ["NV12", "I420"])
@pytest.mark.parametrize("target", ["NV12", "I420"])
@pytest.mark.parametrize("size", [(192, 108), (190, 106), (34, 250), (2, 2)])
def test_all_formats_and_sizes_give_the_same(source: str, target: str, size: tuple[int, int]) -> None:
    rig, frame = SCENES[0]
    frame.planes[1][...] = (90, 160)
    if source == "I420":
        u, v = (np.ascontiguousarray(frame.planes[1][..., i]) for i in (0, 1))
        frame = Frame("I420", (frame.luma, u, v))
    view = View(0, -8, 40 if size[0] > size[1] else 4)
    out = Renderer(rig, *size, target).render(view, frame)  # type: ignore[arg-type]
    reference = Renderer(rig, *size).render(view, SCENES[0][1])
    assert (out.luma == reference.luma).all()
    u, v = out.planes[1:] if target == "I420" else (out.planes[1][..., 0], out.planes[1][..., 1])
    assert (np.abs(u.astype(int) - 90) <= 1).all()
    assert (np.abs(v.astype(int) - 160) <= 1).all()


def test_rendering_works_into_padded_memory_and_with_several_threads() -> None:
    rig, frame = SCENES[0]
    view = View(2, -9, 55, 4)
    expected = Renderer(rig, 640, 360).render(view, frame)
    memory = bytearray(700 * 360 + 704 * 180)
    padded = Frame.from_bytes(memory, "NV12", 640, 360, (700, 704), (0, 700 * 360))
    with ThreadPoolExecutor(2) as pool:
        renderer = Renderer(rig, 640, 360, spread=pool.map)
        for _ in range(3):
            assert renderer.render(view, frame, padded) is padded
            assert all((a == b).all() for a, b in zip(padded.planes, expected.planes, strict=True))


def test_a_reused_frame_keeps_nothing_of_the_previous_one() -> None:
    rig, frame = SCENES[0]
    renderer = Renderer(rig, 320, 180)
    out = renderer.render(View(0, -10, 40), frame)
    away = View(170, 0, 40)
    renderer.render(away, frame, out)
    assert (out.luma == 16).all()
    assert (out.planes[1] == 128).all()


def test_a_strong_reduction_is_smoothed() -> None:
    rig = panorama()

    def stripes(yaw: Array, _tilt: Array) -> Array:
        return np.where(np.floor(yaw * 4) % 2 == 0, 40.0, 200.0)

    small = Renderer(rig, 64, 24).render(View(0, -5, 150, 0, "cylindrical"), paint(rig, stripes)).luma
    middle = small[8:16, 4:-4].astype(float)
    assert np.abs(middle - 120).max() < 25


@pytest.mark.parametrize("view", [View(0, 0, 180), View(0, 0, -3), View(0, 0, 361, 0, "cylindrical")])
def test_impossible_views_are_refused(view: View) -> None:
    rig, frame = SCENES[0]
    with pytest.raises(RigError, match=r"hfov_deg is .*; allowed for"):
        Renderer(rig, 64, 36).render(view, frame)


def test_frames_of_a_wrong_size_or_format_are_refused() -> None:
    rig, frame = SCENES[0]
    with pytest.raises(ConfigError, match="even, positive width"):
        Renderer(rig, 641, 360)
    renderer = Renderer(rig, 640, 360)
    with pytest.raises(RigError, match="the footage gives 640x360"):
        renderer.render(View(0, 0, 40), Frame.empty("NV12", 640, 360))
    with pytest.raises(ConfigError, match="is I420 640x360, not NV12 640x360"):
        renderer.render(View(0, 0, 40), frame, Frame.empty("I420", 640, 360))


@settings(deadline=None)
@given(
    st.tuples(st.floats(0.93, 1.07), st.floats(0.93, 1.07), st.floats(0.93, 1.07)),
    st.tuples(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200)),
)
def test_gains_have_the_same_effect_on_yuv_and_bgr(
    gains: tuple[float, float, float], bgr: tuple[int, int, int]
) -> None:
    to_yuv = np.array(
        [
            [0.0722, 0.7152, 0.2126],
            [0.5, -0.7152 / 1.8556, -0.2126 / 1.8556],
            [-0.0722 / 1.5748, -0.7152 / 1.5748, 0.5],
        ]
    )

    def yuv(colour: Array) -> Array:
        return to_yuv @ colour * np.array([219, 224, 224]) / 255 + np.array([16, 128, 128])

    before, after = yuv(np.array(bgr, float)), yuv(np.array(bgr) * gains)
    luma = np.full((4, 4), round(before[0]), np.uint8)
    u, v = (np.full((2, 2), round(value), np.uint8) for value in before[1:])
    YuvGain.of(gains).apply(luma, u, v)
    got = np.array([luma[0, 0], u[0, 0], v[0, 0]], float)
    assert np.abs(got - after).max() < 7
    if max(bgr) - min(bgr) < 30:
        assert np.abs(got - after).max() < 2


def test_gains_are_applied_to_their_camera_only() -> None:
    rig = two_cameras(gains=True)
    frame = paint(rig, lambda yaw, _: np.full_like(yaw, 120.0), 110, 120)
    left = Renderer(rig, 320, 180).render(View(-35, -8, 30), frame)
    right = Renderer(rig, 320, 180).render(View(35, -8, 30), frame)
    gain = YuvGain.of(rig.cameras[0].gain_bgr)
    assert np.abs(left.luma - (16 + gain.luma * 104)).max() <= 1
    assert np.abs(left.planes[1][..., 0] - (128 + gain.u * -18 + gain.u_luma * 104)).max() <= 1
    assert (right.luma == 120).all()
    assert (right.planes[1] == (110, 120)).all()


def test_three_cameras_in_any_order_show_one_scene() -> None:
    lens = two_cameras().cameras[0].lens
    rig = Rig(tuple(Camera(name, lens, yaw) for name, yaw in (("c", 60.0), ("a", -60.0), ("b", -10.0))))
    frame = paint(rig, waves)
    view = View(0, 0, 200, 0, "equirectangular")
    picture = Renderer(rig, 600, 150).render(view, frame).luma.astype(float)
    yaw, tilt = angles_of(view, 600, 150)
    inner = seen_within(rig, yaw, tilt, 10)
    assert inner.any(axis=0).all()
    assert np.abs(picture - waves(yaw, tilt))[inner].max() < 3
