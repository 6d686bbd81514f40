"""An HLS playlist with its segments beside it, in the playback pipeline."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.gst.containers import LIVE_TS
from pipeline.gst.elements import add, make
from pipeline.gst.file_output import FileOutput, enter, numbered
from pipeline.gst.runtime import Gst

SEGMENT_S = 4
"""What segments aim at: a viewer is some three of them behind."""


def write_playlist(path: Path, *, video_codec: str, audio_codec: str | None) -> FileOutput:
    """The playlist `path` (.m3u8) of segments ``name-00000.ts`` ... Raises ConfigError."""
    for codec, held in ((video_codec, "h264"), (audio_codec, "aac")):
        if codec not in (None, held):
            raise ConfigError(f"{path}: an HLS playlist holds {held} here, not {codec}")
    element = Gst.Bin.new(None)
    sink = make(
        "hlssink2", None, location=numbered(path, ".ts"), playlist_location=str(path),
        target_duration=SEGMENT_S, playlist_length=0, max_files=0,
    )  # fmt: skip
    add(element, sink)
    entries = enter(element, LIVE_TS, sink, ("video", video_codec, "video"), ("audio", audio_codec, "audio"))
    return FileOutput(str(path), element, entries=entries)
