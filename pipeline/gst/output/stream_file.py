"""StreamFile: one stream of a run as it came, in a Matroska file that outlives the run if it is killed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import ForesightError, OutputError
from pipeline.foreign_code import describe
from pipeline.gst.core.connections import take_apart
from pipeline.gst.core.elements import (
    chain,
    find_property,
    is_raw,
    make,
    make_appsrc,
    media_type,
    static_pad,
    without_clock_sync,
)
from pipeline.gst.core.explain import explain
from pipeline.gst.core.parsers import PARSERS
from pipeline.gst.core.samples import copied, pad_running_time_ns
from pipeline.gst.core.shutdown import to_null
from pipeline.gst.runtime import Gst
from pipeline.media.formats import CODECS
from pipeline.media.match_folder import StreamRecord
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds, ns_to_seconds

logger = logging.getLogger("foresight")

TIMESCALE_NS = 10_000
"""Matroska counts times in these units. A cluster lasts 32,767 of them at most, 0.3 s."""
MOST_RAW_FRAMES = 4
"""Raw frames that wait for the encoder; live, the oldest then makes room."""
MOST_WAITING_BYTES = 32_000_000
"""Compressed video that waits for the disk offline, where the source waits too."""
SLOW_DISK_S = 10.0
"""When so much waits live, the disk does not keep up, and the file ends."""
BATCH, BATCH_NS = 32, 300 * NS_PER_MS
"""So much of a compressed stream or of sound is handed on at a time."""
FINISH_S, LEAVE_S = 10.0, 1.0
_NONE = Gst.CLOCK_TIME_NONE
_END = "foresight-end"


class StreamFile:
    """Writes a stream that leaves an element: compressed video as it is, raw video encoded, raw sound as FLAC.

    What came is in the file, and handed to the system, within a fifth of a second of video; a killed run loses
    that. `follow` is called on any thread; `close` blocks, on another. A pipeline of its own writes the file, so
    that nothing of it reaches the run; if it fails, `on_failed` is called once, on any thread."""

    def __init__(
        self,
        path: Path,
        make_encoder: Callable[[], Gst.Element],
        on_failed: Callable[[OutputError], object],
        *,
        live: bool,
        shared_ns: Callable[[int], int] = int,
        on_frame: Callable[[int], object] = lambda _time_ns: None,
    ) -> None:
        """Nothing is opened before the first frame. `make_encoder`: for raw video. `shared_ns`: the delay line's
        time of a running time of the source. `live`: never wait; otherwise the source waits for the file.
        `on_frame` is called with the exact time of each frame, on the stream's thread."""
        self.path = path
        self._make_encoder, self._on_failed, self._shared_ns = make_encoder, on_failed, shared_ns
        self._live, self._on_frame = live, on_frame
        self._pipeline: Gst.Pipeline | None = None
        self._appsrc = make_appsrc("stream")
        self._probes: list[tuple[Gst.Pad, int]] = []
        self._caps: Gst.Caps | None = None
        self._lag_ns: int | None = None
        """Running time less timestamp; None until it is read from the pad."""
        self._offset_ns = 0
        """What the file's pipeline adds to timestamps."""
        self._batch: list[Gst.Buffer] = []
        self._batch_due_ns = 0
        self._is_closed = False
        self._failing = threading.Lock()
        self._has_failed = False
        self._codec, self._encoded_here = "", False
        self._first_ns: int | None = None
        self._end_ns: int | None = None
        self._count = self._left_out = 0
        self._is_raw_video = False
        self._is_writing = False
        self._thread: threading.Thread | None = None

    def follow(self, pad: Gst.Pad) -> None:
        """Write what passes `pad` from now on, and no longer what passes another pad."""
        self._leave()
        self._lag_ns = None
        self._probes = [
            (pad, pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_event)),
            (pad, pad.add_probe(Gst.PadProbeType.BUFFER, self._on_buffer)),
        ]

    @property
    def record(self) -> StreamRecord:
        """What is known of the stream so far. Any thread."""
        first_ns, end_ns = self._first_ns, self._end_ns
        return StreamRecord(
            self._codec,
            self._encoded_here,
            None if first_ns is None else ns_to_seconds(Nanoseconds(first_ns)),
            None if end_ns is None else ns_to_seconds(Nanoseconds(end_ns)),
            self._count,
            self._left_out,
        )

    @property
    def has_failed(self) -> bool:
        """Whether the file ends before the stream does."""
        return self._has_failed

    def close(self, *, at_once: bool = False) -> None:
        """Complete the file; blocks for `FINISH_S` at most, `at_once` for a tenth of that. Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        self._leave()
        pipeline, thread = self._pipeline, self._thread
        if pipeline is None or thread is None:
            return
        if not self._has_failed:
            self._flush()
            self._appsrc.end_of_stream()
        thread.join(FINISH_S / 10 if at_once else FINISH_S)
        if thread.is_alive():
            self._fail("the disk does not answer")
            thread.join(LEAVE_S)
        if to_null(pipeline, LEAVE_S):
            take_apart(pipeline)

    def _leave(self) -> None:
        probes, self._probes = self._probes, []
        for pad, probe in probes:
            pad.remove_probe(probe)

    # On the stream's thread

    def _on_event(self, _pad: Gst.Pad, _info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        self._lag_ns = None  # caps or segment may be new
        return Gst.PadProbeReturn.OK

    def _on_buffer(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        if self._is_closed or self._has_failed:
            return Gst.PadProbeReturn.OK
        try:
            buffer = info.get_buffer()
            if buffer is not None:
                self._take(pad, buffer)
        except ForesightError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001  # nothing of the file may reach the run
            self._fail(describe(error))
        return Gst.PadProbeReturn.OK

    def _take(self, pad: Gst.Pad, buffer: Gst.Buffer) -> None:
        pts = buffer.pts
        if pts == _NONE:
            return
        if self._lag_ns is None and not self._read_form(pad, buffer, pts):
            return
        lag_ns = self._lag_ns or 0
        time_ns = max(self._shared_ns(pts + lag_ns), 0)
        moved_ns = time_ns - pts - self._offset_ns
        if moved_ns:
            buffer = copied(buffer)
            buffer.pts = pts + moved_ns
            if buffer.dts != _NONE:
                buffer.dts = max(buffer.dts + moved_ns, 0)
        if self._is_full():
            self._left_out += 1
            return
        self._on_frame(time_ns)
        if self._first_ns is None:
            self._first_ns = time_ns
        lasts_ns = buffer.duration
        end_ns = time_ns if lasts_ns == _NONE else time_ns + lasts_ns
        if self._end_ns is None or end_ns > self._end_ns:
            self._end_ns = end_ns
        self._count += 1
        self._batch.append(buffer)
        if self._is_raw_video or len(self._batch) >= BATCH or end_ns >= self._batch_due_ns:
            self._batch_due_ns = end_ns + BATCH_NS
            self._flush()

    def _flush(self) -> None:
        """Hand what has been gathered to the file's own thread: fewer wake-ups cost less."""
        batch, self._batch = self._batch, []
        if len(batch) == 1:
            self._appsrc.push_buffer(batch[0])
        elif batch:
            together = Gst.BufferList.new_sized(len(batch))
            for buffer in batch:
                together.insert(-1, buffer)
            self._appsrc.push_buffer_list(together)

    def _read_form(self, pad: Gst.Pad, buffer: Gst.Buffer, pts: int) -> bool:
        """Learn caps and segment of the pad; False while the stream cannot begin."""
        running_ns, caps = _running_ns(pad, pts), pad.get_current_caps()
        if running_ns is None or caps is None:
            return False
        if self._pipeline is None:
            if buffer.has_flags(Gst.BufferFlags.DELTA_UNIT):
                return False
            self._build(caps)
            self._offset_ns = max(self._shared_ns(running_ns), 0) - pts
            static_pad(self._appsrc, "src").set_offset(self._offset_ns)
        if self._caps is None or not caps.is_equal(self._caps):
            self._flush()
            self._caps = caps
            self._appsrc.set_property("caps", caps)
        self._lag_ns = running_ns - pts
        return True

    def _is_full(self) -> bool:
        """Whether a live frame has no room. Raises OutputError for a disk that does not keep up."""
        if not self._live:
            return False
        if self._is_raw_video:
            return int(self._appsrc.get_property("current-level-buffers")) >= MOST_RAW_FRAMES
        if int(self._appsrc.get_property("current-level-time")) > SLOW_DISK_S * NS_PER_S:
            raise OutputError("the disk does not keep up")
        return False

    def _build(self, caps: Gst.Caps) -> None:
        """Make the pipeline for a stream with `caps`, and start it."""
        kind, raw = media_type(caps), is_raw(caps)
        self._encoded_here, self._is_raw_video = raw, raw and kind != "audio"
        appsrc = self._appsrc
        if not self._live:
            appsrc.set_property("block", True)
            appsrc.set_property("max-bytes", 0 if self._is_raw_video else MOST_WAITING_BYTES)
            appsrc.set_property("max-buffers", MOST_RAW_FRAMES if self._is_raw_video else 0)
        steps: list[Gst.Element] = []
        if raw and kind == "audio":
            form = Gst.Caps.from_string("audio/x-raw,format=S16LE,layout=interleaved")
            steps = [
                make("audioconvert", None, dithering="none"),
                make("capsfilter", None, caps=form),
                make("flacenc", None, quality=2),
            ]
            self._codec = "flac"
        else:
            encoder = self._make_encoder() if raw else None
            if encoder is not None:
                steps = [make("videoconvert"), encoder]
                caps = static_pad(encoder, "src").query_caps(None)  # type: ignore[no-untyped-call]
            self._codec = _codec_of(caps)
            parser = make(PARSERS.get(self._codec) or "identity")
            if find_property(parser, "config-interval") is not None:
                parser.set_property(
                    "config-interval", -1
                )  # what a camera changes later is in the stream itself
            steps.append(parser)
        muxer = make("matroskamux", None, timecodescale=TIMESCALE_NS)
        sink = without_clock_sync(make("filesink", None, location=str(self.path), buffer_mode="unbuffered"))
        pipeline = Gst.Pipeline.new("stream-file")
        chain(pipeline, appsrc, *steps)
        chain(pipeline, muxer, sink)
        source = static_pad(steps[-1], "src")
        source.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, _OneForm(self._fail))
        steps[-1].link(muxer)
        self._pipeline = pipeline
        pipeline.set_state(Gst.State.PLAYING)
        self._thread = threading.Thread(target=self._watch, name=f"write-{self.path.name}", daemon=True)
        self._thread.start()

    # On the file's thread

    def _watch(self) -> None:
        """Wait until the file is complete, or fails."""
        pipeline = self._pipeline
        if pipeline is None:
            return
        kinds = Gst.MessageType.ERROR | Gst.MessageType.EOS | Gst.MessageType.APPLICATION
        message = pipeline.get_bus().timed_pop_filtered(_NONE, kinds)
        if message is not None and message.type == Gst.MessageType.ERROR:
            self._fail(str(explain(message, "output", self.path.name)).partition(": ")[2])

    def _fail(self, why: str) -> None:
        """Report the first failure, and wake whoever waits. Any thread."""
        with self._failing:
            is_first, self._has_failed = not self._has_failed, True
        if not is_first:
            return
        self._on_failed(OutputError(f"{self.path}: cannot be written ({why}); what was written before stays"))
        pipeline = self._pipeline
        if pipeline is not None:  # a source that waits for room goes on
            self._appsrc.send_event(Gst.Event.new_flush_start())
            pipeline.post_message(Gst.Message.new_application(pipeline, Gst.Structure.new_empty(_END)))


class _OneForm:
    """Passes the first caps of a stream only: a Matroska file holds one. Headers that change are in the stream."""

    def __init__(self, on_changed: Callable[[str], object]) -> None:
        self._first: Gst.Structure | None = None
        self._on_changed = on_changed

    def __call__(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        event = info.get_event()
        if event is None or event.type != Gst.EventType.CAPS:
            return Gst.PadProbeReturn.OK
        form = event.parse_caps().get_structure(0)
        if self._first is None:
            self._first = form.copy()
            return Gst.PadProbeReturn.OK
        keys = "width", "height", "rate", "channels"
        before, now = (
            [one.get_name(), *(one.get_value(key) if one.has_field(key) else None for key in keys)]
            for one in (self._first, form)
        )
        if before != now:
            self._on_changed("the source changed its picture's size or its format")
        return Gst.PadProbeReturn.DROP


def _running_ns(pad: Gst.Pad, stamp_ns: int) -> int | None:
    """The running time of a timestamp behind `pad`, whose own segment is without its offset; None without one."""
    time_ns = pad_running_time_ns(pad, stamp_ns)
    return None if time_ns is None else time_ns + pad.get_offset()


def _codec_of(caps: Gst.Caps) -> str:
    """The codec of compressed caps, by our name; else the caps' own name."""
    for codec in CODECS.values():
        known = Gst.Caps.from_string(codec.caps)
        if known is not None and caps.can_intersect(known):
            return codec.name
    return str(caps.get_structure(0).get_name())
