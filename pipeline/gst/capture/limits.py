"""CameraLimits: how long the analysis pipeline waits for a live camera before it acts."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.gst.core.reconnector import ReconnectPolicy


@dataclass(frozen=True, slots=True)
class CameraLimits:
    """The limits of one reconnecting camera, in seconds."""

    late_s: float = 3.0
    """A frame may be this late before the last one is repeated; with a short delay, a third of the delay."""
    answer_s: float = 10.0
    """A new connection without a frame by then is closed and tried again."""
    silent_s: float = 3.0
    """A camera that sends no video for this long is disconnected, even if the connection or sound works."""
    stream_s: float = 3.0
    """A camera that sends video has this long to begin with the other streams that it announces."""
    sound_s: float = 1.0
    """The same for sound whose format is announced; silence takes its place until it comes."""
    notice_s: float = 1.0
    """A frame held for this long marks its camera as lost."""
    stop_s: float = 3.0
    """How long `close` waits for a connection to close."""
    reconnect: ReconnectPolicy = ReconnectPolicy(first_pause_s=0.5, longest_pause_s=2.0)
    """A camera that works again is found within the longest pause."""
