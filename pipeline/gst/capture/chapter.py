"""Chapter: one file of a recording in several files; its streams wait until it is their turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.gst.capture.announced import promised_s
from pipeline.gst.capture.plain_source import PlainSource
from pipeline.gst.core.elements import chain, drain, is_inside, make, media_type, pad_caps, static_pad
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.runtime import Gst
from pipeline.timebase import Nanoseconds, seconds_to_ns

_ITEMS = Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM
_SILENT_FRAMES = 1024

KINDS = ("video", "audio")


@dataclass(eq=False)
class Chapter:
    """One opened file. Its streams are blocked from their first buffer on, until `let_go`.

    `on_news(chapter)` is called, from its streaming threads, when all streams are known and when the first frame
    has come. Times are running times of the file itself.
    """

    source: PlainSource
    container: Gst.Bin
    on_news: Callable[[Chapter], None] = field(repr=False)
    index: int
    """Which file of the recording it is, from 0."""
    pads: dict[str, Gst.Pad] = field(default_factory=dict)
    """The first stream of each kind."""
    first_ns: Nanoseconds | None = None
    """Time of the first frame."""
    is_known: bool = False
    """Whether all streams are known."""
    is_empty: bool = False
    """Whether the video ended before its first frame."""
    _blocks: dict[str, int] = field(default_factory=dict, repr=False)

    def open(self) -> None:
        """Put it into its container, which plays already and does not wait for its preroll, and start it."""
        element = self.source.element
        if isinstance(element, Gst.Bin):
            element.set_property("async-handling", True)
        self.container.add(element)
        self.source.watch(self._on_pad, self._on_known)
        element.sync_state_with_parent()

    @property
    def name(self) -> str:
        """The file, as the user wrote it."""
        return self.source.name

    @property
    def length_ns(self) -> Nanoseconds:
        """How long it says that it is; 0 if it does not."""
        return seconds_to_ns(promised_s(self.source.element))

    def holds(self, element: Gst.Object | None) -> bool:
        """Whether `element` belongs to it."""
        return is_inside(element, self.source.element)

    def add_silence(self) -> None:
        """Let silence stand in for its sound."""
        buffers = self.length_ns * 48 // (_SILENT_FRAMES * 1_000_000) + 1
        silence = make(
            "audiotestsrc", None, wave="silence", samplesperbuffer=_SILENT_FRAMES, num_buffers=buffers
        )
        form = make("capsfilter", None, caps=Gst.Caps.from_string("audio/x-raw,rate=48000"))
        chain(self.container, silence, form)
        self._take("audio", static_pad(form, "src"))
        form.sync_state_with_parent()
        silence.sync_state_with_parent()

    def let_go(self, kind: str) -> None:
        """Let the blocked stream of `kind` flow; its pad is linked."""
        block = self._blocks.pop(kind, None)
        if block is not None:
            self.pads[kind].remove_probe(block)

    def close(self) -> None:
        """Stop it, and free its elements. Not on one of its own threads."""
        self.source.element.set_state(Gst.State.NULL)
        self.container.remove(self.source.element)

    def _on_pad(self, pad: Gst.Pad) -> None:
        kind = media_type(pad_caps(pad)).replace("image", "video")
        if kind not in KINDS or kind in self.pads:
            drain(self.container, pad)
            return
        self._take(kind, pad)

    def _take(self, kind: str, pad: Gst.Pad) -> None:
        self.pads[kind] = pad
        self._blocks[kind] = pad.add_probe(Gst.PadProbeType.BLOCK | _ITEMS, self._on_waiting, kind)

    def _on_known(self) -> None:
        self.is_known = True
        self.on_news(self)

    def _on_waiting(self, pad: Gst.Pad, info: Gst.PadProbeInfo, kind: str) -> Gst.PadProbeReturn:
        event = info.get_event() if info.type & Gst.PadProbeType.EVENT_DOWNSTREAM else None
        if event is not None and event.type != Gst.EventType.EOS:
            return Gst.PadProbeReturn.PASS
        if kind == "video" and self.first_ns is None and not self.is_empty:
            buffer = None if event is not None else info.get_buffer()
            first_ns = None if buffer is None else pad_running_time_ns(pad, buffer.pts)
            self.first_ns = Nanoseconds(first_ns or 0)
            self.is_empty = event is not None
            self.on_news(self)
        return Gst.PadProbeReturn.OK if kind in self._blocks else Gst.PadProbeReturn.REMOVE
