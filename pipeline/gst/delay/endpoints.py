"""One stream of the delay engine with the elements at both of its ends."""

from __future__ import annotations

import difflib
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.buffering.intake import Verdict
from pipeline.buffering.stream import Stream
from pipeline.errors import ConfigError
from pipeline.gst.core.pcm import PcmFormat
from pipeline.gst.core.samples import moved, shifted, stamped
from pipeline.gst.core.sound_retimer import SoundRetimer
from pipeline.gst.delay.buffer_pool import BufferOwnership
from pipeline.gst.delay.duck_elements import as_appsrc
from pipeline.gst.delay.element_kinds import is_real
from pipeline.gst.delay.element_ref import ElementRef
from pipeline.gst.delay.source_side import SourceSide
from pipeline.gst.runtime import GstApp
from pipeline.timebase import NS_PER_S

AHEAD_NS = NS_PER_S // 2
"""A live source this far ahead of its own clock does not time its samples by it."""


@dataclass(eq=False)
class Endpoints:
    """One stream with its elements: the appsink that it comes from and the appsrc that it goes to."""

    stream: Stream
    ownership: BufferOwnership
    source: SourceSide | None = None
    """Where the last sample came from; replaced as a whole, so that it is copied before it is used."""
    arrived_ns: int = 0
    """The clock when the newest stored sample came."""
    inbox: deque[tuple[Any, int]] = field(default_factory=deque)
    """Samples that have come and are not stored yet, each with its arrival."""
    inbox_lock: threading.RLock = field(default_factory=threading.RLock)
    """Held by the thread that empties the inbox; taken before the engine's lock."""
    current: ElementRef | None = None
    """The element that the stream is played through."""
    pending: ElementRef | None = None
    """The one that replaces it at the buffer thread's next step."""
    waiting_readers: int = 0
    raw: bool = False
    caps: Any = None
    retimer: SoundRetimer | None = None
    """Follows corrected times with raw sound; None for anything else."""

    @property
    def appsrc(self) -> Any:
        """What the stream's samples are pushed through, None for nothing."""
        element = None if self.current is None else self.current.element
        return None if element is None else as_appsrc(element)

    @property
    def given_appsrc(self) -> Any:
        """The element that was given last, None for none."""
        reference = self.pending or self.current
        return None if reference is None else reference.element

    @property
    def played_caps(self) -> Any:
        """The caps of the newest samples; before the first one, those that playback expects."""
        if self.caps is None and is_real(self.given_appsrc, GstApp.AppSrc):
            return self.given_appsrc.get_caps()
        return self.caps

    @property
    def newest_stored_ns(self) -> int | None:
        """The captured time of the newest sample that is stored, None for none; takes no lock."""
        newest = self.stream.window.get(self.stream.window.end - 1)
        return None if newest is None else newest.time_ns

    def note_caps(self, caps: Any) -> None:
        """The following samples have these caps."""
        self.ownership.check_again()
        self.caps = caps
        media = caps.get_structure(0).get_name() if caps and caps.get_size() else ""
        self.raw = media in ("video/x-raw", "audio/x-raw")
        self.stream.divisible = media == "audio/x-raw"
        pcm = PcmFormat.of(caps)
        self.retimer = None if pcm is None else SoundRetimer(pcm)

    def placed(
        self, sample: Any, verdict: Verdict, order_ns: int, shift_ns: int, correction_ns: int
    ) -> tuple[Any, int] | None:
        """An accepted sample with the times of its place `order_ns` in shared time, and that place.

        shift_ns, correction_ns: how much of that is added to its own running time by restarts of the source, and
        for its drift. Raw sound is resampled for the latter, which holds a little of it back and moves its place
        by as much; None where nothing of the sample is left.
        """
        if verdict is Verdict.UNTIMED:
            return stamped(sample, order_ns), order_ns
        if shift_ns:
            sample = shifted(sample, shift_ns)
        retimer = self.retimer
        if retimer is not None and (correction_ns or retimer.is_active):
            return retimer.retime(sample, order_ns - correction_ns, correction_ns)
        return (moved(sample, correction_ns) if correction_ns else sample), order_ns

    def origin_ns(self, now_ns: int, clock: Any, delay_ns: int) -> int | None:
        """What `clock` showed at running time 0 of the stream's source, None where that is not live by this clock.

        None too where its timestamps do not fit the clock: too old to be shown in time, or ahead of it.
        """
        source, intake = self.source, self.stream.intake  # others may replace them meanwhile
        newest_ns = intake.last_ns
        if source is None or newest_ns is None or not source.is_live or source.clock() is not clock:
            return None
        origin_ns = source.base_ns - intake.shift_ns
        return origin_ns if -AHEAD_NS < now_ns - origin_ns - newest_ns < delay_ns else None


def endpoints_of(endpoints: Mapping[str, Endpoints], stream: str) -> Endpoints:
    """The endpoints of the stream of that name. Raises ConfigError where there is none."""
    if stream in endpoints:
        return endpoints[stream]
    near = difflib.get_close_matches(str(stream), list(endpoints), n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise ConfigError(f"there is no stream {stream!r}{hint}; there are: {', '.join(endpoints)}")
