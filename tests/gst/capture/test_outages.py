"""A camera that is killed and restarted during a run, as the recording shows it."""

from __future__ import annotations

import logging
import signal
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import SourceError
from pipeline.optics.lens import RectilinearLens
from pipeline.optics.rig import Camera, Rig
from pipeline.optics.surface import Surface
from pipeline.run.progress import RunReport
from tests import videos
from tests.faults.record import Area, fault
from tests.gst.capture.peers import RtspCamera, SrtCamera
from tests.gst.output.peers import free_port, wait_until
from tests.gst.output.runs import FPS, Running, settings

WIDTH, HEIGHT = 320, 108
BAND_PX = 8
"""Rows; less than the height of the notice."""
CHUNK_S = 0.02


def silent_span_s(video: Path) -> tuple[float, float]:
    """The longest silence of a video."""
    size = round(CHUNK_S * videos.RATE_HZ)
    sound = videos.sound(video)
    loud = np.abs(sound[: len(sound) // size * size].reshape(-1, size)).max(axis=1) > 1e-4
    edges = np.flatnonzero(np.concatenate([[True], loud, [True]]))
    longest = int(np.argmax(np.diff(edges)))
    return edges[longest] * CHUNK_S, (edges[longest + 1] - 1) * CHUNK_S


def expect_frame_rate(times: NDArray[np.float64], begin_s: float, end_s: float, dropped: int) -> None:
    """Between these times there is a frame every 40 ms; where the camera returns, half a frame more or less.

    As many may lack as a busy machine says that it has dropped.
    """
    steps = FPS * np.diff(times[(times > begin_s) & (times < end_s)])
    assert len(steps) > (end_s - begin_s) * FPS - 3 - dropped
    assert steps.min() > 0.48
    assert np.round(steps[steps >= 1.52] - 1).sum() <= dropped


def run_with_an_outage(application: PanoramaWithVirtualCamera, camera: RtspCamera | SrtCamera) -> RunReport:
    """Start a run, kill the camera, restart it, stop the run."""
    with camera:
        running = Running(application)
        running.wait_shown(2.5)
        delay_s = application.progress().delay_s
        camera.stop(signal.SIGKILL)
        wait_until(lambda: application.camera_outages == 1, "the outage")
        running.wait_shown(application.progress().position_s + 3.0)
        camera.start()
        wait_until(lambda: not any("still offline" in note for note in application.notes), "the return")
        running.wait_shown(application.progress().position_s + delay_s + 3.0)
        assert application.progress().delay_s == pytest.approx(delay_s, abs=0.05)
        application.stop()
        return running.report()


@fault(
    Area.CAMERAS,
    "a live camera is gone, then returns",
    seen="its last frame with a notice, and silence; then it is back; a note with the time",
    lost="what it would have sent",
)
@pytest.mark.parametrize(
    ("kind", "storage"),
    [(RtspCamera, "raw"), (RtspCamera, "source"), (SrtCamera, "raw")],
)
def test_recording_continues_while_the_camera_is_offline_and_after_it_returns(
    kind: type[RtspCamera | SrtCamera],
    storage: str,
    match_video: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    camera, record = kind(match_video, tmp_path), tmp_path / "record.mkv"
    run = settings(match_video, sources=[camera.url], outputs=[record], storage=storage, delay_s=1.5)
    report = run_with_an_outage(PanoramaWithVirtualCamera(run), camera)

    lost_s, back_s = silent_span_s(record)
    assert back_s - lost_s > 3
    times = videos.frame_times(record)
    assert len(times) == report.frames_out
    expect_frame_rate(times, lost_s - 0.5, back_s + 0.5, report.dropped)

    pictures = videos.pictures(record, WIDTH, HEIGHT).astype(float)
    held = pictures[(times > lost_s + 1.5) & (times < back_s - 0.2)]
    assert np.abs(held - held[0]).mean(axis=(1, 2)).max() < 2
    band = pictures[:, :BAND_PX].mean(axis=(1, 2))
    assert band[(times > lost_s + 1.5) & (times < back_s - 0.2)].max() < 70
    assert band[(times < lost_s + 0.7) | (times > back_s + 0.2)].min() > 90

    flashes, skews_ms = videos.sync_marks(record)
    for part in (flashes < lost_s, flashes > back_s + 0.2):
        assert np.count_nonzero(part) >= 2
        assert np.abs(skews_ms[part]).max() < 40

    (note,) = (note for note in report.notes if "lost once" in note)
    assert "still offline" not in note
    assert caplog.text.count("; reconnecting") == 1
    assert caplog.text.count(": reconnected") == 1
    assert "hunter2" not in caplog.text + str(report)


@fault(
    Area.CAMERAS,
    "one of two cameras is gone, then returns",
    seen="the other one goes on; a note",
    lost="what it would have sent",
)
@pytest.mark.parametrize("storage", ["raw", "source"])
def test_one_of_two_cameras_fails_and_the_other_continues(
    storage: str, long_video: Path, tmp_path: Path
) -> None:
    lens = RectilinearLens((WIDTH, HEIGHT), 260.0, ((WIDTH - 1) / 2, (HEIGHT - 1) / 2))
    cameras = (Camera("left", lens, yaw_deg=-30.0), Camera("right", lens, yaw_deg=30.0))
    Rig(cameras, Surface("infinity")).save(tmp_path / "rig.toml")
    left, right = RtspCamera(long_video, tmp_path), RtspCamera(long_video, tmp_path)
    record = tmp_path / "record.mkv"
    run = settings(
        long_video,
        sources=[left.url, right.url],
        rig=str(tmp_path / "rig.toml"),
        outputs=[record],
        storage=storage,
        delay_s=1.5,
    )
    with left:
        report = run_with_an_outage(PanoramaWithVirtualCamera(run), right)
    times = videos.frame_times(record)
    assert len(times) == report.frames_out
    expect_frame_rate(times, 1.0, times[-1] - 0.5, report.dropped)
    lost_s, back_s = silent_span_s(record)
    assert back_s - lost_s < 1
    assert sum("lost once" in note for note in report.notes) == 1


def test_a_run_can_be_stopped_while_its_camera_is_offline(match_video: Path, tmp_path: Path) -> None:
    camera, record = RtspCamera(match_video, tmp_path), tmp_path / "record.mkv"
    application = PanoramaWithVirtualCamera(settings(match_video, sources=[camera.url], outputs=[record]))
    with camera:
        running = Running(application)
        running.wait_shown(1.0)
    wait_until(lambda: application.camera_outages == 1, "the outage")
    running.wait_shown(application.progress().position_s + 2.0)
    application.stop()
    report = running.report()
    assert len(videos.frame_times(record)) == report.frames_out
    assert any(note.endswith("still offline") for note in report.notes)


@fault(Area.CAMERAS, "a camera that never answers", seen="one line, status 1, without the password in it")
def test_a_camera_that_never_answers_is_an_error(tmp_path: Path) -> None:
    url = f"rtsp://operator:hunter2@127.0.0.1:{free_port()}/camera"
    with pytest.raises(SourceError, match="no answer") as caught:
        PanoramaWithVirtualCamera(settings(Path(), sources=[url], outputs=[tmp_path / "a.mkv"])).run()
    assert "hunter2" not in str(caught.value)


def test_the_end_of_a_video_on_a_web_server_ends_the_run(short_video: Path, tmp_path: Path) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(short_video.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        url = f"http://127.0.0.1:{server.server_port}/{short_video.name}"
        report = PanoramaWithVirtualCamera(
            settings(Path(), sources=[url], outputs=[tmp_path / "record.mkv"])
        ).run()
        server.shutdown()
        serving.join()
    assert report.frames_out + report.dropped == 4 * FPS
    assert not any("lost" in note for note in report.notes)
