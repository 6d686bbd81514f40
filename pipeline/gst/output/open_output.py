"""Where a film goes: files, network pushes and a server, each an element that takes encoded picture and sound."""

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
from pipeline.gst.runtime import Gst, require
from pipeline.media.output_spec import FileSpec, StreamSpec

SRT_LINGER_S = 1.0
"""An SRT receiver holds what came for its latency, and forgets it when the connection closes."""


def open_file(
    spec: FileSpec, *, video_codec: str, audio_codec: str | None, split: Split | None = None
) -> FileOutput:
    """A film in a file, or an HLS playlist with its segments beside it.

    `split` writes ``name-00000.mp4``, ``name-00001.mp4`` ... instead of ``name.mp4``; a playlist is in segments in
    any case. Raises ConfigError or OutputError.
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
    """A film in a file that must not be there yet, to begin amid the film. Raises ConfigError or OutputError."""
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
) -> Output:
    """A push that survives the server's absence, or a server.

    Raises ConfigError, MissingDependencyError, and OutputError where a server's port cannot be had.

    `make_silence_encoder` makes an AAC encoder for the silence that is pushed where `audio_codec` is None.
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
    )
    return Push(spec.name, delivery, limits)


def _rtmp_sink(url: str) -> Gst.Element:
    return without_clock_sync(make("rtmp2sink", None, location=url))


def _srt_sink(url: str) -> Gst.Element:
    sink = make("srtsink", None, uri=url, wait_for_connection=False)
    if find_property(sink, "auto-reconnect") is not None:
        sink.set_property("auto-reconnect", False)  # it would go on amid a picture, and tell nobody
    return without_clock_sync(sink)


@dataclass(frozen=True, slots=True)
class _Sink:
    """What sends to an address, what it needs, and the figure of its statistics that grows once it is taken."""

    make: Callable[[str], Gst.Element]
    feature: str
    sent: str
    linger_s: float = 0.0


_RTMP = _Sink(_rtmp_sink, "rtmp", "out-bytes-total")
_SINKS = {"rtmp": _RTMP, "rtmps": _RTMP, "srt": _Sink(_srt_sink, "srt", "bytes-sent-total", SRT_LINGER_S)}
