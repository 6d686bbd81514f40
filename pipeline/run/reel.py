"""The reel of a run: the clips of its tags, one after the other, as one film with chapters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import OutputError
from pipeline.gst.output.join_clips import Piece, join_clips
from pipeline.media.film_chapters import add_chapters
from pipeline.run.clip_book import Clip
from pipeline.run.match_chapters import chapters_in
from pipeline.timebase import NS_PER_MS, seconds_to_ns

SLACK_NS = NS_PER_MS
"""A file rounds its frames' times; no two frames are so near."""


def write_reel(path: Path, clips: Sequence[Clip], on_note: Callable[[str], object]) -> bool:
    """Join clips that are saved to one film in order of captured time; returns whether there are any. Blocks.

    What two clips show is in it once: the earlier one ends where the later one begins. The file gets its name when
    it is complete. `on_note(line)`: why there is none, or which clips are not in it. Raises OutputError if
    it cannot be written.
    """
    moments = _moments(clips)
    if not moments:
        on_note(f"{path}: not written, because there is no clip of a tag to join")
        return False
    unfinished = path.with_name(f"{path.stem}.part{path.suffix}")
    try:
        joined = join_clips(unfinished, [Piece(moment.path, moment.most_ns) for moment in moments])
        begins = [
            (begin_ns, moment.title)
            for begin_ns, moment in zip(joined.begins_ns, moments, strict=True)
            if begin_ns is not None
        ]
        add_chapters(unfinished, chapters_in(unfinished, begins, joined.length_ns))
        unfinished.rename(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); check the folder") from error
    except OutputError as error:
        raise OutputError(str(error).replace(str(unfinished), str(path))) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    for line in joined.refusals:
        on_note(f"{path}: {line}")
    return True


class _Moment(NamedTuple):
    """A clip's file, how much of it is wanted at most, and the titles of what it shows."""

    path: Path
    most_ns: int | None
    title: str


def _moments(clips: Sequence[Clip]) -> list[_Moment]:
    """What the reel shows, in order: clips that begin with the same frame are one."""
    by_begin: dict[float, list[Clip]] = {}
    for clip in clips:
        if clip.begin_s is not None:
            by_begin.setdefault(clip.begin_s, []).append(clip)
    begins_s = sorted(by_begin)
    moments = []
    for begin_s, next_s in zip(begins_s, [*begins_s[1:], None], strict=False):
        together = by_begin[begin_s]
        longest = max(together, key=lambda clip: clip.length_s)
        is_overlapped = next_s is not None and next_s - begin_s < longest.length_s
        most_ns = seconds_to_ns(next_s - begin_s) - SLACK_NS if next_s is not None and is_overlapped else None
        moments.append(_Moment(longest.path, most_ns, ", ".join(clip.title for clip in together)))
    return moments
