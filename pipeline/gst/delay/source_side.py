"""The source side of one buffered stream: its appsink, its events, its clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.delay.duck_elements import DuckAppSink, pull_function
from pipeline.gst.delay.element_kinds import check_appsink, is_real
from pipeline.gst.runtime import Gst


class WatchedAppSink:
    """One appsink, watched from its first sample to `release`. Any thread may use it, released or not."""

    def __init__(self, sink: Any, on_event: Callable[[WatchedAppSink, Any], None]) -> None:
        self._on_event = on_event
        self._pad: Any = None
        self._probe = 0
        self.sink = sink
        self.pull = pull_function(sink)
        """Takes the next sample, waiting for so many nanoseconds; None where there is none."""
        self.is_live = False
        self.base_ns = 0
        """What the clock of the sink's pipeline showed at running time 0, as it was last looked at."""

    def watch(self) -> None:
        """Find out whether the sink's source is live, and report its events from now on."""
        self.base_ns = self.sink.get_base_time()
        self._pad = self.sink.get_static_pad("sink")
        if self._pad is None:
            return
        query = Gst.Query.new_latency()
        self.is_live = bool(self._pad.peer_query(query) and query.parse_latency()[0])
        events = Gst.PadProbeType.EVENT_DOWNSTREAM | Gst.PadProbeType.EVENT_FLUSH
        self._probe = self._pad.add_probe(events, self._on_event_probe)

    def _on_event_probe(self, _pad: Any, info: Any) -> Any:
        self._on_event(self, info.get_event())
        return Gst.PadProbeReturn.OK

    def release(self) -> None:
        """Stop reporting events; called once."""
        if self._pad is not None:
            self._pad.remove_probe(self._probe)

    @property
    def can_wait(self) -> bool:
        """Whether its source can wait without losing anything."""
        return not self.is_live

    def is_eos(self) -> bool:
        """Whether the sink has ended."""
        return bool(self.sink.get_property("eos"))

    def gap_end_ns(self, event: Any) -> int:
        """Running time up to which a GAP event announces a gap; 0 where it has no duration."""
        begin_ns, duration_ns = event.parse_gap()
        if duration_ns == Gst.CLOCK_TIME_NONE:
            return 0
        return pad_running_time_ns(self._pad, begin_ns + duration_ns) or 0

    @property
    def is_active(self) -> bool:
        """Whether the sink takes data; False while its pipeline is being stopped, which waits for our return."""
        _, _, pending = self.sink.get_state(0)
        return pending in (Gst.State.VOID_PENDING, Gst.State.PLAYING)

    def clock(self) -> Any:
        """The clock of the sink's pipeline, None before it runs."""
        return self.sink.get_clock()

    def moved_ns(self, clock: Any) -> int:
        """By how much the base time has moved since last looked at, of a live source on `clock`.

        It moves when the pipeline was paused or begins again: what comes then is due later by as much.
        """
        if not self.is_live or self.clock() is not clock:
            return 0
        before_ns, self.base_ns = self.base_ns, int(self.sink.get_base_time())
        return self.base_ns - before_ns


SourceSide = WatchedAppSink | DuckAppSink


def source_side(sink: Any, on_event: Callable[[WatchedAppSink, Any], None]) -> SourceSide:
    """The source side of a new sink. Raises ConfigError for an object that samples cannot be taken from."""
    check_appsink(sink)
    return WatchedAppSink(sink, on_event) if is_real(sink, Gst.Element) else DuckAppSink(sink)
