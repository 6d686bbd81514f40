"""Opens the outputs that the user named: files, playlists, recordings, pushes and the RTSP server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.gst.core.elements import find_property, make, without_clock_sync
from pipeline.gst.encode.muxers import FILE_MUXERS, STREAM_MUXERS
from pipeline.gst.output.file import FileOutput, Split, write_file
from pipeline.gst.output.hls import write_playlist
from pipeline.gst.output.limits import OutputLimits
from pipeline.gst.output.output import OnFailed, Output
from pipeline.gst.output.push import Push
from pipeline.gst.output.recording import Recording, make_new
from pipeline.gst.output.rtsp_server import RtspServer
from pipeline.gst.output.side_pipeline import Delivery
from pipeline.gst.output.uplink_gauge import Gauge, SrtGauge, TcpGauge
from pipeline.gst.runtime import Gst, require
from pipeline.media.bitrate_law import BitrateBounds
from pipeline.media.output_spec import FileSpec, StreamSpec

SRT_LINGER_S = 1.0
"""An SRT receiver holds data for its latency, and discards it if the connection closes earlier."""


def open_file(
    spec: FileSpec, *, video_codec: str, audio_codec: str | None, split: Split | None = None
) -> FileOutput:
    """Open a file, or an HLS playlist with its segments in the same folder.

    `split` writes ``name-00000.mp4``, ``name-00001.mp4`` ... instead of ``name.mp4``; a playlist ignores it. Raises
    ConfigError or OutputError.
    """
    folder = spec.path.parent
    if not folder.is_dir():
        raise OutputError(f"{spec.name}: there is no folder {folder}; make it first")
    if spec.is_playlist:
        return write_playlist(spec, video_codec=video_codec, audio_codec=audio_codec)
    return write_file(spec, video_codec=video_codec, audio_codec=audio_codec, split=split)


def open_recording(
    path: Path, *, video_codec: str, audio_codec: str | None, on_failed: OnFailed, limits: OutputLimits
) -> Recording:
    """Open a recording, which starts during playback, in a new file. Raises ConfigError or OutputError."""
    spec = FileSpec.parse_one(path)
    spec.check_codecs(video_codec, audio_codec)
    make_new(path)
    make_sink = partial(make, "filesink", None, location=str(path), sync=False)
    muxer = FILE_MUXERS[spec.container.name]
    return Recording(path, muxer, make_sink, video_codec, audio_codec, on_failed, limits)


def open_stream(
    spec: StreamSpec,
    *,
    video_codec: str,
    audio_codec: str | None,
    make_silence_encoder: Callable[[], Gst.Element] | None = None,
    limits: OutputLimits = OutputLimits(),
    bounds: BitrateBounds | None = None,
) -> Output:
    """Open a push, which reconnects when its server drops out, or an RTSP server.

    `make_silence_encoder` makes an AAC encoder for the silence that is pushed if `audio_codec` is None. `bounds`:
    between which a push's bit rate follows its uplink; None: it stays as it is.

    Raises ConfigError, MissingDependencyError, and OutputError when the RTSP server's port is not free.
    """
    spec.check_codecs(video_codec, audio_codec)
    if spec.scheme.container is None:
        return RtspServer(spec, video_codec=video_codec, audio_codec=audio_codec, limits=limits)
    muxer, sink = STREAM_MUXERS[spec.scheme.container], _SINKS[spec.scheme.name]
    require(sink.feature)
    delivery = Delivery(
        muxer,
        partial(sink.make, spec.address.text),
        sink.sent,
        sink.linger_s,
        video_codec,
        audio_codec,
        make_silence_encoder,
        limits.unsent_s,
        limits.unsent_draining_s,
        sink.make_gauge,
    )
    return Push(spec.name, delivery, limits, bounds)


def _rtmp_sink(url: str) -> Gst.Element:
    return without_clock_sync(make("rtmp2sink", None, location=url))


def _srt_sink(url: str) -> Gst.Element:
    sink = make("srtsink", None, uri=url, wait_for_connection=False)
    if find_property(sink, "auto-reconnect") is not None:
        sink.set_property(
            "auto-reconnect", False
        )  # it would resume in the middle of a frame, without a message
    return without_clock_sync(sink)


@dataclass(frozen=True, slots=True)
class _Sink:
    """The sink for an address, the feature it needs, the statistic that grows once the server accepts data, and its
    gauge."""

    make: Callable[[str], Gst.Element]
    feature: str
    sent: str
    make_gauge: Callable[[Gst.Element], Gauge]
    linger_s: float = 0.0


_RTMP = _Sink(_rtmp_sink, "rtmp", "out-bytes-total", TcpGauge)
_SRT = _Sink(_srt_sink, "srt", "bytes-sent-total", SrtGauge, SRT_LINGER_S)
_SINKS = {"rtmp": _RTMP, "rtmps": _RTMP, "srt": _SRT}
