"""Templates: what a value may do, what a text that is too wide becomes, where they stand; what is refused."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.graphics.placement import box_in
from pipeline.graphics.template import SMALLEST_TEXT, TEMPLATE_NAMES, Template, fitted

SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
width="400" height="100px">
<g data-if="clock"><text id="a" x="5" y="-6" data-text="clock" data-width="40">00:00</text></g>
<text style="fill:#123456;font-size:9px" data-text="name" data-fill="ink"><tspan x="3">Na</tspan><tspan>me</tspan>
</text>
<image data-image="logo" xlink:href="sample.png"/></svg>"""

NS = "{http://www.w3.org/2000/svg}"


class TenWide:
    """A drawer to which each character is ten wide."""

    asked = 0

    def text_width(self, svg: bytes, element_id: str) -> float:
        self.asked += 1
        (element,) = [one for one in ElementTree.fromstring(svg).iter() if one.get("id") == element_id]
        return 10.0 * len("".join(element.itertext()))


def filled(values: dict[str, str], svg: str = SVG) -> ElementTree.Element:
    return ElementTree.fromstring(Template(svg.encode(), "own.svg").fill(values, TenWide()))


def test_values_replace_text_colour_and_picture() -> None:
    root = filled({"clock": "1:2", "name": "Grün", "ink": "#ffffff", "logo": "data:image/png;base64,AA"})
    clock, name = root.iter(f"{NS}text")
    assert ("".join(clock.itertext()), clock.get("id"), clock.get("transform")) == ("1:2", "a", None)
    assert "".join(name.itertext()).strip() == "Grün"
    assert name[0].get("x") == "3"  # in the span that Inkscape wrote
    assert (name.get("fill"), name.get("style")) == ("#ffffff", "font-size:9px")
    (image,) = root.iter(f"{NS}image")
    assert image.get("href") == "data:image/png;base64,AA"
    assert not any("xlink" in key for key in image.attrib)


def test_an_element_may_stand_in_for_a_value() -> None:
    svg = SVG.replace("<image ", '<rect data-unless="logo"/><image ')
    assert len(list(filled({}, svg).iter(f"{NS}rect"))) == 1
    assert len(list(filled({"logo": "data:"}, svg).iter(f"{NS}rect"))) == 0


def test_what_has_no_value_is_left_out_or_empty() -> None:
    root = filled({})
    (name,) = root.iter(f"{NS}text")
    assert "".join(name.itertext()).strip() == ""
    assert name.get("style") == "fill:#123456;font-size:9px"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=30))
def test_whatever_a_value_holds_stays_text(value: str) -> None:
    root = filled({"clock": value, "name": f"</text><script>{value}]]>&lt;", "ink": value, "logo": value})
    assert sum(1 for _ in root.iter()) == sum(1 for _ in filled({"clock": "1"} if value else {}).iter())
    assert "".join(list(root.iter(f"{NS}text"))[-1].itertext()) == f"</text><script>{value}]]>&lt;"


def test_text_that_is_too_wide_is_smaller_then_shorter() -> None:
    (clock, _) = filled({"clock": "12345"}).iter(f"{NS}text")
    assert "".join(clock.itertext()) == "12345"
    assert clock.get("transform") == "translate(5 -6) scale(0.7760) translate(-5 6)"
    (clock, _) = filled({"clock": "1234567"}).iter(f"{NS}text")
    assert "".join(clock.itertext()) == "1234…"


def test_what_a_text_draws_beside_its_place_is_hidden() -> None:
    svg = SVG.replace('<g data-if="clock">', '<g style="text-anchor: end"><rect/>').replace(
        'data-width="40"', 'data-width="40" transform="rotate(90)"'
    )
    root = filled({"clock": "123456789"}, svg)
    group = next(one for one in root.iter(f"{NS}g") if "clip-path" in one.attrib)
    clip, text = group
    assert group.get("clip-path") == f"url(#{clip.get('id')})"
    assert [clip[0].get(key) for key in ("x", "width")] == ["-35", "40"]
    assert (group.get("transform"), text.get("transform", "")[:15]) == ("rotate(90)", "translate(5 -6)")


@given(st.text(max_size=80), st.floats(10, 500))
def test_any_text_fits_if_one_character_does(text: str, most: float) -> None:
    shown, scale = fitted(text, most, lambda shown: 10.0 * len(shown))
    assert 10.0 * len(shown) * scale <= most + 1e-6
    assert shown == text or (shown[-1] == "…" and text.startswith(shown[:-1]))
    assert scale == 1.0 or scale >= SMALLEST_TEXT or shown == "…"


def test_a_text_is_measured_once() -> None:
    template, drawer = Template(SVG.encode(), "own.svg"), TenWide()
    for _ in range(5):
        template.fill({"clock": "123456789"}, drawer)
    asked = drawer.asked
    template.fill({"clock": "123456789", "name": "x"}, drawer)
    assert drawer.asked == asked


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('width="400"', 'width="0"', "width is '0'; allowed: 1 to 4000"),
        ('width="400"', "", "width is ''"),
        ('height="100px"', 'height="nan"', "height is 'nan'"),
        ('height="100px"', 'height="100%"', "height is '100%'"),
        ('data-width="40"', 'data-width="wide"', "data-width is 'wide'"),
        (
            'height="100px"',
            'height="9" data-anchor="up left"',
            "data-anchor is 'up left'; allowed: top, middle",
        ),
        ('height="100px"', 'height="9" data-anchor="top top"', "data-anchor"),
        ('height="100px"', 'height="9" data-margin="-1"', "data-margin is '-1'"),
        ('height="100px"', 'height="9" data-margin="1 2 3"', "data-margin is '1 2 3'"),
        ("</svg>", "", "is no SVG"),
        ("svg", "html", "is no SVG: its root"),
        ("<svg", "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg", "defines entities"),
    ],
)
def test_a_template_that_means_nothing_is_refused_in_one_line(old: str, new: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        Template(SVG.replace(old, new).encode(), "own.svg")
    assert "own.svg" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_template_that_is_not_there_or_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no template 'score'; give card, .*, or a file"):
        Template.load("score")
    with pytest.raises(ConfigError, match="cannot read the template"):
        Template.load(str(tmp_path / "none.svg"))
    (tmp_path / "long.svg").write_text(SVG + " " * 1_000_000)
    with pytest.raises(ConfigError, match="longer than"):
        Template.load(str(tmp_path / "long.svg"))


@given(st.sampled_from(TEMPLATE_NAMES), st.integers(1, 2100), st.integers(1, 2100))
def test_a_graphic_stands_inside_frames_of_any_size(name: str, half_width: int, half_height: int) -> None:
    size = (2 * half_width, 2 * half_height)
    box = box_in(Template.load(name), *size)
    assert box.x % 2 == box.y % 2 == 0
    assert 0 <= box.x <= box.x + box.width <= size[0]
    assert 0 <= box.y <= box.y + box.height <= size[1]


def test_the_packages_graphics_do_not_cover_each_other() -> None:
    for size in ((1280, 720), (1920, 1080), (3840, 2160), (1080, 1920), (1080, 1080)):
        boxes = [box_in(Template.load(name), *size) for name in TEMPLATE_NAMES]
        for index, one in enumerate(boxes):
            for other in boxes[:index]:
                beside = one.x + one.width <= other.x or other.x + other.width <= one.x
                above = one.y + one.height <= other.y or other.y + other.height <= one.y
                assert beside or above, (size, one, other)
