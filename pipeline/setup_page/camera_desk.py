"""CameraDesk: the cameras that were found, and a still image of each that is chosen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, ForesightError
from pipeline.media.source_spec import SourceSpec
from pipeline.redaction import redact
from pipeline.setup_page.camera_search import FoundCamera, local_cameras, network_cameras, typed_camera
from pipeline.setup_page.facts import any_sound
from pipeline.setup_page.stills import Taken, take_stills
from pipeline.setup_page.task import Say, Task

STILLS_S = 60.0
"""The longest that a look through the cameras is waited for."""


class CameraDesk:
    """The list of cameras of a folder, its machine and its network; a camera's number is its place there.

    Any thread. Lock: `_lock`, for the list; nothing is read or written while it is held.
    """

    def __init__(self, home: Path, chosen: Callable[[], Sequence[str]]) -> None:
        """`chosen()`: the sources that are chosen now, from left to right. Looks through them at once."""
        self._home, self._sources = home, chosen
        self._lock = threading.Lock()
        self._found: list[FoundCamera] = []
        self._stills: dict[str, Taken] = {}
        self.has_sound: bool | None = None
        """Whether a chosen camera has sound; None if that is not known."""
        self._search = Task("the search for cameras")
        self._looking = Task("the look through the cameras")
        self._know(local_cameras(home))
        self._know([_known(home, source) for source in chosen()])
        if chosen():
            self._looking.start_or_repeat(lambda _say: self._take_missing())

    def snapshot(self) -> dict[str, Any]:
        """The list, what is chosen of it, and how search and look fare, as JSON values; no password."""
        with self._lock:
            found = list(self._found)
        shown = {camera.source: number for number, camera in enumerate(found) if camera.source}
        return {
            "cameras": [
                {
                    "id": i,
                    "kind": one.kind,
                    "name": one.name,
                    "hint": one.hint,
                    "can_be_chosen": bool(one.source),
                }
                for i, one in enumerate(found)
            ],
            "chosen": [self._chosen(shown, source) for source in self._sources()],
            "search": asdict(self._search.state),
            "looking": asdict(self._looking.state),
        }

    def still(self, number: int) -> bytes | None:
        """The small still image of a camera; None without one."""
        with self._lock:
            source = self._found[number].source if 0 <= number < len(self._found) else None
        taken = None if source is None else self._stills.get(source)
        return None if taken is None else taken.jpeg

    def source(self, number: int) -> str:
        """What a run opens for a camera. Raises ConfigError if that is not known."""
        with self._lock:
            source = self._found[number].source if 0 <= number < len(self._found) else None
        if source is None:
            raise ConfigError(
                "this camera cannot be chosen yet; add it by its address, with its user and password"
            )
        return source

    def search(self) -> None:
        """Look for cameras anew, in the network too. Raises StateError while that is done."""

        def work(say: Say) -> None:
            say("looking at the folder and this machine's devices")
            self._know(local_cameras(self._home))
            say("asking the network for ONVIF cameras: ten seconds at most")
            found, trouble = network_cameras()
            self._know(found)
            say(trouble or f"{len(found)} found in the network")

        self._search.start(work)

    def add(self, address: str) -> int:
        """Add a camera by its address; returns its number. Raises ConfigError."""
        camera = typed_camera(address)
        self._know([camera])
        with self._lock:
            return next(i for i, one in enumerate(self._found) if one.source == camera.source)

    def look(self) -> None:
        """Take the still images of the chosen cameras anew. Raises StateError while that is done."""
        self._looking.start(lambda _say: self._take_anew())

    def look_at_new(self) -> None:
        """Take the still images that are not there yet, because other cameras are chosen. Never blocks."""
        self.has_sound = None
        self._looking.start_or_repeat(lambda _say: self._take_missing())

    def fresh_stills(self) -> list[Taken]:
        """New still images of the chosen cameras; blocks until they are there."""
        self._looking.start_or_repeat(lambda _say: self._take_anew())
        self.wait_looked()
        return [self._stills.get(source, Taken(None, None, "gives no picture")) for source in self._sources()]

    def wait_looked(self) -> None:
        """Block, bounded, until no camera is looked through."""
        self._looking.wait(STILLS_S)

    def _take_anew(self) -> None:
        self._stills = {}
        self._take_missing()

    def _take_missing(self) -> None:
        sources = self._sources()
        missing = [source for source in sources if source not in self._stills]
        self._stills = self._stills | dict(zip(missing, take_stills(missing), strict=True))
        self.has_sound = any_sound(map(SourceSpec.parse, sources))

    def _know(self, cameras: Sequence[FoundCamera]) -> None:
        with self._lock:
            known = {(one.source, one.name) for one in self._found}
            self._found += [one for one in cameras if (one.source, one.name) not in known]

    def _chosen(self, shown: Mapping[str, int], source: str) -> dict[str, Any]:
        taken = self._stills.get(source)
        return {
            "id": shown.get(source),
            "name": SourceSpec.parse(source).name.removeprefix(f"{self._home}/"),
            "still": taken is not None and taken.jpeg is not None,
            "trouble": None if taken is None else taken.trouble,
        }


def _known(home: Path, source: str) -> FoundCamera:
    """A camera of the match before. Raises nothing: one that is gone stays in the list, and the look says so."""
    try:
        spec = SourceSpec.parse(source)
    except ForesightError:
        return FoundCamera("address", redact(source), source)
    kind = {"match": "match", "device": "device", "file": "film", "chapters": "film"}.get(
        spec.kind, "address"
    )
    return FoundCamera(kind, spec.name.removeprefix(f"{home}/"), source)  # type: ignore[arg-type]
