"""HLS: a playlist and its segments, read by another player from the playlist alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ConfigError
from pipeline.gst.outputs import open_file
from tests.outputs.runs import expect_film, settings


def test_the_playlist_holds_the_whole_film_in_segments(match_film: Path, tmp_path: Path) -> None:
    playlist = tmp_path / "100% match.m3u8"
    run = settings(match_film, outputs=[playlist], live=False)
    report = PanoramaWithVirtualCamera(run).run()
    expect_film(playlist, report.frames_out)
    segments = [line for line in playlist.read_text().splitlines() if line and line[0] != "#"]
    assert segments == [f"100% match-{number:05d}.ts" for number in range(len(segments))]
    assert len(segments) == 3
    assert playlist.read_text().rstrip().endswith("#EXT-X-ENDLIST")


def test_a_codec_that_no_browser_plays_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds aac"):
        open_file(tmp_path / "match.m3u8", video_codec="h264", audio_codec="opus")
