"""The HLS folder in a browser: served over HTTP, played and decoded by Chromium's own player, video and sound."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from pipeline.application import PanoramaWithVirtualCamera
from tests.chromium import chromium, sync_skews_ms
from tests.gst.output.runs import settings

PATIENCE_MS = 90_000
"""How long a busy machine may take to decode a few seconds of video in a browser."""

MEAN_LUMA = """() => {
  const video = document.querySelector("video"), canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  const rgba = context.getImageData(0, 0, canvas.width, canvas.height).data;
  return rgba.reduce((sum, value, index) => (index % 4 === 3 ? sum : sum + value), 0) / (rgba.length * 0.75);
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_request(self, *_args: Any) -> None:
        """Log no requests."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address at which `tmp_path` is served over HTTP."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("segments", ["ts", "fmp4"])
def test_chromium_plays_video_and_sound_to_the_end(
    match_video: Path, tmp_path: Path, served: str, page: Page, segments: str
) -> None:
    run = settings(match_video, outputs=[tmp_path / "live.m3u8"], live=False, hls_segments=segments)
    report = PanoramaWithVirtualCamera(run).run()
    (tmp_path / "index.html").write_text("<!doctype html><video autoplay src='live.m3u8'></video>")
    page.goto(f"{served}/index.html")
    page.wait_for_function("document.querySelector('video').currentTime > 1.5", timeout=PATIENCE_MS)
    video = "document.querySelector('video')"
    assert page.evaluate(f"[{video}.videoWidth, {video}.videoHeight]") == [320, 108]
    assert page.evaluate(f"{video}.webkitAudioDecodedByteCount") > 10_000
    assert page.evaluate(MEAN_LUMA) > 20
    skews = sync_skews_ms(page, 4)
    if len(skews) >= 2:  # a very busy browser shows fewer flashes
        assert np.median(abs(skews)) < 40  # and single frames late
    page.evaluate(f"{video}.currentTime = {report.duration_s - 1.5}")  # in the last segment
    page.evaluate(f"{video}.play()")  # a busy machine may have played it to its end by now
    page.wait_for_function(f"{video}.ended", timeout=PATIENCE_MS)
    assert page.evaluate(f"{video}.error") is None
    assert page.evaluate(f"{video}.duration") == pytest.approx(report.duration_s, abs=0.15)
