"""Moves the playhead while a delay engine runs: pause, resume, seek, another delay."""

from __future__ import annotations

from typing import Any

from pipeline.buffering import transport
from pipeline.buffering.step import State
from pipeline.errors import ConfigError, StateError
from pipeline.gst.delay import clock_sync
from pipeline.gst.delay.engine import DelayEngine
from pipeline.gst.runtime import Gst
from pipeline.timebase import ns_to_seconds, seconds_to_ns


def pause(engine: DelayEngine) -> None:
    """Freeze playback; idempotent. Raises StateError offline, after the end and after `play_out`."""
    pipeline = _pipeline(engine, "pause")
    with engine.lock:
        may_pause = engine.line.schedule.may_pause
        if may_pause:
            engine.line.schedule.pause(engine.clock.get_time())
    if not may_pause:
        raise StateError("the run is ending: what is left is played out")
    _follow(engine, pipeline)


def resume(engine: DelayEngine) -> None:
    """Go on where `pause` stopped; idempotent. Raises StateError offline and after the end, unless it is paused."""
    if engine.line.schedule.paused_ns is None:
        _pipeline(engine, "resume")
    _resume(engine)


def play_out(engine: DelayEngine) -> None:
    """End a pause and let none begin any more, until the next start; idempotent, in every state."""
    with engine.lock:
        engine.line.schedule.may_pause = False
    _resume(engine)


def _resume(engine: DelayEngine) -> None:
    engine.store_inboxes()
    with engine.lock:
        base_ns = transport.resume(engine.line, engine.clock.get_time())
    if base_ns is not None:
        _follow(engine, engine.playback.pipeline)


def _follow(engine: DelayEngine, pipeline: Any) -> None:
    """Pause the playback pipeline or let it play, as the schedule says, also where that changes meanwhile.

    Two threads may pause and resume at once, and the state is set without the lock: each looks again after it.
    """
    if pipeline is None:
        return
    schedule = engine.line.schedule
    while True:
        with engine.lock:
            wanted = schedule.paused_ns, schedule.base_ns
        paused_ns, base_ns = wanted
        if paused_ns is not None:
            pipeline.set_state(Gst.State.PAUSED)
        elif base_ns is not None:
            clock_sync.resume(pipeline, engine.playback.appsrcs, engine.clock, base_ns)
        with engine.lock:
            if wanted == (schedule.paused_ns, schedule.base_ns):
                return


def seek(engine: DelayEngine, time_ns: int) -> int:
    """Show what was captured at `time_ns`; returns the time reached. Raises StateError where nothing plays."""
    _pipeline(engine, "seek")
    with engine.lock:
        reached_ns = transport.seek(engine.line, time_ns)
    if reached_ns is None:
        raise StateError("playback has not started yet; seek once it has")
    return reached_ns


def set_delay(engine: DelayEngine, delay: float) -> float:
    """Seek by what the delay (seconds) changes; returns the delay reached.

    Raises ConfigError outside cushion to buffer_duration, StateError where nothing plays.
    """
    schedule = engine.line.schedule
    cushion_s, longest_s = ns_to_seconds(schedule.cushion_ns), ns_to_seconds(engine.line.duration_ns)
    if not cushion_s <= delay <= longest_s:
        raise ConfigError(
            f"delay is {delay} s; give {cushion_s:g} s (what playback is handed ahead: the cushion, but at most "
            f"half of the first delay) to {longest_s:g} s (buffer_duration)"
        )
    _pipeline(engine, "set_delay")
    with engine.lock:
        reached_ns = transport.set_delay(engine.line, seconds_to_ns(delay))
        reached_s = ns_to_seconds(schedule.delay_ns)
    if reached_ns is None:
        raise StateError("playback has not started yet; give the delay to the constructor")
    return reached_s


def _pipeline(engine: DelayEngine, what: str) -> Any:
    """The playback pipeline, where the playhead can be moved; what has come so far is in the window then."""
    if not engine.live:
        raise StateError(f"{what} needs a clock; offline there is none")
    if engine.line.state is State.DRAINED:
        raise StateError(f"playback has ended; {what} before its end")
    engine.store_inboxes()
    return engine.playback.pipeline
