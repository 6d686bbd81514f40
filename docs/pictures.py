"""Makes the pages' pictures, each by running the program: ``python -m docs.pictures [NAME...]`` in the checkout.

Without names it makes all of them, which takes some minutes; rig.png, framing-films.jpg, start.jpg, those of
calibration and known-future.png need the real videos and events in ../shared/data.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.director import directed
from benchmarks.director_pictures import draw_horizons, draw_path
from benchmarks.play import degraded, metrica_play
from docs.calibration_pictures import draw_clicks, draw_errors, draw_lines, draw_matches, two_cameras
from docs.framing_pictures import draw_films, draw_match_frames
from docs.start_pictures import draw_start, draw_start_phone
from pipeline import BufferManager, __version__
from pipeline.application import PanoramaWithVirtualCamera
from pipeline.gst.runtime import Gst
from pipeline.match.match import Match
from pipeline.match.settings import MatchSettings
from pipeline.optics.calibration.markings import markings
from pipeline.optics.calibration.residuals import place_pixels
from pipeline.optics.frame import Frame
from pipeline.optics.view import View
from pipeline.plotting import BLUE, GREEN, ORANGE, RED, new_figure, save_figure
from pipeline.settings import Settings
from pipeline.timebase import NS_PER_S
from pipeline.web.server import Dashboard

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"

ATTACK_S = (11.0, 22.5)
"""In the built-in match: from the halfway line to a goal."""

FRAMES_A_SECOND = 10
WIDTH_PX = 560
DELAY_S, LASTS_S = 7.0, 18.0
CLICKED = (
    "left penalty area near front corner",
    "right penalty area far front corner",
    "near end of the halfway line",
    "far end of the halfway line",
    "left far corner",
    "right goal area near front corner",
)


# --- the built-in match, recorded ----------------------------------------------------------------------------


@cache
def recordings() -> tuple[Path, Path]:
    """The panorama with detections and plan drawn in, and the directed video of the same moments."""
    folder = Path(tempfile.mkdtemp())
    wide, view = folder / "wide.mkv", folder / "view.mkv"
    match = ["run", "match", "--offline", "--duration", "24", "--bitrate", "12000"]
    for more in (
        ["--mode", "panorama", "--overlay", "--size", "1440x480", "-o", str(wide)],
        ["--size", "1280x720", "-o", str(view)],
    ):
        subprocess.run([sys.executable, "-m", "pipeline", *match, *more], cwd=ROOT, check=True)
    return wide, view


def moments(video: Path, begin_s: float, end_s: float) -> Iterator[Any]:
    """BGR frames of a video, FRAMES_A_SECOND of them."""
    reader = cv2.VideoCapture(str(video))
    rate_hz = reader.get(cv2.CAP_PROP_FPS)
    for i in range(round(end_s * rate_hz)):
        more, frame = reader.read()
        if more and i >= begin_s * rate_hz and i % round(rate_hz / FRAMES_A_SECOND) == 0:
            yield frame


def stacked(wide: Any, view: Any, width: int) -> Image.Image:
    """The panorama above the directed frame, both of one width."""
    parts = [
        cv2.resize(
            part, (width, width * part.shape[0] // part.shape[1] // 2 * 2), interpolation=cv2.INTER_AREA
        )
        for part in (wide, view)
    ]
    return Image.fromarray(cv2.cvtColor(cv2.vconcat(parts), cv2.COLOR_BGR2RGB))


def draw_animation(path: Path) -> None:
    """An attack: the panorama with the camera's view drawn in, and what the camera shows."""
    wide, view = (moments(video, *ATTACK_S) for video in recordings())
    first, *rest = (stacked(*pair, WIDTH_PX) for pair in zip(wide, view, strict=True))
    first.save(
        path,
        save_all=True,
        append_images=rest,
        duration=1000 // FRAMES_A_SECOND,
        loop=0,
        quality=35,
        method=4,
    )


def draw_still(path: Path) -> None:
    """One moment of the attack, larger."""
    wide, view = (next(moments(video, 19.0, 20.0)) for video in recordings())
    stacked(wide, view, 900).save(path, quality=80, optimize=True)


def draw_match(path: Path) -> None:
    """The panorama of the built-in match as its camera sees it."""
    frame = Frame.empty("NV12", 2880, 960)
    match = Match(MatchSettings())
    match.render(300, frame)
    luma, chroma = frame.planes
    picture = cv2.cvtColorTwoPlane(luma, chroma, cv2.COLOR_YUV2RGB_NV12)
    Image.fromarray(cv2.resize(picture, (1440, 480), interpolation=cv2.INTER_AREA)).save(path, quality=75)


def draw_tracks(path: Path) -> None:
    """A minute of the match as tracked from its picture, drawn by the example in the page about tracks."""
    page = (ROOT / "docs" / "tracks.md").read_text(encoding="utf-8")
    (example,) = (one for one in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "savefig(" in one)
    with tempfile.TemporaryDirectory() as folder:
        match = [
            "run",
            "match",
            "--offline",
            "--duration",
            "60",
            "--size",
            "320x180",
            "-o",
            f"{folder}/view.mkv",
        ]
        for command in (
            [sys.executable, "-m", "pipeline", *match, "--tracks-out", f"{folder}/tracks.csv"],
            [sys.executable, "-c", f"import os; os.chdir({folder!r})\n{example}"],
        ):
            subprocess.run(command, cwd=ROOT, check=True)
        shutil.copy(Path(folder) / "tracks.png", path)


@contextmanager
def dashboard_page(
    source: str, width: int, height: int
) -> Iterator[tuple[PanoramaWithVirtualCamera, str, Page]]:
    """A live run of a source, the address of its dashboard, and an empty page of that size in Chromium."""
    settings = Settings.parse(
        {
            "sources": [source],
            "outputs": [str(Path(tempfile.mkdtemp()) / "match.mkv")],
            "size": "960x540",
            "web": {"address": "127.0.0.1:0"},
            "graphics": {"scoreboard": True},
            "teams": {
                "home": "SV Grün",
                "home_colour": "#1b7f3b",
                "away": "FC Blau",
                "away_colour": "#1e6fd9",
            },
        }
    )
    run = PanoramaWithVirtualCamera(settings)
    dashboard = Dashboard(run, settings.web, __version__)
    address = dashboard.start()
    thread = threading.Thread(target=run.run, args=[dashboard.publish])
    thread.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield run, address, browser.new_page(viewport={"width": width, "height": height})
        browser.close()
    run.abort()
    thread.join()
    dashboard.stop()


def draw_dashboard(path: Path) -> None:
    """The dashboard of a live run, half a minute after its start, in Chromium."""
    with dashboard_page("match?size=1440x480", 1200, 1010) as (_run, address, page):
        page.goto(address)
        page.wait_for_timeout(1e3 * (DELAY_S + 20))
        page.screenshot(path=path, quality=75, type="jpeg")


def draw_match_panel(path: Path) -> None:
    """The match panel on a phone, after a goal."""
    with dashboard_page("match?size=1440x480", 360, 700) as (_run, address, page):
        page.goto(address)
        page.wait_for_timeout(1e3 * (DELAY_S + 3))
        page.click("#match-run")
        page.fill("#match-label", "Meyer")
        page.click("#match-kinds button")
        page.wait_for_timeout(1500)
        page.evaluate("document.querySelector('#match').scrollIntoView()")
        page.screenshot(path=path, quality=80, type="jpeg")


def draw_points(path: Path) -> None:
    """The page of points with six clicks on the built-in match, once the verdict is there."""
    with dashboard_page("match?size=2880x960", 1400, 790) as (run, address, page):
        page.goto(f"{address}points")
        page.wait_for_timeout(1e3 * (DELAY_S + 5))
        box = page.locator("#still").bounding_box()
        if run.rig is None or run.rig.pitch is None or box is None:
            raise SystemExit("the page shows no still image")
        points = {point.name: (*point.at, 0.0) for point in run.rig.pitch.markings.points}
        for name in CLICKED:
            x, y = place_pixels(run.rig, 0, np.array([points[name]]))[0] * box["width"] / 2880
            page.select_option("#name", name)
            page.mouse.click(box["x"] + x, box["y"] + y)
        while page.locator("#save_rig").is_disabled():
            page.wait_for_timeout(500)
        page.screenshot(path=path, quality=80, type="jpeg")


# --- two real cameras ----------------------------------------------------------------------------------------


def draw_rig(path: Path) -> None:
    """The two real cameras from above, as calibrated: what each sees of the ground, and what a view shows."""
    rig = two_cameras().rig
    pitch = rig.pitch
    assert pitch is not None
    view = View(yaw_deg=-24, tilt_deg=-16, hfov_deg=30)
    x_m, z_m = np.meshgrid(np.linspace(-75, 75, 601), np.linspace(-4, 92, 385))
    yaw_deg, tilt_deg = rig.metres_to_angles(x_m, z_m)
    seen = rig.seen_by(yaw_deg, tilt_deg)
    column, row = np.moveaxis(view.angles_to_pixels(yaw_deg, tilt_deg, 1920, 1080), -1, 0)
    shown = (column >= 0) & (column < 1920) & (row >= 0) & (row < 1080)

    figure = new_figure(11, 7)
    axis = figure.subplots()
    for i, (camera, colour) in enumerate(zip(rig.cameras, (BLUE, ORANGE), strict=True)):
        axis.contourf(x_m, z_m, seen[..., i], levels=[0.5, 1], colors=[colour], alpha=0.25)
        axis.plot(camera.position_m[0] * 8, 0, "^", color=colour, markersize=12, label=camera.name)
    for line in markings(pitch):
        along = np.array([line.low_m, line.high_m])
        place = np.full(2, line.offset_m)
        axis.plot(*pitch.to_world(*((along, place) if line.axis == "x" else (place, along))), color="black")
    axis.contour(x_m, z_m, shown, levels=[0.5], colors=[GREEN], linewidths=2.5)
    axis.plot([], [], color=GREEN, linewidth=2.5, label="a view: yaw -24, tilt -16, 30 degrees wide")
    seam = np.radians(rig.seams_deg[0])
    axis.plot([0, 90 * np.tan(seam)], [0, 90], "--", color=RED, label="seam")
    axis.set(aspect="equal", xlim=(-75, 75), ylim=(-4, 92), xlabel="x (m)", ylabel="z (m)")
    axis.set_title(
        f"Two real cameras, calibrated from their footage: {rig.surface.height_m:.1f} m high, "
        f"{np.hypot(*np.subtract(*[c.position_m for c in rig.cameras])[[0, 2]]):.2f} m apart (drawn wider)"
    )
    axis.legend(loc="upper right")
    save_figure(figure, path)


# --- time ----------------------------------------------------------------------------------------------------


def delayed_frames() -> dict[str, Any]:
    """A live source through a BufferManager: clock and running time of each frame, in seconds, at three places.

    ``captured``, ``handed over`` to playback, ``shown``: (n, 2) each.
    """
    caps = "video/x-raw,width=320,height=180,framerate=30/1"
    analysis = Gst.parse_launch(
        f"videotestsrc is-live=true num-buffers={round(LASTS_S * 30)} ! {caps} "
        "! appsink name=sink emit-signals=true sync=false"
    )
    playback = Gst.parse_launch(
        "appsrc name=source ! queue ! fakesink name=screen sync=true signal-handoffs=true"
    )
    sink, source = analysis.get_by_name("sink"), playback.get_by_name("source")
    clock = Gst.SystemClock.obtain()
    times: dict[str, list[tuple[float, float]]] = {"captured": [], "handed over": [], "shown": []}

    def note(where: str, buffer: Any) -> None:
        times[where].append((clock.get_time() / NS_PER_S, buffer.pts / NS_PER_S))

    def probe(where: str) -> Callable[..., Any]:
        def seen(_pad: Any, info: Any) -> Any:
            note(where, info.get_buffer())
            return Gst.PadProbeReturn.OK

        return seen

    sink.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, probe("captured"))
    source.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, probe("handed over"))
    playback.get_by_name("screen").connect("handoff", lambda _sink, buffer, _pad: note("shown", buffer))
    manager = BufferManager(buffer_duration=10, delay=DELAY_S, appsrc=source, playback_pipeline=playback)
    sink.connect("new-sample", manager.on_new_sample)
    source.connect("need-data", manager.on_need_data)
    manager.start_buffer_thread()
    analysis.set_state(Gst.State.PLAYING)
    playback.get_bus().timed_pop_filtered(round((LASTS_S + DELAY_S + 10) * NS_PER_S), Gst.MessageType.EOS)
    manager.stop_buffer_thread()
    for pipeline in (analysis, playback):
        pipeline.set_state(Gst.State.NULL)
    begin_s = times["captured"][0][0]
    return {where: np.array(rows) - [begin_s, 0] for where, rows in times.items()}


def draw_running_time(path: Path) -> None:
    """When frames are captured, handed to playback and shown, measured; and what the window holds at one moment."""
    times = delayed_frames()
    figure = new_figure(11, 8)
    axis, error = figure.subplots(2, 1, height_ratios=(4, 1), sharex=True)
    for (where, rows), colour in zip(times.items(), (BLUE, ORANGE, GREEN), strict=True):
        axis.plot(*rows.T, color=colour, linewidth=2, label=where)
    now_s = 14.0
    newest, handed, playhead = (np.interp(now_s, *times[where].T) for where in times)
    axis.axvline(now_s, color="black", linewidth=0.8, linestyle=":")
    for low, high, text, colour, beside in (
        (handed, newest, "look-ahead: what the director knows", BLUE, 9.0),
        (playhead, handed, "cushion: already handed to playback", ORANGE, 5.6),
        (playhead - 0.5, playhead, "kept behind the playhead", GREEN, 4.4),
    ):
        axis.plot([now_s, now_s], [low, high], color=colour, linewidth=8, solid_capstyle="butt")
        arrow = {"arrowstyle": "-", "color": colour}
        axis.annotate(text, (now_s, (low + high) / 2), (now_s + 3.6, beside), va="center", arrowprops=arrow)
    axis.set_ylabel("running time of the frame (s)")
    axis.set_title(f"A delay line of {DELAY_S:g} s: 540 frames of a live source, each measured three times")
    axis.legend(loc="upper left")
    shown_s = times["shown"]
    captured_s = np.interp(shown_s[:, 1], times["captured"][:, 1], times["captured"][:, 0])
    late_ms = (shown_s[:, 0] - captured_s - DELAY_S) * 1e3
    error.plot(shown_s[:, 0], late_ms, ".", color=GREEN, markersize=3)
    reach_ms = max(20.0, 1.1 * float(np.abs(late_ms).max()))
    error.set(ylim=(-reach_ms, reach_ms), xlabel="clock (s)", ylabel=f"delay\nless {DELAY_S:g} s (ms)")
    for one in (axis, error):
        one.grid(alpha=0.3)
    save_figure(figure, path)


# --- the director --------------------------------------------------------------------------------------------


def draw_known_future(path: Path) -> None:
    """The same part of a real match, directed with no, some and full look-ahead."""
    play = metrica_play(3200.0, 40.0, height_m=8.0, distance_m=20.0)
    sets = degraded(play, 4)
    times_s = np.array(play.times_ns) / NS_PER_S
    figure = new_figure(12, 8)
    axis, width = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    balls = [(one.time_ns / NS_PER_S, d.yaw_deg) for one in sets for d in one.detections if d.label == "ball"]
    axis.plot(*np.array(balls).T, ".", color="grey", markersize=2, label="detections, with false balls")
    axis.plot(times_s, play.angles[:, 0], color="black", linewidth=1, label="the ball")
    for lookahead_s, colour in ((0.0, RED), (2.0, GREEN), (7.0, BLUE)):
        run = directed(play, sets, lookahead_s)
        label = f"camera with {lookahead_s:g} s of look-ahead"
        axis.plot(times_s, run.path[:, 0], color=colour, linewidth=2, label=label)
        width.plot(times_s, run.path[:, 2], color=colour, linewidth=2)
    axis.set_ylabel("yaw (deg)")
    axis.set_title("The effect of look-ahead: 40 s of a real match (Metrica Sports sample data, game 1)")
    axis.legend(loc="upper right", fontsize=9)
    width.set(xlabel="time (s)", ylabel="field of view (deg)", ylim=(0, 90))
    for one in (axis, width):
        one.grid(alpha=0.3)
    save_figure(figure, path)


PICTURES: dict[str, Callable[[Path], None]] = {
    "match.webp": draw_animation,
    "start-here.jpg": draw_still,
    "match.jpg": draw_match,
    "dashboard.jpg": draw_dashboard,
    "match-panel.jpg": draw_match_panel,
    "points.jpg": draw_points,
    "start.jpg": draw_start,
    "start-phone.jpg": draw_start_phone,
    "rig.png": draw_rig,
    "calibration-errors.png": draw_errors,
    "calibration-lines.jpg": draw_lines,
    "calibration-matches.jpg": draw_matches,
    "calibration-points.jpg": draw_clicks,
    "running-time.png": draw_running_time,
    "tracks.png": draw_tracks,
    "known-future.png": draw_known_future,
    "framing-films.jpg": draw_films,
    "framing-match.jpg": draw_match_frames,
    "director-path.png": draw_path,
    "director-horizon.png": draw_horizons,
}


def main(names: list[str]) -> None:
    """Draw pictures into docs/images, PNGs with as few colours as they need."""
    for name in names or PICTURES:
        path = IMAGES / name
        PICTURES[name](path)
        if path.suffix == ".png":
            Image.open(path).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
