"""A rig by points: clicks on a real run's still images, over the API and on the page in a real Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import cv2
import numpy as np
import pytest
from pydantic import TypeAdapter

from pipeline.errors import StateError
from pipeline.match.match import match_rig
from pipeline.match.settings import parse_match
from pipeline.operator.rig_by_points import FieldShown, RigFitted, RigSaved, Still
from pipeline.optics.calibration.residuals import place_pixels
from pipeline.optics.rig import Rig
from tests.chromium import chromium
from tests.gst.output.peers import wait_until
from tests.web.live import Live, wait_in
from tests.web.test_openapi import post

pytestmark = pytest.mark.xdist_group("points")

SOURCE = "match?size=2160x720&fps=5"
WIDTH, HEIGHT = 2160, 720
NAMES = (
    "left penalty area near front corner",
    "right penalty area far front corner",
    "near end of the halfway line",
    "far end of the halfway line",
    "left far corner",
    "right goal area near front corner",
    "left penalty area near back corner",
    "right far corner",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("points")


@pytest.fixture(scope="module")
def live(folder: Path) -> Iterator[Live]:
    match_rig(parse_match(SOURCE)).save(folder / "own.toml")
    live = Live(source=SOURCE, rig=folder / "own.toml", clips=str(folder))
    wait_until(lambda: has_stills(live), "a still image")
    yield live
    live.end()


def has_stills(live: Live) -> bool:
    try:
        return bool(live.dashboard.control.points.take_stills())
    except StateError:
        return False


def truth(live: Live) -> Rig:
    rig = live.run.rig
    assert rig is not None
    return rig


def clicks(live: Live, names: tuple[str, ...] = NAMES) -> dict[str, list[float]]:
    pitch = truth(live).pitch
    assert pitch is not None
    found = {}
    for name in names:
        point = pitch.markings.point(name)
        assert point is not None
        x, y = place_pixels(truth(live), 0, np.array([(*point.at, point.height_m)]))[0]
        found[name] = [round(float(x), 1), round(float(y), 1)]
    return found


def body(live: Live, **changes: Any) -> dict[str, Any]:
    return {"field": "football", "length_m": 105.0, "width_m": 68.0, "cameras": [clicks(live)]} | changes


def refusal(live: Live, name: str, **fields: Any) -> str:
    with pytest.raises(HTTPError) as caught:
        post(live, name, **fields)
    assert caught.value.code in (404, 409)
    return str(json.load(caught.value)["error"])


def test_clicks_on_a_still_image_give_lines_a_verdict_and_a_file(live: Live, folder: Path) -> None:
    stills = post(live, "take_stills")
    TypeAdapter(list[Still]).validate_python(stills)
    with urlopen(f"{live.address}api/stills/0") as answer:
        image = cv2.imdecode(np.frombuffer(answer.read(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (HEIGHT, WIDTH, 3)
    field = post(live, "show_field")
    TypeAdapter(FieldShown).validate_python(field)
    assert set(NAMES) < {point["name"] for point in field["points"]}
    quick = post(live, "fit_points", **body(live), quick=True)
    whole = post(live, "fit_points", **body(live))
    for fitted in (quick, whole):
        TypeAdapter(RigFitted).validate_python(fitted)
        assert len(fitted["cameras"][0]["lines"]) > 5
        assert max(fitted["cameras"][0]["off_px"].values()) < 3
    assert whole["verdict"] in ("good", "usable"), whole["reasons"]
    assert whole["height_m"] == pytest.approx(truth(live).surface.height_m, rel=0.02)
    saved = post(live, "save_rig", **body(live))
    TypeAdapter(RigSaved).validate_python(saved)
    path = folder / saved["file"]
    assert "the next start" in saved["note"]
    assert Rig.load(path).surface.height_m == pytest.approx(truth(live).surface.height_m, rel=0.02)
    post(live, "save_rig", **body(live))
    assert path.with_name(f"{path.name}.old").exists()


def test_what_gives_no_rig_is_told_and_not_saved(live: Live) -> None:
    post(live, "take_stills")
    few = body(live, cameras=[clicks(live, NAMES[:3])])
    assert "points give no pose" in post(live, "fit_points", **few)["reasons"][0]
    assert "4 are needed" in refusal(live, "save_rig", **few)
    mirrored = {name: [WIDTH - 1 - x, y] for name, (x, y) in clicks(live).items()}
    answer = post(live, "fit_points", **body(live, cameras=[mirrored]))
    assert answer["verdict"] == "refused"
    assert "mirrored" in answer["reasons"][0]
    assert answer["cameras"][0]["lines"] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"field": "footbal"}, "there is no field"),
        ({"field": "/etc/passwd.toml"}, "there is no field"),
        ({"length_m": 20.0}, "no room"),
        ({"cameras": [{"the moon": [1, 1]}]}, "has no point"),
        ({"cameras": [{"centre spot": [5000, 1]}]}, "outside the picture"),
        ({"cameras": [{}, {}]}, "on 2 cameras"),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused_in_one_line(
    live: Live, change: dict[str, Any], said: str
) -> None:
    post(live, "take_stills")
    assert said in refusal(live, "fit_points", **body(live, **change))


def test_there_is_no_other_still_image(live: Live) -> None:
    post(live, "take_stills")
    for number in ("1", "99999999999999999999", "x"):
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{live.address}api/stills/{number}")


def test_the_page_takes_mouse_and_keys_and_draws_the_lines(live: Live) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{live.address}points")
        wait_in(page, "document.querySelectorAll('#name option').length > 10")
        wait_in(page, "document.querySelector('#still img').naturalWidth === 2160")
        box = page.locator("#still").bounding_box()
        assert box is not None
        scale = box["width"] / WIDTH
        wanted = clicks(live)
        for name in NAMES[:4]:
            x, y = wanted[name]
            page.select_option("#name", name)
            page.mouse.click(box["x"] + (x + 0.5) * scale, box["y"] + (y + 0.5) * scale)
        wait_in(page, "document.querySelectorAll('#still .line').length > 5")
        page.select_option("#name", NAMES[4])
        page.focus("#still")
        page.keyboard.press("ArrowLeft")
        wait_in(page, "document.querySelectorAll('#still circle').length === 5")
        page.keyboard.press("Delete")
        wait_in(page, "document.querySelectorAll('#still circle').length === 4")
        unnamed = page.evaluate(
            "[...document.querySelectorAll('button, input, select')].filter((one) => !(one.ariaLabel || "
            "one.textContent.trim() || one.closest('label'))).length"
        )
        assert unnamed == 0
        assert faults == []
