"""Clips over HTTP and in the page's list: saved, shown, played, shared, and refused with the reason."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from tests import videos
from tests.chromium import chromium
from tests.gst.output.peers import wait_until
from tests.web.live import Live, wait_in
from tests.web.test_match_actions import post

_SHARING = """
  window.shared = [];
  navigator.canShare = ({ files }) => files.length === 1;
  navigator.share = async ({ files }) => { window.shared.push([files[0].name, files[0].type, files[0].size]); };
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    live = Live(clips=str(tmp_path_factory.mktemp("clips")), film_s=60)
    yield live
    live.end()


@pytest.fixture(scope="module")
def footage_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    live = Live(clips=str(tmp_path_factory.mktemp("clips")))
    yield live
    live.end()


def get(live: Live, path: str) -> tuple[int, str, bytes]:
    """The status, the media type and the body."""
    try:
        with urlopen(f"{live.address}{path}") as answer:
            return answer.status, answer.headers["content-type"], answer.read()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.headers["content-type"], refused.read()


def listed(live: Live, number: int) -> dict[str, Any]:
    clips = json.loads(get(live, "api/clips")[2])
    return next(clip for clip in clips if clip["number"] == number)


def saved(live: Live, **body: Any) -> dict[str, Any]:
    """A clip that was asked for, once it is saved."""
    status, clip = post(live, "clips", **body)
    assert status == 200
    wait_until(lambda: listed(live, clip["number"])["state"] != "saving", "the clip")
    clip = listed(live, clip["number"])
    assert clip["state"] == "saved"
    return clip


def test_a_clip_is_of_the_film_and_comes_with_its_file_and_a_still_image(live: Live, tmp_path: Path) -> None:
    clip = saved(live, before_s=0.5)
    assert clip["of"] == "film"
    assert clip["begin_s"] >= 0
    video, still = tmp_path / "clip.mp4", tmp_path / "still.jpg"
    video.write_bytes(get(live, clip["url"].lstrip("/"))[2])
    assert len(video.read_bytes()) == clip["size_bytes"]
    assert len(videos.frame_times(video)) > 5
    length_s = float(videos.streams(video)["video"]["duration"])
    assert length_s == pytest.approx(clip["length_s"], abs=0.05)
    status, kind, jpeg = get(live, clip["thumbnail"].lstrip("/"))
    assert (status, kind) == (200, "image/jpeg")
    still.write_bytes(jpeg)
    size = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", str(still)],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    assert size == "320,180"
    first, small = videos.pictures(video, 160, 90)[0], videos.pictures(still, 160, 90)[0]
    assert abs(first.astype(int) - small).mean() < 8


def test_what_comes_is_listed_as_being_saved_and_then_there(live: Live) -> None:
    status, clip = post(live, "clips", before_s=0, after_s=4)
    assert (status, clip["state"], clip["url"], clip["size_bytes"]) == (200, "saving", None, 0)
    assert get(live, f"api/clips/{clip['number']}")[0] == 404
    wait_until(lambda: listed(live, clip["number"])["state"] == "saved", "the clip")
    assert listed(live, clip["number"])["length_s"] > 3.9


def test_footage_stays_a_choice_and_is_what_a_run_without_film_saves(
    live: Live, footage_only: Live, tmp_path: Path
) -> None:
    assert saved(live, of="cameras", before_s=0.5)["of"] == "cameras"
    assert saved(footage_only, before_s=0.5)["of"] == "cameras"
    status, error = post(footage_only, "clips", of="film")
    assert status == 409
    assert "this run keeps no film" in error


def test_a_clip_of_a_captured_moment_shows_it(live: Live) -> None:
    wait_until(lambda: live.run.progress().position_s > 3, "three seconds")
    clip = saved(live, captured_s=2.5, before_s=0.5, after_s=0.5)
    assert clip["begin_s"] <= 2.05
    assert clip["begin_s"] + clip["length_s"] == pytest.approx(3.0, abs=0.3)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"of": "both"}, 422),
        ({"before_s": -1}, 422),
        ({"after_s": 601}, 422),
        ({"captured_s": "now"}, 422),
        ({"path": "/tmp/x.mp4"}, 422),
        ({"captured_s": 5000.0}, 409),
        ({"before_s": 0, "after_s": 0}, 409),
    ],
)
def test_what_cannot_be_saved_is_refused_and_not_listed(
    live: Live, body: dict[str, Any], status: int
) -> None:
    before = json.loads(get(live, "api/clips")[2])
    answered, error = post(live, "clips", **body)
    assert answered == status
    assert "\n" not in error
    assert str(live.run.settings.web.clips) not in error
    assert json.loads(get(live, "api/clips")[2]) == before


def test_a_clip_that_was_deleted_is_not_listed_any_more(live: Live) -> None:
    clip = saved(live, before_s=0.5)
    (live.run.settings.web.clips / clip["name"]).unlink()
    assert clip["number"] not in [one["number"] for one in json.loads(get(live, "api/clips")[2])]
    assert get(live, clip["url"].lstrip("/"))[0] == get(live, clip["thumbnail"].lstrip("/"))[0] == 404


def test_the_page_shows_plays_and_shares_a_clip(live: Live) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.add_init_script(_SHARING)
        page.goto(live.address)
        page.wait_for_selector(".pill.playing")
        expect(page.locator("#clip_of")).to_have_value("film")
        known = page.locator("#clips li[data-state=saved]").count()
        page.fill("#before", "1")
        page.click("#save_clip")
        rows = page.locator("#clips li[data-state=saved]")
        expect(rows).to_have_count(known + 1, timeout=20_000)
        row = rows.first
        expect(row.locator("span")).to_contain_text("film, ")
        row.scroll_into_view_if_needed()
        wait_in(page, "document.querySelector('#clips .play img').naturalWidth === 320")
        row.locator("button", has_text="Share").click()
        wait_in(page, "window.shared.length === 1")
        name, kind, size = page.evaluate("window.shared[0]")
        assert (name, kind) == (row.locator("a").inner_text(), "video/mp4")
        assert size > 10_000
        row.locator(".play").click()
        wait_in(page, "document.querySelector('#clips video')?.currentTime > 0.2")
        assert page.evaluate("document.querySelector('#clips video').videoWidth") == 320


def test_the_page_offers_only_footage_where_no_film_is_kept(footage_only: Live) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.goto(footage_only.address)
        page.wait_for_selector(".pill.playing")
        expect(page.locator("#clip_of")).to_have_value("cameras")
        expect(page.locator("#clip_of option[value=film]")).to_be_disabled()
        expect(page.locator("#clips button", has_text="Share")).to_have_count(0)
