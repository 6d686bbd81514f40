"""Segmenter: writes the fragments of an fMP4 as segments of an HLS playlist, each starting with a keyframe."""

from __future__ import annotations

from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote

from pipeline.media.fmp4 import Fragment, Head
from pipeline.media.formats import SEGMENTS
from pipeline.media.output_spec import part_prefix
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds, ns_to_seconds

_FORMAT = SEGMENTS["fmp4"]

SLACK_NS = 10 * NS_PER_MS
"""A keyframe may end its segment this much early, because encoders count the interval in frames."""


def segment_uri(name: str) -> str:
    """The file `name` as a playlist names it: a relative URI. With its colon, `15:30` would have a scheme."""
    return quote(name, safe="")


def segment_name(uri: str) -> str:
    """The file that a playlist names `uri`."""
    return unquote(uri)


class Segmenter:
    """Writes ``name-init.mp4``, ``name-00000.m4s`` ... and the playlist, which lists a segment once it is complete.

    One thread at a time. Every method raises OSError when the disk cannot be written. The playlist is replaced
    rather than changed, so that a reader always gets a complete one (RFC 8216).
    """

    def __init__(self, playlist: Path, segment_s: int) -> None:
        """`segment_s`: a segment that is at least this long ends at the next keyframe. Nothing is written yet."""
        self._playlist = playlist
        self._segment_ns = segment_s * NS_PER_S
        self._target_s = segment_s
        self._lines: list[str] = []
        self._segments = 0
        self._file: IO[bytes] | None = None
        self._begin_ns: Nanoseconds | None = None
        self._end_ns = Nanoseconds(0)

    def add(self, fragment: Head | Fragment) -> None:
        """Write the head, then the fragments in order."""
        if isinstance(fragment, Head):
            self._beside(_FORMAT.head or "").write_bytes(fragment.data)
            return
        if fragment.is_entry and self._is_long_enough(fragment.begin_ns):
            self._complete()
        if self._file is None:
            self._file = self._beside(self._name()).open("wb")
        self._file.write(fragment.data)
        if fragment.is_video:
            if self._begin_ns is None:
                self._begin_ns = fragment.begin_ns
            self._end_ns = fragment.end_ns

    def finish(self) -> None:
        """Complete the last segment and end the playlist. Idempotent."""
        if self._file is not None:
            self._complete()
            self._write("#EXT-X-ENDLIST")

    def _is_long_enough(self, now_ns: Nanoseconds) -> bool:
        return self._begin_ns is not None and now_ns - self._begin_ns >= self._segment_ns - SLACK_NS

    def _complete(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        length_s = ns_to_seconds(Nanoseconds(self._end_ns - (self._begin_ns or 0)))
        self._target_s = max(self._target_s, round(length_s))
        self._lines += [f"#EXTINF:{length_s:.6f},", segment_uri(self._beside(self._name()).name)]
        self._segments += 1
        self._begin_ns = None
        self._write()

    def _write(self, *last: str) -> None:
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{self._target_s}",
            "#EXT-X-PLAYLIST-TYPE:EVENT",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            f'#EXT-X-MAP:URI="{segment_uri(self._beside(_FORMAT.head or "").name)}"',
            *self._lines,
            *last,
        ]
        fresh = self._playlist.with_name(self._playlist.name + ".new")
        fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
        fresh.replace(self._playlist)

    def _name(self) -> str:
        return f"{self._segments:05d}{_FORMAT.suffix}"

    def _beside(self, name: str) -> Path:
        return self._playlist.with_name(part_prefix(self._playlist) + name)
