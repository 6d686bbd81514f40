"""Films: several of one run, each as a run makes it that makes it alone."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.graphics.cover import Cover
from pipeline.gst.core.elements import elements_of
from pipeline.gst.playback.view_element import ViewElement
from pipeline.run.progress import Progress, RunReport
from pipeline.settings import Settings
from pipeline.timebase import NS_PER_MS
from tests import videos

SECONDS = 2.0
FRAMES = 50
FIXED = {"yaw_deg": 20, "pitch_deg": -10, "hfov_deg": 40}
UPRIGHT = {"name": "upright", "size": "90x160", "style": "close"}
GOAL = {"name": "goal", "size": "128x72", "follow": "fixed", "view": FIXED, "sound": False}


def settings(folder: Path, *films: dict[str, Any], **values: Any) -> Settings:
    """A small, quick run; each film is written to a file of its name."""
    given = {
        "sources": ["match?size=480x160&fps=25"],
        "size": "160x90",
        "live": False,
        "delay_s": 1.0,
        "duration_s": SECONDS,
        "films": [{"outputs": [str(folder / f"{film['name']}.mkv")], **film} for film in films],
    }
    return Settings.parse(given | values)


def hashes(video: Path) -> list[str]:
    """A hash of each decoded frame."""
    command = ["ffmpeg", "-v", "error", "-i", str(video), "-map", "0:v", "-f", "framemd5", "-"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.rpartition(",")[2].strip() for line in lines if not line.startswith("#")]


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunReport, int]:
    """The folder of a run with four films, its report, and how many views it has rendered."""
    folder = tmp_path_factory.mktemp("together")
    copy = {"name": "copy", "size": "160x90"}
    run = PanoramaWithVirtualCamera(settings(folder, UPRIGHT, GOAL, copy, outputs=[str(folder / "main.mkv")]))
    views: set[int] = set()

    def on_progress(_progress: Progress) -> None:
        if run.playback is not None and not views:
            views.add(sum(isinstance(one, ViewElement) for one in elements_of(run.playback.pipeline)))

    report = run.run(on_progress)
    return folder, report, max(views)


@pytest.mark.xdist_group("films")
@pytest.mark.parametrize(
    ("name", "alone"),
    [
        ("main", {"size": "160x90"}),
        ("upright", {"size": "90x160", "director": {"style": "close"}}),
        ("goal", {"size": "128x72", "director": {"fixed_view": FIXED}}),
    ],
)
def test_each_film_is_the_one_of_a_run_that_makes_it_alone(
    together: tuple[Path, RunReport, int], tmp_path: Path, name: str, alone: dict[str, Any]
) -> None:
    folder, _report, _views = together
    video = tmp_path / "alone.mkv"
    PanoramaWithVirtualCamera(settings(tmp_path, outputs=[str(video)], **alone)).run()
    found = hashes(folder / f"{name}.mkv")
    assert len(found) == FRAMES
    assert found == hashes(video)


@pytest.mark.xdist_group("films")
def test_films_of_the_same_picture_are_rendered_once(together: tuple[Path, RunReport, int]) -> None:
    folder, report, views = together
    assert views == 3
    assert (report.frames_out, report.dropped) == (FRAMES, 0)
    assert hashes(folder / "copy.mkv") == hashes(folder / "main.mkv")


@pytest.mark.xdist_group("films")
def test_each_film_has_its_size_and_its_sound(together: tuple[Path, RunReport, int]) -> None:
    folder, report, _views = together
    found = {}
    for name in ("main", "upright", "goal"):
        streams = videos.streams(folder / f"{name}.mkv")
        found[name] = (streams["video"]["width"], streams["video"]["height"], "audio" in streams)
    assert found == {"main": (160, 90, True), "upright": (90, 160, True), "goal": (128, 72, False)}
    assert sorted(path.name for path in map(Path, report.outputs)) == [
        "copy.mkv", "goal.mkv", "main.mkv", "upright.mkv",
    ]  # fmt: skip


def test_without_an_output_of_its_own_the_first_of_the_films_is_the_runs(tmp_path: Path) -> None:
    path_out = tmp_path / "path.csv"
    run = PanoramaWithVirtualCamera(
        settings(tmp_path, GOAL, export={"path_out": str(path_out)}, detector={"kind": "none"})
    )
    assert run.settings.shows_window is False
    report = run.run()
    assert [Path(output).name for output in report.outputs] == ["goal.mkv"]
    rows = path_out.read_text().splitlines()[1:]
    assert len(rows) == FRAMES
    assert all(row.split(",", 1)[1].startswith("20.000000000,") for row in rows)


@pytest.fixture(scope="module")
def dumped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with a black scoreboard, a cover from 0.8 to 1.2 s, and no sound from 0.4 to 0.8 s."""
    folder = tmp_path_factory.mktemp("dumped")
    template = folder / "black.svg"
    template.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="540" height="540" data-margin="0">'
        '<rect width="540" height="540"/></svg>'
    )
    run = PanoramaWithVirtualCamera(
        settings(
            folder,
            {"name": "clean", "graphics": False},
            UPRIGHT,
            GOAL | {"graphics": False},
            outputs=[str(folder / "main.mkv")],
            graphics={"scoreboard": True, "template": str(template)},
            detector={"kind": "none"},
        )
    )
    run.dump.cover(800 * NS_PER_MS, 1200 * NS_PER_MS, Cover("card"))
    run.dump.mute(400 * NS_PER_MS, 800 * NS_PER_MS)
    run.run()
    return folder


@pytest.mark.xdist_group("dumped-films")
@pytest.mark.parametrize("name", ["main", "clean", "upright", "goal"])
def test_no_film_shows_a_frame_that_is_covered(dumped: Path, name: str) -> None:
    # what the scoreboard, which is drawn over the cover, leaves free
    lumas = videos.pictures(dumped / f"{name}.mkv", 64, 64)[:, 36:, 36:].astype(float)
    spread = lumas.std(axis=(1, 2))
    assert len(spread) == FRAMES
    assert spread[20:30].max() < 2
    assert min(spread[:20].min(), spread[30:].min()) > 5


@pytest.mark.xdist_group("dumped-films")
@pytest.mark.parametrize("name", ["main", "clean", "upright"])
def test_the_sound_of_every_film_is_muted(dumped: Path, name: str) -> None:
    sound = videos.sound(dumped / f"{name}.mkv")
    muted = sound[int(0.45 * videos.RATE_HZ) : int(0.75 * videos.RATE_HZ)]
    heard = sound[int(1.0 * videos.RATE_HZ) : int(1.3 * videos.RATE_HZ)]
    assert abs(muted).max() < 0.01 < abs(heard).max()


@pytest.mark.xdist_group("dumped-films")
def test_each_film_has_graphics_or_none(dumped: Path) -> None:
    dark = {
        name: videos.pictures(dumped / f"{name}.mkv", 64, 64)[:20, 2:20, 2:20].mean(axis=(1, 2)) < 30
        for name in ("main", "clean", "upright", "goal")
    }
    assert dark["main"].all()
    assert dark["upright"].all()
    assert not dark["clean"].any()
    assert not dark["goal"].any()
