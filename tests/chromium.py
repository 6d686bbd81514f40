"""A real Chromium, and what it plays: frames as they are displayed, sound as it is heard."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright
from scipy.ndimage import median_filter

from pipeline.match.sync import find_clicks, find_flashes

RATE_HZ = 48_000

_TAP = """registerProcessor("tap", class extends AudioWorkletProcessor {
  process([heard]) {
    if (heard.length) this.port.postMessage([currentTime, heard[0]]);
    return true;
  }
})"""

_WATCH = """async ([rate, tapSource]) => {
  const video = document.querySelector("video"), context = new AudioContext({ sampleRate: rate });
  const frames = [], sound = [], clocks = [];
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([tapSource], { type: "text/javascript" })));
  const tap = new AudioWorkletNode(context, "tap");
  tap.port.onmessage = ({ data: [time, samples] }) => sound.push([time, samples]);
  context.createMediaElementSource(video).connect(tap);
  tap.connect(context.destination);
  const pen = new OffscreenCanvas(64, 36).getContext("2d", { willReadFrequently: true });
  const look = (_now, frame) => {
    pen.drawImage(video, 0, 0, 64, 36);
    const rgba = pen.getImageData(0, 0, 64, 36).data;
    let luma = 0;
    for (let at = 0; at < rgba.length; at += 4) {
      luma += 0.2126 * rgba[at] + 0.7152 * rgba[at + 1] + 0.0722 * rgba[at + 2];
    }
    frames.push([frame.expectedDisplayTime, 1000 * frame.mediaTime, luma / (rgba.length / 4)]);
    clocks.push([context.currentTime, performance.now()]);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  window.watched = () => {
    const times = sound.map(([time]) => time), heard = new Float32Array(sound.length * 128);
    sound.forEach(([, samples], index) => heard.set(samples, 128 * index));
    let bytes = "";
    for (const byte of new Uint8Array(heard.buffer)) bytes += String.fromCharCode(byte);
    return { frames, times, sound: btoa(bytes), clocks };
  };
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless; videos play without a click."""
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        yield browser
        browser.close()


def sync_skews_ms(page: Page, count: int) -> NDArray[np.float64]:
    """How much later than its flash each click of the match is heard, milliseconds, while `page` plays it.

    Watches until it has met `count` of them, a minute at most: a busy machine shows few of the flashes, which last
    a frame. Uses the browser's clocks: when a frame is displayed, and when its sound leaves the player. Call it
    once for each page, because the sound of its video is routed through the measurement from then on.
    """
    page.evaluate(_WATCH, [RATE_HZ, _TAP])
    deadline_s = time.monotonic() + 60
    skews_ms = np.zeros(0)
    while len(skews_ms) < count and time.monotonic() < deadline_s:
        page.wait_for_timeout(3000)
        skews_ms = _skews_ms(page.evaluate("window.watched()"))
    return skews_ms


def _skews_ms(watched: Mapping[str, Any]) -> NDArray[np.float64]:
    if not watched["frames"] or not watched["times"]:
        return np.zeros(0)
    displayed_ms, media_ms, luma = np.array(watched["frames"]).T
    # when each frame is due: a busy browser displays single ones late
    shown_ms = media_ms + median_filter(displayed_ms - media_ms, size=25, mode="nearest")
    times_s = np.array(watched["times"])
    starts = np.round((times_s - times_s[0]) * RATE_HZ).astype(int)
    sound = np.zeros(starts[-1] + RATE_HZ, np.float32)
    heard = np.frombuffer(b64decode(watched["sound"]), np.float32).reshape(len(starts), -1)
    for start, samples in zip(starts, heard, strict=True):  # there may be gaps at first
        sound[start : start + len(samples)] = samples
    read_s, now_ms = np.array(watched["clocks"]).T
    # on a busy machine the clock of the sound goes slower than the wall's, and the video follows the sound
    offsets_ms = median_filter(now_ms - 1000 * read_s, size=25, mode="nearest")
    heard_s = times_s[0] + find_clicks(sound, RATE_HZ)
    clicks_ms = 1000 * heard_s + np.interp(heard_s, read_s, offsets_ms)
    flashes_ms = find_flashes(shown_ms, luma)
    if not len(clicks_ms) or not len(flashes_ms):
        return np.zeros(0)
    nearest = clicks_ms[np.argmin(np.abs(clicks_ms[:, None] - flashes_ms), axis=0)]
    skews_ms = nearest - flashes_ms
    return skews_ms[np.abs(skews_ms) < 500]  # the crowd may cover a click
