"""How a run's video is encoded: for its outputs, for the window, for clips."""

from __future__ import annotations

from pipeline.gst.encode.encoding import Encoding, encoding_of
from pipeline.settings import Settings


def encoding_for(settings: Settings, framerate: float) -> Encoding:
    """The encoding of all outputs; live, the picture leaves the encoder at once."""
    return encoding_of(settings.encoder, framerate, low_latency=settings.is_live)


def window_encoding(settings: Settings) -> Encoding:
    """The encoding of what waits in the window, before anybody knows the frame rate."""
    return encoding_of(settings.encoder, 0.0, low_latency=True)


def clip_encoding(settings: Settings) -> Encoding:
    """The encoding of a clip of raw frames: as the run's files, but what looks ahead may."""
    return encoding_of(settings.encoder, 0.0, low_latency=False)
