"""Recording: a file that starts and stops during playback; its failure does not affect other outputs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.gst.core.samples import running_time_ns
from pipeline.gst.encode.encoded_tap import EncodedTap
from pipeline.gst.encode.muxers import Muxer
from pipeline.gst.output.limits import OutputLimits
from pipeline.gst.output.output import OnFailed, OutputKind, incomplete_file
from pipeline.gst.output.side_pipeline import Delivery, SidePipeline
from pipeline.gst.runtime import Gst
from pipeline.media.file_lock import FileLock
from pipeline.media.film_file import FilmFile

logger = logging.getLogger("foresight")


class Recording:
    """Writes encoded video and sound to a new file, from a keyframe on, with its times from 0. An Output.

    `element` goes into the encoding pipeline. A separate pipeline writes the file, so that a full disk ends only
    the recording. `close` and the properties may be used from any thread.
    """

    kind: OutputKind = "file"
    recovers = False
    undelivered = None
    uplink = None
    gaps = 0
    lost_s = 0.0
    waiting_bytes: tuple[int, ...] = ()

    def __init__(
        self,
        path: Path,
        muxer: Muxer,
        make_sink: Callable[[], Gst.Element],
        video_codec: str,
        audio_codec: str | None,
        on_failed: OnFailed,
        limits: OutputLimits = OutputLimits(),
    ) -> None:
        """`path`: an existing empty file. `make_sink` makes the sink that writes to it.

        Raises OutputError while another run writes the file.
        """
        self.name = str(path)
        self._written = FilmFile(path)
        self._written.note()
        self._is_lost = False
        self._empty: str | None = None
        self._file_lock = FileLock(path)
        self.trouble: str | None = None
        self.cut_short = incomplete_file(self.name)
        self._on_failed = on_failed
        self._limits = limits
        self._path = path
        self._closing = threading.Event()
        delivery = Delivery(
            muxer, make_sink, "rendered", 0.0, video_codec, audio_codec,
            patience_s=limits.recording_disk_s, advice="the disk is too slow; record to another disk",
        )  # fmt: skip
        self._side = SidePipeline(self.name, delivery)
        self._kinds = ["video"] if audio_codec is None else ["video", "audio"]
        self.element = EncodedTap(self._take, self._side.end, with_sound=audio_codec is not None).element
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    @property
    def notes(self) -> tuple[str, ...]:
        """A line about a recording that was stopped before any frame came: nothing has failed."""
        return () if self._empty is None else (self._empty,)

    @property
    def files(self) -> tuple[Path, ...]:
        """The file; nothing once it is known to be lost."""
        return () if self._is_lost or self._empty is not None else (self._path,)

    @property
    def sole_file(self) -> Path | None:
        """The file; None once it is known to be lost."""
        return None if self._is_lost or self._empty is not None else self._path

    @property
    def films(self) -> tuple[FilmFile, ...]:
        """The file, with the times of its frames."""
        return () if self._is_lost or self._empty is not None else (self._written,)

    def _take(self, kind: str, sample: Gst.Sample) -> None:
        self._side.take(kind, sample)
        buffer = sample.get_buffer()
        if kind == "video" and buffer is not None and self._side.first_ns is not None:
            lasts_ns = 0 if buffer.duration == Gst.CLOCK_TIME_NONE else buffer.duration
            self._written.note_frame(running_time_ns(sample.get_segment(), buffer.pts), lasts_ns)

    def abandon(self) -> None:
        """Do nothing: it never blocks playback."""

    def close(self) -> None:
        """Complete the file with what has arrived; blocks for a bounded time. Idempotent."""
        if self._closing.is_set():
            return
        for kind in self._kinds:
            self._side.end(kind)
        self._thread.join(self._limits.recording_finish_s)
        if self._thread.is_alive() and self.trouble is None:
            self.trouble = self.cut_short
            logger.warning("%s", self.trouble)
        self._closing.set()
        self._thread.join(self._limits.recording_leave_s)
        loss = self._written.loss
        self._is_lost = loss is not None
        self.trouble = self.trouble or loss
        self._file_lock.release()

    def _run(self) -> None:
        trouble = self._side.run_until_closed(self._closing, lambda: None)
        if self._side.first_ns is None:
            self._path.unlink(missing_ok=True)
            if trouble is None:
                self._empty = trouble = (
                    f"{self.name}: no video came until it was stopped, so there is no file"
                )
        if trouble is not None:
            self.trouble = trouble
            logger.warning("%s; this recording has stopped, the other outputs continue", trouble)
            self._on_failed(self)


def make_new(path: Path) -> None:
    """Create an empty file. Raises OutputError if it exists or cannot be written."""
    try:
        path.open("xb").close()
    except FileExistsError as error:
        raise OutputError(
            f"{path}: this file exists already and is not overwritten; record under another name"
        ) from error
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}); record to another folder"
        ) from error
