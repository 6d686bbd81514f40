"""OutputBoard: starts and stops the outputs of a run during playback, independently of each other."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from pipeline.errors import ForesightError, OutputError, StateError
from pipeline.gst.core.connections import take_apart
from pipeline.gst.core.elements import is_inside, static_pad
from pipeline.gst.core.explain import explain
from pipeline.gst.core.shutdown import all_within, to_null
from pipeline.gst.core.tees import attach, detach_all
from pipeline.gst.encode.encode_stage import EncodeStage
from pipeline.gst.encode.encoded_tap import ask_for_keyframe
from pipeline.gst.encode.encoding import Encoding
from pipeline.gst.output.common_end import CommonEnd
from pipeline.gst.output.encodes import Encodes
from pipeline.gst.output.film_feed import FilmFeed
from pipeline.gst.output.film_ring import FilmRing
from pipeline.gst.output.limits import OutputLimits
from pipeline.gst.output.open_output import open_recording
from pipeline.gst.output.output import OnFailed, Output
from pipeline.gst.output.output_slot import OutputSlot, OutputStatus, Written
from pipeline.gst.runtime import Gst
from pipeline.media.film_file import FilmFile

logger = logging.getLogger("foresight")


class RecordingOpener(Protocol):
    """Opens the new file of a recording; see `open_recording`."""

    def __call__(
        self,
        path: Path,
        *,
        video_codec: str,
        audio_codec: str | None,
        on_failed: OnFailed,
        limits: OutputLimits,
    ) -> Output: ...


FOLLOW_EVERY_S = 0.25
"""So often the encoders get the bit rates that the uplinks of the pushes ask for."""


class OutputBoard:
    """The outputs of one pipeline's films, each film fed by one encode that exists while an output of it is on, or
    it is kept.

    Outputs without graphics have an encode of their own, likewise, if there are graphics; so has a push that must
    be slower than the rest (see Encodes). Of several films, one that fails ends alone.

    Any thread may call. Lock: `_switching`, held while one output starts or stops. The caller waits for the
    output's end while holding it, so no streaming thread and no bus thread may take it.
    """

    def __init__(
        self,
        pipeline: Gst.Pipeline,
        films: Sequence[FilmFeed],
        encoding: Encoding | None,
        *,
        may_be_empty: bool = False,
        limits: OutputLimits = OutputLimits(),
    ) -> None:
        """`films`: one or more; the first is the one that is kept (`keep_film`). `may_be_empty`: playback continues
        when the last output has failed, because somebody is watching.
        """
        self._pipeline = pipeline
        self._films_by_name = {film.name: film for film in films}
        self._first = films[0]
        self._fail_alone = len(films) > 1
        self._may_be_empty = may_be_empty
        self._limits = limits
        self._encoding = encoding
        self._encodes = Encodes(pipeline, encoding, films_fail_alone=self._fail_alone)
        self._film: FilmRing | None = None
        self._kept: FilmFeed | None = None
        """The film that is kept, until its encoder fails."""
        self._slots: list[OutputSlot] = []
        self._switching = threading.Lock()
        self._follower: threading.Thread | None = None
        self._over = threading.Event()

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user about the outputs."""
        return tuple(note for slot in self._slots for note in (*slot.past_notes, *slot.output.notes))

    @property
    def files(self) -> list[Path]:
        """The files that have been started, in order; the parts of a split file."""
        return [path for slot in self._slots for path in slot.output.files]

    def files_of(self, film: str) -> list[Path]:
        """Those of the film of that name."""
        return [path for slot in self._slots if slot.film.name == film for path in slot.output.files]

    @property
    def failures(self) -> tuple[str, ...]:
        """One line about each output that has failed and does not recover, or has delivered nothing."""
        lines = (
            (slot, slot.output.undelivered if slot.output.recovers else slot.status().trouble)
            for slot in self._slots
        )
        return tuple(line for slot, line in lines if line is not None and line not in slot.output.notes)

    @property
    def films(self) -> list[FilmFile]:
        """The files that have ended well, in order; all of them once the run has ended. Never blocks."""
        return [
            film
            for slot in self._slots
            if slot.is_closed and slot.status().trouble is None and slot.output.trouble is None
            for film in slot.output.films
        ]

    def statuses(self) -> list[OutputStatus]:
        """The outputs in the order in which they were added. Never blocks."""
        return [slot.status() for slot in self._slots]

    def finished_file(self, number: int) -> Path | None:
        """The file of an output that has ended; None if it has none or more than one. Looks at the disk."""
        for slot in self._slots:
            if slot.number == number and slot.status().state in ("off", "failed"):
                path = slot.output.sole_file
                return path if path is not None and path.is_file() else None
        return None

    @property
    def activity(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """The frames and the waiting bytes of each output; they change while it receives data. Never blocks."""
        return tuple((slot.taken, slot.output.waiting_bytes) for slot in list(self._slots))

    def written(self) -> list[Written]:
        """The files that are being written: where, and how much so far. Never blocks."""
        return [
            Written(Path(slot.output.name), slot.taken_bytes)
            for slot in list(self._slots)
            if slot.output.kind == "file" and slot.state == "on" and slot.status().state == "on"
        ]

    @property
    def encoder_backlog(self) -> int:
        """How many frames wait for the encoder of all outputs. Never blocks."""
        return self._encodes.backlog

    def encoded_sounds(self) -> list[Gst.Pad]:
        """The source pads of the encoded sound of all outputs; none while there is none. Never blocks."""
        return self._encodes.encoded_sounds()

    @property
    def own_encodes(self) -> int:
        """How many pushes have a video encoder of their own, because their bit rate is lower. Never blocks."""
        return self._encodes.own_count

    @property
    def film(self) -> FilmRing | None:
        """The newest part of the encoded film; None if it is not kept. Never blocks."""
        return self._film

    def film_named(self, name: str | None) -> FilmFeed:
        """The film of that name, the first one if None. Any thread. Raises StateError if there is none."""
        film = self._first if name is None else self._films_by_name.get(name)
        if film is None:
            raise StateError(f"there is no film {name!r}; look at the list of films")
        return film

    def add(self, output: Output, *, graphics: bool = True, film: str | None = None) -> None:
        """Add an output that is on from the first frame to the last, or until it is stopped. Blocks briefly.

        `film`: the name of the film that it shows, the first one if None. Raises StateError for an unknown one.
        """
        feed = self.film_named(film)
        with self._switching:
            self._attach(OutputSlot(len(self._slots), output, feed, graphics=graphics))

    def add_restartable(
        self, reopen: Callable[[], Output], *, graphics: bool = True, film: str | None = None
    ) -> None:
        """Add an output that may be stopped and started again; `reopen` makes it each time. See `add`."""
        slot = OutputSlot(len(self._slots), reopen(), self.film_named(film), graphics=graphics)
        slot.reopen = reopen
        with self._switching:
            self._attach(slot)

    def keep_film(self, film: FilmRing) -> None:
        """Keep the newest part of the first film as encoded, from the next frame on; its encode goes on to the end
        then."""
        with self._switching:
            self._film, self._kept = film, self._first
            self._feed(film.element, self._stage_of(self._first, True))

    def record(
        self,
        path: Path,
        open_output: RecordingOpener = open_recording,
        *,
        graphics: bool = True,
        film: str | None = None,
    ) -> OutputStatus:
        """Start a new file at the next keyframe; `film` as in `add`.

        Raises OutputError, StateError, ConfigError.
        """
        feed = self.film_named(film)
        with self._switch() as encoding:
            if (
                sum(slot.is_recording and slot.state != "off" for slot in self._slots)
                >= self._limits.recordings
            ):
                raise StateError(
                    f"{self._limits.recordings} recordings are on already; stop one of them first"
                )
            self._stage_of(feed, graphics)
            sound = None if feed.audio_tee is None else encoding.audio_codec
            output = open_output(
                path,
                video_codec=encoding.video_codec,
                audio_codec=sound,
                on_failed=self._drop_soon,
                limits=self._limits,
            )
            slot = OutputSlot(len(self._slots), output, feed, graphics=graphics)
            slot.is_recording = True
            self._attach(slot)
            return slot.status()

    def start(self, number: int) -> OutputStatus:
        """Start a stopped stream again. Raises StateError, and what opening it raises."""
        with self._switch():
            slot = self._slot(number)
            if slot.state != "off" or slot.reopen is None:
                raise StateError(f"{slot.output.name}: cannot be started; only a stopped stream can")
            self._stage_of(slot.film, slot.graphics)
            output, ended = slot.reopen(), slot.output
            slot.past_notes += ended.notes
            slot.output, slot.trouble, slot.is_closed = output, None, False
            slot.started_s = slot.ended_s = None
            self._attach(slot)
            return slot.status()

    def stop(self, number: int) -> OutputStatus:
        """Stop an output; blocks until its file is complete, or its server has the rest, for a bounded time.

        Raises StateError for one that is not on.
        """
        with self._switch():
            slot = self._slot(number)
            if slot.state != "on":
                raise StateError(f"{slot.output.name}: not running")
            self._detach(slot)
            return slot.status()

    def give_up(self) -> None:
        """Mark every output that has not reached EOS as incomplete. Any thread; never blocks."""
        for slot in list(self._slots):
            if slot.state != "off" and not slot.has_ended.is_set():
                slot.mark_incomplete()

    def finish(self, *, at_once: bool = False) -> None:
        """Close every output after the end of the video. Idempotent.

        Blocks for a bounded time, a short one if the run must end `at_once`.
        """
        self._over.set()
        if self._film is not None:
            self._film.close()
        for slot in self._slots:
            slot.has_ended.set()
        limit_s = self._limits.hurried_close_s if at_once else self._limits.close_s
        has_waited = self._switching.acquire(timeout=limit_s)  # an output may be starting or stopping
        try:
            all_within(limit_s, [partial(self._close, slot) for slot in list(self._slots)])
        finally:
            if has_waited:
                self._switching.release()
        for slot in self._slots:
            if not slot.is_closed:
                slot.mark_incomplete()
            slot.connections.release()

    @staticmethod
    def _close(slot: OutputSlot) -> None:
        slot.output.close()
        slot.is_closed = True

    def on_message(self, message: Gst.Message) -> ForesightError | None:
        """Handle a bus message; returns the error if it ends the whole playback.

        An output that fails after it has started does not stop the others; if it was the last one, playback ends,
        unless the board `may_be_empty`. Called on the bus thread; never blocks.
        """
        if message.type == Gst.MessageType.ELEMENT:
            structure = message.get_structure()
            if structure is not None and structure.get_name() == "GstBinForwarded":
                self._on_forwarded(structure.get_value("message"))
            return None
        own = self._encodes.own_failed(message.src)
        if own is not None:
            logger.warning("%s; it is that of output %d alone", explain(message, "pipeline", "encoder"), own)
            return None
        slot = self._slot_of(message.src)
        if slot is None and not is_inside(message.src, self._pipeline):
            return None  # of an output that has ended and was taken out since: its end is told already
        if slot is None:
            return self._on_film_failed(message)
        error = explain(message, "output", slot.output.name)
        if slot.state == "on" and slot.trouble is None:
            has_begun = slot.started_s is not None or self._fail_alone
            if not (has_begun and self._goes_on_without([slot])):
                return OutputError("; ".join((*self.failures, str(error))))
            logger.warning("%s; this output has stopped, the others continue", error)
            self._drop_soon(slot.output)
        slot.trouble = slot.trouble or str(error)
        slot.has_ended.set()
        return None

    def _on_film_failed(self, message: Gst.Message) -> ForesightError | None:
        """End the films whose frames an element no longer makes or encodes; returns the error if none is left."""
        ended = [film for film in self._films_by_name.values() if film.is_made_by(message.src)]
        encoded = self._encodes.film_of(message.src) if self._fail_alone else None
        if encoded is not None:
            ended.append(encoded)
        if not ended:
            return explain(message, "pipeline", "playback")
        lost = [
            slot for slot in self._slots if slot.film in ended and slot.state == "on" and not slot.trouble
        ]
        error = explain(message, "output", " and ".join(f"the film {film.name}" for film in ended))
        if not self._goes_on_without(lost):
            return error
        if lost:
            logger.warning("%s; it has ended, the other films continue", error)
        if self._kept in ended:
            self._forget_kept()
        for slot in lost:
            slot.trouble = f"{slot.output.name}: {error}"
            slot.has_ended.set()
            self._drop_soon(slot.output)
        return None

    def _goes_on_without(self, lost: Collection[OutputSlot]) -> bool:
        rest = (slot for slot in self._slots if slot not in lost)
        return self._may_be_empty or any(slot.state == "on" and slot.trouble is None for slot in rest)

    def _forget_kept(self) -> None:
        """Keep no more of the film whose encoder has failed: nothing comes of it, not even its end."""
        self._kept = None
        if self._film is not None:
            self._film.close()
            for pad in self._film.element.sinkpads:
                pad.send_event(Gst.Event.new_eos())

    def _on_forwarded(self, message: Gst.Message | None) -> None:
        if message is not None and message.type == Gst.MessageType.EOS:
            for slot in self._slots:
                if message.src is slot.output.element:
                    slot.has_ended.set()

    def _slot_of(self, element: Gst.Object) -> OutputSlot | None:
        for slot in self._slots:
            if is_inside(element, slot.output.element):
                return slot
        return None

    # Called while holding _switching

    @contextmanager
    def _switch(self) -> Iterator[Encoding]:
        """Start or stop one output; encoders that no output needs then are removed."""
        with self._switching:
            if self._over.is_set():
                raise StateError("the video has ended; outputs can no longer be started or stopped")
            if self._pipeline.get_state(0)[1] == Gst.State.NULL:
                raise StateError("playback has not started yet; start and stop outputs once it has")
            encoding = self._encoding_in_use()
            try:
                yield encoding
            finally:
                self._arrange()
                self._encodes.keep_only(self._slots_on, self._kept)

    def _encoding_in_use(self) -> Encoding:
        if self._encoding is None:
            raise StateError("this run's video is not encoded, so it cannot be recorded or streamed")
        return self._encoding

    def _stage_of(self, film: FilmFeed, graphics: bool) -> EncodeStage:
        """The encoders of a film's outputs with or without graphics; they are made if there are none."""
        return self._encodes.shared(film, graphics, self._encoding_in_use())

    @property
    def _slots_on(self) -> list[OutputSlot]:
        return [slot for slot in self._slots if slot.state != "off"]

    def _arrange(self) -> None:
        """Give each push the encoder that it needs; a push gets its own only once frames have come."""
        self._encodes.arrange([slot for slot in self._slots_on if slot.state == "on"], self._kept)

    def _slot(self, number: int) -> OutputSlot:
        if not 0 <= number < len(self._slots):
            raise StateError(f"there is no output {number}; look at the list of outputs")
        return self._slots[number]

    def _attach(self, slot: OutputSlot) -> None:
        stage = self._stage_of(slot.film, slot.graphics)
        element = slot.output.element
        slot.state = "on"
        slot.has_ended.clear()
        slot.connections.probe(static_pad(element, "video"), Gst.PadProbeType.BUFFER, slot.note_frame)
        sound = element.get_static_pad("audio")
        if sound is not None:
            slot.connections.probe(sound, Gst.PadProbeType.BUFFER, slot.note_bytes)
        slot.common_end = CommonEnd(element.sinkpads, slot.connections)
        if slot not in self._slots:
            self._slots.append(slot)
        self._arrange()  # what it shares has the full bit rate from its first frame on
        self._feed(element, stage)
        ask_for_keyframe(static_pad(element, "video"))
        if slot.output.uplink is not None and self._follower is None:
            self._follower = threading.Thread(target=self._follow, name="uplinks", daemon=True)
            self._follower.start()

    def _feed(self, element: Gst.Bin, stage: EncodeStage) -> None:
        """Put `element` into the pipeline, and link its pads to the encoders of `stage`."""
        self._pipeline.add(element)
        element.sync_state_with_parent()
        for kind, tee in stage.tees.items():
            attach(tee, static_pad(element, kind))

    def _detach(self, slot: OutputSlot) -> None:
        slot.state = "finishing"
        output = slot.output
        if slot.common_end is not None and self._pipeline.get_state(0)[1] == Gst.State.PLAYING:
            slot.common_end.reach(self._limits.common_end_s)
        self._encodes.release(slot)
        for pad in detach_all(output.element):
            pad.send_event(Gst.Event.new_eos())
        has_ended = slot.has_ended.wait(self._limits.finish_s)
        output.close()
        is_down = to_null(output.element, self._limits.null_s)
        self._pipeline.remove(output.element)
        if self._pipeline.get_state(0)[0] == Gst.StateChangeReturn.FAILURE:
            # it failed while all were starting, which broke off with it: without this, their end is never told
            self._pipeline.set_state(self._pipeline.target_state)
        if is_down:
            take_apart(output.element)
        slot.connections.release()
        if not output.recovers:  # a stopped stream does not report that its server is offline
            slot.trouble = slot.trouble or output.trouble
        if not has_ended:
            slot.mark_incomplete()
        slot.ended_s = time.monotonic()
        slot.state = "off"

    def _drop_soon(self, output: Output) -> None:
        """Stop a failed output without blocking the calling thread."""
        threading.Thread(target=self._drop, args=(output,), name="drop-output", daemon=True).start()

    def _drop(self, output: Output) -> None:
        output.abandon()
        with suppress(StateError), self._switch():
            for slot in self._slots:
                if slot.output is output and slot.state == "on":
                    self._detach(slot)

    # On a thread of the board

    def _follow(self) -> None:
        """Follow the uplinks of the pushes until the end."""
        while not self._over.wait(FOLLOW_EVERY_S):
            self._encodes.follow()
            if self._switching.acquire(
                timeout=FOLLOW_EVERY_S
            ):  # an output that stops may hold it for seconds
                try:
                    self._arrange()
                finally:
                    self._switching.release()
