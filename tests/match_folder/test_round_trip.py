"""A match folder as a source: the same film again, and others, from what a run has kept."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.match_folder.as_source import with_match_folder
from pipeline.match_folder.export import export
from pipeline.match_folder.info import match_info
from pipeline.media.match_folder import read_manifest
from pipeline.run.match_record import MatchRecord
from pipeline.settings import Settings
from tests import videos
from tests.match_folder.matches import FPS, SMALL_MATCH, path_rows, play, record_match, run_of

pytestmark = pytest.mark.xdist_group("match folder")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a match folder `match` of an offline run, its film `film.mkv` and its path `film.csv`."""
    folder = tmp_path_factory.mktemp("recorded")
    record_match(folder / "match", folder / "film.mkv")
    return folder


def copied(recorded: Path, tmp_path: Path) -> Path:
    shutil.copytree(recorded / "match", tmp_path / "match")
    return tmp_path / "match"


def test_the_files_are_those_that_the_page_names(recorded: Path) -> None:
    match = recorded / "match"
    manifest = read_manifest(match)
    assert manifest.complete
    assert manifest.name == "Reds - Away"
    camera = manifest.cameras[0]
    assert (camera.name, camera.codec, camera.encoded_here, camera.pieces) == (
        "match?size=720x240&fps=25",
        "h264",
        True,
        100,
    )
    assert (camera.first_s, camera.end_s) == (0.0, 4.0)
    assert videos.streams(match / "camera-1.mkv").keys() == {"video"}
    assert len(videos.frame_times(match / "camera-1.mkv")) == 100
    assert len(videos.sound(match / "sound.mka")) / videos.RATE_HZ == pytest.approx(4.0, abs=0.05)
    info = match_info(match)
    assert (info.tags, info.annotations, info.state, list(info.faults)) == (1, 2, "complete", [])
    assert info.length_s == pytest.approx(4.0)
    assert 'home = "Reds"' in (match / "settings.toml").read_text()


@pytest.mark.parametrize("planned", [False, True])
def test_the_film_made_again_is_the_film(recorded: Path, tmp_path: Path, planned: bool) -> None:
    film, path, seen = tmp_path / "again.mkv", tmp_path / "again.csv", tmp_path / "seen.jsonl"
    report = play(
        [str(recorded / "match")],
        film,
        export={"path_out": str(path), "detections_out": str(seen)},
        **({"recorded": {"path": None}} if planned else {}),
    )
    assert (report.frames_in, report.frames_out, report.dropped) == (100, 100, 0)
    assert path.read_text() == (recorded / "film.csv").read_text()
    assert seen.read_text() == (recorded / "match" / "detections.jsonl").read_text()
    before, again = (videos.pictures(each, 320, 180) for each in (recorded / "film.mkv", film))
    assert np.abs(before.astype(int) - again).mean() < 3.0  # encoded twice
    assert np.abs(videos.sync_skews_ms(film)).max() < 5
    assert videos.chapters(film) == videos.chapters(recorded / "film.mkv")
    titles = [title for *_span, title in videos.chapters(film)]
    assert any("Goal, Reds: Meyer" in title for title in titles)


def test_a_film_of_another_size_and_style_is_planned_anew(recorded: Path, tmp_path: Path) -> None:
    film = tmp_path / "upright.mkv"
    run = run_of([str(recorded / "match")], film, size="180x320", director={"style": "close"})
    assert run.settings.recorded.path is None
    assert run.settings.detector.kind == "replay"
    assert run.settings.delay_s == 2.0
    assert run.run().frames_out == 100
    assert videos.streams(film)["video"]["height"] == 320


def test_a_corrected_score_gives_a_corrected_film(recorded: Path, tmp_path: Path) -> None:
    match = copied(recorded, tmp_path)
    lines = [json.loads(line) for line in (match / "annotations.jsonl").read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["clock", "score"]
    lines[1]["time_s"] = 3.0
    lines[1]["data"]["home"] = 8
    (match / "annotations.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    film = tmp_path / "corrected.mkv"
    play([str(match)], film)
    before, after = (videos.pictures(each, 320, 180).astype(int) for each in (recorded / "film.mkv", film))
    change = np.abs(before - after).max(axis=(1, 2))  # the scoreboard is sharp, noise is not
    assert len(change) == 100
    assert change[: 2 * FPS].max() < 60
    assert change[2 * FPS : 3 * FPS].min() > 90  # 1:0 came a second too early
    assert change[3 * FPS :].min() > 60  # 8:0


def test_a_corrected_tag_gives_a_corrected_chapter(recorded: Path, tmp_path: Path) -> None:
    match = copied(recorded, tmp_path)
    tag = json.loads((match / "tags.jsonl").read_text())
    added = tag | {"id": 2, "time_s": 2.4, "label": "Kurz"}
    undone = {"undo": 1, "who": ""}
    (match / "tags.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in (tag, added, undone)))
    film = tmp_path / "corrected.mkv"
    play([str(match)], film)
    marked = [(begin_s, title) for begin_s, _end_s, title in videos.chapters(film) if "Goal" in title]
    assert marked == [(pytest.approx(2.4), "Goal, Reds: Kurz")]


def test_a_live_run_leaves_a_folder_from_which_its_path_comes_again(tmp_path: Path) -> None:
    report = record_match(tmp_path / "match", tmp_path / "film.mkv", live=True)
    assert report.frames_out
    film, path = tmp_path / "again.mkv", tmp_path / "again.csv"
    again = play([str(tmp_path / "match")], film, export={"path_out": str(path)})
    assert again.frames_out >= report.frames_out
    shown, recorded = path_rows(path), path_rows(tmp_path / "match" / "path.csv")
    common = recorded.keys() & shown.keys()
    assert len(common) >= 0.9 * len(recorded)
    for time_s in common:
        assert shown[time_s] == pytest.approx(recorded[time_s], abs=1e-6)


def test_a_run_with_private_areas_says_that_the_folder_holds_them(tmp_path: Path) -> None:
    area = {"camera": 1, "corners_px": [[0, 0], [100, 0], [100, 100]]}
    report = play(
        [SMALL_MATCH],
        tmp_path / "film.mkv",
        live=False,
        duration_s=0.4,
        delay_s=0.2,
        size="320x180",
        detector={"kind": "none"},
        privacy={"areas": [area]},
        match_folder=str(tmp_path / "match"),
    )
    assert f"{tmp_path / 'match'} holds the cameras' video as it came, private areas too" in report.notes
    again = run_of([str(tmp_path / "match")], tmp_path / "again.mkv")
    assert len(again.settings.privacy.areas) == 1


def test_a_full_disk_ends_the_file_and_not_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    match, make = tmp_path / "match", MatchRecord.make

    def make_full(record: MatchRecord, settings: Settings) -> str | None:
        note = make(record, settings)
        for name in ("camera-1.mkv", "path.csv"):
            (match / name).symlink_to("/dev/full")
        return note

    monkeypatch.setattr(MatchRecord, "make", make_full)
    report = run_of(
        [SMALL_MATCH],
        tmp_path / "film.mkv",
        live=False,
        duration_s=1.0,
        delay_s=0.5,
        size="320x180",
        match_folder=str(match),
    ).run()
    assert report.frames_out == 25
    assert len(videos.frame_times(tmp_path / "film.mkv")) == 25
    assert sorted(failure.partition(": ")[0] for failure in report.failures) == [
        str(match / "camera-1.mkv"),
        str(match / "path.csv"),
    ]
    assert not read_manifest(match).complete
    assert (match / "detections.jsonl").stat().st_size > 0


def test_an_export_is_a_match_again(recorded: Path, tmp_path: Path) -> None:
    told: list[str] = []
    export(recorded / "match", tmp_path / "copy.zip", told.append)
    assert told == []
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    copy = tmp_path / "unpacked" / "match"
    assert match_info(copy).state == "complete"
    for path in (recorded / "match").iterdir():
        assert (copy / path.name).read_bytes() == path.read_bytes()
    header, row = (copy / "tags.csv").read_text().splitlines()
    assert header == "time_s,kind,team,label,who,id"
    assert row == "1.200,goal,home,Meyer,,1"
    assert "0:01 Goal, Reds: Meyer" in (copy / "chapters.txt").read_text()
    assert (copy / "tracks.csv").read_text().startswith("time_s,track_id,label,team")
    assert with_match_folder(Settings(sources=(str(copy),))).recorded.path == copy / "path.csv"
    with pytest.raises(ConfigError, match="exists already, and is not overwritten"):
        export(recorded / "match", tmp_path / "copy.zip", told.append)
    with pytest.raises(ConfigError, match="is inside the match"):
        export(copy, copy / "copy.zip", told.append)


@pytest.mark.slow
def test_the_streams_of_two_real_cameras_are_kept_as_they_came(shared_data: Path, tmp_path: Path) -> None:
    sources = [str(shared_data / f"{name}.mp4") for name in ("left", "right")]
    rig, match, path = shared_data / "rig.toml", tmp_path / "match", tmp_path / "film.csv"
    play(
        sources,
        tmp_path / "film.mkv",
        rig=str(rig),
        duration_s=2.0,
        delay_s=1.0,
        size="320x180",
        match_folder=str(match),
        export={"path_out": str(path)},
    )
    manifest = read_manifest(match)
    assert [(camera.codec, camera.encoded_here) for camera in manifest.cameras] == [("h265", False)] * 2
    assert manifest.sound is not None
    assert manifest.sound.camera == 2
    for number, source in enumerate(sources, 1):
        kept, original = (pictures_of(each) for each in (match / f"camera-{number}.mkv", Path(source)))
        assert len(kept) >= 40
        assert original[: len(kept) - 4] == kept[:-4]  # the last ones lack what they are predicted from
    again = tmp_path / "again.csv"
    play([str(match)], tmp_path / "again.mkv", export={"path_out": str(again)})
    shown, recorded = path_rows(again), path_rows(path)
    assert recorded.keys() <= shown.keys()
    assert {time_s: shown[time_s] for time_s in recorded} == recorded


def pictures_of(path: Path) -> list[str]:
    """The sums of a film's first frames."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-t", "2", "-an", "-f", "framemd5", "-"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.rpartition(",")[2].strip() for line in found if not line.startswith("#")]


def test_a_folder_recorded_from_a_folder_holds_the_same_streams(recorded: Path, tmp_path: Path) -> None:
    play([str(recorded / "match")], tmp_path / "film.mkv", match_folder=str(tmp_path / "second"))
    first, second = recorded / "match", tmp_path / "second"
    for name in ("camera-1.times.csv", "detections.jsonl", "path.csv", "annotations.jsonl", "tags.jsonl"):
        assert (second / name).read_text() == (first / name).read_text(), name
    camera = read_manifest(second).cameras[0]
    assert (camera.codec, camera.encoded_here, camera.pieces) == ("h264", False, 100)
    before, after = (videos.pictures(each / "camera-1.mkv", 720, 240) for each in (first, second))
    np.testing.assert_array_equal(before, after)
