"""How a run's film is encoded: what its settings ask for, made when it is needed."""

from __future__ import annotations

from functools import partial

from pipeline.gst.encode.encode_stage import Encoding
from pipeline.gst.encode.encoders import choose_audio_encoder, choose_video_encoder
from pipeline.gst.runtime import Gst
from pipeline.settings import Settings

USUAL_FPS = 30.0
"""What a film without a frame rate is taken to have, where keyframes are counted in frames."""


def video_encoder(settings: Settings, framerate: float, *, low_latency: bool) -> Gst.Element:
    """An encoder for pictures at `framerate` a second, 0 where it varies. Raises MissingDependencyError."""
    wanted = settings.encoder
    return choose_video_encoder(
        wanted.video_codec,
        bitrate_kbps=wanted.bitrate_kbps,
        keyframe_interval_frames=max(round(wanted.keyframe_interval_s * (framerate or USUAL_FPS)), 1),
        low_latency=low_latency,
        name=wanted.video_encoder,
    )


def encoding_for(settings: Settings, framerate: float) -> Encoding:
    """The encoding of all outputs; live, the picture leaves the encoder at once."""
    wanted = settings.encoder
    return Encoding(
        wanted.video_codec,
        partial(video_encoder, settings, framerate, low_latency=settings.is_live),
        wanted.audio_codec,
        partial(choose_audio_encoder, wanted.audio_codec, wanted.audio_bitrate_kbps),
    )
