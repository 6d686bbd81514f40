"""FilePart: lets GStreamer read a part of a file as if it were a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.gst.core.explain import post_error
from pipeline.gst.runtime import Gst, GstApp, GstPbutils

URI = "appsrc://"
"""What an element that opens URIs is given instead of the file's."""

CHUNK_BYTES = 1 << 16
"""How much is read at once where the reader does not say."""


@dataclass(eq=False)
class FilePart:
    """The bytes of a file from `begin` to `end`, for one reader, which calls from its streaming thread."""

    path: Path
    begin: int
    end: int

    def __post_init__(self) -> None:
        self._place = self.begin
        self._file: BinaryIO | None = None

    def open_from(self, opener: Gst.Element | GstPbutils.Discoverer) -> None:
        """Let `opener`, a uridecodebin or a discoverer for the address URI, read this part."""
        opener.connect("source-setup", self._set_up)

    def _set_up(self, _opener: Gst.Element, source: GstApp.AppSrc) -> None:
        Gst.util_set_object_arg(source, "stream-type", "random-access")
        source.set_property("size", self.end - self.begin)
        source.set_property("format", Gst.Format.BYTES)
        source.connect("need-data", self._on_need)
        source.connect("seek-data", self._on_seek)

    def _on_seek(self, _source: GstApp.AppSrc, offset: int) -> bool:
        self._place = self.begin + offset
        return True

    def _on_need(self, source: GstApp.AppSrc, length: int) -> None:
        wanted = length if 0 < length < self.end - self.begin else CHUNK_BYTES
        try:
            data = self._read(min(wanted, self.end - self._place))
        except OSError as error:
            post_error(source, f"cannot be read any further ({error.strerror})")
            data = b""
        if not data:
            source.end_of_stream()
            return
        self._place += len(data)
        source.push_buffer(Gst.Buffer.new_wrapped(data))

    def _read(self, count: int) -> bytes:
        if count <= 0:
            return b""
        if self._file is None:
            self._file = self.path.open("rb")
        self._file.seek(self._place)
        return self._file.read(count)
