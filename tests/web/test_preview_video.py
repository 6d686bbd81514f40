"""The dashboard's video: in sync in a real Chromium, one encode for all viewers, none without viewers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.gst.core.elements import chain, elements_of, make, make_appsrc, static_pad
from pipeline.gst.encode.encode_stage import SPARE_PICTURES
from pipeline.gst.output.browser_preview import BrowserPreview
from pipeline.gst.runtime import Gst
from pipeline.media.fmp4 import Fragment, FragmentCutter, Head
from pipeline.timebase import Nanoseconds
from pipeline.web.preview_video import KEPT, FragmentHistory
from tests import videos
from tests.chromium import chromium, sync_skews_ms
from tests.gst.output.peers import wait_until
from tests.web.live import Live


@pytest.fixture
def live() -> Iterator[Live]:
    live = Live()
    yield live
    live.end()


class Viewer:
    """A program that reads the video as it arrives."""

    def __init__(self, live: Live) -> None:
        self._connection = HTTPConnection(live.address.removeprefix("http://").strip("/"), timeout=20)
        self._connection.request("GET", "/preview.mp4")
        self._answer: HTTPResponse | None = None

    def read(self, size: int) -> bytes:
        if self._answer is None:
            self._answer = self._connection.getresponse()
            assert self._answer.status == 200
            assert (self._answer.headers["content-type"] or "").endswith(', mp4a.40.2"')
        return self._answer.read(size)

    def leave(self) -> None:
        if self._answer is not None:
            self._answer.close()
        self._connection.close()


def test_chromium_plays_flashes_and_clicks_in_sync(live: Live) -> None:
    with chromium() as browser:
        # Without the security policy, for the measurement; test_browser.py covers the page as it is.
        page = browser.new_page(bypass_csp=True)
        page.goto(live.address)
        page.wait_for_function("document.querySelector('video').currentTime > 1", timeout=30_000)
        page.click("#sound")
        assert page.inner_text("#sound") == "Mute"
        skews = sync_skews_ms(page, 6)
    if len(skews) < 4:
        pytest.skip("this machine is too busy to show flashes in a browser")
    assert np.median(np.abs(skews)) < 40  # a busy browser shows single frames late


def test_all_viewers_share_one_encode_that_ends_with_the_last(live: Live, tmp_path: Path) -> None:
    assert live.encoders() == 0
    first = Viewer(live)
    first.read(100_000)
    late = [Viewer(live) for _ in range(3)]
    for number, viewer in enumerate(late):
        video = tmp_path / f"{number}.mp4"
        video.write_bytes(viewer.read(200_000))
        assert videos.streams(video)["video"]["width"] == 320
        longest_s = np.diff(videos.frame_times(video)).max()  # from the first frame on
        assert longest_s == pytest.approx(0.04, abs=0.002)
        assert videos.mean_luma(video).min() > 20
    assert live.encoders() == 1
    for viewer in (first, *late):
        viewer.leave()
    wait_until(lambda: live.encoders() == 0, "the encoder's end")
    again = Viewer(live)
    again.read(50_000)
    assert live.encoders() == 1
    again.leave()


def test_a_preview_of_frozen_playback_starts_on_resume_and_ends_with_the_run(live: Live) -> None:
    live.dashboard.control.pause()
    viewer = Viewer(live)
    wait_until(lambda: live.encoders() == 1, "the encoder")
    live.dashboard.control.resume()
    assert viewer.read(50_000)[4:8] == b"ftyp"
    live.run.abort()
    while viewer.read(50_000):
        pass
    viewer.leave()


def test_the_encoders_can_be_removed_while_playback_is_frozen() -> None:
    pipeline = Gst.Pipeline.new("playback")
    caps = Gst.Caps.from_string("video/x-raw,format=I420,width=320,height=240,framerate=25/1")
    source, tee, queue = (
        make_appsrc("source", caps),
        make("tee", "picture"),
        make("queue", None, max_size_time=0),
    )
    chain(pipeline, source, tee, queue, make("fakesink", None, sync=False))
    pipeline.set_state(Gst.State.PLAYING)
    before = set(elements_of(pipeline))
    frames = itertools.count()

    def show() -> None:
        frame: Any = Gst.Buffer.new_wrapped(bytes(320 * 240 * 3 // 2))
        frame.pts, frame.duration = next(frames) * 40_000_000, 40_000_000
        source.push_buffer(frame)

    def is_shown() -> bool:
        show()
        return static_pad(tee, "sink").get_current_caps() is not None

    wait_until(is_shown, "the first frame")
    pieces: list[Head | Fragment | None] = []
    preview = BrowserPreview(pipeline, tee, None, pieces.append)
    guard = static_pad(tee, "src_1").get_peer().get_parent_element()
    rendered = static_pad(guard, "src").get_peer().get_parent_element()

    def is_seen() -> bool:
        show()
        return bool(pieces)

    def is_held_up() -> bool:
        show()
        return int(rendered.get_property("current-level-buffers")) >= SPARE_PICTURES

    wait_until(is_seen, "the video")
    pipeline.set_state(Gst.State.PAUSED)
    wait_until(is_held_up, "the encoder to be held up")
    preview.close()
    assert set(elements_of(pipeline)) == before
    assert pieces[-1] is None
    pipeline.set_state(Gst.State.NULL)


def box(kind: bytes, content: bytes = b"") -> bytes:
    return (8 + len(content)).to_bytes(4) + kind + content


SAMPLE_TICKS = 1800


def moof(track: int, sample_flags: int, time: int = 0) -> bytes:
    """As mp4mux writes it: each sample with its duration, size and flags."""
    tfhd = box(b"tfhd", (0x20000).to_bytes(4) + track.to_bytes(4))
    tfdt = box(b"tfdt", (1 << 24).to_bytes(4) + time.to_bytes(8))
    each = SAMPLE_TICKS.to_bytes(4) + bytes(4)
    fields = (0x701).to_bytes(4), (1).to_bytes(4), bytes(4), each, sample_flags.to_bytes(4)
    traf = box(b"traf", tfhd + tfdt + box(b"trun", b"".join(fields)))
    return box(b"moof", box(b"mfhd", bytes(8)) + traf) + box(b"mdat", b"...")


HEAD = box(b"ftyp", b"iso5") + box(b"moov", b"avcC\x01\x42\xc0\x1e" + b"mp4a")
KEYFRAME, NEXT = moof(1, 0, 90), moof(1, 0x10000, 180)


@given(st.lists(st.integers(1, 400)))
def test_fragments_are_cut_from_chunks_of_any_size_and_late_sound_keeps_its_time(sizes: list[int]) -> None:
    cutter, pieces = FragmentCutter(90_000, lambda: Nanoseconds(10_000_000)), []
    data = HEAD + moof(2, 0, 9) + KEYFRAME + NEXT
    for size in (*sizes, len(data)):
        pieces += cutter.feed(data[:size])
        data = data[size:]
    head, *fragments = pieces
    assert head == Head(HEAD)
    assert head.media_type == 'video/mp4; codecs="avc1.42c01e, mp4a.40.2"'
    ms = 1_000_000
    assert fragments == [
        Fragment(moof(2, 0, 909), False, False, Nanoseconds(round(10.1 * ms)), Nanoseconds(round(30.1 * ms))),
        Fragment(KEYFRAME, True, True, Nanoseconds(1 * ms), Nanoseconds(21 * ms)),
        Fragment(NEXT, True, False, Nanoseconds(2 * ms), Nanoseconds(22 * ms)),
    ]


def test_a_viewer_that_falls_behind_continues_at_a_keyframe() -> None:
    def fragment(number: int) -> Fragment:
        return Fragment(str(number).encode(), True, number % 10 == 0, Nanoseconds(0), Nanoseconds(0))

    async def watch() -> list[bytes]:
        history, got = FragmentHistory(), []
        history.add(Head(b"head"))
        for number in range(15):
            history.add(fragment(number))
        async for data in history.follow():
            got.append(data)
            if data == b"12":  # does not read meanwhile
                for number in range(15, 25 + KEPT):
                    history.add(fragment(number))
            if data == str(24 + KEPT).encode():
                history.close()
        return got

    got = asyncio.run(watch())
    entry = (24 + KEPT) // 10 * 10
    expected = [b"head", *range(10, 15), *range(entry, 25 + KEPT)]
    assert got == [data if isinstance(data, bytes) else str(data).encode() for data in expected]
