"""Where a film goes: files, network pushes and a server, each an element that takes encoded picture and sound."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import ConfigError, OutputError
from pipeline.gst.core.elements import find_property, make, without_clock_sync
from pipeline.gst.encode.muxers import CONTAINERS, LIVE_FLV, LIVE_TS
from pipeline.gst.output.file import FileOutput, Split, write_file
from pipeline.gst.output.hls import Segments, write_playlist
from pipeline.gst.output.limits import OutputLimits
from pipeline.gst.output.output import OnFailed, Output
from pipeline.gst.output.push import Push
from pipeline.gst.output.recording import Recording, make_new
from pipeline.gst.output.rtsp_server import RtspServer
from pipeline.gst.output.side_pipeline import Delivery
from pipeline.gst.runtime import Gst, require
from pipeline.redaction import redact_address

SRT_LINGER_S = 1.0
"""An SRT receiver holds what came for its latency, and forgets it when the connection closes."""


def open_file(
    path: Path,
    *,
    video_codec: str,
    audio_codec: str | None,
    split: Split | None = None,
    hls_segments: Segments = "ts",
) -> FileOutput:
    """A film in a file, whose extension names the container, or an HLS playlist (.m3u8), its segments beside it.

    `split` writes ``name-00000.mp4``, ``name-00001.mp4`` ... instead of ``name.mp4``; a playlist is in segments in
    any case. Raises ConfigError or OutputError.
    """
    suffix = path.suffix.lower().lstrip(".")
    if suffix not in CONTAINERS and suffix != "m3u8":
        known = ", ".join(f".{name}" for name in (*CONTAINERS, "m3u8"))
        raise ConfigError(f"{path}: no known container; name the file {known}")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: there is no folder {path.parent}; make it first")
    if suffix == "m3u8":
        return write_playlist(path, video_codec=video_codec, audio_codec=audio_codec, segments=hls_segments)
    return write_file(path, video_codec=video_codec, audio_codec=audio_codec, split=split)


def open_recording(
    path: Path, *, video_codec: str, audio_codec: str | None, on_failed: OnFailed, limits: OutputLimits
) -> Recording:
    """A film in a file that must not be there yet, to begin amid the film. Raises ConfigError or OutputError."""
    container = CONTAINERS[path.suffix.lower().lstrip(".")]
    container.check(str(path), video_codec, audio_codec)
    make_new(path)
    make_sink = partial(make, "filesink", None, location=str(path), sync=False)
    return Recording(path, container, make_sink, video_codec, audio_codec, on_failed, limits)


def open_stream(
    url: str,
    *,
    video_codec: str,
    audio_codec: str | None,
    make_silence_encoder: Callable[[], Gst.Element] | None = None,
    limits: OutputLimits = OutputLimits(),
) -> Output:
    """A push to ``rtmp``, ``rtmps`` or ``srt`` that survives the server's absence, or an ``rtsp`` server.

    Raises ConfigError, MissingDependencyError, and OutputError where an RTSP server's port cannot be had.

    `make_silence_encoder` makes an AAC encoder for the silence that is pushed where `audio_codec` is None.
    """
    scheme = urlsplit(url).scheme.lower()
    if scheme == "rtsp":
        return RtspServer(url, video_codec=video_codec, audio_codec=audio_codec, limits=limits)
    if scheme in ("rtmp", "rtmps"):
        require("rtmp")
        container, make_sink, sent, linger_s = LIVE_FLV, partial(_rtmp_sink, url), "out-bytes-total", 0.0
    elif scheme == "srt":
        require("srt")
        container, make_sink, sent, linger_s = (
            LIVE_TS,
            partial(_srt_sink, url),
            "bytes-sent-total",
            SRT_LINGER_S,
        )
    else:
        raise ConfigError(
            f"{redact_address(url)}: cannot stream there; use rtmp://, rtmps://, srt:// or rtsp://"
        )
    name = redact_address(url)
    if container is LIVE_FLV and len(urlsplit(url).path.strip("/").split("/")) < 2:
        raise ConfigError(f"{name}: the application or the key is missing; write rtmp://server/app/KEY")
    container.check(name, video_codec, audio_codec)
    delivery = Delivery(
        container, make_sink, sent, linger_s, video_codec, audio_codec, make_silence_encoder, limits.unsent_s
    )
    return Push(name, delivery, limits)


def _rtmp_sink(url: str) -> Gst.Element:
    return without_clock_sync(make("rtmp2sink", None, location=url))


def _srt_sink(url: str) -> Gst.Element:
    sink = make("srtsink", None, uri=url, wait_for_connection=False)
    if find_property(sink, "auto-reconnect") is not None:
        sink.set_property("auto-reconnect", False)  # it would go on amid a picture, and tell nobody
    return without_clock_sync(sink)
