"""Chooses the encoding of a run's outputs, window and clips."""

from __future__ import annotations

from pipeline.gst.encode.encoding import Encoding, encoding_of
from pipeline.settings import Settings


def encoding_for(settings: Settings, framerate: float) -> Encoding:
    """The encoding of all outputs; live, the encoder outputs every frame at once."""
    return encoding_of(settings.encoder, framerate, low_latency=settings.is_live)


def window_encoding(settings: Settings) -> Encoding:
    """The encoding of an encoded window, chosen before the frame rate is known."""
    return encoding_of(settings.encoder, 0.0, low_latency=True)


def clip_encoding(settings: Settings) -> Encoding:
    """The encoding of a clip of raw frames: as for the run's files, with the encoder's look-ahead allowed."""
    return encoding_of(settings.encoder, 0.0, low_latency=False)
