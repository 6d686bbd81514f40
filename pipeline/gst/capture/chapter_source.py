"""ChapterSource: one recording in several files, played one after the other as one source."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.errors import ForesightError
from pipeline.gst.capture.chapter import KINDS, Chapter
from pipeline.gst.capture.plain_source import PlainSource
from pipeline.gst.capture.source import StreamCallback, Truth, TruthKind
from pipeline.gst.core.elements import chain, ghost, make, static_pad
from pipeline.gst.core.explain import explain, post_error
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds

SHORTER_TOLD_NS = NS_PER_S // 2
"""A chapter that lacks less of its promised length is complete."""

_ZERO_NS = Nanoseconds(0)
_OVERLAP_NS = 5_000_000
"""Sound that begins this much before the end of the sound before it is kept: timestamps round."""

_ITEMS = Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM


@dataclass
class _Place:
    """Where the chapters' streams of one kind enter, what flows there, and how far it came, in running time."""

    entry: Gst.Pad
    exit: Gst.Pad
    """Where they leave again: its last flow tells whether more is wanted."""
    playing: int = -1
    """The chapter whose stream flows, or flowed last."""
    is_over: bool = True
    """Whether that stream has ended."""
    end_ns: Nanoseconds = _ZERO_NS


@dataclass
class ChapterSource:
    """A Source whose chapters follow each other without a gap, in one running time.

    The next chapter is opened when one begins, and waits at its first frame. It begins where the video of the one
    before ended, its sound too: sound that lasts longer than its chapter's video is cut there, and silence stands
    in for a chapter without sound. A chapter that cannot be read is left out, and one that breaks off ends there;
    the next one goes on. Lock: `_lock`, never held during a GStreamer call.
    """

    name: str
    openers: Sequence[Callable[[], PlainSource]] = field(repr=False)
    has_sound: Callable[[int], bool] = field(repr=False)
    """Whether the file of that number has sound; asked only if the first one has none."""
    element: Gst.Bin = field(default_factory=lambda: Gst.Bin.new(None), init=False, repr=False)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._chapters: list[Chapter] = []
        """Those that play, have played, or may still turn out to be unreadable: the last one only."""
        self._opened = 0
        """How many have been opened, those that were left out too."""
        self._troubles: list[str] = []
        self._starts_ns: dict[int, Nanoseconds] = {0: Nanoseconds(0)}
        self._places: dict[str, _Place] = {}
        self._notes: list[str] = []
        self._on_stream: StreamCallback = lambda _pad: None
        self._on_complete: Callable[[], None] = lambda: None

    is_live = False
    has_own_pipelines = False
    dropped = 0
    outages = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines about chapters that were left out, broke off, are shorter than they promise, or have no sound, or
        none that can be played."""
        unplayed = (note for chapter in list(self._chapters) for note in chapter.source.notes)
        return (*self._troubles, *self._notes, *dict.fromkeys(unplayed))

    @property
    def refused(self) -> Mapping[str, int]:
        """Empty: it takes every frame."""
        return {}

    @property
    def stated_frames(self) -> int | None:
        """How many frames the indexes of its chapters list; None if one has none."""
        counts = [chapter.source.stated_frames for chapter in list(self._chapters)]
        return None if None in counts or self._troubles else sum(count or 0 for count in counts)

    @property
    def clock_drift_ppm(self) -> float:
        """0: a file has no clock."""
        return 0.0

    def is_lost_at(self, _time_ns: Nanoseconds) -> bool:
        """False: it never repeats a frame."""
        return False

    def truth(self, _kind: TruthKind) -> Truth | None:
        """None: nobody knows it."""
        return None

    def watch(self, on_stream: StreamCallback, on_complete: Callable[[], None]) -> None:
        """Call `on_stream(pad)` for video and sound and `on_complete()` once the first chapter is known."""
        self._on_stream, self._on_complete = on_stream, on_complete

    def start(self, _base_ns: int, _on_failure: Callable[[ForesightError], object]) -> None:
        """Open the first chapter: the pipeline plays already, and does not fail if it cannot be opened."""
        threading.Thread(target=self._open, args=(0,), name="open-chapter", daemon=True).start()

    def leave(self) -> None:
        """Do nothing: the pipeline ends it."""

    def close(self) -> None:
        """Do nothing: the pipeline stops it."""

    def survives(self, message: Gst.Message) -> bool:
        """Whether it goes on in spite of an error in one of its chapters. On the bus thread."""
        with self._lock:
            found = next((one for one in self._chapters if one.holds(message.src)), None)
        if found is None:
            return message.src is not self.element  # of a chapter that was left out already
        reason = str(explain(message, "source", found.name))
        if found.first_ns is None:
            self._leave_out(found, reason)
            return True
        with self._lock:
            self._troubles.append(f"{reason}; it ends there")
        return True

    def _open(self, number: int) -> None:
        """Open the next file as the chapter `number`, once."""
        with self._lock:
            if number != len(self._chapters) or self._opened >= len(self.openers):
                return
            index, self._opened = self._opened, self._opened + 1
            trouble = None
            try:
                chapter = Chapter(self.openers[index](), self.element, self._on_news, index)
            except ForesightError as error:
                trouble = str(error)
            else:
                self._chapters.append(chapter)
        if trouble is None:
            chapter.open()
        else:
            self._pass_over(number, trouble)

    def _leave_out(self, chapter: Chapter, reason: str) -> None:
        """Go on without a chapter of which no frame has come."""
        with self._lock:
            if not self._chapters or self._chapters[-1] is not chapter:
                return
            self._chapters.pop()
            number = len(self._chapters)
        threading.Thread(target=chapter.close, name="chapter-close", daemon=True).start()
        self._pass_over(number, reason)

    def _pass_over(self, number: int, reason: str) -> None:
        """Open another file as the chapter `number`; without one, the recording is over where it is."""
        with self._lock:
            is_left = self._opened < len(self.openers)
            self._troubles.append(f"{reason}; it is left out")
        if is_left:
            self._open(number)
        elif number == 0:
            post_error(self.element, reason)
        else:
            for place in self._places.values():
                if place.is_over:
                    place.entry.send_event(Gst.Event.new_eos())

    def _on_news(self, chapter: Chapter) -> None:
        """A chapter knows its streams, or has its first frame (streaming thread)."""
        with self._lock:
            if not chapter.is_known or chapter not in self._chapters:
                return
            number = self._chapters.index(chapter)
        if chapter.is_empty or "video" not in chapter.pads:
            self._leave_out(chapter, f"{chapter.name}: holds no video")
            return
        if chapter.first_ns is None:
            return
        if number == 0 and not self._places:
            self._expose(chapter)
        elif number > 0 and "audio" in self._places and "audio" not in chapter.pads:
            self._silence(chapter)
        for kind in KINDS:
            self._try_next(kind)

    def _expose(self, first: Chapter) -> None:
        if "audio" not in first.pads and any(map(self.has_sound, range(first.index + 1, len(self.openers)))):
            self._silence(first)
        ends = {"video": self._enter("video", make("identity"))}
        if "audio" in first.pads:
            # in the first chapter's format, because an encoder keeps to one
            form = make("capsfilter")
            ends["audio"] = self._enter("audio", make("audioconvert"), make("audioresample"), form)
            self._pin(form, static_pad(form, "src"))
        for kind in ends:
            self._link(kind, first, 0)
        for kind, end in ends.items():
            self._on_stream(ghost(self.element, end, f"{kind}_0"))
        self._on_complete()
        for kind in ends:
            first.let_go(kind)
        self._open(1)

    def _enter(self, kind: str, *elements: Gst.Element) -> Gst.Pad:
        """Make the place of a kind of stream; returns the pad at its end."""
        chain(self.element, *elements)
        for element in reversed(elements):
            element.sync_state_with_parent()
        self._places[kind] = _Place(static_pad(elements[0], "sink"), static_pad(elements[0], "src"))
        return static_pad(elements[-1], "src")

    @staticmethod
    def _pin(form: Gst.Element, pad: Gst.Pad) -> None:
        """Keep the form of the first caps."""

        def on_event(_pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
            event = info.get_event()
            if event is None or event.type != Gst.EventType.CAPS:
                return Gst.PadProbeReturn.OK
            form.set_property("caps", event.parse_caps())
            return Gst.PadProbeReturn.REMOVE

        pad.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, on_event)

    def _silence(self, chapter: Chapter) -> None:
        chapter.add_silence()
        self._notes.append(f"{chapter.name}: has no sound; silence is in its place")

    # The change from one chapter to the next; on streaming threads

    def _try_next(self, kind: str) -> None:
        """Begin the next chapter's stream of `kind`, if all that it needs is known."""
        with self._lock:
            place = self._places.get(kind)
            if place is None or not place.is_over or place.playing + 1 >= len(self._chapters):
                return
            number = place.playing + 1
            chapter, start_ns = self._chapters[number], self._starts_ns.get(number)
            if (
                start_ns is None
                or not chapter.is_known
                or chapter.first_ns is None
                or kind not in chapter.pads
            ):
                return
            place.playing, place.is_over = number, False
            before = self._chapters[number - 1].pads.get(kind) if number else None
        if before is not None:
            before.unlink(place.entry)
        chapter.pads[kind].set_offset(start_ns - chapter.first_ns)
        self._link(kind, chapter, number)
        chapter.let_go(kind)
        if kind == "video":
            self._open(number + 1)

    def _link(self, kind: str, chapter: Chapter, number: int) -> None:
        place, pad = self._places[kind], chapter.pads[kind]
        if number == 0:
            place.playing, place.is_over = 0, False
        pad.add_probe(_ITEMS, self._on_item, kind, number)
        pad.link(place.entry)

    def _on_item(self, pad: Gst.Pad, info: Gst.PadProbeInfo, kind: str, number: int) -> Gst.PadProbeReturn:
        place = self._places[kind]
        event = info.get_event() if info.type & Gst.PadProbeType.EVENT_DOWNSTREAM else None
        if event is None:
            return self._on_buffer(pad, info.get_buffer(), place, kind, number)
        with self._lock:
            is_last = number == len(self._chapters) - 1 and self._opened == len(self.openers)
        is_last = is_last or place.exit.get_last_flow_return() == Gst.FlowReturn.EOS
        if event.type != Gst.EventType.EOS or is_last:
            return Gst.PadProbeReturn.OK
        if kind == "video":
            self._video_over(number)
        with self._lock:
            place.is_over = True
        self._try_next(kind)
        self._retire(number)
        return Gst.PadProbeReturn.DROP

    def _on_buffer(
        self, pad: Gst.Pad, buffer: Gst.Buffer | None, place: _Place, kind: str, number: int
    ) -> Gst.PadProbeReturn:
        begin_ns = None if buffer is None else pad_running_time_ns(pad, buffer.pts)
        if buffer is None or begin_ns is None:
            return Gst.PadProbeReturn.OK
        begin_ns += pad.get_offset()
        cut_ns = self._starts_ns.get(number + 1)
        if kind == "audio" and (begin_ns < place.end_ns - _OVERLAP_NS or (cut_ns and begin_ns >= cut_ns)):
            return Gst.PadProbeReturn.DROP
        lasts_ns = 0 if buffer.duration == Gst.CLOCK_TIME_NONE else buffer.duration
        place.end_ns = max(place.end_ns, Nanoseconds(begin_ns + lasts_ns))
        return Gst.PadProbeReturn.OK

    def _video_over(self, number: int) -> None:
        """The video of a chapter has ended: the next one begins there."""
        chapter, end_ns = self._chapters[number], self._places["video"].end_ns
        came_ns = end_ns - self._starts_ns[number]
        promised_ns = chapter.length_ns
        if promised_ns - came_ns > SHORTER_TOLD_NS:
            self._notes.append(
                f"{chapter.name} promises {ns_to_seconds(promised_ns):.2f} s, but {ns_to_seconds(came_ns):.2f} s "
                "came; the rest is cut off or damaged"
            )
        with self._lock:
            self._starts_ns[number + 1] = end_ns
        for kind in KINDS:
            self._try_next(kind)

    def _retire(self, number: int) -> None:
        """Close a chapter all of whose streams have ended, on another thread: it cannot be stopped on its own."""
        with self._lock:
            chapter = self._chapters[number]
            flows = (
                place.playing <= number and not (place.playing == number and place.is_over)
                for place in self._places.values()
            )
            if any(flows):
                return
        threading.Thread(target=chapter.close, name="chapter-close", daemon=True).start()
