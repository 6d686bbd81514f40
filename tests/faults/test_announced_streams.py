"""Streams that are announced and do not come, come late or end early, and indexes that promise too much."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import films, videos
from tests.faults.record import Area, fault
from tests.gst.capture.peers import RtspCamera

RUN = [
    sys.executable,
    "-m",
    "pipeline",
    "run",
    "--detector",
    "none",
    "--size",
    "320x180",
    "--delay",
    "1",
    "--json",
]
SHORT_TONE = ("-f", "lavfi", "-i", "sine=duration=1")

Make = Callable[[Path], Path]


def empty_sound(path: Path) -> Path:
    return films.picture_and_tone(path, "-bsf:a", films.NONE_COME)


def short_sound(path: Path) -> Path:
    return films.make_film(path, *films.PICTURE, *SHORT_TONE, *films.CODED)


def late_sound(path: Path) -> Path:
    late = ("-itsoffset", "2", *SHORT_TONE)
    return films.make_film(path, *films.PICTURE, *late, *films.CODED)


def empty_first_video(path: Path) -> Path:
    return films.make_film(
        path,
        *films.PICTURE,
        *films.PICTURE,
        "-map",
        "0",
        "-map",
        "1",
        *films.CODED,
        "-bsf:v:0",
        films.NONE_COME,
    )


def cover_first(path: Path) -> Path:
    """The cover of the film is its first video track."""
    cover = ("-f", "lavfi", "-i", "color=red:size=64x64:duration=0.04")
    tracks = ("-map", "0", "-map", "1", "-map", "2", "-disposition:v:0", "attached_pic")
    return films.make_film(
        path, *cover, *films.PICTURE, *films.TONE, *tracks, *films.CODED, "-c:v:0", "mjpeg"
    )


def two_sounds_one_empty(path: Path) -> Path:
    tracks = ("-map", "0", "-map", "1", "-map", "2")
    return films.make_film(
        path, *films.PICTURE, *films.TONE, *films.TONE, *tracks, *films.CODED, "-bsf:a:0", films.NONE_COME
    )


def cut_off(path: Path) -> Path:
    whole = films.picture_and_tone(path.with_stem("whole"), "-movflags", "+faststart")
    path.write_bytes(whole.read_bytes()[: round(whole.stat().st_size * 0.6)])
    return path


def report_of(source: str | Path, out: Path, *arguments: str) -> dict[str, object]:
    done = subprocess.run(
        [*RUN, str(source), "-o", str(out), *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, object] = json.loads(done.stdout)
    return report


ROW = fault(
    Area.CAMERAS,
    "sound that a source announces never comes, begins late or ends early",
    seen="the picture goes on, with silence for what is missing; a note says how much",
)


@ROW
@pytest.mark.parametrize("pace", ["--offline", "--live"])
@pytest.mark.parametrize(
    ("make", "name", "said"),
    [
        (empty_sound, "empty.mkv", "announces sound, but none came"),
        (empty_sound, "empty.ts", "announces sound, but none came"),
        (short_sound, "short.mp4", "its sound lacks 3.0 s of 4.0 s"),
        (late_sound, "late.mkv", "its sound lacks 3.0 s of 4.0 s"),
        (two_sounds_one_empty, "second.mkv", "has 2 sound tracks; track 2 is used"),
        (cover_first, "cover.mkv", "has 2 video tracks; track 2 is used"),
        (empty_first_video, "second_video.mkv", "has 2 video tracks; track 2 is used"),
    ],
)
def test_the_picture_goes_on_without_a_stream_that_does_not_come(
    make: Make, name: str, said: str, pace: str, tmp_path: Path
) -> None:
    if pace == "--live" and make not in (empty_sound, late_sound):
        pytest.skip("the same code as offline")
    out = tmp_path / "out.mkv"
    report = report_of(make(tmp_path / name), out, pace)
    frames = report["frames_out"]
    assert frames + report["dropped"] == films.SECONDS * films.FPS  # type: ignore[operator]
    assert any(said in str(note) for note in report["notes"]), str(report["notes"])  # type: ignore[attr-defined]
    assert len(videos.frame_times(out)) == frames
    if make in (short_sound, late_sound, empty_sound):
        assert len(videos.sound(out)) > (films.SECONDS - 0.6) * videos.RATE_HZ


@ROW
def test_a_network_camera_that_announces_sound_and_sends_none_is_shown(tmp_path: Path) -> None:
    film, out = films.picture_and_tone(tmp_path / "film.mkv"), tmp_path / "out.mkv"
    video = films.make_film(tmp_path / "camera.mkv", "-stream_loop", "9", "-i", str(film), "-c", "copy")
    with RtspCamera(video, tmp_path, silent=True) as camera:
        report = report_of(camera.url, out, "--delay", "2", "--duration", "3")
    assert any("announces sound, but none came" in str(note) for note in report["notes"])  # type: ignore[attr-defined]
    assert set(videos.streams(out)) == {"video", "audio"}
    assert len(videos.frame_times(out)) > 5  # a busy machine shows fewer than 75


@fault(
    Area.CAMERAS,
    "a recording whose index promises more than there is",
    seen="what there is, and a note with both lengths",
    lost="the rest",
)
def test_a_recording_that_is_cut_off_is_shown_and_told(tmp_path: Path) -> None:
    report = report_of(cut_off(tmp_path / "cut.mp4"), tmp_path / "out.mkv", "--offline")
    (said,) = [str(note) for note in report["notes"] if "promises 4.00 s" in str(note)]  # type: ignore[attr-defined]
    assert f"{report['duration_s']:.2f} s came" in said


@fault(
    Area.CAMERAS,
    "a recording with damaged bytes all over",
    seen="what can be decoded; notes with the missing frames and the places that were reported",
    lost="what was damaged",
)
def test_the_damage_that_decoders_and_containers_report_is_counted(tmp_path: Path) -> None:
    whole = films.picture_and_tone(tmp_path / "whole.ts")
    content, chance = bytearray(whole.read_bytes()), random.Random(1)
    for _ in range(40):
        place = chance.randrange(10_000, len(content) - 200)
        content[place : place + 100] = chance.randbytes(100)
    damaged = tmp_path / "damaged.ts"
    damaged.write_bytes(content)
    report = report_of(damaged, tmp_path / "out.mkv", "--offline")
    notes = [str(note) for note in report["notes"]]  # type: ignore[attr-defined]
    assert any("damaged in" in note and "places" in note for note in notes), notes


@fault(
    Area.CAMERAS,
    "a header whose frame rate cannot be true (90000/1, 1000/1) or is not (1/1 or 50/1 of 25)",
    seen="nothing; the timestamps tell the rate, and how long each frame lasts",
)
@pytest.mark.parametrize("ticks", [180_000, 2000, 2, 10, 100])
def test_a_header_that_counts_ticks_does_no_harm(ticks: int, tmp_path: Path) -> None:
    source = films.picture_and_tone(tmp_path / "ticks.ts", "-bsf:v", f"h264_metadata=tick_rate={ticks}")
    out = tmp_path / "out.mkv"
    report = report_of(source, out, "--offline")
    times = videos.frame_times(out)
    assert len(times) == films.SECONDS * films.FPS
    assert abs(times[-1] - (films.SECONDS - 1 / films.FPS)) < 0.01
    assert abs(len(videos.sound(out)) / videos.RATE_HZ - films.SECONDS) < 0.1
    assert videos.streams(out)["video"]["r_frame_rate"] == f"{films.FPS}/1"
    assert not any("missing" in str(note) for note in report["notes"])  # type: ignore[attr-defined]
