"""The playback side of the delay engine: its elements, and what is done to them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any

from pipeline.buffering import transport
from pipeline.buffering.line import DelayLine
from pipeline.buffering.step import Send, Step
from pipeline.gst.core.samples import shifted
from pipeline.gst.core.silence import bridge
from pipeline.gst.delay import clock_sync
from pipeline.gst.delay.crossfade import spliced
from pipeline.gst.delay.duck_elements import as_appsrc
from pipeline.gst.delay.element_ref import ElementRef
from pipeline.gst.delay.endpoints import Endpoints
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_S

logger = logging.getLogger("buffer-manager")

SMALLEST_LIMIT_NS = NS_PER_S // 2
_OK = Gst.FlowReturn.OK  # looking it up costs as much as a small call


class PlaybackSide:
    """Does what the line decided. Lock and endpoints belong to the engine; call nothing here with the lock held."""

    def __init__(
        self, line: DelayLine, lock: threading.RLock, endpoints: Mapping[str, Endpoints], *, live: bool
    ) -> None:
        self._line = line
        self._lock = lock
        self._endpoints = endpoints
        self._live = live
        self._cushion_ns = line.schedule.cushion_ns
        self._pipeline: ElementRef | None = None
        self._changed = False  # elements were given and not adopted yet

    # The elements

    def set_appsrc(self, ends: Endpoints, appsrc: Any) -> None:
        """Set or replace the element that the stream is played through, from the next `adopt` on."""
        if ends.given_appsrc is appsrc:
            return
        clock_sync.configure_appsrc(as_appsrc(appsrc), self._limit_ns, live=self._live)
        with self._lock:
            ends.pending = ElementRef(appsrc)
            self._changed = True

    def set_pipeline(self, pipeline: Any) -> None:
        """Set or replace the pipeline that is started."""
        with self._lock:
            self._pipeline = ElementRef(pipeline)
            self._changed = True

    def adopt(self, now_ns: int) -> bool:
        """Switch to the elements given since the last call; returns whether there were any.

        While playback runs, a new element begins with what is shown at `now_ns`, even if the one before it has had
        later samples already.
        """
        if not self._changed:
            return False
        with self._lock:
            self._changed = False
            changed = [ends for ends in list(self._endpoints.values()) if ends.pending is not None]
            for ends in changed:
                transport.replay(self._line, ends.stream, now_ns, again=ends.current is not None)
                ends.current, ends.pending = ends.pending, None
        for ends in changed:
            clock_sync.begin_in_time(ends.given_appsrc)
        return True

    @property
    def appsrcs(self) -> list[Any]:
        """What the samples are pushed through."""
        return [appsrc for ends in list(self._endpoints.values()) if (appsrc := ends.appsrc) is not None]

    @property
    def given_pipeline(self) -> Any:
        """The pipeline that was given, None for none."""
        return None if self._pipeline is None else self._pipeline.element

    @property
    def pipeline(self) -> Any:
        """The pipeline that shows the samples: the one given, or the one that holds the appsrcs; may be None."""
        given = self.given_pipeline
        return given if given is not None else clock_sync.pipeline_of(self.appsrcs)

    def hold(self) -> None:
        """Keep the elements alive."""
        for reference in self._references():
            reference.hold()

    def release_elements(self) -> None:
        """Leave the elements to their owners."""
        for reference in self._references():
            reference.release()

    def _references(self) -> list[ElementRef]:
        references = [ends.current for ends in list(self._endpoints.values())] + [self._pipeline]
        return [reference for reference in references if reference is not None]

    # Playing

    @property
    def _limit_ns(self) -> int:
        """How much an appsrc holds: two cushions, so that the thread may be late by one."""
        return max(2 * self._cushion_ns, SMALLEST_LIMIT_NS)

    def rooms_ns(self) -> dict[str, int]:
        """How many nanoseconds of samples each appsrc has room for."""
        limit_ns = self._limit_ns
        return {
            name: limit_ns - appsrc.get_current_level_time()
            for name, ends in list(self._endpoints.items())
            if (appsrc := ends.appsrc) is not None
        }

    def choose_cushion(self) -> None:
        """Where no sink waits for the clock, use no cushion: samples are sent when they are due."""
        synced = clock_sync.has_synced_sink(self.pipeline)
        schedule = self._line.schedule
        schedule.cushion_ns = min(self._cushion_ns, schedule.delay_ns // 2) if synced else 0
        self._line.keep_late = not synced

    def start(self, base_ns: int, clock: Any) -> None:
        """Let playback show its running time r when `clock` shows `base_ns + r`."""
        pipeline = self.pipeline
        if pipeline is not None and self._live:
            clock_sync.start(pipeline, self.appsrcs, clock, base_ns)
        elif pipeline is not None:
            pipeline.set_state(Gst.State.PLAYING)

    def act(self, step: Step, clock: Any) -> bool:
        """Do what was decided; False when playback refused some of it."""
        if step.start_base_ns is not None:
            logger.info("[BUFFER] filled; playback starts")
            self.start(step.start_base_ns, clock)
        for stream, begin_ns, end_ns in step.gaps:
            ends = self._endpoints[stream.name]
            bridge(ends.appsrc, ends.played_caps, max(begin_ns, 0), end_ns)
        taken = [self.send(send) for send in step.sends]
        for stream in step.closes:
            appsrc = self._endpoints[stream.name].appsrc
            if appsrc is not None:
                appsrc.end_of_stream()
        return all(taken)

    def send(self, send: Send) -> bool:
        """Push entries that were taken; False when the appsrc refuses some, which then wait again."""
        appsrc = self._endpoints[send.stream.name].appsrc
        if appsrc is None:
            with self._lock:
                send.stream.give_back(len(send.entries))
            return False
        push_sample = appsrc.push_sample
        for place, entry in enumerate(send.entries):
            sample = entry.sample
            if place == 0 and send.splice is not None:
                sample = spliced(entry, send.splice)
            if send.shift_ns:
                sample = shifted(sample, send.shift_ns)
            if push_sample(sample) is not _OK:
                with self._lock:
                    send.stream.give_back(len(send.entries) - place)
                return False
        return True
