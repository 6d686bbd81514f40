"""Encoding: the codecs of video and sound, and how to make their encoders when they are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pipeline.gst.encode.encoders import choose_audio_encoder, choose_video_encoder
from pipeline.gst.runtime import Gst
from pipeline.settings import EncoderSettings

ElementMaker = Callable[[], Gst.Element]


@dataclass(frozen=True, slots=True)
class Encoding:
    """The codecs' names, and a function for each that makes a configured encoder."""

    video_codec: str
    make_video_encoder: ElementMaker
    audio_codec: str
    make_audio_encoder: ElementMaker


def encoding_of(wanted: EncoderSettings, framerate: float, *, low_latency: bool) -> Encoding:
    """The encoding that the settings `wanted` ask for; `framerate` in frames per second, 0 if it varies.

    `low_latency`: the encoder outputs every frame at once. The makers raise ConfigError or MissingDependencyError.
    """
    return Encoding(
        wanted.video_codec,
        partial(
            choose_video_encoder,
            wanted.video_codec,
            bitrate_kbps=wanted.bitrate_kbps,
            keyframe_interval_s=wanted.keyframe_interval_s,
            framerate=framerate,
            low_latency=low_latency,
            name=wanted.video_encoder,
        ),
        wanted.audio_codec,
        partial(choose_audio_encoder, wanted.audio_codec, wanted.audio_bitrate_kbps),
    )
