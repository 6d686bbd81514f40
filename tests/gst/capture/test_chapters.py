"""Chapters: several files of one recording are one source, without a gap, with or without sound."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ConfigError, SourceError
from pipeline.gst.capture.same_view import refuse_same_view
from pipeline.media.source_spec import SourceSpec
from pipeline.run.progress import RunReport
from pipeline.settings import Settings
from tests import films, videos
from tests.faults.record import Area, fault
from tests.once import made_once

CUTS_S = (0.0, 1.2, 2.4)
CHAPTER_S = 1.2
FRAMES = round(CHAPTER_S * films.FPS)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """whole.mp4, its chapters 1.mp4, 2.mp4 and 3.mp4, and mute.mp4, the second one without sound."""

    def make(folder: Path) -> None:
        folder.mkdir()
        whole = films.picture_and_tone(folder / "whole.mp4")
        for number, begin_s in enumerate(CUTS_S, 1):
            part = ("-ss", str(begin_s), "-t", str(CHAPTER_S), "-i", str(whole))
            films.make_film(folder / f"{number}.mp4", *part, *films.CODED)
            films.make_film(folder / f"mute{number}.mp4", *part, "-an", *films.CODED)
            films.make_film(folder / f"{number}.ts", *part, *films.CODED)

    return made_once(tmp_path_factory, "chapters", make)


def run(source: str, out: Path, **values: object) -> RunReport:
    settings = {
        "sources": [source],
        "outputs": [out],
        "delay_s": 0.5,
        "size": "320x180",
        "live": False,
        "detector": {"kind": "none"},
        **values,
    }
    return PanoramaWithVirtualCamera(Settings.parse(settings)).run()


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("1.mp4", "2.mp4", "3.mp4"), None),
        (("1.ts", "2.ts", "3.ts"), None),
        (("1.mp4", "mute2.mp4", "3.mp4"), "mute2.mp4: has no sound"),
        (("mute1.mp4", "2.ts"), "mute1.mp4: has no sound"),
        (("mute1.mp4", "mute2.mp4"), None),
    ],
)
def test_chapters_follow_each_other_without_a_gap(
    names: tuple[str, ...], told: str | None, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mkv"
    report = run("+".join(str(folder / name) for name in names), out)
    times = videos.frame_times(out)
    assert len(times) == report.frames_out == FRAMES * len(names)
    assert np.allclose(np.diff(times), 1 / films.FPS, atol=0.002)
    assert any(told in note for note in report.notes) if told else not any("sound" in n for n in report.notes)
    if all("mute" in name for name in names):
        assert "audio" not in videos.streams(out)
        return
    heard = np.abs(videos.sound(out))
    assert abs(len(heard) / videos.RATE_HZ - CHAPTER_S * len(names)) < 0.1
    for number, name in enumerate(names):
        middle = round((number + 0.5) * CHAPTER_S * videos.RATE_HZ)
        assert (heard[middle : middle + 4800].max() > 0.01) == ("mute" not in name)


def test_a_limit_ends_chapters_where_it_says(folder: Path, tmp_path: Path) -> None:
    source = "+".join(str(folder / f"{number}.mp4") for number in (1, 2, 3))
    report = run(source, tmp_path / "out.mkv", duration_s=1.6)
    assert report.frames_out == round(1.6 * films.FPS)


def broken(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.mp4"
    if kind == "sound":
        return films.make_film(path, *films.TONE, *films.CODED)
    path.write_bytes({"noise": b"no video at all" * 100, "empty": b""}.get(kind, b""))
    return path


@fault(
    Area.CAMERAS,
    "a chapter of a recording that cannot be read, is empty or holds no video",
    seen="the other chapters, one after the other; a note with its name and the reason",
    lost="that chapter",
)
@pytest.mark.parametrize(
    ("order", "kind"),
    [("b1", "noise"), ("1b", "empty"), ("1b2", "noise"), ("1b2", "sound"), ("1bb2", "empty")],
)
def test_a_chapter_that_cannot_be_read_is_left_out(
    order: str, kind: str, folder: Path, tmp_path: Path
) -> None:
    out, bad = tmp_path / "out.mkv", broken(tmp_path, kind)
    source = "+".join(str(bad if name == "b" else folder / f"{name}.mp4") for name in order)
    report = run(source, out)
    assert report.frames_out == len(videos.frame_times(out)) == FRAMES * len(order.replace("b", ""))
    assert sum(bad.name in note and "left out" in note for note in report.notes) == order.count("b")


def test_a_recording_without_any_readable_chapter_is_an_error(tmp_path: Path) -> None:
    bad = [broken(tmp_path, kind) for kind in ("noise", "empty")]
    with pytest.raises(SourceError, match=r"empty\.mp4"):
        run("+".join(map(str, bad)), tmp_path / "out.mkv")


@fault(
    Area.CAMERAS,
    "recordings of any container put together with `cat`",
    seen="all of them, one after the other",
)
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("a.flv", {}),
        ("a.mkv", {"live": True}),
        ("a.mkv", {"storage": "source"}),
        ("a.mov", {}),
        ("a.avi", {}),
        ("a.ogv", {}),
    ],
)
def test_recordings_put_together_in_one_file_follow_each_other(
    name: str, values: dict[str, object], folder: Path, tmp_path: Path
) -> None:
    first, second, both, out = (tmp_path / f"{part}{name}" for part in ("1", "2", "both-", "out.mkv-"))
    out = out.with_suffix(".mkv")
    coded = ("-c:v", "libtheora", "-c:a", "libvorbis") if first.suffix == ".ogv" else ("-c", "copy")
    films.make_film(first, "-i", str(folder / "1.mp4"), *coded)
    films.make_film(second, "-i", str(folder / "mute2.mp4"), *coded)
    both.write_bytes(first.read_bytes() + second.read_bytes())
    report = run(str(both), out, **values)
    times = videos.frame_times(out)
    assert report.frames_out == len(times) == 2 * FRAMES
    assert np.diff(times)[FRAMES - 1] == pytest.approx(1 / films.FPS, abs=0.003)
    assert any(f"both-{name} (recording 2 of 2): has no sound" in note for note in report.notes)
    assert abs(len(videos.sound(out)) / videos.RATE_HZ - 2 * CHAPTER_S) < 0.1


def test_a_folder_and_a_list_are_their_films_in_order(folder: Path, tmp_path: Path) -> None:
    card = tmp_path / "DCIM" / "100GOPRO"
    card.mkdir(parents=True)
    for name, chapter in (("GX010012.MP4", 1), ("GX020012.MP4", 2), ("GX010013.MP4", 3)):
        (card / name).symlink_to(folder / f"{chapter}.mp4")
    for name in ("GL010012.LRV", "GX010012.THM", "._GX010012.MP4"):
        (card / name).write_bytes(b"no film")
    out = tmp_path / "out.mkv"
    assert run(str(card), out).frames_out == 3 * FRAMES
    playlist = card.parent / "match.m3u"
    playlist.write_text("#EXTM3U\n100GOPRO/GX020012.MP4\n100GOPRO/GX010013.MP4\n")
    assert run(str(playlist), out).frames_out == 2 * FRAMES
    with pytest.raises(ConfigError, match=r"is a folder without films; give .*100GOPRO"):
        run(str(card.parent), out)


@fault(
    Area.CAMERAS,
    "chapters of one recording, or one view twice, given as two cameras",
    seen="one line, status 1: it says to join them with `+`",
)
@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("1.mp4", "2.mp4"), "chapters of one recording"),
        (("2.mp4", "1.mp4"), "1.mp4+"),
        (("1.mp4", "mute1.mp4"), "show the same view"),
        (("1.mp4", "1.mp4"), "show the same view"),
    ],
)
def test_one_view_is_not_two_cameras(names: tuple[str, str], said: str, folder: Path) -> None:
    with pytest.raises(SourceError, match=re.escape(said)):
        refuse_same_view([SourceSpec.parse(str(folder / name)) for name in names], has_rig=False)


def test_two_views_are_two_cameras(folder: Path, tmp_path: Path) -> None:
    other = ("-f", "lavfi", "-i", "mandelbrot=size=320x180:rate=25", "-t", "1")
    films.make_film(tmp_path / "cam2.mp4", *other, *films.CODED)
    (tmp_path / "cam1.mp4").symlink_to(folder / "1.mp4")
    refuse_same_view([SourceSpec.parse(str(tmp_path / f"cam{n}.mp4")) for n in (1, 2)], has_rig=False)
