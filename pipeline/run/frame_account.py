"""Frame account: what became of every frame that came in, and which frames never came. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from pipeline.buffering.stats import StreamStatistics

FEWEST_MISSING = 2
"""One frame may be the rounding of a frame rate."""
SHORTER_TOLD_S = 0.5
"""A recording that lacks less of its length than this is complete: an index rounds."""
SILENCE_TOLD_S = 0.5
"""Less silence in place of sound is not told."""


Ending = Literal["played", "aborted", "failed"]
"""How a run ended: with all that was captured played, at once, or with an error."""

_WHY_HELD: Mapping[Ending, str] = {
    "played": "because playback ended before them",
    "aborted": "because the run was ended at once",
    "failed": "because playback ended before them",
}


@dataclass(frozen=True, slots=True)
class FrameAccount:
    """What became of the frames that came in; a frame that was shown again counts once."""

    came_in: int
    shown: int
    dropped: int
    skipped: int
    refused: Mapping[str, int]
    """By reason; counts above 0 only."""
    held: int
    """In the window or in playback when the run ended."""

    @property
    def missing(self) -> int:
        """What nothing accounts for: always 0."""
        return self.came_in - (
            self.shown + self.dropped + self.skipped + sum(self.refused.values()) + self.held
        )


def account(
    video: StreamStatistics,
    shown: int,
    ending: Ending,
    *,
    dropped_at_source: int = 0,
    refused_at_source: Mapping[str, int] = MappingProxyType({}),
    lost_inside: str | None = None,
) -> FrameAccount:
    """The account of a run's video.

    `shown`: frames that playback has shown, repeated ones included. `lost_inside`: why playback may
    show fewer frames than it was sent, or more, because it decodes them or puts cameras together; None: it may not.
    """
    inside = video.sent - shown
    refused = dict(refused_at_source) | {
        "with the time of the frame before": video.duplicate,
        "with a time before that of the frame before": video.backward,
    }
    held = video.waiting
    if lost_inside is not None:
        shown += min(inside, 0)
        if ending == "played":
            refused[lost_inside] = max(inside, 0)
        else:
            held += max(inside, 0)
    elif ending != "played":
        held += max(inside, 0)
    return FrameAccount(
        came_in=video.received + dropped_at_source + sum(refused_at_source.values()),
        shown=shown - video.repeated,
        dropped=video.dropped + video.unplayed + dropped_at_source,
        skipped=video.skipped,
        refused={reason: count for reason, count in refused.items() if count},
        held=held,
    )


def account_notes(frames: FrameAccount, ending: Ending) -> Iterator[str]:
    """Lines about frames that came in and are neither shown nor dropped; none when all were."""
    if frames.refused:
        yield f"frames refused: {', '.join(f'{count} {reason}' for reason, count in frames.refused.items())}"
    if frames.skipped:
        yield f"{frames.skipped} frames were skipped by a seek, a shorter delay, or because they came too early"
    if frames.held:
        yield f"{frames.held} captured frames were not shown, {_WHY_HELD[ending]}"


def account_faults(frames: FrameAccount, streams: Mapping[str, StreamStatistics]) -> Iterator[str]:
    """Lines about counts that do not add up, which is a fault in Foresight; none."""
    if frames.missing:
        yield (
            f"a fault in Foresight: of {frames.came_in} frames that came in, {frames.missing} are unaccounted "
            f"for ({frames.shown} shown, {frames.dropped} dropped, {frames.skipped} skipped, "
            f"{sum(frames.refused.values())} refused, {frames.held} held); report it"
        )
    for name, stream in streams.items():
        if stream.missing:
            yield (
                f"a fault in Foresight: of {stream.received} samples of the stream {name}, {stream.missing} are "
                "unaccounted for in the window; report it"
            )


def missing_note(
    name: str, received: int, duration_s: float, framerate: float, listed: int | None = None
) -> str | None:
    """The line about frames that a video lacks; None if it lacks none.

    By its length and its frame rate (0: it has none), or by how many its index has `listed`, which tells of a film
    whose rate varies too.
    """
    if listed is not None:
        if listed - received < FEWEST_MISSING:
            return None
        return f"{name}: {listed - received} of {listed} frames are missing; they are damaged"
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
        return f"{name}: announces sound, but none came; the video has silence in its place"
    if silent_s <= SILENCE_TOLD_S:
        return None
    return f"{name}: its sound lacks {silent_s:.1f} s of {duration_s:.1f} s; silence is in its place"
