"""How long the analysis pipeline waits for a live camera before it acts."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.gst.core.reconnector import ReconnectPolicy


@dataclass(frozen=True, slots=True)
class CameraLimits:
    """The limits of one reconnecting camera, in seconds."""

    late_s: float = 3.0
    """A picture may be this late before the last one stands in for it; a third of a shorter delay."""
    answer_s: float = 10.0
    """A reconnection on which no picture has come by then is given up."""
    silent_s: float = 3.0
    """A camera that has sent pictures and sends none for this long is lost, whatever connection and sound say."""
    notice_s: float = 1.0
    """A picture that has stood for this long is marked as a lost camera's."""
    stop_s: float = 3.0
    """How long the end waits for a connection to close."""
    reconnect: ReconnectPolicy = ReconnectPolicy(first_pause_s=0.5, longest_pause_s=2.0)
    """A camera that is back is found within the longest pause."""
