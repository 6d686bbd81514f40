"""CommonEnd: ends the streams of one output at one running time, however far apart their encoders are."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from pipeline.gst.core.connections import Connections
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.runtime import Gst

MOST_WAITS = 10
"""An encoder that is behind is waited for so many times as long as one that stands still."""


class CommonEnd:
    """Watches the pads through which an output gets its streams, from construction on.

    Lock: `_changed`; the streaming threads never wait while holding it.
    """

    def __init__(self, pads: Sequence[Gst.Pad], connections: Connections) -> None:
        """`connections`: releases the watch."""
        self._changed = threading.Condition()
        self._reached_ns: dict[str, int] = {}
        """Up to where each stream has been let through."""
        self._over: set[str] = set()
        self._end_ns: int | None = None
        kinds = Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM
        for pad in pads:
            connections.probe(pad, kinds, self._on_item)

    @property
    def is_ending(self) -> bool:
        """Whether `reach` has been called."""
        return self._end_ns is not None

    def reach(self, limit_s: float) -> bool:
        """Let nothing more through than up to where the foremost stream is, and block until all are there.

        False when nothing has come for `limit_s`: a stream stands still. A slow one has ten times as long. Any
        thread but the streams'.
        """
        with self._changed:
            self._end_ns = max(self._reached_ns.values(), default=0)
            self._over |= {
                name for name, reached_ns in self._reached_ns.items() if reached_ns == self._end_ns
            }
            for _ in range(MOST_WAITS):
                before = dict(self._reached_ns)
                if self._changed.wait_for(lambda: self._over >= set(self._reached_ns), limit_s):
                    return True
                if before == self._reached_ns:
                    break
            return False

    def _on_item(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        name = pad.get_name() or ""
        if info.type & Gst.PadProbeType.EVENT_DOWNSTREAM:
            event = info.get_event()
            if event is not None and event.type == Gst.EventType.EOS:
                self._note_over(name)
            return Gst.PadProbeReturn.OK
        buffer = info.get_buffer()
        begin_ns = None if buffer is None else pad_running_time_ns(pad, buffer.pts)
        if buffer is None or begin_ns is None:
            return Gst.PadProbeReturn.OK
        lasts_ns = 0 if buffer.duration == Gst.CLOCK_TIME_NONE else buffer.duration
        with self._changed:
            if self._end_ns is None or begin_ns + lasts_ns // 2 < self._end_ns:
                self._reached_ns[name] = max(self._reached_ns.get(name, 0), begin_ns + lasts_ns)
                return Gst.PadProbeReturn.OK
        self._note_over(name)
        return Gst.PadProbeReturn.DROP

    def _note_over(self, name: str) -> None:
        with self._changed:
            self._over.add(name)
            self._changed.notify_all()
