"""A server that goes and comes back, or is not there at first: the recording is whole, the push comes back."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from tests import films
from tests.outputs.peers import RtmpServer
from tests.outputs.runs import Running, expect_film, settings


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def test_a_restarted_server_has_the_film_again_and_the_recording_has_no_gap(
    match_film: Path, tmp_path: Path, records: pytest.LogCaptureFixture
) -> None:
    record = tmp_path / "record.mkv"
    with RtmpServer(tmp_path) as server:
        run = settings(match_film, outputs=[record], streams=[server.url])
        running = Running(PanoramaWithVirtualCamera(run))
        server.wait_received(40_000)
        server.stop()
        running.wait_shown(5.0)
        server.start()
        server.wait_received(40_000, films=2)
        report = running.report()
    expect_film(record, report.frames_out)
    np.testing.assert_allclose(np.diff(films.frame_times(record)), 0.04, atol=0.0011)
    _before, after = server.films
    assert np.abs(films.sync_skews_ms(after)).max() < 20
    (note,) = (note for note in report.notes if "gap" in note)
    assert "1 gap," in note
    assert note.endswith("s of film not sent")
    told = records.text
    assert "trying again until it is back" in told
    assert "it is back" in told
    assert "secretkey" not in told + str(report)


def test_a_server_that_comes_late_gets_the_film_from_a_keyframe_on(match_film: Path, tmp_path: Path) -> None:
    record = tmp_path / "record.mkv"
    server = RtmpServer(tmp_path)
    run = settings(match_film, outputs=[record], streams=[server.url])
    running = Running(PanoramaWithVirtualCamera(run))
    running.wait_shown(2.0)
    with server:
        report = running.report()
    expect_film(record, report.frames_out)
    (film,) = server.films
    assert 25 < len(films.frame_times(film)) < report.frames_out
    assert np.abs(films.sync_skews_ms(film)).max() < 20
    assert any("1 gap," in note for note in report.notes)


def test_a_server_that_never_comes_costs_the_recording_nothing(short_film: Path, tmp_path: Path) -> None:
    record = tmp_path / "record.mkv"
    streams = [RtmpServer(tmp_path).url, "srt://127.0.0.1:9"]
    run = settings(short_film, outputs=[record], streams=streams)
    report = PanoramaWithVirtualCamera(run).run()
    expect_film(record, report.frames_out)
    assert sum("it is away still" in note for note in report.notes) == 2
