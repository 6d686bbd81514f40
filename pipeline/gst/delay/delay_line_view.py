"""DelayLineView: what may be read of a running delay line, its samples and its statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.buffering.line import DelayLine
from pipeline.buffering.snapshot import figures, statistics
from pipeline.buffering.stats import BufferStatistics
from pipeline.buffering.window import Entry
from pipeline.gst.delay.endpoints import Endpoints, endpoints_of
from pipeline.gst.delay.engine import DelayEngine
from pipeline.gst.delay.reader import Reader, Subscription
from pipeline.timebase import ns_to_seconds, seconds_to_ns


class DelayLineView:
    """The base of `BufferManager`: what changes nothing. Any thread may call any method; none blocks for long."""

    _line: DelayLine
    _engine: DelayEngine
    _video: Endpoints

    # Look-ahead

    def future(self, seconds: float, stream: str = "video") -> list[Entry]:
        """What will be shown in the next `seconds`, as far as it is known: samples with their times.

        Empty before playback starts. Raises ConfigError for an unknown stream.
        """
        self._ends(stream)
        playhead_ns = self.playhead_ns
        if playhead_ns is None:
            return []
        return self.samples_between(playhead_ns, playhead_ns + seconds_to_ns(seconds), stream)

    def samples_between(self, begin_ns: int, end_ns: int, stream: str = "video") -> list[Entry]:
        """The stored samples from `begin_ns` up to, not including, `end_ns`; never edit their buffers."""
        ends = self._ends(stream)
        self._engine.store_inbox(ends)
        with self._engine.lock:
            window = ends.stream.window
            return list(window.between(window.index_at(begin_ns), window.index_at(end_ns)))

    def reader(self, stream: str = "video") -> Reader:
        """A further consumer with its own place in the window, from the next sample on; close it when done."""
        return Reader(self._engine, self._ends(stream))

    def subscribe(self, callback: Callable[[Entry], Any], stream: str = "video") -> Subscription:
        """Call back with each new sample, from a thread of its own; a slow callback only misses samples."""
        return Subscription(self.reader(stream), callback)

    def _ends(self, stream: str) -> Endpoints:
        return endpoints_of(self._engine.endpoints, stream)

    # Statistics

    def get_stats(self) -> dict[str, Any]:
        """The guide's eight figures, times in seconds; takes no lock. `statistics()` has all others."""
        return figures(self._line, self._engine.clock.get_time(), len(self._video.inbox))

    def statistics(self) -> BufferStatistics:
        """All figures, frozen; takes no lock."""
        now_ns = self._engine.clock.get_time()
        copied = {name: ends.ownership.copied for name, ends in self._engine.endpoints.items()}
        return statistics(self._line, now_ns, self._engine.origin_ns(now_ns), copied)

    @property
    def state(self) -> str:
        """ "idle", "filling", "playing", "paused", "drained" or "stopped"."""
        return self._line.state_name

    @property
    def playhead_ns(self) -> int | None:
        """The captured time shown now, offline of the newest frame sent; None before playback starts."""
        return self._line.playhead_ns(self._engine.clock.get_time())

    @property
    def newest_ns(self) -> int | None:
        """The captured time of the newest frame that is stored; None before the first."""
        return self._video.newest_stored_ns

    @property
    def full_at_ns(self) -> int | None:
        """The captured time of the newest frame while `max_bytes` leaves no room for another, otherwise None."""
        return self._video.newest_stored_ns if self._line.bounds.full_bytes else None

    def captured_ns(self, playback_ns: int) -> int:
        """Running time of the capture for one of playback; they differ only after a seek or a change of delay."""
        return self._line.schedule.captured_ns(playback_ns)

    def shared_ns(self, running_ns: int) -> int:
        """The running time, as playback knows it, of one of the video's source: they differ after a drift."""
        with self._engine.lock:
            return self._video.stream.intake.shared_ns(running_ns)

    @property
    def delay_s(self) -> float:
        """Seconds from capture to playback that playback keeps to now."""
        return ns_to_seconds(self._line.schedule.delay_ns)

    @property
    def dropped(self) -> int:
        """Samples of all streams that left the window unsent."""
        return sum(stream.counters.dropped for stream in self._line.streams.values())

    @property
    def is_running(self) -> bool:
        """Whether the buffer thread runs."""
        return self._engine.is_running
