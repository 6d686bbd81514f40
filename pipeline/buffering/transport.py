"""Moves the playhead within the windows: seek, change of delay, resume; and cuts clips out of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.buffering.line import DelayLine
from pipeline.buffering.step import State, Step
from pipeline.buffering.stream import Stream
from pipeline.buffering.window import Entry
from pipeline.timebase import NS_PER_MS

OVERFLOW_NS = 250 * NS_PER_MS
"""This short of a full window, what came too early is skipped: more than comes between two steps."""
EARLY_NS = 250 * NS_PER_MS
"""What came less early than this is left to the window's bound."""


def seek(line: DelayLine, captured_ns: int) -> int | None:
    """Let playback go on, from what it gets next, with what was captured at `captured_ns`.

    All streams move by the same time, each from where its last sample ended, so that sound has no hole. An
    inter-coded picture goes on at the keyframe before. Back never goes ahead, nor ahead back: where the window
    holds nothing in that direction that can be shown, playback goes on as it does. Returns the time reached, None
    when nothing plays yet.
    """
    lead = _lead(line)
    if lead is None or lead.announced_until_ns is None or len(lead.window) == 0:
        return None
    captured_ns = _landing_ns(line, lead, lead.announced_until_ns, captured_ns)
    _move(line, captured_ns - lead.announced_until_ns)
    return captured_ns


def _move(line: DelayLine, ahead_ns: int) -> None:
    """Let every stream go on `ahead_ns` after where its last sample ended; below 0: before it."""
    if ahead_ns == 0:
        return
    old_shift_ns = line.schedule.shift_ns
    begins_ns = []
    for stream in line.streams.values():
        if stream.announced_until_ns is not None:
            begins_ns.append(stream.announced_until_ns + old_shift_ns)
            stream.jump(stream.announced_until_ns + ahead_ns)
    line.schedule.cut(min(begins_ns), old_shift_ns - ahead_ns)


def step(line: DelayLine, now_ns: int, origin_ns: int | None, room_ns: Mapping[str, int]) -> Step:
    """What is to be done at `now_ns`: the line's step, after what a source has sent too early is skipped."""
    _catch_up(line, now_ns)
    return line.step(now_ns, origin_ns, room_ns)


def _catch_up(line: DelayLine, now_ns: int) -> None:
    """Skip what a source has sent too early, before unsent samples would leave the window for what comes.

    A source that is faster than the clock for longer than its drift can be followed fills the window, and all that
    is due next would leave it unseen. Playback goes on a delay behind the newest sample, as it was meant to.
    """
    lead = _lead(line)
    schedule = line.schedule
    if (
        lead is None
        or lead.announced_until_ns is None
        or lead.newest_ns is None
        or line.state is not State.PLAYING
        or schedule.paused_ns is not None
        or not schedule.clocked
        or lead.ahead_ns < line.span_ns - OVERFLOW_NS
    ):
        return
    early_ns = lead.newest_ns - schedule.coming_playhead_ns(now_ns) - schedule.delay_ns
    if early_ns < EARLY_NS:
        return
    window = lead.window
    landing = min(window.index_at(lead.announced_until_ns + early_ns), window.end - 1)
    place = window.keyframe_at_or_before(landing)
    if place <= lead.next_seq:
        place = min(window.keyframe_after(lead.next_seq), window.end - 1)
    skipped_ns = window[place].time_ns - lead.announced_until_ns
    if skipped_ns > 0:
        _move(line, skipped_ns)
        schedule.note_early(skipped_ns)


def _landing_ns(line: DelayLine, lead: Stream, position_ns: int, asked_ns: int) -> int:
    """The time nearest to `asked_ns`, on the same side of `position_ns`, that playback can go on from."""
    window, earliest_ns = lead.window, _earliest_landing_ns(line, lead)
    if asked_ns == position_ns:
        return position_ns
    if asked_ns < position_ns:
        first_ns, last_ns = min(earliest_ns, position_ns), position_ns
    else:
        room_ns = max(line.schedule.delay_ns - line.schedule.cushion_ns, 0)
        first_ns, last_ns = position_ns, max(position_ns + room_ns, earliest_ns)
    landing_ns = min(max(asked_ns, earliest_ns, first_ns), last_ns)
    if landing_ns == asked_ns and not window.inter_coded:
        return asked_ns
    place = window.keyframe_at_or_before(window.index_after(landing_ns) - 1)
    if window[place].time_ns < min(earliest_ns, landing_ns):
        place = min(window.keyframe_after(place), window.keyframe_at_or_before(window.end - 1))
    return window[place].time_ns if first_ns <= window[place].time_ns <= last_ns else position_ns


def _earliest_landing_ns(line: DelayLine, stream: Stream) -> int:
    """The earliest captured time that playback may go on from: what does not leave before it is due.

    The window is bounded by time: what leaves next is a span behind the newest sample, and playback keeps a
    cushion away from it, because it has that much already. Where bytes bound the window, what leaves next is
    the oldest sample, or the oldest group of pictures. Once all has ended, nothing leaves for what comes.
    """
    window, newest_ns = stream.window, stream.newest_ns or 0
    oldest_ns = window[window.start].time_ns
    if all(each.ended for each in line.streams.values() if each.seen):
        return oldest_ns
    landing_ns = min(line.schedule.landing_ns, (newest_ns - oldest_ns) // 2)
    earliest_ns = max(oldest_ns, newest_ns - line.span_ns + landing_ns)
    if line.bounds.max_bytes is None:
        return earliest_ns
    start = min(window.keyframe_after(window.start), window.end - 1) if window.inter_coded else window.start
    return max(earliest_ns, window[start].time_ns + landing_ns)


def replay(line: DelayLine, stream: Stream, now_ns: int, *, again: bool) -> None:
    """Let a stream go on with what is shown at `now_ns`: an element takes it over that has had nothing yet.

    again: the one before had it. Does nothing before the start and without a clock.
    """
    playhead_ns = line.playhead_ns(now_ns)
    if line.state is not State.PLAYING or not line.schedule.clocked or playhead_ns is None:
        return
    window = stream.window
    place = window.keyframe_at_or_before(max(window.index_after(playhead_ns) - 1, window.start))
    if place < stream.next_seq:
        stream.counters.repeated += stream.next_seq - place if again else 0
        stream.next_seq = place
        stream.announced_until_ns = window[place].order_ns
        stream.in_gap = False
        stream.splice = None


def clip(line: DelayLine, begin_ns: int, end_ns: int) -> dict[str, list[Entry]]:
    """Each stream's entries from `begin_ns` to `end_ns`, all from where the first inter-coded one can begin."""
    for stream in line.streams.values():
        entries = stream.between_keyframes(begin_ns, end_ns)
        if stream.window.inter_coded and entries:
            begin_ns = min(begin_ns, entries[0].time_ns)
    return {name: stream.between_keyframes(begin_ns, end_ns) for name, stream in line.streams.items()}


def _lead(line: DelayLine) -> Stream | None:
    """The stream that seeks go by: the first picture that plays, else the first stream that does."""
    playing = [
        stream for stream in line.streams.values() if stream.announced_until_ns is not None and stream.seen
    ]
    return next((stream for stream in playing if stream.leads), playing[0] if playing else None)


def set_delay(line: DelayLine, delay_ns: int) -> int | None:
    """Seek by what the delay changes; see `seek`."""
    lead = _lead(line)
    if lead is None or lead.announced_until_ns is None:
        return None
    return seek(line, lead.announced_until_ns + line.schedule.delay_ns - delay_ns)


def resume(line: DelayLine, now_ns: int) -> int | None:
    """End a pause; returns the new base time. What left the window meanwhile, or is about to, is skipped."""
    base_ns = line.schedule.resume(now_ns)
    lead = _lead(line)
    if base_ns is None or lead is None or lead.announced_until_ns is None:
        return base_ns
    earliest_ns = _earliest_landing_ns(line, lead)
    if lead.announced_until_ns < earliest_ns:
        place = min(lead.window.index_at(earliest_ns), lead.window.end - 1)
        seek(line, lead.window[place].time_ns)
    return base_ns
