"""Tests of odd rigs: whatever numbers a file holds, the rig is refused in a line, or it answers."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import RigError
from pipeline.optics.lens import LENSES
from pipeline.optics.limits import limits, panorama_view
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from tests.faults.record import Area, fault

ASPECT = 16 / 9

odd = st.one_of(
    st.floats(-1.0, 1.0),
    st.floats(-1e4, 1e4),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -0.0, 1e-308, 1e-12, 1e9, 1e308, -1e308]),
    st.sampled_from([10**30, -(10**400)]),
)
"""Numbers that belong nowhere."""
sides = st.sampled_from([2, 4, 64, 320, 1920, 65_536]) | st.integers(1, 2000).map(lambda half: 2 * half)
focals = st.floats(-2.0, 5.0).map(lambda power: 10.0**power)
angles = st.floats(-90.0, 90.0) | st.floats(-400.0, 400.0)


def maybe(draw: st.DrawFn, plausible: st.SearchStrategy[float], wild: bool) -> float:
    """A plausible number, or in a `wild` file now and then one that belongs nowhere."""
    return draw(plausible | odd) if wild else draw(plausible)


def toml(value: object) -> str:
    """A value as TOML writes it: inf and nan have no quotes there."""
    return f"[{', '.join(map(toml, value))}]" if isinstance(value, list) else repr(value)


@st.composite
def camera_tables(draw: st.DrawFn, wild: bool) -> str:
    """A [[camera]] table of any lens."""
    model = draw(st.sampled_from(sorted(LENSES)))
    keys: dict[str, object] = {
        "size_px": [maybe(draw, sides, wild) for _ in range(2)],
        "focal_px": maybe(draw, focals, wild),
        "centre_px": [maybe(draw, st.floats(-5000.0, 5000.0), wild) for _ in range(2)],
    }
    keys |= {f"{name}_deg": maybe(draw, angles, wild) for name in ("yaw", "pitch", "roll")}
    if draw(st.booleans()):
        count = draw(st.integers(0, LENSES[model].max_k))
        keys["k"] = [maybe(draw, st.floats(-1.0, 1.0), wild) for _ in range(count)]
    if draw(st.booleans()):
        keys["position_m"] = [maybe(draw, st.floats(-5.0, 5.0), wild) for _ in range(3)]
    if draw(st.booleans()):
        keys["gain_bgr"] = [maybe(draw, st.floats(0.5, 2.0), wild) for _ in range(3)]
    lines = [f"{key} = {toml(value)}" for key, value in keys.items()]
    return "\n".join(["[[camera]]", f'model = "{model}"', *lines])


@st.composite
def rig_texts(draw: st.DrawFn) -> str:
    """A rig file of one or two cameras, with or without a ground and a pitch."""
    wild = draw(st.booleans())
    text = "version = 1\n"
    for i in range(draw(st.integers(1, 2))):
        text += f'{draw(camera_tables(wild))}\nname = "camera {i}"\n'
    if draw(st.booleans()):
        height, cap = maybe(draw, st.floats(6.0, 30.0), wild), maybe(draw, st.floats(8.0, 200.0), wild)
        text += f'[surface]\nkind = "ground-capped"\nheight_m = {toml(height)}\nrange_cap_m = {toml(cap)}\n'
    if draw(st.booleans()):
        length, width = (maybe(draw, st.floats(20.0, 120.0), wild) for _ in range(2))
        centre = [maybe(draw, st.floats(-50.0, 50.0), wild) for _ in range(2)]
        text += f"[pitch]\nlength_m = {toml(length)}\nwidth_m = {toml(width)}\ncentre_m = {toml(centre)}\n"
    return text


def check_rig(text: str) -> None:
    """The rig of a file's text is refused in one line, or it answers with finite numbers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rig.toml"
        path.write_text(text, encoding="utf-8")
        rig, refusal = None, ""
        try:
            rig = Rig.load(path)
        except RigError as error:
            refusal = str(error)
    if rig is None:
        assert refusal.startswith(str(path))
        assert "\n" not in refusal
        return
    covered = rig.coverage()
    assert all(map(math.isfinite, (covered.yaw_min_deg, covered.yaw_max_deg)))
    assert all(map(math.isfinite, (covered.tilt_min_deg, covered.tilt_max_deg)))
    panorama = panorama_view(rig)
    assert 0 < panorama.hfov_deg <= 360
    assert math.isfinite(panorama.tilt_deg)
    allowed = limits(rig, ASPECT)
    for view in (View(0.0, 0.0, 60.0), View(170.0, -80.0, 1.0), View(-400.0, 90.0, 179.0, 30.0)):
        limited = allowed.limit(view)
        assert math.isfinite(limited.yaw_deg)
        assert math.isfinite(limited.tilt_deg)
        assert 0 < limited.hfov_deg <= view.hfov_deg
    if rig.pitch is not None:
        rig.outline_angles(step_m=10.0)


@fault(
    Area.INPUT,
    "a rig file with odd numbers",
    seen="refused in one line that names the file and the key; status 2",
)
@settings(max_examples=150)
@given(rig_texts())
def test_a_rig_of_any_numbers_is_refused_in_a_line_or_answers(text: str) -> None:
    check_rig(text)
