"""Joins clips of one encode to one film, without encoding them again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipeline.buffering.window import Entry
from pipeline.errors import ForesightError, OutputError
from pipeline.gst.core.connections import Connections, take_apart
from pipeline.gst.core.elements import add, chain, make, make_appsink, media_type, pad_caps, static_pad
from pipeline.gst.core.explain import explain
from pipeline.gst.core.samples import read, shifted
from pipeline.gst.output.clips import build_writer, check_clip_path
from pipeline.gst.runtime import Gst, GstApp
from pipeline.timebase import NS_PER_MS, NS_PER_S

MOST_WAITING_BYTES = 4_000_000
"""So much of a clip may wait for the disk before the next one is read."""
POLL_NS = 20 * NS_PER_MS
PATIENCE_S = 20.0
"""A disk that takes or gives nothing for so long is given up."""

Parts = dict[str, list[Entry]]


class Piece(NamedTuple):
    """A clip's file, and how much of it is wanted at most, in nanoseconds; None: all."""

    path: Path
    most_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """Where each piece begins in the film, None for one that is not in it, and the film's length; nanoseconds."""

    begins_ns: list[int | None]
    length_ns: int
    refusals: list[str]
    """A line for each piece that is not in it."""


def join_clips(path: Path, pieces: Sequence[Piece]) -> Joined:
    """Write the pieces one after the other to `path`; blocks for the disk.

    A piece is left out if it cannot be read, or was encoded otherwise than the first one. Raises OutputError when
    the film cannot be written, or nothing is left; an unfinished file is then removed.
    """
    spec = check_clip_path(path)
    writer: _Writer | None = None
    begins_ns: list[int | None] = []
    refusals: list[str] = []
    at_ns = 0
    try:
        for piece in pieces:
            begins_ns.append(None)
            try:
                parts = _read_clip(piece)
                if writer is None:
                    writer = _Writer(path, parts)
                writer.check(parts)
            except ForesightError as error:
                refusals.append(f"{piece.path.name} is not in the film: {error}")
                continue
            begins_ns[-1] = at_ns
            at_ns += writer.write(parts, at_ns)
        if writer is None:
            raise OutputError(f"{spec.name}: there is nothing to join; " + "; ".join(refusals))
        writer.finish()
    except BaseException:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise
    finally:
        if writer is not None:
            writer.close()
    return Joined(begins_ns, at_ns, refusals)


class _Writer:
    """The pipeline that writes the film. One thread."""

    def __init__(self, path: Path, first: Parts) -> None:
        self._name = str(path)
        self._caps = {name: entries[0].sample.get_caps() for name, entries in first.items()}
        self._pipeline = Gst.Pipeline.new("join")
        spec = check_clip_path(path)
        appsrcs = build_writer(self._pipeline, spec, path, first)
        self._appsrcs: dict[str, GstApp.AppSrc] = dict(zip(first, appsrcs, strict=True))
        self._pipeline.set_state(Gst.State.PLAYING)

    def check(self, parts: Parts) -> None:
        """Raise OutputError for a piece that was encoded otherwise than the first one."""
        if parts.keys() != self._caps.keys():
            raise OutputError("it has other streams than the first clip")
        for name, caps in self._caps.items():
            found = parts[name][0].sample.get_caps()
            if caps is None or found is None or not found.is_equal(caps):
                raise OutputError(f"its {name} was encoded otherwise than that of the first clip")

    def write(self, parts: Parts, at_ns: int) -> int:
        """Write a piece that begins at `at_ns` of the film; returns how long it is. Raises OutputError."""
        begin_ns = parts["video"][0].time_ns
        for name, entries in parts.items():
            for entry in entries:
                self._appsrcs[name].push_sample(shifted(entry.sample, at_ns - begin_ns))
        self._wait_written(MOST_WAITING_BYTES)
        return max(entry.end_ns for entry in parts["video"]) - begin_ns

    def finish(self) -> None:
        """Complete the file. Raises OutputError."""
        self._wait_written(0)
        for appsrc in self._appsrcs.values():
            appsrc.end_of_stream()
        self._pop(Gst.MessageType.EOS, round(PATIENCE_S * NS_PER_S))

    def close(self) -> None:
        self._pipeline.set_state(Gst.State.NULL)
        take_apart(self._pipeline)

    def _wait_written(self, most_bytes: int) -> None:
        waiting, looks = self._waiting_bytes, 0
        while waiting > most_bytes:
            self._pop(None, POLL_NS)
            looks = looks + 1 if self._waiting_bytes == waiting else 0
            if looks * POLL_NS > PATIENCE_S * NS_PER_S:
                raise OutputError(f"{self._name}: the disk takes nothing any more; save it elsewhere")
            waiting = self._waiting_bytes

    @property
    def _waiting_bytes(self) -> int:
        return max(int(appsrc.get_property("current-level-bytes")) for appsrc in self._appsrcs.values())

    def _pop(self, wanted: Gst.MessageType | None, timeout_ns: int) -> None:
        """Wait for the message that is wanted, if any, up to `timeout_ns`. Raises OutputError for an error."""
        kinds = Gst.MessageType.ERROR if wanted is None else Gst.MessageType.ERROR | wanted
        message = self._pipeline.get_bus().timed_pop_filtered(timeout_ns, kinds)
        if message is not None and message.type == Gst.MessageType.ERROR:
            raise explain(message, "output", self._name)
        if message is None and wanted is not None:
            raise OutputError(f"{self._name}: was not finished in time; check the disk")


def _read_clip(piece: Piece) -> Parts:
    """The samples of a clip's streams, up to where its video is as long as is wanted. Raises OutputError."""
    path = piece.path
    if not path.is_file():
        raise OutputError(f"there is no file {path.name} any more")
    parts: Parts = {}
    pipeline, connections = Gst.Pipeline.new("clip"), Connections()
    demuxer = make("qtdemux")
    chain(pipeline, make("filesrc", None, location=str(path)), demuxer)

    def take(appsink: GstApp.AppSink, entries: list[Entry]) -> Gst.FlowReturn:
        sample = appsink.emit("pull-sample")
        arrival = None if sample is None else read(sample, raw=False)
        if arrival is not None and arrival.shown_ns is not None:
            order_ns = arrival.shown_ns if arrival.decoded_ns is None else arrival.decoded_ns
            end_ns = arrival.shown_ns + (arrival.duration_ns or 0)
            entries.append(
                Entry(order_ns, arrival.shown_ns, end_ns, arrival.size_bytes, arrival.keyframe, sample)
            )
        return Gst.FlowReturn.OK

    def link(_demuxer: Gst.Element, pad: Gst.Pad) -> None:
        name = media_type(pad_caps(pad))
        appsink = make_appsink(name)
        connections.connect(appsink, "new-sample", take, parts.setdefault(name, []))
        add(pipeline, appsink)
        appsink.sync_state_with_parent()
        pad.link(static_pad(appsink, "sink"))

    connections.connect(demuxer, "pad-added", link)
    try:
        pipeline.set_state(Gst.State.PLAYING)
        message = pipeline.get_bus().timed_pop_filtered(
            round(PATIENCE_S * NS_PER_S), Gst.MessageType.EOS | Gst.MessageType.ERROR
        )
        if message is not None and message.type == Gst.MessageType.ERROR:
            raise explain(message, "source", path.name)
        if message is None:
            raise OutputError("the disk gives nothing; check it")
    finally:
        pipeline.set_state(Gst.State.NULL)
        connections.release()
        take_apart(pipeline)
    return _shortened(parts, piece.most_ns)


def _shortened(parts: Parts, most_ns: int | None) -> Parts:
    """The begin of a clip: the frames that are shown within `most_ns`, and their sound. Raises OutputError."""
    frames = parts.get("video", [])
    if not frames or not all(parts.values()):
        raise OutputError("it holds no video, or a stream of it is empty")
    begin_ns = frames[0].time_ns
    if most_ns is None:
        return parts
    kept = len(frames)
    while kept and frames[kept - 1].time_ns >= begin_ns + most_ns:
        kept -= 1
    if not kept:
        raise OutputError("another clip shows all of it")
    end_ns = max(frame.end_ns for frame in frames[:kept])
    heard = {
        name: [one for one in entries if (one.time_ns + one.end_ns) // 2 < end_ns]
        for name, entries in parts.items()
        if name != "video"
    }
    return {"video": frames[:kept]} | heard
