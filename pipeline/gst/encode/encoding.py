"""Encoding: how picture and sound are encoded, as the settings ask for it and made when it is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pipeline.gst.encode.encoders import choose_audio_encoder, choose_video_encoder
from pipeline.gst.runtime import Gst
from pipeline.settings import EncoderSettings

USUAL_FPS = 30.0
"""What video without a frame rate is taken to have, where keyframes are counted in frames."""

ElementMaker = Callable[[], Gst.Element]


@dataclass(frozen=True, slots=True)
class Encoding:
    """The codecs' names, and what makes a configured encoder for each."""

    video_codec: str
    make_video_encoder: ElementMaker
    audio_codec: str
    make_audio_encoder: ElementMaker


def encoding_of(wanted: EncoderSettings, framerate: float, *, low_latency: bool) -> Encoding:
    """The encoding that `wanted` asks for, of pictures at `framerate` a second, 0 where it varies.

    `low_latency`: each picture leaves the encoder at once. The makers raise ConfigError or MissingDependencyError.
    """
    return Encoding(
        wanted.video_codec,
        partial(
            choose_video_encoder,
            wanted.video_codec,
            bitrate_kbps=wanted.bitrate_kbps,
            keyframe_interval_frames=max(round(wanted.keyframe_interval_s * (framerate or USUAL_FPS)), 1),
            low_latency=low_latency,
            name=wanted.video_encoder,
        ),
        wanted.audio_codec,
        partial(choose_audio_encoder, wanted.audio_codec, wanted.audio_bitrate_kbps),
    )
