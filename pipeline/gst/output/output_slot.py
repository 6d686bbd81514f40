"""OutputSlot: the place of one output on the board, what it has taken so far, and its status."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.gst.core.connections import Connections
from pipeline.gst.output.common_end import CommonEnd
from pipeline.gst.output.film_feed import FilmFeed
from pipeline.gst.output.output import Output, OutputKind
from pipeline.gst.runtime import Gst

logger = logging.getLogger("foresight")

OutputState = Literal["waiting", "on", "away", "finishing", "off", "failed"]


@dataclass(frozen=True, slots=True)
class OutputStatus:
    """The state of an output at one moment."""

    number: int
    """Its index on the board."""
    kind: OutputKind
    name: str
    """The file's path, or the address without secrets."""
    state: OutputState
    """waiting for the first frame; on; away: the server is not reachable; finishing; off; failed."""
    elapsed_s: float
    """How long it has been on, or was on."""
    can_start: bool
    """Whether it can be started again; a file cannot, because it is never overwritten."""
    trouble: str | None
    """Why it is away or failed, in one line."""
    gaps: int
    """How often a push lost its server since it was started."""
    lost_s: float
    """Seconds of video that its server has not received since then."""
    film: str
    """The name of the film that it shows."""
    graphics: bool
    """Whether the run's graphics are drawn on it."""
    bitrate_kbps: int | None
    """The video bit rate that a push sends now; None if it does not follow its uplink."""
    most_kbps: int | None
    """The most that it may send; None likewise."""
    arrives_kbps: float | None
    """The video bit rate that has arrived at a push's server in the last seconds; None for any other output."""
    backlog_s: float | None
    """How much video waits for a push's server, in seconds; None for any other output."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file, or a playlist with its segments, that is being written, and how many bytes it got so far."""

    path: Path
    taken_bytes: int


class OutputSlot:
    """An output's place on the board; it changes only while the board's lock is held."""

    def __init__(self, number: int, output: Output, film: FilmFeed, *, graphics: bool = True) -> None:
        self.number = number
        self.output = output
        self.film = film
        self.graphics = graphics
        self.reopen: Callable[[], Output] | None = None
        self.state: Literal["on", "finishing", "off"] = "on"
        self.trouble: str | None = None
        self.past_notes: tuple[str, ...] = ()
        self.taken = 0
        """Encoded frames so far."""
        self.taken_bytes = 0
        """Encoded video and sound so far."""
        self.started_s: float | None = None
        self.ended_s: float | None = None
        self.has_ended = threading.Event()
        self.is_closed = False
        self.is_recording = False
        self.connections = Connections()
        self.common_end: CommonEnd | None = None

    def note_bytes(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Count what is encoded. On the streaming thread; of two at once, one may be missed."""
        buffer = info.get_buffer()
        self.taken_bytes += 0 if buffer is None else buffer.get_size()
        return Gst.PadProbeReturn.OK

    def note_frame(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        """Count an encoded frame. On the streaming thread."""
        self.note_bytes(pad, info)
        self.taken += 1
        if self.started_s is None:
            self.started_s = time.monotonic()
        return Gst.PadProbeReturn.OK

    def mark_incomplete(self) -> None:
        """Note, and log, that the output lacks the end of the video."""
        message = self.output.cut_short
        if message is not None and self.started_s is not None and self.trouble is None:
            self.trouble = message
            logger.warning("%s", message)

    def status(self) -> OutputStatus:
        """The state of the output now. Never blocks."""
        elapsed_s = 0.0
        if self.started_s is not None:
            elapsed_s = (self.ended_s or time.monotonic()) - self.started_s
        trouble = self.trouble
        if trouble is None and self.state == "on":
            trouble = self.output.trouble
        state: OutputState = self.state
        if trouble is not None:
            state = "away" if self.output.recovers and state == "on" else "failed"
        elif state == "on" and self.started_s is None:
            state = "waiting"
        can_start, own = self.state == "off" and self.reopen is not None, self.output
        uplink = None if own.uplink is None or self.state == "off" else own.uplink.status()
        return OutputStatus(
            self.number,
            own.kind,
            own.name,
            state,
            elapsed_s,
            can_start,
            trouble,
            own.gaps,
            own.lost_s,
            self.film.name,
            self.graphics,
            None if uplink is None else uplink.bitrate_kbps,
            None if uplink is None else uplink.most_kbps,
            None if uplink is None else uplink.arrives_kbps,
            None if uplink is None else uplink.backlog_s,
        )
