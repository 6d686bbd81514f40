"""A recording in parts: each plays by itself, and together they are the whole video."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ConfigError
from pipeline.gst.output.file import FileOutput, Split
from pipeline.gst.output.open_output import open_file
from pipeline.media.output_spec import FileSpec
from tests import videos
from tests.gst.output.runs import FPS, settings

CUT_S = 3.6
"""Not at whole seconds, where the sync marks are."""


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_the_parts_together_hold_every_frame(suffix: str, match_video: Path, tmp_path: Path) -> None:
    video = tmp_path / f"100% match.{suffix}"
    encoder = {"bitrate_kbps": 1000, "keyframe_interval_s": 0.6}
    run = settings(match_video, outputs=[video], live=False, split_s=CUT_S, encoder=encoder)
    report = PanoramaWithVirtualCamera(run).run()
    parts = sorted(tmp_path.iterdir())
    assert [part.name for part in parts] == [f"100% match-0000{number}.{suffix}" for number in range(3)]
    counts = [len(videos.frame_times(part)) for part in parts]
    assert counts[:2] == [round(CUT_S * FPS)] * 2
    assert sum(counts) == report.frames_out
    for part in parts:
        assert np.abs(videos.sync_skews_ms(part)).max() < 20
    assert report.outputs == tuple(parts)
    assert any("in parts" in note and parts[0].name in note for note in report.notes)


def test_a_sole_file_is_one_that_plays_all_of_an_output_by_itself(tmp_path: Path) -> None:
    codecs = {"video_codec": "h264", "audio_codec": "aac"}
    video, playlist = tmp_path / "match.mkv", tmp_path / "match.m3u8"
    whole = open_file(FileSpec.parse(video), **codecs)
    assert whole.sole_file == video
    assert open_file(FileSpec.parse(playlist), **codecs).sole_file is None
    parts = open_file(FileSpec.parse(video), **codecs, split=Split(10**9))
    assert isinstance(parts, FileOutput)
    names = [tmp_path / f"match-{number}.mkv" for number in range(2)]
    parts.begin_part(names[0])
    assert parts.sole_file == names[0]
    parts.begin_part(names[1])
    assert (parts.sole_file, parts.files) == (None, tuple(names))


def test_flv_is_refused(match_video: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"flv cannot be split"):
        PanoramaWithVirtualCamera(settings(match_video, outputs=[tmp_path / "match.flv"], split_s=4))
    with pytest.raises(ConfigError, match=r"flv cannot be split"):
        open_file(
            FileSpec.parse(tmp_path / "match.flv"), video_codec="h264", audio_codec="aac", split=Split(10**9)
        )


def test_a_part_ends_before_it_is_too_large(match_video: Path, tmp_path: Path) -> None:
    run = settings(
        match_video,
        outputs=[tmp_path / "match.ts"],
        live=False,
        split_bytes=1_000_000,
        encoder={"bitrate_kbps": 3000, "keyframe_interval_s": 0.4},
    )
    report = PanoramaWithVirtualCamera(run).run()
    parts = sorted(tmp_path.iterdir())
    assert len(parts) > 1
    assert max(part.stat().st_size for part in parts) <= 1_000_000
    assert sum(len(videos.frame_times(part)) for part in parts) == report.frames_out
