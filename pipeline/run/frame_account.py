"""Frame account: what became of every frame that came in, and which frames never came. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.buffering.stats import StreamStatistics

FEWEST_MISSING = 2
"""One frame may be the rounding of a frame rate."""
SHORTER_TOLD_S = 0.5
"""A recording that lacks less of its length than this is complete: an index rounds."""
SILENCE_TOLD_S = 0.5
"""Less silence in place of sound is not told."""


def account_notes(video: StreamStatistics, shown: int, *, is_aborted: bool) -> Iterator[str]:
    """Lines about frames that were captured and are neither shown nor dropped; none when all are accounted for.

    `shown`: frames that playback has shown, repeated ones included. `is_aborted`: the run was ended at once.
    """
    reasons = {
        "with the time of the frame before": video.duplicate,
        "with a time before that of the frame before": video.backward,
    }
    refused = [f"{count} {reason}" for reason, count in reasons.items() if count]
    if refused:
        yield f"frames refused: {', '.join(refused)}"
    if video.skipped:
        yield f"{video.skipped} frames were skipped by a seek or a shorter delay"
    sent = video.sent - video.repeated
    lost = (
        video.received
        - sent
        - video.dropped
        - video.skipped
        - video.duplicate
        - video.backward
        - video.waiting
    )
    if lost:
        too = "missing" if lost > 0 else "too many"
        yield f"the counts of the video do not add up: {abs(lost)} frames are {too}"
    unshown = video.sent - shown + video.waiting
    if unshown > 0:
        why = "because the run was ended at once" if is_aborted else "because playback ended before them"
        yield f"{unshown} captured frames were not shown, {why}"


def missing_note(name: str, received: int, duration_s: float, framerate: float) -> str | None:
    """The line about frames that a video lacks, by its length and its frame rate; None if it lacks none."""
    expected = round(duration_s * framerate)
    missing = expected - received
    if missing < FEWEST_MISSING:
        return None
    return (
        f"{name}: {missing} of {expected} frames are missing ({duration_s:.2f} s at {framerate:g} fps); "
        "they are damaged, or were never recorded"
    )


def shorter_note(promised_s: Mapping[str, float], came_s: float) -> str | None:
    """The line about recordings whose index promises more than came; None if none does.

    `promised_s`: the length that each recording promises, by its name; `came_s`: the length of what came.
    """
    longer = {name: length_s for name, length_s in promised_s.items() if length_s - came_s > SHORTER_TOLD_S}
    if not longer:
        return None
    named = ", ".join(f"{name} promises {length_s:.2f} s" for name, length_s in longer.items())
    return f"{named}, but {came_s:.2f} s came; the rest is cut off or damaged"


def sound_note(name: str | None, received: int, silent_s: float, duration_s: float) -> str | None:
    """The line about sound that was announced and did not come, all of it or a part; None if it came.

    `name`: the source whose sound is used or announced, None without any. `received`: samples of it. `silent_s`:
    how much silence was played instead; `duration_s`: the length of the video.
    """
    if name is None:
        return None
    if not received:
        return f"{name}: announces sound, but none came; the video has silence, or no sound, in its place"
    if silent_s <= SILENCE_TOLD_S:
        return None
    return f"{name}: its sound lacks {silent_s:.1f} s of {duration_s:.1f} s; silence is in its place"
