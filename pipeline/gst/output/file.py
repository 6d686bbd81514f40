"""FileOutput: writes a file, or a series of parts, inside the playback pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.gst.core.branch_guard import branch_guard
from pipeline.gst.core.elements import (
    add,
    chain,
    ghost,
    link,
    make,
    set_property,
    static_pad,
    without_clock_sync,
)
from pipeline.gst.core.explain import post_error
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.encode.muxers import FILE_MUXERS, Muxer
from pipeline.gst.output.backlog import Backlog
from pipeline.gst.output.output import OutputKind, incomplete_file
from pipeline.gst.runtime import Gst
from pipeline.media.film_file import FilmFile
from pipeline.media.output_spec import FileSpec, part_prefix
from pipeline.media.written_file import WrittenPlaylist
from pipeline.timebase import Nanoseconds, seconds_to_ns

PAYLOAD_SHARE = 0.9
"""splitmuxsink counts only video and sound; this leaves room for the overhead of a transport stream."""


class FileOutput:
    """A file that elements of the playback pipeline write. An Output."""

    kind: OutputKind = "file"
    recovers = False
    undelivered = None
    uplink = None
    gaps = 0
    lost_s = 0.0

    def __init__(
        self,
        name: str,
        element: Gst.Bin,
        entries: Sequence[Gst.Element],
        notes: tuple[str, ...] = (),
        written: WrittenPlaylist | None = None,
    ) -> None:
        """`entries`: the queues through which video, then sound, enter `element`. `written`: None for one file."""
        self.name = name
        self.element = element
        self.notes = notes
        self.cut_short = incomplete_file(name)
        self.trouble: str | None = None
        """Why a file is not at its path; errors of the writer arrive on the bus."""
        self._entries = entries
        self._parts = 0
        self._written: list[FilmFile | WrittenPlaylist] = [written or FilmFile(Path(name))]
        self._lost: set[Path] = set()
        static_pad(entries[0], "src").add_probe(Gst.PadProbeType.BUFFER, self._on_frame)

    @property
    def files(self) -> tuple[Path, ...]:
        """The parts that have been started if the file is split, otherwise the file; none that is lost."""
        return tuple(file.path for file in self._written if file.path not in self._lost)

    @property
    def sole_file(self) -> Path | None:
        """The file, or the only part so far; None once it is lost, for several parts and for a playlist."""
        files = self.files
        return files[0] if len(files) == 1 and isinstance(self._written[0], FilmFile) else None

    @property
    def films(self) -> tuple[FilmFile, ...]:
        """The parts of a split file, otherwise the file; none of a playlist."""
        return tuple(file for file in self._written if isinstance(file, FilmFile))

    def begin_part(self, path: Path, first_pts_ns: int | None = None) -> None:
        """Note that a new part starts at `path`, with the frame of this timestamp. On the streaming thread."""
        part = FilmFile(path)
        begin_ns = None if first_pts_ns is None else self._running_ns(first_pts_ns)
        if begin_ns is not None:
            before = self.films[-1]
            part.note_frame(begin_ns, max((before.end_ns or begin_ns) - begin_ns, 0))
            before.end_ns = begin_ns  # frames of the new part may have passed already
        self._written = [*(self._written if self._parts else ()), part]
        self._parts += 1

    def _running_ns(self, pts_ns: int) -> Nanoseconds | None:
        running_ns = pad_running_time_ns(static_pad(self._entries[0], "src"), pts_ns)
        return None if running_ns is None else Nanoseconds(running_ns)

    def close(self) -> None:
        """Note which files are no longer where they were written; the pipeline has finished them. Idempotent."""
        losses = {file.path: loss for file in self._written if (loss := file.loss) is not None}
        self._lost.update(losses)
        self.trouble = "; ".join(losses.values()) or None

    def _on_frame(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        newest, buffer = self._written[-1], info.get_buffer()
        newest.note()
        if isinstance(newest, FilmFile) and buffer is not None:
            lasts_ns = 0 if buffer.duration == Gst.CLOCK_TIME_NONE else buffer.duration
            newest.note_frame(pad_running_time_ns(pad, buffer.pts), lasts_ns)
        return Gst.PadProbeReturn.OK

    def buffer_slow_disk(self, limit_s: float) -> None:
        """Buffer up to `limit_s` of video while the disk is slow, then fail. For a live run, before it starts.

        Sound alone that waits tells nothing of the disk: after a time in which the process was stopped, the muxer
        has all the sound of that time, and waits for the next video.
        """
        for queue in self._entries:
            queue.set_property("max-size-time", 0)
        Backlog(self._entries[0], seconds_to_ns(limit_s), self._give_up)

    def _give_up(self) -> None:
        """Fail, because the disk is too far behind. On the streaming thread of video."""
        self.abandon()
        post_error(self.element, "nothing more can be written; check the disk")

    @property
    def waiting_bytes(self) -> tuple[int, ...]:
        """How many bytes of each stream wait in its queue to be written. Any thread."""
        return tuple(queue.get_property("current-level-bytes") for queue in self._entries)

    def abandon(self) -> None:
        """Discard everything from now on, so that playback does not wait. Any thread; does not block."""
        for queue in self._entries:
            set_property(queue, "leaky", "downstream")
            queue.set_property("max-size-buffers", 1)  # a change of size wakes a blocked push


@dataclass(frozen=True, slots=True)
class Split:
    """When a file continues in its next part, at the last keyframe before the limit; None: no such limit."""

    time_ns: Nanoseconds | None = None
    size_bytes: int | None = None

    @classmethod
    def at(cls, time_s: float | None, size_bytes: int | None) -> Split | None:
        """The split for these limits, None if there is neither."""
        if time_s is None and size_bytes is None:
            return None
        return cls(None if time_s is None else seconds_to_ns(time_s), size_bytes)


def write_file(
    spec: FileSpec, *, video_codec: str, audio_codec: str | None, split: Split | None = None
) -> FileOutput:
    """An output that writes a file in the container that its extension names. Raises ConfigError.

    `split` writes ``name-00000.mp4``, ``name-00001.mp4`` ... instead of ``name.mp4``.
    """
    path, muxer = spec.path, FILE_MUXERS[spec.container.name]
    spec.check_codecs(video_codec, audio_codec)
    refused = spec.split_refusal()
    if split is not None and refused is not None:
        raise ConfigError(refused)
    if split is not None:
        return _open_parts(path, muxer, video_codec, audio_codec, split)
    element = Gst.Bin.new(None)
    writer = muxer.make()
    chain(element, writer, without_clock_sync(make("filesink", None, location=str(path))))
    entries = enter(
        element, muxer, writer,
        ("video", video_codec, muxer.video_pad), ("audio", audio_codec, muxer.audio_pad),
    )  # fmt: skip
    return FileOutput(str(path), element, entries)


def _open_parts(
    path: Path, muxer: Muxer, video_codec: str, audio_codec: str | None, split: Split
) -> FileOutput:
    element = Gst.Bin.new(None)
    pattern = numbered(path, path.suffix)
    payload_bytes = None if split.size_bytes is None else round(split.size_bytes * PAYLOAD_SHARE)
    sink = make(
        "splitmuxsink", None, location=pattern, muxer=muxer.make(),
        max_size_time=split.time_ns, max_size_bytes=payload_bytes,
    )  # fmt: skip
    add(element, sink)
    entries = enter(element, muxer, sink, ("video", video_codec, "video"), ("audio", audio_codec, "audio_%u"))
    notes = (f"{path} is written in parts: {pattern % 0}, ...",)
    output = FileOutput(str(path), element, entries, notes)
    sink.connect("format-location-full", _begin_part, pattern, output)
    return output


def _begin_part(
    _sink: Gst.Element, number: int, first: Gst.Sample | None, pattern: str, output: FileOutput
) -> str:
    buffer = None if first is None else first.get_buffer()
    output.begin_part(Path(pattern % number), None if buffer is None else buffer.pts)
    return pattern % number


def numbered(path: Path, suffix: str) -> str:
    """The pattern for the parts or segments of `path`, as GStreamer's sinks take it: ``name-%05d.suffix``."""
    return str(path.with_name(part_prefix(path))).replace("%", "%%") + "%05d" + suffix


def enter(
    element: Gst.Bin, muxer: Muxer, writer: Gst.Element, *ways: tuple[str, str | None, str]
) -> list[Gst.Element]:
    """Add a sink pad for each stream to `element`: guard -> queue -> parser -> `writer`. Returns the queues.

    Each of `ways` is a kind, its codec (None: no such stream) and the pad of `writer`, which is `muxer`'s element
    or a sink that contains it. The queues are needed because a muxer takes its streams in turn. The guard keeps
    a failure of this output from stopping the others.
    """
    entries = []
    for kind, codec, pad in ways:
        if codec is None:
            continue
        guard = branch_guard()
        queue = make("queue", None, max_size_buffers=0, max_size_bytes=0, max_size_time=Gst.SECOND)
        parser = muxer.make_parser(codec)
        add(element, guard, queue, parser)
        link(guard, queue, parser)
        parser.link_pads("src", writer, pad)
        ghost(element, static_pad(guard, "sink"), kind)
        entries.append(queue)
    return entries
