"""The dashboard in a real Chromium with a real run: each control is tested by what the outputs show."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.settings import Settings
from pipeline.web.server import Dashboard
from tests import videos
from tests.gst.output.peers import RtmpServer
from tests.once import made_once
from tests.web.dial import COUNTS, FPS, HEIGHT, WIDTH, Played, make_dial, read_dial
from tests.web.live import until, wait_in

DELAY_S = 2.0
DIAL_S = 240
BALL_X = 0.6
"""Where the ball lies that the camera follows without an operator, as a share of the dial's width."""
NARROWEST = 0.15
"""The share of the dial's width in the narrowest view, 22 degrees of 146."""


@pytest.fixture(scope="session")
def dial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(video: Path) -> None:
        make_dial(video, DIAL_S)
        lines = (json.dumps({"time_s": n / FPS, "detections": [ball(n / FPS)]}) for n in range(FPS * DIAL_S))
        video.with_suffix(".jsonl").write_text("\n".join(lines) + "\n")

    return made_once(tmp_path_factory, "dial.mkv", make)


def ball(time_s: float) -> dict[str, object]:
    """The ball as a detector reports it, always moving a little."""
    yaw_deg = np.degrees((BALL_X - 0.5) * WIDTH / (HEIGHT / 0.85)) + 2 * np.sin(time_s)
    place = {"yaw_deg": float(yaw_deg), "pitch_deg": -12.0, "width_deg": 0.5, "height_deg": 0.5}
    return {"label": "ball", "score": 0.9} | place


class Served:
    """A live run of the dial with its dashboard, a page that shows it, and the run's recording."""

    def __init__(self, dial: Path, folder: Path, stream: str) -> None:
        self.folder = folder
        self.video = folder / "match.mkv"
        settings = Settings.parse(
            {
                "sources": [str(dial)],
                "outputs": [str(self.video)],
                "streams": [stream],
                "size": "320x180",
                "delay_s": DELAY_S,
                "detector": {"kind": "replay", "model": str(dial.with_suffix(".jsonl")), "field_mask": False},
                "encoder": {"bitrate_kbps": 4000, "keyframe_interval_s": 1.0},
                "web": {"address": "127.0.0.1:0", "clips": str(folder / "clips")},
            }
        )
        self._run = PanoramaWithVirtualCamera(settings)
        self._dashboard = Dashboard(self._run, settings.web, "0")
        self.address = self._dashboard.start()
        self._thread = threading.Thread(target=self._run.run, args=[self._dashboard.publish], daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._end_run()
        self._dashboard.stop()

    def played(self) -> Played:
        """What the run's recording shows; ends the run, but not its dashboard."""
        self._end_run()
        return read_dial(self.video)

    @property
    def dropped(self) -> int:
        """How many frames a busy machine has dropped so far."""
        return self._run.progress().dropped

    def _end_run(self) -> None:
        self._run.abort()
        self._thread.join(60)
        assert not self._thread.is_alive()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RtmpServer]:
    with RtmpServer(tmp_path) as server:
        yield server


@pytest.fixture
def served(dial: Path, tmp_path: Path, server: RtmpServer) -> Iterator[Served]:
    served = Served(dial, tmp_path, server.url)
    yield served
    served.end()


@pytest.fixture(params=[{"viewport": {"width": 1280, "height": 800}}])
def page(request: pytest.FixtureRequest, browser: Browser, served: Served) -> Iterator[Page]:
    """The page, playing; fails at the end if the browser logged an error."""
    complaints: list[str] = []
    context = browser.new_context(**request.param)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(served.address)
    page.wait_for_selector(".pill.playing", timeout=60_000)
    yield page
    context.close()
    assert complaints == []


PHONE = pytest.mark.parametrize(
    "page",
    [{"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}],
    indirect=True,
    ids=["phone"],
)


def now_s(page: Page) -> float:
    """How many seconds of video the outputs have received, at most a quarter of a second old."""
    state = page.evaluate("async () => (await fetch('/api/state')).json()")
    return float(state["frames_out"]) / FPS


def play_for(page: Page, seconds: float) -> float:
    """Let the video play for that long; returns its time then."""
    until(page, f"s.frames_out > {(now_s(page) + seconds) * FPS}")
    return now_s(page)


def delay_s(page: Page) -> float:
    """The present delay in seconds."""
    state = page.evaluate("async () => (await fetch('/api/state')).json()")
    return float(state["delay_s"])


def middle(page: Page, selector: str, x: float = 0.5) -> tuple[float, float]:
    """A point at half of an element's height, in coordinates of the window, to which it is scrolled."""
    page.locator(selector).scroll_into_view_if_needed()
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + 0.5 * box["height"]


def shows_ball(place: tuple[float, float, float]) -> bool:
    """Whether the ball is well inside a view of this x, y and width."""
    x, _y, width = place
    return abs(x - BALL_X) < 0.4 * width


def picture(page: Page) -> str:
    """What the preview shows now, pixel by pixel."""
    shown = page.evaluate(
        """() => {
          const video = document.querySelector('#picture video'), canvas = document.createElement('canvas');
          canvas.width = video.videoWidth;
          canvas.height = video.videoHeight;
          canvas.getContext('2d').drawImage(video, 0, 0);
          return canvas.toDataURL();
        }"""
    )
    return str(shown)


def test_mouse_and_keys_steer_the_camera(page: Page, served: Served) -> None:
    wait_in(page, "document.querySelector('#picture video').currentTime > 0.5")
    assert page.evaluate("document.querySelector('#picture video').videoWidth") == 320
    wait_in(page, "document.querySelector('.panorama img').naturalWidth === 960")
    page.wait_for_selector("#scene .frame[points*=',']", state="attached")

    until(page, "s.follows === 'ball'")
    alone_s = play_for(page, 2)
    for _ in range(8):
        page.keyboard.press("ArrowLeft")
    left_s = play_for(page, 4)
    page.keyboard.press("b")
    back_s = play_for(page, 5.5)
    page.mouse.click(*middle(page, "#scene", 0.3))
    clicked_s = play_for(page, 4)
    page.click("[data-zoom='0.85']")
    page.click("[data-zoom='0.85']")
    page.click("[data-turn='0 1']")
    near_s = play_for(page, 2.5)
    x, y = middle(page, "#picture")
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x - 25 * step, y)
    page.mouse.up()
    dragged_s = play_for(page, 2.5)
    page.mouse.wheel(0, 300)
    wheeled_s = play_for(page, 2)
    page.mouse.click(*middle(page, "#scene", 0.9))
    play_for(page, 0.7)
    page.click("#hold_camera")
    held_s = play_for(page, 3.5)
    still_s = play_for(page, 1.5) - 0.7  # without what was made after the next click
    page.click("#hand_back")
    end_s = play_for(page, 5.5)

    played = served.played()
    at = {name: played.at(time_s) for name, time_s in locals().items() if name.endswith("_s")}
    assert shows_ball(at["alone_s"])
    assert at["left_s"][0] < at["alone_s"][0] - 0.5 * at["left_s"][2]
    assert not shows_ball(at["left_s"])
    assert shows_ball(at["back_s"])
    assert at["clicked_s"][0] == pytest.approx(0.3, abs=0.02)
    assert at["near_s"][2] == pytest.approx(max(0.85**2 * at["clicked_s"][2], NARROWEST), rel=0.08)
    assert at["near_s"][1] < at["clicked_s"][1] - 0.02
    box = page.locator("#picture").bounding_box()
    assert box is not None
    moved = 200 / min(box["width"], box["height"] * 16 / 9) * at["near_s"][2]
    assert at["dragged_s"][0] == pytest.approx(at["near_s"][0] + moved, abs=0.3 * moved)
    assert at["wheeled_s"][2] > 1.1 * at["dragged_s"][2]
    assert at["wheeled_s"][0] + 0.05 < at["held_s"][0] < 0.86  # held before it was there
    assert at["still_s"][0] == pytest.approx(at["held_s"][0], abs=0.01)
    assert shows_ball(at["end_s"])
    assert played.is_without_a_gap(dropped=served.dropped)


@PHONE
def test_touch_steers_and_zooms_on_a_phone(page: Page, served: Served) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for id_ in ("picture", "pause", "save_clip", "hand_back", "record"):
        box = page.locator(f"#{id_}").bounding_box()
        assert box is not None
        assert box["height"] >= 40
    before_s = play_for(page, 2)
    fingers = page.context.new_cdp_session(page)
    x, y = middle(page, "#picture")

    def touch(kind: str, *places: float) -> None:
        points = [{"x": place, "y": y, "id": number} for number, place in enumerate(places)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", x - 60)
    for step in range(1, 7):
        touch("touchMove", x - 60 + 20 * step)
    touch("touchEnd")
    dragged_s = play_for(page, 2.5)
    touch("touchStart", x - 60, x + 60)
    for step in range(1, 7):
        touch("touchMove", x - 60 + 3 * step, x + 60 - 3 * step)
    touch("touchEnd")
    pinched_s = play_for(page, 3)
    page.tap("#hand_back")
    end_s = play_for(page, 5.5)

    played = served.played()
    before, dragged, pinched, end = map(played.at, (before_s, dragged_s, pinched_s, end_s))
    shown_px = page.evaluate("document.querySelector('#picture').clientWidth")
    moved = 120 / shown_px * before[2]
    assert dragged[0] == pytest.approx(before[0] - moved, abs=0.3 * moved)
    assert pinched[2] == pytest.approx(dragged[2] * 120 / 84, rel=0.1)
    assert shows_ball(end)


def test_freeze_replay_and_delay_change_what_is_played(page: Page, served: Served) -> None:
    play_for(page, 1)
    page.click("#pause")
    page.wait_for_selector(".pill.paused")
    held = ""
    while held != (held := picture(page)):  # frames on their way to the screen
        page.wait_for_timeout(300)
    page.wait_for_timeout(1500)
    assert picture(page) == held
    page.click("#pause")
    until(page, "s.transport === 'playing'")
    normal_s = play_for(page, 1.5)
    longer_s = delay_s(page)
    page.click("#return_to_delay")
    until(page, f"s.delay_s < {longer_s - 1}")
    back_s = play_for(page, 2)
    longer_s -= delay_s(page)
    assert page.input_value("#back") == "3"
    page.fill("#back", "2")
    page.click("#jump_back")
    until(page, f"s.delay_s > {DELAY_S + 1}")
    again_s = play_for(page, 2)
    page.keyboard.press("n")
    until(page, f"s.delay_s < {DELAY_S + 1}")
    shorter_s = play_for(page, 2)
    page.fill("#delay", "1")
    page.click("#set_delay")
    until(page, f"s.delay_s < {DELAY_S - 0.5}")
    end_s = play_for(page, 1.5)

    played = served.played()
    margin_s = 0.7
    near = pytest.approx(0, abs=0.8 * FPS + served.dropped)  # a jump is at least a second
    assert played.is_without_a_gap(0, normal_s - margin_s, dropped=served.dropped)
    assert longer_s > 1.5
    leap = played.jump(normal_s - margin_s, back_s - margin_s)
    assert (leap - longer_s * FPS + COUNTS / 2) % COUNTS - COUNTS / 2 == near
    assert played.jump(back_s - margin_s, again_s - margin_s) + 2 * FPS == near
    assert played.jump(again_s - margin_s, shorter_s - margin_s) - 2 * FPS == near
    assert played.jump(shorter_s - margin_s, end_s) - (DELAY_S - 1) * FPS == near


def test_clips_recordings_and_pushes_hold_what_was_played(
    page: Page, served: Served, server: RtmpServer
) -> None:
    clip_s = play_for(page, 2.5)
    page.fill("#before", "2")
    page.click("#save_clip")
    with page.expect_download() as download:
        page.click("#clips a")
    clip = served.folder / "downloaded.mp4"
    download.value.save_as(clip)
    clip_over_s = now_s(page)

    begin_s = now_s(page)
    page.click("#record")
    page.wait_for_selector("#output-2.on")
    name = page.inner_text("#output-2 b")
    assert page.inner_text("#output-1 b").endswith("/live/***")
    end_s = play_for(page, 3)
    page.click("#output-2 button")
    page.wait_for_selector("#output-2.done")
    with page.expect_download() as download:
        page.click("#output-2 a")
    recording = served.folder / "recording.mkv"
    download.value.save_as(recording)
    recorded = read_dial(recording, round(begin_s * FPS))  # while the run continues
    assert recording.read_bytes() == (served.folder / name).read_bytes()
    assert (
        page.evaluate("async () => (await (await fetch('/api/state')).json()).outputs[0].can_download")
        is False
    )

    page.click("#output-1 button")
    page.wait_for_selector("#output-1.off")
    play_for(page, 1)
    page.click("#output-1 button")
    page.wait_for_selector("#output-1.on")
    server.wait_received(60_000, publications=2)
    page.click("#output-0 button")
    page.wait_for_selector("#output-0.done")
    played = read_dial(served.video)  # while the run continues

    assert played.is_without_a_gap(dropped=served.dropped)
    assert recorded.is_without_a_gap(dropped=served.dropped)
    assert recorded.times_s[0] == 0
    shown = played.numbers[np.searchsorted(played.times_s, [begin_s, end_s])]
    assert recorded.numbers[0] == pytest.approx(shown[0], abs=FPS)
    assert recorded.numbers[-1] == pytest.approx(shown[1], abs=FPS)
    clipped = read_dial(clip, round((clip_s - 2) * FPS))
    assert clipped.is_without_a_gap(dropped=served.dropped)
    assert 2 * FPS - 4 - served.dropped <= len(clipped.numbers) <= 3 * FPS + 4  # from the keyframe before
    assert (clip_s - 1) * FPS <= clipped.numbers[-1] <= (clip_over_s + 1) * FPS  # a click may take its time
    assert len(server.videos) == 2
    assert videos.streams(server.videos[1])["video"]["codec_name"] == "h264"
