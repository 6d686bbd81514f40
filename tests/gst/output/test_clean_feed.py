"""A clean feed beside the broadcast: graphics on one output, none on the other, from one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.gst.core.elements import elements_of
from pipeline.operator.control import Control
from tests import videos
from tests.gst.output.peers import RtmpServer, wait_until
from tests.gst.output.runs import FPS, Running, expect_no_gap, settings

BLACK = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="540" height="540" data-margin="0">'
    '<rect width="540" height="540"/></svg>'
)
SIZE = (320, 180)
BLACK_PART = np.s_[:, 4:86, 4:86]
"""What the template covers of frames of that size."""


def _graphics(folder: Path) -> dict[str, Any]:
    """The settings of a run whose scoreboard is black."""
    template = folder / "black.svg"
    template.write_text(BLACK)
    graphics = {"scoreboard": True, "template": str(template)}
    encoder = {"video_encoder": "x264enc", "bitrate_kbps": 2000}
    return {"graphics": graphics, "size": "320x180", "mode": "virtualcam", "encoder": encoder}


def _luma(path: Path) -> NDArray[np.uint8]:
    return videos.pictures(path, *SIZE)


def _has_graphics(path: Path) -> bool:
    """Whether every frame has the black square; none has it if it has not. Raises AssertionError for a mixture."""
    is_black = _luma(path)[BLACK_PART].mean(axis=(1, 2)) < 30
    assert is_black.all() or not is_black.any()
    return bool(is_black.all())


def _psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    error = np.square(one.astype(float) - other).mean()
    return 100.0 if error == 0 else float(10 * np.log10(255**2 / error))


def _encoders(run: Running) -> int:
    playback = run.application.playback
    assert playback is not None
    factories = (one.get_factory() for one in elements_of(playback.pipeline))
    return sum(one is not None and one.get_name() == "x264enc" for one in factories)


def test_the_clean_output_is_that_of_a_run_without_graphics(short_video: Path, tmp_path: Path) -> None:
    clean, match, plain = (tmp_path / f"{name}.mkv" for name in ("clean", "match", "plain"))
    outputs = [str(match), f"{clean}?graphics=off"]
    values = _graphics(tmp_path) | {"live": False}
    PanoramaWithVirtualCamera(settings(short_video, **values, outputs=outputs)).run()
    values |= {"graphics": {"scoreboard": False}}
    PanoramaWithVirtualCamera(settings(short_video, **values, outputs=[plain])).run()
    assert len(_luma(clean)) == len(_luma(match)) == len(_luma(plain))
    assert _psnr(_luma(clean), _luma(plain)) > 45
    assert (_has_graphics(clean), _has_graphics(match)) == (False, True)
    for path in (clean, match):
        assert np.abs(videos.sync_skews_ms(path)).max() < 20


def test_a_clean_recording_has_encoders_of_its_own_while_it_is_on(match_video: Path, tmp_path: Path) -> None:
    own = tmp_path / "match.mkv"
    values = _graphics(tmp_path) | {"outputs": [own]}
    run = Running(PanoramaWithVirtualCamera(settings(match_video, **values)))
    control = Control(run.application, tmp_path)
    run.wait_shown(0.5)
    assert _encoders(run) == 1
    recording = control.record(graphics=False)
    assert [output.graphics for output in control.outputs()] == [True, False]
    assert _encoders(run) == 2
    playback = run.application.playback
    assert playback is not None
    wait_until(lambda: playback.outputs.activity[1][0] >= 2 * FPS, "two seconds of the recording")
    assert len(playback.outputs.encoded_sounds()) == 2
    stopped = control.stop_output(recording.number)
    assert (stopped.state, _encoders(run)) == ("off", 1)
    with_graphics = control.record()
    assert _encoders(run) == 1
    control.stop_output(with_graphics.number)
    report = run.stop()
    expect_no_gap(videos.frame_times(own), report.dropped)
    assert [_has_graphics(path) for path in (own, tmp_path / recording.name)] == [True, False]


def test_a_clean_output_that_fails_does_not_end_the_broadcast(match_video: Path, tmp_path: Path) -> None:
    own, full = tmp_path / "match.mkv", tmp_path / "full.mkv"
    full.symlink_to("/dev/full")
    values = _graphics(tmp_path) | {"outputs": [str(own), f"{full}?graphics=off"]}
    run = Running(PanoramaWithVirtualCamera(settings(match_video, **values)))
    control = Control(run.application, tmp_path)
    wait_until(
        lambda: [one.state for one in control.outputs()] == ["on", "failed"], "the clean file's failure"
    )
    wait_until(lambda: _encoders(run) == 1, "the end of its encoders")
    run.wait_shown(run.application.progress().position_s + 1)
    report = run.stop()
    assert len(videos.frame_times(own)) == report.frames_out
    assert [line.partition(":")[0] for line in report.failures] == [str(full)]
    assert _has_graphics(own)


def test_a_stream_without_graphics_sends_none_and_its_server_learns_no_option(
    match_video: Path, tmp_path: Path
) -> None:
    with RtmpServer(tmp_path) as server:
        values = _graphics(tmp_path) | {
            "outputs": [tmp_path / "match.mkv"],
            "streams": [f"{server.url}?graphics=off"],
        }
        run = Running(PanoramaWithVirtualCamera(settings(match_video, **values)))
        server.wait_received(150_000)
        run.stop()
    (streamed,) = server.videos
    assert [_has_graphics(path) for path in (tmp_path / "match.mkv", streamed)] == [True, False]
