"""Takes the frozen statistics of a DelayLine. Pure, and needs no lock: it reads single values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from pipeline.buffering.line import DelayLine
from pipeline.buffering.stats import BufferStatistics, Counters, StreamStatistics
from pipeline.buffering.step import State
from pipeline.buffering.stream import Stream
from pipeline.timebase import ns_to_seconds


def statistics(
    line: DelayLine, now_ns: int, origin_ns: int | None, copied: Mapping[str, int]
) -> BufferStatistics:
    """The state of `line` at `now_ns`; copied: how many samples of each stream were copied.

    origin_ns: what the clock showed at time 0 of a live source, None for another source.
    """
    schedule, drift = line.schedule, line.shared_time.drift
    playhead_ns = line.playhead_ns(now_ns)
    error_ns = None
    if origin_ns is not None and schedule.base_ns is not None and schedule.clocked:
        error_ns = schedule.base_ns + schedule.shift_ns + schedule.early_ns - origin_ns - schedule.delay_ns
    streams = {name: _of_stream(stream, copied.get(name, 0)) for name, stream in line.streams.items()}
    return BufferStatistics(
        state=line.state_name,
        delay_s=ns_to_seconds(schedule.delay_ns),
        delay_error_s=None if error_ns is None else ns_to_seconds(error_ns),
        clock_drift_ppm=drift.rate * 1e6,
        clock_correction_s=ns_to_seconds(drift.total_ns),
        skipped_early_s=ns_to_seconds(schedule.early_ns),
        playhead_s=None if playhead_ns is None else ns_to_seconds(playhead_ns),
        margin_s=None if line.margin_ns is None else ns_to_seconds(line.margin_ns),
        stored_bytes=line.size_bytes,
        stored_bytes_most=line.max_stored_bytes,
        stall_count=line.stall.count,
        bound_by=MappingProxyType(
            {bound.value: count for bound, count in line.bounds.unsent_evicted_by.items()}
        ),
        streams=MappingProxyType(streams),
    )


def summary(line: DelayLine, now_ns: int) -> str:
    """The state of `line` at `now_ns`, for a human."""
    video, playhead_ns = line.streams["video"], line.playhead_ns(now_ns)
    position = "" if playhead_ns is None else f" at {ns_to_seconds(playhead_ns):.2f} s"
    dropped = sum(stream.counters.dropped for stream in line.streams.values())
    return (
        f"{line.state_name}{position}, delay {ns_to_seconds(line.schedule.delay_ns):.2f} s, "
        f"{len(video.window)} frames stored, {video.counters.received} received, {video.counters.sent} sent, "
        f"{dropped} dropped, {line.size_bytes / 1e6:.1f} MB"
    )


def figures(line: DelayLine, now_ns: int, waiting: int) -> dict[str, Any]:
    """The guide's eight figures, times in seconds. waiting: frames that have come and are not stored yet."""
    video, audio = line.streams["video"], line.streams["audio"]
    playhead_ns = line.playhead_ns(now_ns)
    held_ns = max(video.ahead_ns, audio.ahead_ns)
    if playhead_ns is not None:
        newest_ns = max(video.newest_ns or 0, audio.newest_ns or 0)
        held_ns = min(max(newest_ns - playhead_ns, 0), max(video.stored_ns, audio.stored_ns))
    all_shown = line.state is State.DRAINED and held_ns == 0  # known here before the thread's next step
    return {
        "frames_received": video.counters.received + waiting,
        "frames_sent": video.counters.sent,
        "frame_buffer_size": 0 if all_shown else video.not_shown,
        "frame_buffer_capacity": video.capacity,
        "audio_buffer_size": 0 if all_shown else audio.not_shown,
        "audio_buffer_capacity": audio.capacity,
        "display_buffer_duration": ns_to_seconds(held_ns),
        "current_playback_time": ns_to_seconds(playhead_ns or 0),
    }


def _of_stream(stream: Stream, copied: int) -> StreamStatistics:
    counted = {field.name: getattr(stream.counters, field.name) for field in fields(Counters)}
    gap_ns = counted.pop("gap_ns")
    ahead_ns = stream.ahead_ns
    return StreamStatistics(
        **counted,
        gap_s=ns_to_seconds(gap_ns),
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
