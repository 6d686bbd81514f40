"""HLS: a playlist and its segments, read by another player from the playlist alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ConfigError
from pipeline.gst.output.open_output import open_file
from pipeline.media.output_spec import FileSpec
from tests import videos
from tests.gst.output.runs import FPS, expect_video, settings


@pytest.mark.parametrize(
    ("name", "kind", "suffix"), [("match", "ts", "ts"), ("match", "fmp4", "m4s")], ids=["ts", "fmp4"]
)
@pytest.mark.parametrize("live", [True, False], ids=["live", "offline"])
def test_the_playlist_holds_the_whole_video_in_segments(
    match_video: Path, tmp_path: Path, name: str, kind: str, suffix: str, live: bool
) -> None:
    playlist = tmp_path / f"{name}.m3u8"
    run = settings(match_video, outputs=[playlist], live=live, hls_segments=kind)
    report = PanoramaWithVirtualCamera(run).run()
    expect_video(playlist, report.frames_out)
    segments = listed(playlist)
    assert segments == [f"{name}-{number:05d}.{suffix}" for number in range(len(segments))]
    assert len(segments) == 3
    assert playlist.read_text().rstrip().endswith("#EXT-X-ENDLIST")


def listed(playlist: Path) -> list[str]:
    return [line for line in playlist.read_text().splitlines() if line and line[0] != "#"]


def test_fmp4_segments_hold_h265_and_opus_and_each_begins_with_a_keyframe(
    match_video: Path, tmp_path: Path
) -> None:
    playlist = tmp_path / "match.m3u8"
    coded = {"video_codec": "h265", "audio_codec": "opus", "keyframe_interval_s": 1.0}
    run = settings(match_video, outputs=[playlist], live=False, hls_segments="fmp4", encoder=coded)
    report = PanoramaWithVirtualCamera(run).run()
    streams = videos.streams(playlist)
    assert (streams["video"]["codec_name"], streams["audio"]["codec_name"]) == ("hevc", "opus")
    assert len(videos.frame_times(playlist)) == report.frames_out
    assert np.abs(videos.sync_skews_ms(playlist)).max() < 20
    lengths = [float(line[8:-1]) for line in playlist.read_text().splitlines() if line[:8] == "#EXTINF:"]
    assert sum(lengths) == pytest.approx(report.duration_s, abs=0.001)
    head = (tmp_path / "match-init.mp4").read_bytes()
    begin_s = 0.0
    for segment, length_s in zip(listed(playlist), lengths, strict=True):
        alone = tmp_path / "alone.mp4"
        alone.write_bytes(head + (tmp_path / segment).read_bytes())
        times = videos.frame_times(alone)
        assert len(times) == round(length_s * FPS)
        assert videos.start_s(alone, "video") == pytest.approx(begin_s, abs=0.1)
        begin_s += length_s


def test_a_codec_that_no_browser_plays_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="hold aac"):
        open_file(FileSpec.parse(tmp_path / "match.m3u8"), video_codec="h264", audio_codec="opus")
