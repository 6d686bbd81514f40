"""Starts the playback pipeline so that running time is the same number in both pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.gst.delay.element_kinds import is_real
from pipeline.gst.runtime import Gst


def system_clock() -> Any:
    """The clock that both pipelines share unless the source's pipeline runs on another one."""
    return Gst.SystemClock.obtain()


def is_playing(pipeline: Any) -> bool:
    """Whether the pipeline has reached PLAYING, and with it a base time of its own."""
    _, state, _ = pipeline.get_state(0)
    return bool(state == Gst.State.PLAYING)


def pipeline_of(appsrcs: Sequence[Any]) -> Any:
    """The top-level element that holds the first of the appsrcs, None for appsrcs in no pipeline."""
    for appsrc in appsrcs:
        element = appsrc.get_parent()
        while element is not None and element.get_parent() is not None:
            element = element.get_parent()
        if element is not None:
            return element
    return None


def has_synced_sink(pipeline: Any) -> bool:
    """Whether some sink waits for the clock; where none does, samples must leave when due."""
    if pipeline is None or not is_real(pipeline, Gst.Bin):
        return False
    found = False
    iterator = pipeline.iterate_sinks()
    while True:
        result, element = iterator.next()
        if result is not Gst.IteratorResult.OK:
            return found
        if isinstance(element, Gst.Bin):
            found = found or has_synced_sink(element)
        elif element.find_property("sync") is not None:
            found = found or bool(element.get_property("sync"))


def start(pipeline: Any, appsrcs: Sequence[Any], clock: Any, base_ns: int) -> None:
    """Show a sample of running time t when `clock` shows `base_ns + t`.

    A pipeline that is not playing gets clock and base time and is set to PLAYING. One that the caller
    already started keeps its own, and its appsrcs' pads get an offset instead. What is no pipeline of
    GStreamer's is set to PLAYING, no more. Does not wait for the state change.
    """
    if not is_real(pipeline, Gst.Pipeline):
        pipeline.set_state(Gst.State.PLAYING)
        return
    if is_playing(pipeline):
        own_base_ns = base_ns + _ahead_ns(pipeline.get_clock(), clock)
        shift_appsrcs(appsrcs, own_base_ns - pipeline.get_base_time())
        return
    pipeline.use_clock(clock)
    pipeline.set_start_time(Gst.CLOCK_TIME_NONE)
    pipeline.set_base_time(max(base_ns, 0))
    shift_appsrcs(appsrcs, min(base_ns, 0))
    pipeline.set_state(Gst.State.PLAYING)


def resume(pipeline: Any, appsrcs: Sequence[Any], clock: Any, base_ns: int) -> None:
    """Let a paused pipeline play on, a sample of running time t shown when `clock` shows `base_ns + t`."""
    if not is_real(pipeline, Gst.Pipeline):
        pipeline.set_state(Gst.State.PLAYING)
        return
    pipeline.set_start_time(Gst.CLOCK_TIME_NONE)  # or the pipeline would choose a base time of its own
    own_base_ns = base_ns + _ahead_ns(pipeline.get_clock(), clock)
    pipeline.set_base_time(max(own_base_ns - offset_ns(appsrcs), 0))
    pipeline.set_state(Gst.State.PLAYING)


def shift_appsrcs(appsrcs: Sequence[Any], offset_ns: int) -> None:
    """Show everything that leaves the appsrcs from now on `offset_ns` later than its running time says."""
    for pad in _pads(appsrcs):
        if pad.get_offset() != offset_ns:
            pad.set_offset(offset_ns)


def offset_ns(appsrcs: Sequence[Any]) -> int:
    """How much later than its running time says everything is shown that leaves the appsrcs."""
    return next((int(pad.get_offset()) for pad in _pads(appsrcs)), 0)


def _pads(appsrcs: Sequence[Any]) -> list[Any]:
    return [pad for appsrc in appsrcs if (pad := appsrc.get_static_pad("src")) is not None]


def _ahead_ns(own_clock: Any, clock: Any) -> int:
    """By how much a pipeline's own clock is ahead of `clock`."""
    if own_clock is None or own_clock is clock:
        return 0
    return int(own_clock.get_time() - clock.get_time())


def configure_appsrc(appsrc: Any, limit_ns: int, *, live: bool) -> None:
    """Set what the delay line needs of an appsrc: timed samples, never blocking, limited by time alone."""
    appsrc.set_property("format", Gst.Format.TIME)
    appsrc.set_property("block", False)
    appsrc.set_property("do-timestamp", False)
    appsrc.set_property("max-bytes", 0)
    appsrc.set_property("max-buffers", 0)
    appsrc.set_property("max-time", limit_ns)
    # Live, the buffer thread looks at the level by itself; offline it is woken while there still is half
    # of it.
    appsrc.set_property("min-percent", 0 if live else 50)
    appsrc.set_property("handle-segment-change", True)
    appsrc.set_automatic_eos(False)  # a segment's stop is the segment's end, not the stream's


def begin_in_time(appsrc: Any) -> None:
    """Let an appsrc that already runs in another format than time begin again. Not from its own thread."""
    if not is_real(appsrc, Gst.Element) or appsrc.get_state(0)[1] <= Gst.State.READY:
        return
    query = Gst.Query.new_segment(Gst.Format.TIME)
    if appsrc.query(query) and query.parse_segment()[1] is not Gst.Format.TIME:
        appsrc.set_state(Gst.State.READY)
        appsrc.sync_state_with_parent()
