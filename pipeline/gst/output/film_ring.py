"""FilmRing: the newest seconds of the film as it was encoded, kept in memory, to be cut without encoding again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipeline.buffering.window import Entry, Window
from pipeline.gst.core.samples import read
from pipeline.gst.encode.encoded_tap import EncodedTap
from pipeline.gst.runtime import Gst
from pipeline.timebase import Nanoseconds


@dataclass(frozen=True, slots=True)
class FilmKept:
    """How much of the film is kept: so many nanoseconds, as far as they take no more than so many bytes."""

    length_ns: Nanoseconds
    most_bytes: int


@dataclass(frozen=True, slots=True)
class FilmCut:
    """A piece of the film from a keyframe on: the samples of each stream, and where its video begins and ends.

    Running times of playback, in nanoseconds. `parts` is what `write_clip` takes.
    """

    parts: dict[str, list[Entry]]
    begin_ns: int
    end_ns: int


class FilmRing:
    """Keeps the newest encoded samples, by reference; `element` is a branch behind the encoders.

    It begins at a keyframe, takes whole groups of pictures out at its old end, and never blocks playback. Any
    thread may call; nothing here blocks. Lock: `_lock`, held for a few microseconds by the streaming threads.
    """

    def __init__(self, kept: FilmKept, *, with_sound: bool) -> None:
        """`with_sound`: `element` has a sink pad ``audio`` beside ``video``."""
        self.kept = kept
        self._lock = threading.Lock()
        self._windows = {"video": Window()} | ({"audio": Window()} if with_sound else {})
        self._running = set(self._windows)
        """The streams that have not ended."""
        self._holds: dict[object, int] = {}
        self.element = EncodedTap(self._take, self._end, with_sound=with_sound).element

    @property
    def span_ns(self) -> tuple[int, int] | None:
        """From when to when the video goes that is kept now, in running time of playback; None before the first."""
        with self._lock:
            return self._span_ns()

    @property
    def size_bytes(self) -> int:
        """How much memory the samples take that are kept now."""
        return sum(window.size_bytes for window in self._windows.values())

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes."""
        return not self._running

    def has_reached(self, time_ns: int) -> bool:
        """Whether every stream has come as far as this running time of playback, or has ended."""
        with self._lock:
            return all(
                name not in self._running or (len(window) > 0 and window[window.end - 1].end_ns >= time_ns)
                for name, window in self._windows.items()
            )

    @contextmanager
    def holding(self, begin_ns: int) -> Iterator[None]:
        """Keep what begins at this running time for longer than `kept` says, but in no more bytes."""
        key = object()
        with self._lock:
            self._holds[key] = begin_ns
        try:
            yield
        finally:
            with self._lock:
                del self._holds[key]

    def cut(self, begin_ns: int, end_ns: int) -> FilmCut | None:
        """The film from the keyframe at or before `begin_ns` up to the frame that ends at `end_ns` or later.

        Where the ring holds less, the piece is shorter. None if it holds nothing of it.
        """
        with self._lock:
            video, span = self._windows["video"], self._span_ns()
            if span is None or begin_ns >= min(end_ns, span[1]):
                return None
            first = video.keyframe_at_or_before(max(video.index_after(begin_ns) - 1, video.start))
            while video[first].time_ns > begin_ns and first > video.start:  # decoded before, shown after it
                first = video.keyframe_at_or_before(first - 1)
            last = video.index_at(end_ns)
            while last > first and video[last - 1].time_ns >= end_ns:
                last -= 1
            frames = list(video.between(first, last))
            if not frames:
                return None
            next_ns = video[last].time_ns if last < video.end else None
            begin_ns = frames[0].time_ns
            end_ns = max(_end_of(frame, next_ns) for frame in frames)
            parts = {"video": frames}
            if "audio" in self._windows:
                audio = self._windows["audio"]
                heard = audio.between(audio.index_at(begin_ns), audio.index_at(end_ns))
                parts["audio"] = [one for one in heard if (one.time_ns + one.end_ns) // 2 < end_ns]
        return FilmCut(parts, begin_ns, end_ns)

    def close(self) -> None:
        """Note that nothing more comes; what is kept stays. Idempotent."""
        with self._lock:
            self._running.clear()

    def clear(self) -> None:
        """Drop what is kept. Idempotent."""
        with self._lock:
            for window in self._windows.values():
                window.clear()

    # On the streaming threads

    def _take(self, kind: str, sample: Gst.Sample) -> None:
        arrival = read(sample, raw=False)
        if arrival is None or arrival.shown_ns is None:
            return
        shown_ns = arrival.shown_ns
        order_ns = shown_ns if arrival.decoded_ns is None else arrival.decoded_ns
        end_ns = shown_ns + (arrival.duration_ns or 0)
        with self._lock:
            window = self._windows[kind]
            if len(window):
                order_ns = max(order_ns, window[window.end - 1].order_ns)
            elif not arrival.keyframe:
                return
            window.append(Entry(order_ns, shown_ns, end_ns, arrival.size_bytes, arrival.keyframe, sample))
            self._evict()

    def _end(self, kind: str) -> None:
        with self._lock:
            self._running.discard(kind)

    def _evict(self) -> None:
        """Drop what is too old or too much; the caller holds the lock."""
        video, most_bytes = self._windows["video"], self.kept.most_bytes
        span = self._span_ns()
        if span is not None:
            video.evict_before(min([span[1] - self.kept.length_ns, *self._holds.values()]))
            while self.size_bytes > most_bytes and len(video):
                video.evict_oldest()
        for name, window in self._windows.items():
            if name != "video":
                window.evict_before(video.oldest_ns)
                while self.size_bytes > most_bytes and len(window):
                    window.evict_oldest()

    def _span_ns(self) -> tuple[int, int] | None:
        video = self._windows["video"]
        return (video.oldest_ns, video[video.end - 1].end_ns) if len(video) else None


def _end_of(frame: Entry, next_ns: int | None) -> int:
    """Where a frame ends; one that does not say how long it lasts ends where the next one begins."""
    if frame.end_ns > frame.time_ns or next_ns is None:
        return frame.end_ns
    return max(next_ns, frame.time_ns)
