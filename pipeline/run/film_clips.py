"""FilmClips: saves pieces of the film that a run shows, also of what it will show, without encoding it again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import ForesightError, StateError
from pipeline.gst.output.clips import check_clip_path, write_clip
from pipeline.gst.output.film_ring import FilmCut, FilmRing
from pipeline.run.clip_book import Clip, ClipBook
from pipeline.run.film_times import FilmTimes
from pipeline.timebase import NS_PER_S, ns_to_seconds, seconds_to_ns

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
        on_over: Callable[[Clip], object] = lambda _clip: None,
    ) -> Clip:
        """Begin to save what is shown from `before_s` before to `after_s` after a captured moment; None: of now.

        It begins at the keyframe at or before that, and is written when the film has come to its end.
        `on_over(clip)` is called, on a thread of its own, when it is saved or has failed. Raises StateError where
        there is no film of it, OutputError for a path that a clip cannot have.
        """
        ring = self._film()
        check_clip_path(path)
        before_ns, after_ns = seconds_to_ns(before_s), seconds_to_ns(after_s)
        kept = ring.span_ns
        now_ns = self._playhead_ns()
        if kept is None or now_ns is None:
            raise StateError("the film has not begun yet; save a clip once it plays")
        if captured_ns is None:
            fixed_ns = self._times.shown_from_now_ns(now_ns)
            span: Callable[[], Span | None] = lambda: (fixed_ns - before_ns, fixed_ns + after_ns)  # noqa: E731
        else:
            span = lambda: self._around(captured_ns, before_ns, after_ns, kept[0])  # noqa: E731
        wanted = span()
        if wanted is None or wanted[1] <= kept[0]:
            kept_s = ns_to_seconds(kept[1] - kept[0])
            raise StateError(f"the film of that moment is not kept: only the last {kept_s:.0f} s are")
        ahead_s = ns_to_seconds(wanted[1] - kept[1])
        if ahead_s > MOST_AHEAD_S:
            raise StateError(
                f"the film comes there in {ahead_s:.0f} s only; give a moment within {MOST_AHEAD_S:.0f} s"
            )
        return self._start(path, span, wanted[0], on_over)

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

    def _film(self) -> FilmRing:
        if not self.has_film:
            raise StateError(
                "this run keeps no film for clips: give it an output, a stream or clips.film_s; "
                "the cameras' own footage can be saved"
            )
        if self._ring is None:
            raise StateError("the film has not begun yet; save a clip once it plays")
        return self._ring

    def _around(self, captured_ns: int, before_ns: int, after_ns: int, oldest_ns: int) -> Span | None:
        """The piece around a captured moment, in running time of playback; None if that was not shown since."""
        far_ns = self._times.shown_from_now_ns(captured_ns) + NS_PER_S
        shown_ns = self._times.first_shown_ns(captured_ns, oldest_ns, far_ns)
        return None if shown_ns is None else (shown_ns - before_ns, shown_ns + after_ns)

    def _start(
        self, path: Path, span: Callable[[], Span | None], begin_ns: int, on_over: Callable[[Clip], object]
    ) -> Clip:
        with self._changed:
            if self._is_over:
                raise StateError("the video has ended; no clip of it can be saved any more")
            if len(self._jobs) >= MOST_AT_ONCE:
                raise StateError(
                    f"{MOST_AT_ONCE} clips are being saved already; wait until one of them is done"
                )
            job = _Job(self._book.begin(path, "film"), span)
            self._jobs.append(job)
            job.thread = threading.Thread(
                target=self._run, args=(job, begin_ns, on_over), name="film-clip", daemon=True
            )
            job.thread.start()
        return job.clip

    # On the thread of one clip

    def _run(self, job: _Job, begin_ns: int, on_over: Callable[[Clip], object]) -> None:
        clip, ring = job.clip, self._film()
        try:
            with ring.holding(begin_ns):
                cut = self._wait_for(job, ring)
            if cut is not None:
                with self._writing:
                    write_clip(clip.path, cut.parts)
                begin_s = ns_to_seconds(self._times.captured_ns(cut.begin_ns))
                clip = self._book.saved(clip, begin_s, ns_to_seconds(cut.end_ns - cut.begin_ns))
        except ForesightError as error:
            logger.warning("%s; the clip is not saved", error)
            clip = self._book.failed(clip, str(error))
        finally:
            with self._changed:
                self._jobs.remove(job)
                is_cancelled = job.is_cancelled
        if is_cancelled:
            self.cancel(clip)
        else:
            on_over(clip)

    def _wait_for(self, job: _Job, ring: FilmRing) -> FilmCut | None:
        """The clip's piece of the film, when that has come to its end, or does not go on; None if it is cancelled.

        Raises StateError if the film holds nothing of it.
        """
        last_s = time.monotonic() + self._patience_s
        reached_ns = 0
        while True:
            wanted, kept = job.span(), ring.span_ns
            if wanted is None or kept is None:
                raise StateError("the film of that moment is not kept any more, or was not shown")
            if min(kept[1], wanted[1]) > reached_ns:
                reached_ns, last_s = min(kept[1], wanted[1]), time.monotonic() + self._patience_s
            is_there = ring.has_reached(wanted[1]) or ring.has_ended or time.monotonic() > last_s
            with self._changed:
                if not (is_there or job.is_cancelled or self._is_over):
                    missing_s = ns_to_seconds(wanted[1] - kept[1])
                    self._changed.wait(min(max(missing_s, 0.02), LOOK_S))
                    continue
                if job.is_cancelled:
                    return None
            cut = ring.cut(*wanted)
            if cut is None:
                raise StateError("the film holds nothing of that moment")
            return cut
