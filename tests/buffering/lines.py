"""Delay lines for tests: storing samples, and reading what is sent."""

from __future__ import annotations

from pipeline.buffering.line import DelayLine
from pipeline.buffering.schedule import KEEP_BEHIND_NS, Schedule
from pipeline.buffering.step import Step
from pipeline.buffering.stream import Stream
from pipeline.buffering.window import Entry

MS = 1_000_000
S = 1000 * MS
FRAME_NS = 40 * MS
CHUNK_NS = 20 * MS
ROOM = {"video": S, "audio": S}


def make_line(
    *,
    clocked: bool = True,
    delay_ns: int = 400 * MS,
    duration_ns: int = S,
    max_bytes: int | None = None,
    keep_behind_ns: int = KEEP_BEHIND_NS,
) -> DelayLine:
    schedule = Schedule(delay_ns, 100 * MS, clocked=clocked)
    line = DelayLine(
        schedule, duration_ns=duration_ns, stall_ns=S, max_bytes=max_bytes, keep_behind_ns=keep_behind_ns
    )
    line.add_stream("video", nominal_ns=FRAME_NS, leads=True)
    line.add_stream("audio", nominal_ns=CHUNK_NS, leads=False)
    line.begin()
    return line


def entry_at(stream: Stream, order_ns: int, size: int = 10) -> Entry:
    return Entry(order_ns, order_ns, order_ns + stream.nominal_ns, size, True, order_ns)


def store(line: DelayLine, name: str, running_ns: int | None, now_ns: int, *, size: int = 10) -> int | None:
    """Store a sample; returns its place in shared time, or None when it is refused."""
    stream = line.streams[name]
    verdict, order_ns = line.place(stream, running_ns, stream.nominal_ns, now_ns)
    if not verdict.accepted:
        return None
    line.append(stream, entry_at(stream, order_ns, size))
    return order_ns


def run(
    line: DelayLine, now_ns: int, room: dict[str, int] | None = None, origin_ns: int | None = None
) -> Step:
    return line.step(now_ns, origin_ns, ROOM if room is None else room)


def sent(step: Step, name: str) -> list[int]:
    return [entry.time_ns for send in step.sends for entry in send.entries if send.stream.name == name]


def fill(line: DelayLine, seconds: float, *, now_ns: int = 0, audio: bool = True) -> None:
    for number in range(round(seconds * S / FRAME_NS)):
        store(line, "video", number * FRAME_NS, now_ns)
    for number in range(round(seconds * S / CHUNK_NS) if audio else 0):
        store(line, "audio", number * CHUNK_NS, now_ns)
