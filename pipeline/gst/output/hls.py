"""Writes an HLS playlist and its segments, inside the playback pipeline."""

from __future__ import annotations

import errno
from functools import partial
from pathlib import Path

from pipeline.gst.core.elements import add, chain, make, make_appsink
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.encode.muxers import FRAGMENTS_TIMESCALE_HZ, LIVE_TS, SEGMENT_MP4
from pipeline.gst.output.file import FileOutput, enter, numbered
from pipeline.gst.runtime import Gio, GLib, Gst, GstApp
from pipeline.media.fmp4 import FragmentCutter
from pipeline.media.formats import SEGMENTS
from pipeline.media.hls import Segmenter, segment_name, segment_uri
from pipeline.media.output_spec import FileSpec
from pipeline.media.written_file import WrittenPlaylist
from pipeline.timebase import Nanoseconds

SEGMENT_S = 4
"""The target duration of a segment; a viewer is about three segments behind."""


def write_playlist(spec: FileSpec, *, video_codec: str, audio_codec: str | None) -> FileOutput:
    """An output that writes a playlist with ``name-00000.ts`` ..., or ``name-init.mp4`` and ``name-00000.m4s`` ...

    Raises ConfigError for a codec that players do not support in such segments.
    """
    spec.check_codecs(video_codec, audio_codec)
    write = _write_ts if spec.container.name == "ts" else _write_fmp4
    return write(spec.path, video_codec, audio_codec)


def _write_ts(path: Path, video_codec: str, audio_codec: str | None) -> FileOutput:
    element = Gst.Bin.new(None)
    in_playlist = path.with_name(
        segment_uri(path.name)
    )  # the sink copies the names of the files into the playlist
    sink = make(
        "hlssink2", None, location=numbered(in_playlist, SEGMENTS["ts"].suffix), playlist_location=str(path),
        target_duration=SEGMENT_S, playlist_length=0, max_files=0,
    )  # fmt: skip
    sink.connect("get-fragment-stream", _open_segment)
    add(element, sink)
    entries = enter(element, LIVE_TS, sink, ("video", video_codec, "video"), ("audio", audio_codec, "audio"))
    return FileOutput(str(path), element, entries, written=WrittenPlaylist(path))


def _open_segment(_sink: Gst.Element, location: str) -> Gio.OutputStream | None:
    """Open the file of a segment that the playlist will name as the end of `location`; None if that fails."""
    path = Path(location)
    file = Gio.File.new_for_path(str(path.with_name(segment_name(path.name))))
    try:
        return file.replace(None, False, Gio.FileCreateFlags.REPLACE_DESTINATION, None)
    except GLib.Error:  # the sink reports it
        return None


def _write_fmp4(path: Path, video_codec: str, audio_codec: str | None) -> FileOutput:
    element = Gst.Bin.new(None)
    muxer, writer = SEGMENT_MP4.make(), _SegmentWriter(path)
    chain(element, muxer, writer.appsink)
    entries = enter(
        element, SEGMENT_MP4, muxer,
        ("video", video_codec, SEGMENT_MP4.video_pad), ("audio", audio_codec, SEGMENT_MP4.audio_pad),
    )  # fmt: skip
    for pad in element.sinkpads:
        writer.watch_begin(pad, pad.get_name() or "")
    return FileOutput(str(path), element, entries, written=WrittenPlaylist(path))


class _SegmentWriter:
    """Writes the muxer's output to segments, on the muxer's streaming thread."""

    def __init__(self, path: Path) -> None:
        self._segmenter = Segmenter(path, SEGMENT_S)
        self._cutter = FragmentCutter(FRAGMENTS_TIMESCALE_HZ, self._sound_late_ns)
        self._begins_ns: dict[str, int] = {}
        self.appsink = make_appsink("segments")
        self.appsink.connect("new-sample", self._take)
        self.appsink.connect("eos", self._finish)

    def watch_begin(self, pad: Gst.Pad, kind: str) -> None:
        """Note the first running time of the stream of `kind` (``video`` or ``audio``) at `pad`."""
        pad.add_probe(Gst.PadProbeType.BUFFER, partial(self._note_begin, kind))

    def _note_begin(self, kind: str, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        buffer = info.get_buffer()
        if buffer is None:
            return Gst.PadProbeReturn.OK
        shown_ns, decoded_ns = (pad_running_time_ns(pad, stamp) for stamp in (buffer.pts, buffer.dts))
        if shown_ns is not None and shown_ns < 0:
            return Gst.PadProbeReturn.DROP  # as the muxer would; the rest then starts at 0
        begins_ns = [time_ns for time_ns in (shown_ns, decoded_ns) if time_ns is not None]
        self._begins_ns[kind] = min(begins_ns, default=0)
        return Gst.PadProbeReturn.REMOVE

    def _sound_late_ns(self) -> Nanoseconds:
        begins_ns = self._begins_ns
        return Nanoseconds(begins_ns.get("audio", 0) - begins_ns.get("video", 0))

    def _take(self, appsink: GstApp.AppSink) -> Gst.FlowReturn:
        sample = appsink.emit("pull-sample")
        buffer = None if sample is None else sample.get_buffer()
        if buffer is None:
            return Gst.FlowReturn.OK
        try:
            for fragment in self._cutter.feed(buffer.extract_dup(0, buffer.get_size())):
                self._segmenter.add(fragment)
        except OSError as error:
            self._fail(error)
            return Gst.FlowReturn.ERROR
        return Gst.FlowReturn.OK

    def _finish(self, _appsink: GstApp.AppSink) -> None:
        try:
            self._segmenter.finish()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        """Post an error on the bus, as a filesink would."""
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        code = Gst.ResourceError.NO_SPACE_LEFT if is_full else Gst.ResourceError.WRITE
        gst_error: GLib.Error = GLib.Error.new_literal(Gst.ResourceError.quark(), str(error), code)
        self.appsink.post_message(Gst.Message.new_error(self.appsink, gst_error, str(error)))
