"""A whole run as a user makes it: every frame once, all the sound, in sync, and every way to end it."""

from __future__ import annotations

import csv
import json
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ConfigError, RigError, SourceError
from pipeline.run.progress import Progress, RunReport
from pipeline.settings import Settings
from tests import videos

SMALL_MATCH = "match?size=720x240&fps=25"


def settings(output: Path, **values: Any) -> Settings:
    """A small, quick run."""
    return Settings.parse(
        {"sources": [SMALL_MATCH], "outputs": [str(output)], "size": "320x180", "live": False, "delay_s": 2.0}
        | values
    )


EXTENSIONS = ("mp4", "mkv", "flv", "ts")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a video of each kind, of one run."""
    folder = tmp_path_factory.mktemp("recorded")
    files = [str(folder / f"video.{extension}") for extension in EXTENSIONS]
    report = PanoramaWithVirtualCamera(settings(Path(files[0]), outputs=files, duration_s=4.0)).run()
    assert (report.frames_in, report.frames_out, report.dropped) == (100, 100, 0)
    assert report.duration_s == pytest.approx(4.0)
    return folder


@pytest.mark.xdist_group("recorded")
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_offline_every_frame_is_recorded_once_with_sound_in_sync(recorded: Path, extension: str) -> None:
    video = recorded / f"video.{extension}"
    times = videos.frame_times(video)
    assert len(times) == 100
    np.testing.assert_allclose(np.diff(times), 0.04, atol=0.0011)
    assert len(videos.sound(video)) / videos.RATE_HZ == pytest.approx(4.0, abs=0.07)
    skews = videos.sync_skews_ms(video)
    assert len(skews) >= 3
    assert np.abs(skews).max() < 5


def test_h265_and_opus_are_recorded(tmp_path: Path) -> None:
    video = tmp_path / "video.mkv"
    encoder = {"video_codec": "h265", "audio_codec": "opus"}
    PanoramaWithVirtualCamera(settings(video, duration_s=2.0, encoder=encoder)).run()
    streams = videos.streams(video)
    assert (streams["video"]["codec_name"], streams["audio"]["codec_name"]) == ("hevc", "opus")
    assert streams["video"]["nb_read_packets"] == "50"
    assert np.abs(videos.sync_skews_ms(video)).max() < 20


def test_two_runs_are_equal_and_exported_files_match_the_video(tmp_path: Path) -> None:
    paths = []
    for name in ("a", "b"):
        export = {
            "path_out": tmp_path / f"{name}.csv",
            "detections_out": tmp_path / f"{name}.jsonl",
            "truth_out": tmp_path / f"{name}-truth.csv",
            "truth_tracks_out": tmp_path / f"{name}-tracks.csv",
        }
        PanoramaWithVirtualCamera(settings(tmp_path / f"{name}.mp4", duration_s=3.0, export=export)).run()
        paths.append(export["path_out"].read_text())
    assert paths[0] == paths[1]
    rows = list(csv.DictReader(paths[0].splitlines()))
    assert list(rows[0]) == ["time_s", "yaw_deg", "pitch_deg", "hfov_deg"]
    assert len(rows) == 75
    truth = list(csv.DictReader((tmp_path / "a-truth.csv").read_text().splitlines()))
    assert sum(row["label"] == "ball" for row in truth) == 75
    assert {row["time_s"] for row in truth} == {row["time_s"] for row in rows}
    people = list(csv.DictReader((tmp_path / "a-tracks.csv").read_text().splitlines()))
    assert {row["time_s"] for row in people} == {row["time_s"] for row in rows}
    assert len(people) == 75 * 26
    seen = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert 0 < len(seen) <= 75
    assert any(one["detections"] for one in seen)


def test_live_the_first_frame_is_shown_after_the_delay(tmp_path: Path) -> None:
    video = tmp_path / "video.mkv"
    shown: list[Progress] = []
    application = PanoramaWithVirtualCamera(settings(video, live=True, duration_s=3.0, delay_s=1.5))
    report = application.run(shown.append)
    assert report.frames_out + report.dropped == report.frames_in
    playing = [progress for progress in shown if progress.state == "playing"]
    assert playing
    assert {progress.delay_s for progress in playing} == {1.5}
    assert np.abs(videos.sync_skews_ms(video)).max() < 20


@pytest.mark.parametrize("live", [True, False])
def test_stop_plays_out_what_was_captured(tmp_path: Path, live: bool) -> None:
    video = tmp_path / "video.mp4"
    application = PanoramaWithVirtualCamera(settings(video, live=live, delay_s=1.0))

    def stop_when_playing(progress: Progress) -> None:
        if progress.frames_out > 10:
            application.stop()

    report = application.run(stop_when_playing)
    assert report.frames_out + report.dropped == report.frames_in
    assert report.frames_out > 10
    assert videos.streams(video)["video"]["nb_read_packets"] == str(report.frames_out)
    if not live:
        sound_s = len(videos.sound(video)) / videos.RATE_HZ
        assert sound_s == pytest.approx(report.duration_s, abs=1.2), "except for what the muxer held back"


@pytest.mark.parametrize("live", [True, False])
def test_abort_ends_at_once_and_the_file_is_finished(tmp_path: Path, live: bool) -> None:
    video = tmp_path / "video.mp4"
    application = PanoramaWithVirtualCamera(settings(video, live=live, delay_s=1.0))
    asked = threading.Event()

    def abort_when_playing(progress: Progress) -> None:
        if progress.frames_out > 10 and not asked.is_set():
            asked.set()
            application.abort()

    report = application.run(abort_when_playing)
    assert asked.is_set()
    assert videos.streams(video)["video"]["nb_read_packets"] == str(report.frames_out)


@pytest.mark.parametrize("end", ["stop", "abort"])
def test_a_run_can_be_stopped_before_its_camera_has_answered(tmp_path: Path, end: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        source = f"rtsp://127.0.0.1:{mute.getsockname()[1]}/camera"
        application = PanoramaWithVirtualCamera(settings(tmp_path / "video.mp4", sources=[source], live=True))
        reports: list[RunReport] = []
        run = threading.Thread(target=lambda: reports.append(application.run()), daemon=True)
        run.start()
        connection, _ = mute.accept()
        with connection:
            getattr(application, end)()
            run.join(60)
    (report,) = reports
    assert (report.frames_out, report.outputs) == (0, ())


@pytest.mark.parametrize("end", ["stop", "abort"])
def test_a_run_can_be_stopped_before_it_starts(tmp_path: Path, end: str) -> None:
    application = PanoramaWithVirtualCamera(settings(tmp_path / "video.mp4"))
    getattr(application, end)()
    assert application.run().frames_out == 0


@pytest.mark.parametrize("duration_s", [60.0, 1.6])
def test_a_paused_run_that_is_stopped_is_played_out(tmp_path: Path, duration_s: float) -> None:
    video = tmp_path / "video.mkv"
    values = {"live": True, "delay_s": 1.0, "duration_s": duration_s, "detector": {"kind": "none"}}
    run = PanoramaWithVirtualCamera(settings(video, **values))
    frames: list[int] = []

    def on_progress(progress: Progress) -> None:
        if progress.state != "playing":
            return
        if not frames:
            run.buffer_manager.pause()
        frames.append(progress.frames_in)
        has_ended = len(frames) > 4 and frames[-1] == frames[-3]
        if has_ended or (duration_s > 10 and progress.frames_in >= frames[0] + 10):
            run.stop()

    report = run.run(on_progress)
    assert len(frames) > 1
    skipped = 0 if duration_s == 1.6 else report.frames.skipped  # what was about to leave the window
    assert len(videos.frame_times(video)) == report.frames_out == report.frames_in - skipped


def test_nothing_is_left_running(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    PanoramaWithVirtualCamera(settings(tmp_path / "video.mp4", duration_s=1.0)).run()
    assert {
        thread for thread in set(threading.enumerate()) - before if not thread.name.startswith("Dummy")
    } == set()


def test_a_killed_run_leaves_a_playable_file(tmp_path: Path) -> None:
    video = tmp_path / "video.mp4"
    code = (
        "from pipeline.cli import main\n"
        f"main(['run', '{SMALL_MATCH}', '-o', r'{video}', '--offline', '--delay', '1', '--size', '320x180'])"
    )
    run = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    pause = threading.Event()
    for _ in range(600):
        if video.exists() and b"moof" in video.read_bytes():
            break
        pause.wait(0.1)
    run.send_signal(signal.SIGKILL)
    run.wait(10)
    assert len(videos.frame_times(video)) >= 25


def test_modes_and_fixed_views(tmp_path: Path) -> None:
    video = tmp_path / "video.mp4"
    path = tmp_path / "path.csv"
    fixed = {"fixed_view": {"yaw_deg": 10.0, "pitch_deg": -8.0, "hfov_deg": 40.0}}
    values = {"duration_s": 1.0, "director": fixed, "export": {"path_out": path}}
    PanoramaWithVirtualCamera(settings(video, **values)).run()
    assert {tuple(row.split(",")[1:]) for row in path.read_text().splitlines()[1:]} == {
        ("10.000000000", "-8.000000000", "40.000000000")
    }
    PanoramaWithVirtualCamera(settings(video, duration_s=1.0, mode="panorama", size="720x240")).run()
    assert videos.streams(video)["video"]["width"] == 720


def test_a_source_without_sound_makes_a_video_without_sound(tmp_path: Path) -> None:
    video = tmp_path / "video.mp4"
    source = "gst:videotestsrc num-buffers=30 ! video/x-raw,width=320,height=180 ! identity"
    report = PanoramaWithVirtualCamera(settings(video, sources=[source])).run()
    assert report.frames_out == 30
    assert set(videos.streams(video)) == {"video"}
    assert any("no rig was given: assuming a rectilinear lens" in note for note in report.notes)


def test_a_launch_fragment_with_two_files_waits_for_the_streams_of_both(tmp_path: Path) -> None:
    picture, sound, video = (tmp_path / name for name in ("picture.mp4", "sound.wav", "video.mkv"))
    for made, given in ((picture, "testsrc=size=320x180:rate=25"), (sound, "sine=sample_rate=48000")):
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", given, "-t", "2", made], check=True)
    source = f"gst:uridecodebin uri={picture.as_uri()} uridecodebin uri={sound.as_uri()}"
    report = PanoramaWithVirtualCamera(settings(video, sources=[source])).run()
    assert report.frames_out == 50
    assert np.abs(videos.sound(video)).max() > 0.05
    assert len(videos.sound(video)) / videos.RATE_HZ == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("gst:audiotestsrc num-buffers=10", SourceError, "holds no video"),
        ("gst:videotestsrc ! nosuch", SourceError, 'no element "nosuch"'),
        ("rtsp://127.0.0.1:9/none", SourceError, "no answer"),
        ("match?size=1x1", ConfigError, "match"),
    ],
)
def test_unusable_sources_are_refused(
    tmp_path: Path, source: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        PanoramaWithVirtualCamera(settings(tmp_path / "video.mp4", sources=[source])).run()


def test_a_text_file_named_mp4_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text !.mp4"
    text.write_text("this is not a video\n" * 100)
    with pytest.raises(SourceError, match="holds no video or sound"):
        PanoramaWithVirtualCamera(settings(tmp_path / "video.mp4", sources=[str(text)])).run()


def test_of_sources_that_cannot_be_calibrated_one_is_shown_with_the_reason(tmp_path: Path) -> None:
    plain = "gst:videotestsrc pattern=black num-buffers=50 ! video/x-raw,width=320,height=180 ! identity"
    report = PanoramaWithVirtualCamera(settings(tmp_path / "video.mp4", sources=[plain, plain])).run()
    assert report.frames_out > 0
    told = next(note for note in report.notes if "without the other cameras" in note)
    assert "several sources but no rig; calibrating: " in told


def test_a_kept_rig_that_does_not_fit_ends_no_run_and_a_rig_of_other_cameras_is_refused(
    tmp_path: Path, shared_data: Path
) -> None:
    video = tmp_path / "video.mp4"
    kept = tmp_path / "video.rig.toml"
    kept.write_text((shared_data / "rig.toml").read_text())
    report = PanoramaWithVirtualCamera(settings(video, sources=[SMALL_MATCH] * 2, duration_s=1.0)).run()
    assert report.frames_out > 0
    assert any("made for 3072x1728; calibrating: " in note for note in report.notes)
    with pytest.raises(RigError, match="2 cameras but 1 sources"):
        PanoramaWithVirtualCamera(settings(video, rig=shared_data / "rig.toml")).run()


@pytest.mark.parametrize("mode", ["panorama", "virtualcam"])
def test_the_overlay_changes_the_video(tmp_path: Path, mode: str) -> None:
    plain, drawn = tmp_path / "plain.mp4", tmp_path / "drawn.mp4"
    for video, overlay in ((plain, False), (drawn, True)):
        PanoramaWithVirtualCamera(
            settings(video, duration_s=2.0, mode=mode, size="720x240", overlay=overlay)
        ).run()
    change = videos.mean_luma(drawn) - videos.mean_luma(plain)
    assert np.abs(change[10:]).max() > 0.1


def test_a_source_that_fails_leaves_a_recording_of_what_was_captured(tmp_path: Path) -> None:
    video = tmp_path / "video.mp4"
    source = (
        "gst:videotestsrc num-buffers=100 ! video/x-raw,width=320,height=180,framerate=25/1 "
        "! identity error-after=60"
    )
    with pytest.raises(SourceError):
        PanoramaWithVirtualCamera(settings(video, sources=[source])).run()
    assert len(videos.frame_times(video)) >= 55


def test_real_footage_offline_keeps_its_frames_and_sound(tmp_path: Path, shared_data: Path) -> None:
    video, path = tmp_path / "out.mp4", tmp_path / "path.csv"
    source = shared_data / "right.mp4"
    report = PanoramaWithVirtualCamera(
        settings(video, sources=[str(source)], size="640x360", delay_s=3.0, export={"path_out": path})
    ).run()
    assert (report.frames_out, report.dropped) == (250, 0)
    np.testing.assert_allclose(videos.frame_times(video), videos.frame_times(source), atol=1e-3)
    given, made = videos.sound(source), videos.sound(video)
    length = min(len(given), len(made))
    likeness = np.fft.irfft(
        np.fft.rfft(given[:length], 2 * length).conj() * np.fft.rfft(made[:length], 2 * length)
    )
    lag = int(np.argmax(likeness))
    assert abs(lag if lag < length else lag - 2 * length) < 0.005 * videos.RATE_HZ
    yaws = [float(row.split(",")[1]) for row in path.read_text().splitlines()[1:]]
    assert max(yaws) - min(yaws) > 3


def test_two_real_cameras_are_stored_as_separate_streams(tmp_path: Path, shared_data: Path) -> None:
    video = tmp_path / "out.mp4"
    most = 0

    application = PanoramaWithVirtualCamera(
        settings(
            video,
            sources=[str(shared_data / "left.mp4"), str(shared_data / "right.mp4")],
            rig=shared_data / "rig.toml",
            size="640x360",
            delay_s=7.0,
            duration_s=9.0,
            storage="source",
        )
    )

    def look(_progress: Progress) -> None:
        nonlocal most
        most = max(most, application.buffer_manager.statistics().stored_bytes)

    report = application.run(look)
    assert 220 <= report.frames_out <= 225  # a compressed stream ends in decoding order
    assert 0 < most < 10_000_000


@pytest.mark.parametrize("live", [True, False], ids=["live", "offline"])
@pytest.mark.parametrize("source", ["gst:videotestsrc num-buffers=0", SMALL_MATCH])
def test_a_source_that_ends_before_its_first_frame_is_an_error(
    tmp_path: Path, source: str, live: bool
) -> None:
    values = {"sources": [source], "live": live, "duration_s": 1e-9}
    with pytest.raises(SourceError, match="ended before its first frame"):
        PanoramaWithVirtualCamera(settings(tmp_path / "video.mp4", **values)).run()
