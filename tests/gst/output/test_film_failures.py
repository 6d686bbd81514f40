"""A film that fails ends alone: its disk, its encoder, or what makes its frames."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ForesightError, OutputError
from pipeline.gst.core.elements import elements_of, static_pad
from pipeline.gst.core.explain import post_error
from pipeline.gst.runtime import Gst
from pipeline.operator.control import Control
from tests import videos
from tests.gst.output.peers import wait_until
from tests.gst.output.runs import Running, settings

SIZE = "128x72"
WIDTH = 128


def _run(video: Path, folder: Path, *outputs: Path, main: Path | None = None) -> Running:
    film = {"name": "small", "size": SIZE, "outputs": list(map(str, outputs))}
    main = folder / "main.mkv" if main is None else main
    encoder = {"video_encoder": "x264enc", "bitrate_kbps": 1000, "keyframe_interval_s": 1.0}
    values = {"mode": "virtualcam", "size": "160x90", "outputs": [str(main)], "films": [film]}
    return Running(PanoramaWithVirtualCamera(settings(video, **values, encoder=encoder)))


def _states(run: Running) -> dict[str, str]:
    playback = run.application.playback
    statuses = [] if playback is None else playback.outputs.statuses()
    return {Path(one.name).name: one.state for one in statuses}


def _elements(run: Running, kind: str, width: int = WIDTH) -> list[Gst.Element]:
    """The elements of a kind whose frames are so wide."""
    found = []
    assert run.application.playback is not None
    for element in elements_of(run.application.playback.pipeline):
        factory, pad = element.get_factory(), element.get_static_pad("src")
        name = type(element).__name__ if factory is None else factory.get_name()
        caps = None if pad is None else pad.get_current_caps()
        is_wide = caps is not None and caps.get_structure(0).get_int("width")[1] == width
        if is_wide and kind in (name, type(element).__name__):
            found.append(element)
    return found


def _break(element: Gst.Element) -> None:
    """Let it fail as an element does: it refuses what it gets, and says so."""
    static_pad(element, "sink").set_active(False)
    post_error(element, "it is broken")


def _expect_the_rest(run: Running, main: Path) -> None:
    """The other film goes on for a second, and is complete."""
    run.wait_shown(run.application.progress().position_s + 1)
    report = run.stop()
    assert len(videos.frame_times(main)) == report.frames_out
    assert len(report.failures) == 1
    assert "small" in report.failures[0]


def test_a_film_whose_disk_is_full_ends_alone_even_at_its_begin(match_video: Path, tmp_path: Path) -> None:
    full = tmp_path / "small-full.mkv"
    full.symlink_to("/dev/full")
    run = _run(match_video, tmp_path, full)
    wait_until(lambda: _states(run) == {"main.mkv": "on", full.name: "failed"}, "the film's failure")
    _expect_the_rest(run, tmp_path / "main.mkv")


@pytest.mark.parametrize("kind", ["x264enc", "ViewElement"])
def test_a_film_that_cannot_be_encoded_or_rendered_ends_alone(
    match_video: Path, tmp_path: Path, kind: str
) -> None:
    small = tmp_path / "small.mkv"
    run = _run(match_video, tmp_path, small)
    run.wait_shown(0.5)
    wait_until(lambda: bool(_elements(run, kind)), "its frames")
    _break(_elements(run, kind)[0])
    wait_until(lambda: _states(run) == {"main.mkv": "on", "small.mkv": "failed"}, "the film's failure")
    wait_until(lambda: not _elements(run, "x264enc"), "the end of its encoder")
    control = Control(run.application, tmp_path)
    assert [(one.film, one.trouble) for one in control.outputs()] == [
        ("main", None),
        ("small", "small.mkv: the film small: it is broken"),
    ]
    _expect_the_rest(run, tmp_path / "main.mkv")


def test_the_first_film_may_fail_too(match_video: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.mkv"
    run = _run(match_video, tmp_path, small)
    run.wait_shown(0.5)
    wait_until(lambda: bool(_elements(run, "x264enc", 160)), "its frames")
    _break(_elements(run, "x264enc", 160)[0])
    wait_until(lambda: _states(run) == {"main.mkv": "failed", "small.mkv": "on"}, "the film's failure")
    run.wait_shown(run.application.progress().position_s + 1)
    report = run.stop()
    assert len(videos.frame_times(small)) == report.frames_out
    assert [line.partition(": ")[2] for line in report.failures] == ["the film main: it is broken"]


def test_a_run_fails_with_its_last_film(match_video: Path, tmp_path: Path) -> None:
    fulls = [tmp_path / f"full-{index}.mkv" for index in range(2)]
    for full in fulls:
        full.symlink_to("/dev/full")
    run = _run(match_video, tmp_path, fulls[1], main=fulls[0])
    with pytest.raises(ForesightError) as failed:
        run.report()
    assert isinstance(failed.value, OutputError)
    assert all(str(full) in str(failed.value) for full in fulls)
