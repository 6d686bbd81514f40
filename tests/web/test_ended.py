"""The page at the end of a run: what it says was written, by the page's own module in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import pytest
from playwright.sync_api import Page

from pipeline.operator.run_ended import RunEnded, Written
from tests.chromium import chromium
from tests.web.test_bounds import WebLimits, served

pytestmark = pytest.mark.xdist_group("match panel")


@pytest.fixture
def page() -> Iterator[Page]:
    with served(WebLimits()) as (address, _port), chromium() as browser:
        page = browser.new_page()
        page.goto(address)
        yield page


def said(page: Page, ended: RunEnded | None) -> str:
    page.evaluate(
        "async (ended) => (await import('/static/ended.js')).showEnd(document.querySelector('#ended'), ended)",
        None if ended is None else asdict(ended),
    )
    return page.inner_text("#ended")


def test_each_file_and_stream_is_said_to_be_complete_or_what_it_lacks(page: Page) -> None:
    written = [
        Written("match.mp4", "file", None),
        Written("match.mkv", "file", "No space left on device"),
        Written("rtmp://server/live/***", "stream", None),
        Written("srt://server", "stream", "nothing was delivered"),
    ]
    text = said(page, RunEnded(None, 3723.4, 1, written, ["the detector failed <b>"]))
    assert [line for line in text.split("\n") if line] == [
        "The run has ended",
        "1:02:03 of video, 1 frame dropped",
        "match.mp4",
        "complete",
        "match.mkv",
        "incomplete: No space left on device",
        "rtmp://server/live/***",
        "ended",
        "srt://server",
        "failed: nothing was delivered",
        "the detector failed <b>",
    ]
    assert page.locator("#record").is_hidden()
    assert said(page, None) == text  # it is told once


def test_a_run_that_failed_and_wrote_nothing_says_both(page: Page) -> None:
    text = said(page, RunEnded("camera 0 is offline", 0.0, 0, [], []))
    assert "It failed: camera 0 is offline" in text
    assert "No file was written." in text


def test_an_end_of_which_nothing_is_known_is_an_end(page: Page) -> None:
    assert said(page, None) == "The run has ended"
