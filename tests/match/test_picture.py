"""Tests of the match's frames: positions agree with the rig; sync marks, formats, settings."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.match.colour import to_frame, yuv
from pipeline.match.field import HALF_LENGTH_M, HALF_WIDTH_M
from pipeline.match.light import light_named
from pipeline.match.match import MARK_TILT_DEG, MARK_YAW_DEG, Match, match_rig
from pipeline.match.match_state import PLAYERS
from pipeline.match.play import Play
from pipeline.match.settings import LIGHTS, MatchSettings, parse_match
from pipeline.match.stadium import paint_stadium
from pipeline.match.sync import FLASH_LIFT
from pipeline.match.truth import MatchTruth, frame_time_ns
from pipeline.match.venue import Venue
from pipeline.media.source_spec import is_match
from pipeline.optics.frame import Frame

SMALL = MatchSettings(seed=3, width=1440, height=480)
TINY = MatchSettings(seed=3, width=322, height=108)


def frame_of(settings: MatchSettings) -> Frame:
    return Frame.empty("NV12", settings.width, settings.height)


@pytest.fixture(scope="module")
def small() -> Match:
    return Match(SMALL)


@settings(max_examples=50, deadline=None)
@given(st.floats(-52.5, 52.5), st.floats(-34, 34), st.floats(0, 8))
def test_drawing_and_rig_project_alike(u_m: float, v_m: float, z_m: float) -> None:
    venue = Venue.of(SMALL)
    rig = venue.rig()
    yaw, tilt = venue.angles(u_m, v_m, z_m)
    assert venue.pixels(u_m, v_m, z_m) == pytest.approx(rig.angles_to_pixels(0, yaw, tilt), abs=1e-6)
    if z_m == 0.0:
        assert rig.pitch_to_angles(u_m, v_m) == pytest.approx((yaw, tilt), abs=1e-9)


def test_the_whole_pitch_is_in_the_frame() -> None:
    venue = Venue.of(MatchSettings())
    for u in (-HALF_LENGTH_M, 0.0, HALF_LENGTH_M):
        for v in (-HALF_WIDTH_M, HALF_WIDTH_M):
            x, y = venue.pixels(u, v)
            assert 0 <= x < venue.width
            assert 0 <= y < venue.height


def test_the_ball_is_drawn_at_its_true_position(small: Match) -> None:
    """The pixels round the true direction change when the ball is there, by the difference to an empty turf."""
    truth, play, rig = MatchTruth(SMALL), Play(SMALL.seed), match_rig(SMALL)
    match, seen, out = Match(SMALL), 0, frame_of(SMALL)
    for index in range(30, 600, 15):
        match.render(index, out)
        time_ns = frame_time_ns(index, SMALL)
        ball = truth.at(time_ns)[0]
        state = play.at(time_ns / 1e9)
        gap = np.linalg.norm(state.position[:PLAYERS] - state.ball[:2], axis=1).min()
        if gap < 4.0:
            continue
        x, y = np.rint(rig.angles_to_pixels(0, ball.yaw_deg, ball.tilt_deg)).astype(int)
        around = out.luma[y - 6 : y + 7, x - 6 : x + 7]
        brightest = np.unravel_index(around.argmax(), around.shape)
        assert abs(brightest[0] - 6) <= 1.5
        assert abs(brightest[1] - 6) <= 1.5
        seen += 1
    assert seen >= 5


def test_players_are_drawn_at_their_true_positions() -> None:
    """The keepers stand alone: what differs from the empty stadium there is centred on their true middle."""
    match, truth, rig, out = Match(SMALL), MatchTruth(SMALL), match_rig(SMALL), frame_of(SMALL)
    match.render(150, out)
    empty = paint_stadium(Venue.of(SMALL)).planes[1].astype(int)
    odd = np.abs(out.planes[1] - empty).sum(axis=-1) > 30
    rows = truth.at(frame_time_ns(150, SMALL))
    for keeper in (rows[1], rows[12]):
        x, y = np.rint(rig.angles_to_pixels(0, keeper.yaw_deg, keeper.tilt_deg) / 2).astype(int)
        found = np.argwhere(odd[y - 7 : y + 8, x - 7 : x + 8])
        assert found.shape[0] > 5
        assert found.mean(axis=0) == pytest.approx([7, 7], abs=1.3)


def test_a_seed_gives_the_same_frames_also_when_some_are_skipped(small: Match) -> None:
    a, b = frame_of(SMALL), frame_of(SMALL)
    for index in range(5):
        small.render(index, a)
    small.render(60, a)
    Match(SMALL).render(60, b)
    assert np.array_equal(a.luma, b.luma)
    assert np.array_equal(a.planes[1], b.planes[1])


@pytest.mark.parametrize("size", [(64, 64), (322, 108), (640, 480), (4096, 400)])
def test_every_even_size_is_drawn(size: tuple[int, int]) -> None:
    settings = MatchSettings(width=size[0], height=size[1])
    out = frame_of(settings)
    Match(settings).render(0, out)
    assert out.luma.std() > 5


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("ball", ["white", "red"])
def test_light_and_ball_change_the_picture_and_not_the_truth(light: str, ball: str) -> None:
    """Wherever something differs from the empty stadium in this light, somebody, the ball or a shadow is."""
    lit = replace(SMALL, light=light, ball=ball, marks=False)
    out = frame_of(lit)
    Match(lit).render(150, out)
    empty = paint_stadium(Venue.of(lit), light).planes[1].astype(int)
    odd = np.abs(out.planes[1] - empty).sum(axis=-1) > 12
    rows = MatchTruth(lit).at(frame_time_ns(150, lit))
    assert rows == MatchTruth(SMALL).at(frame_time_ns(150, SMALL))
    for keeper in (rows[1], rows[12]):
        x, y = np.rint(match_rig(lit).angles_to_pixels(0, keeper.yaw_deg, keeper.tilt_deg) / 2).astype(int)
        assert odd[y - 7 : y + 8, x - 7 : x + 8].any()
    ball_row = rows[0]
    x, y = np.rint(match_rig(lit).angles_to_pixels(0, ball_row.yaw_deg, ball_row.tilt_deg) / 2).astype(int)
    around = out.planes[1][y - 2 : y + 3, x - 2 : x + 3].astype(int) - 128
    assert (around[..., 1].max() > 20) == (ball == "red")


def test_at_night_the_sky_is_dark_and_the_light_uneven() -> None:
    day, night = (paint_stadium(Venue.of(SMALL), light).luma.astype(float) for light in ("day", "floodlight"))
    assert night[:20].mean() < 40 < 100 < day[:20].mean()
    venue = Venue.of(SMALL)
    levels = []
    for u, v in ((44.0, 30.0), (3.0, 5.0)):
        x, y = np.rint(venue.pixels(u, v)).astype(int)
        box = slice(y - 3, y + 4), slice(x - 3, x + 4)
        levels.append((night[box].mean() - 16) / (day[box].mean() - 16))
    assert levels[1] < 0.85 * levels[0]


def test_each_light_casts_its_shadows() -> None:
    low, night = light_named("low_sun"), light_named("floodlight")
    assert len(light_named("day").shades(0.0, 0.0)) == 1
    assert len(night.shades(0.0, 0.0)) == 4
    assert len(low.shades(0.0, 30.0)) == 1
    assert low.shades(0.0, -30.0) == ()  # in the shadow of the stand
    assert np.hypot(low.shades(0.0, 30.0)[0].right, low.shades(0.0, 30.0)[0].away) > 2.0


def test_noise_has_its_strength_and_repeats_with_the_seed() -> None:
    plain, noisy = frame_of(SMALL), frame_of(SMALL)
    settings = replace(SMALL, noise=4.0, marks=False)
    Match(replace(SMALL, marks=False)).render(10, plain)
    match = Match(settings)
    match.render(10, noisy)
    grain = noisy.luma.astype(int) - plain.luma
    assert grain.std() == pytest.approx(4.0, rel=0.05)
    assert abs(grain.mean()) < 0.1
    again, next_one = frame_of(SMALL), frame_of(SMALL)
    Match(settings).render(10, again)
    match.render(11, next_one)
    assert np.array_equal(noisy.luma, again.luma)
    assert (next_one.luma != noisy.luma).mean() > 0.5


def test_padded_rows_are_handled() -> None:
    width, height, stride = TINY.width, TINY.height, 384
    memory = bytearray(b"\x55" * (stride * height * 3 // 2))
    frame = Frame.from_bytes(memory, "NV12", width, height, (stride, stride), (0, stride * height))
    plain = frame_of(TINY)
    Match(TINY).render(0, frame)
    Match(TINY).render(0, plain)
    assert np.array_equal(frame.luma, plain.luma)
    rows = np.frombuffer(memory, np.uint8).reshape(-1, stride)
    assert (rows[:, width:] == 0x55).all()


def test_another_format_or_size_is_refused() -> None:
    with pytest.raises(ConfigError, match="NV12 of 322x108"):
        Match(TINY).render(0, Frame.empty("I420", 322, 108))
    with pytest.raises(ConfigError, match="322x108"):
        Match(TINY).render(0, Frame.empty("NV12", 320, 108))


def test_a_flash_is_brighter_by_the_documented_lift() -> None:
    with_marks, without = Match(TINY), Match(MatchSettings(seed=3, width=322, height=108, marks=False))
    a, b = frame_of(TINY), frame_of(TINY)
    for index, lift in ((29, 0), (30, FLASH_LIFT), (31, 0)):
        with_marks.render(index, a)
        without.render(index, b)
        difference = np.median(a.luma.astype(int) - b.luma)
        assert difference == lift


def test_the_marker_patch_is_at_the_documented_place() -> None:
    settings = MatchSettings(seed=1, width=2880, height=960)
    x, y = np.rint(match_rig(settings).angles_to_pixels(0, MARK_YAW_DEG, MARK_TILT_DEG)).astype(int)
    match, out = Match(settings), frame_of(settings)
    for index, luma in ((29, 28), (30, 235)):
        match.render(index, out)
        assert (out.luma[y - 6 : y + 6, x - 6 : x + 6] == luma).all()


def test_colours_are_limited_range_bt709() -> None:
    assert yuv((0, 0, 0)) == (16, 128, 128)
    assert yuv((1, 1, 1)) == (235, 128, 128)
    assert yuv((1, 0, 0)) == (63, 102, 240)
    grey = to_frame(np.full((4, 4, 3), 0.5, np.float32))
    assert (grey.luma == 126).all() or (grey.luma == 125).all()
    assert (grey.planes[1] == 128).all()


def test_the_options_of_a_match_are_parsed() -> None:
    assert parse_match("match") == MatchSettings()
    parsed = parse_match("match?seed=3&size=1920x640&fps=30000/1001&height_m=8.5&marks=0")
    assert parsed == MatchSettings(3, 1920, 640, Fraction(30000, 1001), 8.5, False)
    evening = parse_match("match?ball=red&light=low_sun&noise=2.5")
    assert evening == MatchSettings(ball="red", light="low_sun", noise=2.5)
    assert is_match("match")
    assert is_match("match?seed=1")
    assert not is_match("matches.mp4")


@pytest.mark.parametrize(
    "text",
    [
        "match?seed=x",
        "match?seed=-1",
        "match?sizes=2x2",
        "match?size=2880",
        "match?size=2881x960",
        "match?size=0x0",
        "match?fps=0",
        "match?fps=1/0",
        "match?fps=nan",
        "match?height_m=nan",
        "match?height_m=1",
        "match?marks=maybe",
        "match?ball=blue",
        "match?light=dark",
        "match?noise=-1",
        "match?noise=nan",
        "match?noise=much",
        "match?seed",
        "video.mp4",
    ],
)
def test_wrong_options_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_match(text)
    assert "\n" not in str(error.value)
    assert "allowed" in str(error.value) or "write" in str(error.value)
