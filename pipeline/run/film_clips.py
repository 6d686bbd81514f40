"""FilmClips: saves pieces of the film that a run shows, also of what it will show, without encoding it again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pipeline.errors import ForesightError, StateError
from pipeline.gst.output.clips import check_clip_path, write_clip
from pipeline.gst.output.film_ring import FilmCut, FilmRing
from pipeline.run.clip_book import Clip, ClipBook
from pipeline.run.film_times import FilmTimes
from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds, seconds_to_ns

logger = logging.getLogger("foresight")

MOST_AT_ONCE = 32
"""So many clips may wait for the film, or be written; more are refused."""
MOST_AHEAD_S = 900.0
"""A clip may end so far ahead of the film."""
PATIENCE_S = 60.0
"""A film that stands still, because it is frozen, is waited for so much longer; then the clip ends where it is."""
LOOK_S = 0.25
"""How often it is looked whether the film has come to a clip's end, at least."""

Span = tuple[int, int]
"""From when to when, in running time of playback, nanoseconds."""


@dataclass(eq=False)
class _Job:
    """One clip that waits for the film, or is written."""

    clip: Clip
    span: Callable[[], Span | None]
    """The piece that is wanted, as far as it is known now; None if playback has passed it by."""
    is_cancelled: bool = False
    thread: threading.Thread | None = field(default=None, repr=False)


class FilmClips:
    """The film's clips of one run. Any thread may call; only `finish` blocks.

    Each clip has a thread of its own until it is saved; they are written one after the other. Lock: `_changed`;
    `_writing` is taken without it.
    """

    def __init__(
        self,
        book: ClipBook,
        times: FilmTimes,
        playhead_ns: Callable[[], int | None],
        *,
        has_film: bool,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`book` gets the clips. `times`: what playback showed when; `playhead_ns()`: the captured time that it
        shows now, None before its start. `has_film`: the run keeps its film."""
        self.has_film = has_film
        self._book, self._times, self._playhead_ns = book, times, playhead_ns
        self._patience_s = patience_s
        self._ring: FilmRing | None = None
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._jobs: list[_Job] = []
        self._is_over = False

    def begin(self, ring: FilmRing | None) -> None:
        """Cut clips from `ring` from now on; None if the run keeps no film."""
        self._ring = ring

    def save(
        self,
        path: Path,
        before_s: float,
        after_s: float,
        captured_ns: int | None = None,
        *,
        tag: int | None = None,
        title: str = "",
        on_failed: Callable[[ForesightError], object] = lambda _error: None,
    ) -> Clip:
        """Begin to save what is shown from `before_s` before to `after_s` after a captured moment; None: of now.

        It begins at the keyframe at or before that, and is written when the film has come to its end. A captured
        moment may lie before the film has begun. `tag` and `title`: the tag that it is made for, and what it shows.
        `on_failed(error)` is called on a thread of the clip's own. Raises StateError where there is no film of it,
        OutputError for a path that a clip cannot have.
        """
        if not self.has_film:
            raise StateError(
                "this run keeps no film for clips: give it an output, a stream or clips.film_s; "
                "the cameras' own footage can be saved"
            )
        check_clip_path(path)
        before_ns, after_ns = seconds_to_ns(before_s), seconds_to_ns(after_s)
        if before_ns + after_ns <= 0:
            raise StateError("a clip of no time is empty; give before_s or after_s")
        kept_ns = None if self._ring is None else self._ring.span_ns
        if captured_ns is None:
            at_ns = self._shown_now_ns() if kept_ns is not None else None
            if at_ns is None:
                raise StateError("the film has not begun yet; save a clip once it plays")
            span: Callable[[], Span | None] = partial(_around, at_ns, before_ns, after_ns)
        else:
            oldest_ns = 0 if kept_ns is None else kept_ns[0]
            span = partial(self._around_captured, captured_ns, before_ns, after_ns, oldest_ns)
        _check(span(), kept_ns)
        return self._start(path, span, tag, title, on_failed)

    def cancel(self, clip: Clip) -> None:
        """Do not save a clip, or remove it with its file if it is saved already."""
        with self._changed:
            for job in self._jobs:
                if job.clip.number == clip.number:
                    job.is_cancelled = True
                    self._changed.notify_all()
                    return
        with suppress(OSError):
            clip.path.unlink(missing_ok=True)
        self._book.remove(clip)

    def finish(self, limit_s: float) -> bool:
        """End the clips where the film ends, which has ended; True once all are written. Blocks up to `limit_s`."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
            threads = [job.thread for job in self._jobs]
        end_s = time.monotonic() + limit_s
        for thread in threads:
            if thread is not None:
                thread.join(max(0.0, end_s - time.monotonic()))
        with self._changed:
            is_all_written = not self._jobs
        if is_all_written and self._ring is not None:
            self._ring.clear()
        return is_all_written

    def _shown_now_ns(self) -> int | None:
        playhead_ns = self._playhead_ns()
        return None if playhead_ns is None else self._times.shown_from_now_ns(playhead_ns)

    def _around_captured(
        self, captured_ns: int, before_ns: int, after_ns: int, oldest_ns: int
    ) -> Span | None:
        """The piece around a captured moment, in running time of playback; None if that was not shown since."""
        far_ns = self._times.shown_from_now_ns(captured_ns) + NS_PER_S
        shown_ns = self._times.first_shown_ns(captured_ns, oldest_ns, far_ns)
        if shown_ns is None and not self._times.has_begun:
            shown_ns = Nanoseconds(captured_ns)
        return None if shown_ns is None else _around(shown_ns, before_ns, after_ns)

    def _start(
        self,
        path: Path,
        span: Callable[[], Span | None],
        tag: int | None,
        title: str,
        on_failed: Callable[[ForesightError], object],
    ) -> Clip:
        with self._changed:
            if self._is_over:
                raise StateError("the video has ended; no clip of it can be saved any more")
            if len(self._jobs) >= MOST_AT_ONCE:
                raise StateError(
                    f"{MOST_AT_ONCE} clips are being saved already; wait until one of them is done"
                )
            job = _Job(self._book.begin(path, "film", tag, title), span)
            self._jobs.append(job)
            job.thread = threading.Thread(
                target=self._run, args=(job, on_failed), name="film-clip", daemon=True
            )
            job.thread.start()
        return job.clip

    # On the thread of one clip

    def _run(self, job: _Job, on_failed: Callable[[ForesightError], object]) -> None:
        clip, failure = job.clip, None
        try:
            cut = self._wait_for(job)
            if cut is not None:
                with self._writing:
                    write_clip(clip.path, cut.parts)
                begin_s = ns_to_seconds(self._times.captured_ns(cut.begin_ns))
                self._book.saved(clip, begin_s, ns_to_seconds(cut.end_ns - cut.begin_ns))
        except ForesightError as error:
            failure = error
            self._book.failed(clip, str(error))
        finally:
            with self._changed:
                self._jobs.remove(job)
                is_cancelled = job.is_cancelled
        if is_cancelled:
            self.cancel(clip)
        elif failure is not None:
            logger.warning("%s; the clip is not saved", failure)
            on_failed(failure)

    def _wait_for(self, job: _Job) -> FilmCut | None:
        """The clip's piece of the film, when that has come to its end, or does not go on; None if it is cancelled.

        Raises StateError if the film holds nothing of it.
        """
        last_s, reached_ns = float("inf"), 0
        with ExitStack() as held:
            is_held = False
            while True:
                wanted, ring = job.span(), self._ring
                kept_ns = None if ring is None else ring.span_ns
                if wanted is None:
                    raise StateError("the film of that moment is not kept any more, or was not shown")
                if ring is not None and not is_held:
                    held.enter_context(ring.holding(wanted[0]))
                    is_held = True
                if kept_ns is not None and min(kept_ns[1], wanted[1]) > reached_ns:
                    reached_ns = min(kept_ns[1], wanted[1])
                    last_s = time.monotonic() + self._patience_s
                is_there = ring is not None and (ring.has_ended or ring.has_reached(wanted[1]))
                with self._changed:
                    if job.is_cancelled:
                        return None
                    if not (is_there or self._is_over or time.monotonic() > last_s):
                        missing_s = LOOK_S if kept_ns is None else ns_to_seconds(wanted[1] - kept_ns[1])
                        self._changed.wait(min(max(missing_s, 0.02), LOOK_S))
                        continue
                cut = None if ring is None else ring.cut(*wanted)
                if cut is None:
                    raise StateError("the film holds nothing of that moment")
                return cut


def _around(at_ns: int, before_ns: int, after_ns: int) -> Span:
    return at_ns - before_ns, at_ns + after_ns


def _check(wanted: Span | None, kept_ns: Span | None) -> None:
    """Raise StateError if the kept film, None before its begin, has passed what is wanted, or is far from it."""
    end_ns = 0 if kept_ns is None else kept_ns[1]
    if wanted is None or (kept_ns is not None and wanted[1] <= kept_ns[0]):
        kept_s = 0.0 if kept_ns is None else ns_to_seconds(kept_ns[1] - kept_ns[0])
        raise StateError(f"the film of that moment is not kept: only the last {kept_s:.0f} s are")
    ahead_s = ns_to_seconds(wanted[1] - end_ns)
    if ahead_s > MOST_AHEAD_S:
        raise StateError(
            f"the film comes there in {ahead_s:.0f} s only; give a moment within {MOST_AHEAD_S:.0f} s"
        )
