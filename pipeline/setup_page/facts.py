"""What is found out for the check list: of the rig's file, the films' sound, the stream's server, the disk."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import RigError
from pipeline.gst.capture.inspect_file import has_sound, inspect
from pipeline.media.output_spec import StreamSpec
from pipeline.media.source_spec import SourceSpec
from pipeline.optics.rig import Rig
from pipeline.setup_page.checks import RigFacts

REACH_S = 5.0
_PORTS = {"rtmp": 1935, "rtmps": 443}


def free_bytes(folder: Path) -> int:
    """What is free on the folder's disk."""
    return shutil.disk_usage(folder).free


def rig_facts(path: Path | None) -> RigFacts | None:
    """What the rig's file says; None without one. Reads it."""
    if path is None:
        return None
    try:
        rig = Rig.load(path)
    except RigError as error:
        return RigFacts(fault=str(error))
    quality = rig.quality
    return RigFacts(str(quality.get("verdict", "")), str(quality.get("reasons", "")), len(rig.cameras))


def any_sound(sources: Iterable[SourceSpec]) -> bool | None:
    """Whether any of the films has sound; None if that cannot be known without opening a camera. Blocks."""
    known: list[bool | None] = [_sound_of(source) for source in sources]
    if any(known):
        return True
    return None if None in known or not known else False


def stream_trouble(spec: StreamSpec) -> str:
    """Why the server of a stream cannot be reached, empty if it can; blocks for REACH_S at most.

    Of srt, which has no connection, and of a server on this machine, nothing can be said: empty.
    """
    address = spec.address
    port = address.port or _PORTS.get(address.scheme)
    if address.scheme not in _PORTS or address.host is None or port is None:
        return ""
    try:
        socket.create_connection((address.host, port), REACH_S).close()
    except socket.gaierror:
        return f"there is no server {address.host}; check the address and this machine's network"
    except OSError as error:
        reason = error.strerror or "no answer"
        return f"{address.host} cannot be reached ({reason}); check this machine's network"
    return ""


class Lengths:
    """The lengths of films, each looked at once. Any thread; blocks for a film that is new."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], float | None] = {}

    def of(self, film: Path) -> float | None:
        """A film's length in seconds, None if it cannot be read."""
        try:
            found = film.stat()
        except OSError:
            return None
        key = (str(film), found.st_mtime_ns, found.st_size)
        if key not in self._known:
            facts = inspect(SourceSpec.parse(str(film)))
            self._known[key] = None if facts is None else facts.length_s
        return self._known[key]


def _sound_of(source: SourceSpec) -> bool | None:
    if source.kind == "match":
        return True
    if source.kind == "chapters":
        return any(has_sound(chapter) for chapter in source.chapters)
    return has_sound(source) if source.kind == "file" else None
