"""Tests of the playing fields: what the package's files describe, at any size, and what a bad file is told."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import KDTree

from pipeline.errors import ConfigError
from pipeline.fields import FIELD_NAMES, FOOTBALL_PLAY, FieldSize, Play, field_at, football, load_field
from pipeline.optics.lens import RectilinearLens
from pipeline.optics.rig import Camera, Pitch, Rig

GOOD = """
version = 1
title = "Beach"
source = "our club"
line_m = 0.05

[size]
length_m = 30.0
width_m = 15.0

[play]
ball_m = 0.3

[lengths]
zone = 4.0

[[line]]
name = "{end} zone"
from = ["end + zone", "near"]
to = ["end + zone", "far"]

[[arc]]
name = "circle"
centre = ["centre", "centre"]
radius = 2

[[point]]
name = "{end} {side} corner"
at = ["end", "side"]
height = 1.5
"""


def size_of(name: str) -> FieldSize | None:
    return FieldSize(60.0, 30.0) if name == "plain" else None


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "beach.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_the_package_has_the_fields_that_the_manual_names() -> None:
    sports = {
        "basketball", "field_hockey", "football", "futsal", "handball", "ice_hockey", "plain", "rugby",
    }  # fmt: skip
    assert set(FIELD_NAMES) == sports


def test_each_sport_is_played_in_its_own_way() -> None:
    plays = {name: load_field(name).play for name in FIELD_NAMES}
    assert plays["football"] == plays["plain"] == FOOTBALL_PLAY == Play()
    assert plays["ice_hockey"].ball_m < 0.08 < plays["handball"].ball_m < 0.2 < plays["basketball"].ball_m
    assert min(plays.values(), key=lambda play: play.picture_width_m) == plays["basketball"]
    assert not plays["basketball"].has_goalkeepers
    assert not plays["rugby"].has_goalkeepers


@pytest.mark.parametrize("name", FIELD_NAMES)
def test_a_field_is_the_same_from_both_ends_and_both_sides(name: str) -> None:
    field, size = field_at(name, size_of(name))
    markings = field.markings(*size)
    painted = np.concatenate([one.polyline(0.25) for one in markings.painted])
    for mirror in ((-1, 1), (1, -1)):
        assert KDTree(painted).query(painted * mirror)[0].max() < 0.3
    points = {(*point.at, point.height_m) for point in markings.points}
    for u, v, height_m in points:
        assert min(math.dist((-u, -v, height_m), other) for other in points) < 1e-9


@pytest.mark.parametrize("name", FIELD_NAMES)
def test_the_points_of_a_field_lie_apart_and_where_something_is_painted_or_stands(name: str) -> None:
    field, size = field_at(name, size_of(name))
    markings = field.markings(*size)
    painted = KDTree(np.concatenate([one.polyline(0.05) for one in markings.painted]))
    for point in markings.points:
        others = [other for other in markings.points if other.height_m == point.height_m and other != point]
        assert min((math.dist(point.at, other.at) for other in others), default=1.0) > 0.1, point.name
        is_spot = any(word in point.name for word in ("spot", "mark", "under", "ring", "centre", "middle"))
        assert is_spot or painted.query(point.at)[0] < 0.1, point.name


@pytest.mark.parametrize("name", FIELD_NAMES)
@given(stretch=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)))
@settings(max_examples=15, deadline=None)
def test_whatever_size_the_rules_allow_has_room_for_all_markings(
    name: str, stretch: tuple[float, float]
) -> None:
    field = load_field(name)
    sides = [low + part * (high - low) for part, (low, high) in zip(
        stretch, (field.length_range_m, field.width_range_m), strict=True
    )]  # fmt: skip
    size = FieldSize(*sides)
    if name in ("handball", "ice_hockey"):  # their arcs end at the sidelines of the usual width
        size = FieldSize(sides[0], max(sides[1], load_field(name).sized(None).width_m))
    assert field.sized(size) == size


def test_football_is_that_of_the_laws() -> None:
    markings = football().markings(105.0, 68.0)
    lines = {line.name: (line.start, line.end) for line in markings.lines}
    assert len(lines) == 17
    assert lines["near touchline"] == ((-52.5, -34.0), (52.5, -34.0))
    assert lines["left penalty area front"] == ((-36.0, -20.16), (-36.0, 20.16))
    assert lines["right penalty area near side"] == ((36.0, -20.16), (52.5, -20.16))
    assert lines["right goal area far side"] == ((47.0, 9.16), (52.5, 9.16))
    assert [arc.name for arc in markings.arcs if not arc.minor] == ["centre circle"]
    arc = next(arc for arc in markings.arcs if arc.name == "right penalty arc")
    ends = arc.polyline(0.1)[[0, -1]]
    assert ends[:, 0] == pytest.approx([36.0, 36.0], abs=1e-3)


@pytest.mark.parametrize(
    "size", ["", "105", "105x", "105x68x2", "0x10", "-5x10", "1e9x5", "nanx5", "2000x68"]
)
def test_a_size_that_is_none_is_refused(size: str) -> None:
    with pytest.raises(ValueError, match=r"metres|bounds"):
        FieldSize.parse(size)


def test_a_size_is_read_as_it_is_written() -> None:
    assert FieldSize.parse("91.4X55") == (91.4, 55.0)
    assert str(FieldSize.parse("105x68")) == "105x68"


@pytest.mark.parametrize(
    ("name", "size"), [("football", "30x68"), ("football", "105x30"), ("futsal", "11x20")]
)
def test_a_field_too_small_for_its_markings_is_refused(name: str, size: str) -> None:
    with pytest.raises(ConfigError, match="has no room for the"):
        field_at(name, FieldSize.parse(size))


def test_a_plain_field_needs_its_size() -> None:
    with pytest.raises(ConfigError, match="give its length and width"):
        field_at("plain", None)


def test_an_unknown_field_is_told_which_there_are() -> None:
    with pytest.raises(ConfigError, match=r"footbal.*basketball, .*\(\.toml\)"):
        load_field("footbal")


def test_a_field_of_ones_own(own: Path) -> None:
    field, size = field_at(str(own), None)
    markings = field.markings(*size)
    assert [line.name for line in markings.lines] == ["left zone", "right zone"]
    assert markings.lines[1].start == (11.0, -7.5)
    point = markings.point("right far corner")
    assert point is not None
    assert (point.at, point.height_m) == ((15.0, 7.5), 1.5)
    assert field.play == Play(ball_m=0.3), "what is left out is football's"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("version = 1", "version = 2", "version"),
        ("version = 1", "versio = 1", "versio"),
        ('title = "Beach"', "", "title"),
        ('source = "our club"', "", "source"),
        ("line_m = 0.05", "line_m = 0", "line_m"),
        ("ball_m = 0.3", "ball_m = 0", "play.ball_m"),
        ("ball_m = 0.3", "balls = 2", "play.balls"),
        ("ball_m = 0.3", 'has_goalkeepers = "no"', "play.has_goalkeepers"),
        ("ball_m = 0.3", "fastest_m_s = inf", "play.fastest_m_s"),
        ("length_m = 30.0", "length_m = nan", "size.length_m"),
        ("length_m = 30.0", "", "give both"),
        ("length_m = 30.0", 'length_m = "30"', "size.length_m"),
        ("width_m = 15.0", "width_m = 15.0\nwidth_range_m = [20, 30]", "width_range_m"),
        ("width_m = 15.0", "width_m = 15.0\nwidth_range_m = [20]", "width_range_m"),
        ("zone = 4.0", "zone = -4.0", "lengths.zone"),
        ('"end + zone", "near"', '"end + zon", "near"', "zon is none of"),
        ('"end + zone", "near"', '"end zone", "near"', "an anchor and lengths"),
        ('"end + zone", "near"', '"zone + end", "near"', "an anchor comes first"),
        ('"end + zone", "near"', '"end + zone"', "line.1.from"),
        ('"end + zone", "near"', '"", "near"', "an anchor and lengths"),
        ('"end + zone", "near"', '"near", "near"', "near is none of"),
        ('"end + zone", "near"', '2e9, "near"', "allowed: within"),
        ("{end} zone", "{ende} zone", "{ende} is none of"),
        ("radius = 2", "radius = 0", "a radius above 0"),
        ("radius = 2", 'radius = "rad"', "none of the lengths"),
        ("radius = 2", "radius = 2\nfrom_deg = 90\nto_deg = 0", "to_deg above from_deg"),
        ("height = 1.5", "height = -1.5", "allowed: 0 to"),
        ("height = 1.5", "height = true", "point.1.height"),
        ("[[arc]]", '[[line]]\nname = "{end} zone"\nfrom = [0, 0]\nto = [1, 1]\n[[arc]]', "are named"),
        ("[[arc]]", "[[arcs]]", "arcs"),
        ("[size]", "[size", "is not TOML"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(own: Path, before: str, after: str, said: str) -> None:
    assert GOOD.count(before) >= 1
    own.write_text(GOOD.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_field(str(own))
    assert said in str(caught.value)
    assert "beach.toml" in str(caught.value)
    assert "\n" not in str(caught.value).split("is not TOML")[0]


def test_a_file_that_is_missing_a_folder_too_long_or_not_text_is_refused(tmp_path: Path) -> None:
    for name, content in (("long.toml", b"#" * 300_000), ("bytes.toml", b"\xff\xfe")):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.toml").mkdir()
    for name in ("missing.toml", "long.toml", "bytes.toml", "folder.toml"):
        with pytest.raises(ConfigError, match=name):
            load_field(str(tmp_path / name))


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_to_a_file_has_another_end(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        put = data.draw(
            st.sampled_from(["", "1e400", "-", '"', "[", "{end}", "nan", "end", "\n[[line]]\n", "+ 3"])
        )
        text = text[:at] + put + text[at + cut :]
    path = tmp_path_factory.mktemp("fields") / "damaged.toml"
    path.write_text(text, encoding="utf-8")
    try:
        field = load_field(str(path))
        if field.usual is not None:
            field.markings(*field.sized(None))
    except ConfigError as error:
        told = str(error)
    else:
        told = "damaged.toml"
    assert "damaged.toml" in told


def test_a_rig_keeps_the_field_of_its_pitch(own: Path, tmp_path: Path) -> None:
    camera = Camera("one", RectilinearLens((640, 480), 400.0, (319.5, 239.5)))
    path = tmp_path / "rig.toml"
    for kind in (football(), load_field("handball"), load_field(str(own))):
        rig = Rig((camera,), pitch=Pitch(40.0 if kind != football() else 105.0, 20.0, (0.0, 30.0), 0.0, kind))
        rig.save(path)
        assert Rig.load(path).pitch == rig.pitch
        assert ("field" in path.read_text()) == (kind != football())
    own.unlink()
    with pytest.raises(ConfigError, match=r"rig\.toml, \[pitch\].*beach\.toml"):
        Rig.load(path)
