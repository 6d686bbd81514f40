"""The sound that belongs to one frame: the guide's way of keeping sound and video together."""

from __future__ import annotations

from pipeline.buffering.step import Send
from pipeline.gst.delay.endpoints import Endpoints
from pipeline.gst.delay.engine import DelayEngine
from pipeline.timebase import NS_PER_MS, NS_PER_S

MATCH_NS = 50 * NS_PER_MS
"""A chunk that begins this much after a frame still belongs to it."""
SYNC_NS = 100 * NS_PER_MS
"""A chunk this far from a frame still is in sync with it."""


def push_sound(engine: DelayEngine, audio: Endpoints, frame_ns: int) -> bool:
    """Send the waiting chunks up to the frame of running time `frame_ns`; returns whether the last is in sync."""
    stream = audio.stream
    with engine.lock:
        taken = stream.take(frame_ns + MATCH_NS, NS_PER_S)
        send = Send(stream, taken, engine.line.schedule.shift_ns, None)
    engine.playback.send(send)
    sent_ns = stream.sent_ns
    return sent_ns is not None and abs(sent_ns - frame_ns) <= SYNC_NS
