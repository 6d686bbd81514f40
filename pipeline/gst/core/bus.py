"""BusListener: reads a pipeline's bus on its own thread; `explain` turns an error message into a user's error."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pipeline.errors import ForesightError, OutputError, PipelineError, SourceError
from pipeline.gst.runtime import GLib, Gst

POLL_S = 0.1
"""How long a listener takes at most to notice a stop request."""


class BusListener:
    """Delivers a pipeline's messages on one named thread, with or without a GLib main loop elsewhere.

    `on_message` runs on the listener's thread and may call `stop`, which does not block when called there.
    """

    def __init__(self, pipeline: Gst.Pipeline, on_message: Callable[[Gst.Message], None]) -> None:
        self._bus = pipeline.get_bus()
        self._on_message = on_message
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name=f"bus-{pipeline.get_name()}", daemon=True)

    def start(self) -> None:
        """Start listening. Call once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; unread messages stay on the bus. Idempotent; any thread; blocks for 2 s at most."""
        self._stopping.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=2.0)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            message = self._bus.timed_pop(int(POLL_S * Gst.SECOND))
            if message is not None:
                self._on_message(message)


def explain(message: Gst.Message, role: str, description: str) -> ForesightError:
    """Turn an ERROR message into an error that a user can act on.

    `role` is ``source``, ``output`` or ``pipeline``; `description` is what the user calls it, without
    secrets.
    """
    error, _debug = message.parse_error()
    what = _REASONS.get((error.domain, error.code)) or " ".join(error.message.split()).rstrip(".")
    if role == "source":
        return SourceError(f"{description}: {what}")
    if role == "output":
        return OutputError(f"{description}: {what}")
    name = message.src.get_name() if message.src else "a pipeline"
    return PipelineError(f"{name}: {what}")


_RESOURCE = Gst.ResourceError.quark()
_STREAM = Gst.StreamError.quark()


def _texts() -> dict[tuple[str, int], str]:
    from_resource = {
        Gst.ResourceError.NOT_FOUND: "not found; check the name or the address, and that the server is running",
        Gst.ResourceError.OPEN_READ: "cannot be opened; check the name, the permissions and the network",
        Gst.ResourceError.OPEN_WRITE: "cannot be written; check the folder, the permissions and the network",
        Gst.ResourceError.OPEN_READ_WRITE: "no answer; check the address and that the server is running",
        Gst.ResourceError.WRITE: "cannot be written any further; check the disk, the permissions and the network",
        Gst.ResourceError.NO_SPACE_LEFT: "the disk is full; free some space, or record to another disk",
        Gst.ResourceError.NOT_AUTHORIZED: "access was refused; check the user name, password or key",
    }
    from_stream = {
        Gst.StreamError.FAILED: "the stream broke off or never started; check that it is complete and reachable",
        Gst.StreamError.TYPE_NOT_FOUND: "not a video that GStreamer can read; check the file",
        Gst.StreamError.WRONG_TYPE: "holds no video or sound; check the file",
        Gst.StreamError.CODEC_NOT_FOUND: (
            "its codec cannot be decoded here; install gstreamer1.0-libav or convert the video to H.264"
        ),
    }
    texts = {(_domain(_RESOURCE), int(code)): text for code, text in from_resource.items()}
    texts.update({(_domain(_STREAM), int(code)): text for code, text in from_stream.items()})
    return texts


def _domain(quark: int) -> str:
    return str(GLib.quark_to_string(quark))


_REASONS = _texts()
