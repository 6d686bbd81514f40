"""librsvg: every template of the package, any name in its place, and nothing read that an SVG names."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.graphics.content import LowerThird, scoreboard_values
from pipeline.graphics.template import TEMPLATE_NAMES, Template
from pipeline.gst.graphics.svg_drawer import SvgDrawer
from pipeline.scoring import Clock, MatchScore, Team, load_sport, scoreboard_text
from pipeline.timebase import NS_PER_S

SVG = 'xmlns="http://www.w3.org/2000/svg"'
RED = f'<svg {SVG} viewBox="0 0 4 2"><rect width="2" height="2" fill="#ff0000"/>{{}}</svg>'


@pytest.fixture(scope="module")
def drawer() -> SvgDrawer:
    return SvgDrawer()


def test_it_draws_at_any_size_with_sharp_edges_and_premultiplied_colours(drawer: SvgDrawer) -> None:
    half = '<rect x="2" width="2" height="2" fill="#00ff00" fill-opacity="0.5"/>'
    drawn = drawer.draw(RED.format(half).encode(), 400, 200)
    assert drawn.shape == (200, 400, 4)
    assert (drawn[:, :200] == (0, 0, 255, 255)).all()
    assert np.abs(drawn[:, 200:].astype(int) - (0, 128, 0, 128)).max() <= 1


def test_it_reads_no_file_that_an_svg_names(drawer: SvgDrawer, tmp_path: Path) -> None:
    picture = tmp_path / "white.png"
    cv2.imwrite(str(picture), np.full((4, 4, 3), 255, np.uint8))
    for address in (picture.as_uri(), str(picture), picture.name):
        image = f'<image x="2" width="2" height="2" href="{address}"/>'
        assert not drawer.draw(RED.format(image).encode(), 40, 20)[:, 20:].any()


@pytest.mark.parametrize("svg", [b"", b"no svg", b"<html/>", b"<svg"])
def test_what_is_no_svg_is_one_line(drawer: SvgDrawer, svg: bytes) -> None:
    for ask in (lambda: drawer.draw(svg, 10, 10), lambda: drawer.text_width(svg, "a")):
        with pytest.raises(PipelineError, match="a graphic") as caught:
            ask()
        assert "\n" not in str(caught.value).strip()


def test_sizes_without_end_are_refused(drawer: SvgDrawer) -> None:
    for size in ((0, 10), (10, 9000), (-1, -1)):
        with pytest.raises(PipelineError, match="cannot be drawn"):
            drawer.draw(RED.format("").encode(), *size)


@pytest.mark.parametrize("name", TEMPLATE_NAMES)
def test_every_template_of_the_package_shows_something(drawer: SvgDrawer, name: str) -> None:
    template = Template.load(name)
    square = f'<svg {SVG} width="4" height="4"><rect width="4" height="4"/></svg>'
    uri = f"data:image/svg+xml;base64,{base64.b64encode(square.encode()).decode()}"
    values = {place: uri if "logo" in place or place == "sponsor" else "12" for place in template.places}
    values |= {place: "#336699" for place in template.places if "colour" in place or "ink" in place}
    drawn = drawer.draw(template.fill(values, drawer), *map(round, template.size))
    assert (drawn[..., 3] > 0).mean() > 0.3


NAMES = ["FC", "1. FC Köln", "WWWWWWWW", "الأهلي", "東京ユナイテッド", "שלום", "É" * 60, "<&\"'>", "a b" * 20]


@settings(max_examples=20, deadline=None)
@given(
    st.one_of(st.sampled_from(NAMES), st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=60))
)
def test_no_name_leaves_its_place(name: str) -> None:
    drawer, board, third = SvgDrawer(), Template.load("scoreboard"), Template.load("lower_third")
    team = Team(name, name[:8].strip() or "X", colour="#ffffff", ink="#ff00ff")
    text = scoreboard_text(
        load_sport("football"), team, team, MatchScore(10, 2), Clock(0, False, 2, 3000 * NS_PER_S, 12), 0
    )
    for template, values in ((board, scoreboard_values(text)), (third, LowerThird(name, name).values)):
        named = template.fill(values, drawer)
        without = {key: "" for key in values if key.endswith(("name", "short"))} | {"role": " "}
        empty = template.fill({**values, **without}, drawer)
        full, plain = (drawer.draw(one, *map(round, template.size)) for one in (named, empty))
        columns = np.flatnonzero((full != plain).any(axis=(0, 2)))
        if template is board:  # the clock before, the scores between, the added time behind stay as they are
            assert all(148 <= column < 324 or 456 <= column < 632 for column in columns)
        else:
            assert all(12 <= column <= 888 for column in columns)
