"""Takes the frozen statistics of a DelayLine. Pure, and needs no lock: it reads single values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType

from pipeline.buffering.line import DelayLine
from pipeline.buffering.stats import BufferStatistics, Counters, StreamStatistics
from pipeline.buffering.stream import Stream
from pipeline.timebase import ns_to_seconds


def statistics(
    line: DelayLine, now_ns: int, origin_ns: int | None, copied: Mapping[str, int]
) -> BufferStatistics:
    """The state of `line` at `now_ns`; copied: how many samples of each stream were copied.

    origin_ns: what the clock showed at time 0 of a live source, None for another source.
    """
    schedule = line.schedule
    playhead_ns = line.playhead_ns(now_ns)
    error_ns = None
    if origin_ns is not None and schedule.base_ns is not None and schedule.clocked:
        error_ns = schedule.base_ns + schedule.shift_ns - origin_ns - schedule.delay_ns
    streams = {name: _of_stream(stream, copied.get(name, 0)) for name, stream in line.streams.items()}
    return BufferStatistics(
        state="paused" if schedule.paused_ns is not None else line.state.value,
        delay_s=ns_to_seconds(schedule.delay_ns),
        delay_error_s=None if error_ns is None else ns_to_seconds(error_ns),
        playhead_s=None if playhead_ns is None else ns_to_seconds(playhead_ns),
        margin_s=None if line.margin_ns is None else ns_to_seconds(line.margin_ns),
        stored_bytes=line.size_bytes,
        stored_bytes_most=line.most_bytes,
        stall_count=line.stall.count,
        bound_by=MappingProxyType({bound.value: count for bound, count in line.bounds.bites.items()}),
        streams=MappingProxyType(streams),
    )


def _of_stream(stream: Stream, copied: int) -> StreamStatistics:
    counted = {field.name: getattr(stream.counters, field.name) for field in fields(Counters)}
    ahead_ns = stream.ahead_ns
    return StreamStatistics(
        **counted,
        stored=len(stream.window),
        waiting=stream.unsent,
        stored_most=stream.most,
        stored_bytes=stream.window.size_bytes,
        stored_s=ns_to_seconds(stream.stored_ns),
        ahead_s=ns_to_seconds(ahead_ns),
        copied=copied,
        in_hz=stream.rates.in_hz,
        out_hz=stream.rates.out_hz,
        ended=stream.ended,
    )
