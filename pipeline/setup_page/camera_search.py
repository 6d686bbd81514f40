"""Finds cameras: films in a folder, this machine's devices, and ONVIF cameras in the network."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import unquote, urlsplit

from pipeline.errors import ConfigError
from pipeline.media.devices import cameras as devices
from pipeline.media.film_folder import films_in
from pipeline.media.source_spec import SourceSpec
from pipeline.setup_page.matches import is_match_folder

LISTEN_S = 5.0
"""ONVIF cameras answer within a second or two, and a lost question is asked again."""
SEARCH_S = 10.0
"""The longest that a search takes."""
MATCH = "match"
ONVIF_TYPE = ("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter")

Kind = Literal["film", "device", "network", "address", "match"]


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """A camera, or a film of one. `name` may be shown; `source` is what a run opens and may hold a password.

    A network camera that was found has no `source` yet: its address lacks user, password and path.
    """

    kind: Kind
    name: str
    source: str | None
    hint: str = ""
    """For a network camera: how its address begins."""


class Service(Protocol):
    """What of WSDiscovery's service is used."""

    def getXAddrs(self) -> list[str]:  # noqa: N802
        """The addresses of its ONVIF service."""

    def getScopes(self) -> list[object]:  # noqa: N802
        """What it says of itself, as URIs."""


def local_cameras(folder: Path) -> list[FoundCamera]:
    """The films in the folder and its subfolders but the matches, and this machine's devices. Reads the disk."""
    return [
        *(FoundCamera("film", str(path.relative_to(folder)), str(path)) for path in _films(folder)),
        *(FoundCamera("device", str(path), str(path)) for path in devices()),
        FoundCamera("match", "the built-in match, to try things", MATCH),
    ]


def typed_camera(text: str) -> FoundCamera:
    """A camera by its address. Raises ConfigError for what is none: a page may name no file of this machine."""
    text = text.strip()
    spec = SourceSpec.parse(text)
    if spec.kind not in ("uri", "device", "match") or (spec.address is None and spec.kind == "uri"):
        raise ConfigError(
            "this is no camera's address; give one such as rtsp://USER:PASSWORD@192.168.1.20/stream, or /dev/video0"
        )
    refusal = spec.refusal()
    if refusal is not None:
        raise ConfigError(refusal)
    return FoundCamera("match" if spec.kind == "match" else "address", spec.name, text)


def network_cameras(listen_s: float = LISTEN_S) -> tuple[list[FoundCamera], str | None]:
    """The ONVIF cameras that answer in the network, and why there are none. Blocks for SEARCH_S at most."""
    found: list[FoundCamera] = []
    trouble: list[str] = []

    def search() -> None:
        try:
            found.extend(_answers(listen_s))
        except Exception as error:  # noqa: BLE001  # the library raises bare Exceptions, and sockets do
            trouble.append(str(error) or type(error).__name__)

    thread = threading.Thread(target=search, name="camera search", daemon=True)
    thread.start()
    thread.join(SEARCH_S)
    if trouble or thread.is_alive():
        return [], "the network could not be searched; type the camera's address instead"
    if not found:
        return [], (
            "no camera in this network has answered; is it in the same network, and ONVIF switched on in it? "
            "You can type its address"
        )
    return found, None


def cameras_of(services: Iterable[Service]) -> list[FoundCamera]:
    """The cameras that have answered, each once, by name."""
    found: dict[str, FoundCamera] = {}
    for service in services:
        host = next((host for one in service.getXAddrs() or () if (host := _host(one))), None)
        if host is not None:
            said = {key: value for scope in service.getScopes() or () for key, value in _scope(str(scope))}
            words = [said[key] for key in ("name", "hardware") if key in said]
            shown = f"[{host}]" if ":" in host else host
            name = " ".join(dict.fromkeys(words)) or "camera"
            found[host] = FoundCamera("network", f"{name} at {host}", None, f"rtsp://USER:PASSWORD@{shown}/")
    return sorted(found.values(), key=lambda camera: camera.name)


def _answers(listen_s: float) -> list[FoundCamera]:
    from wsdiscovery.discovery import ThreadedWSDiscovery
    from wsdiscovery.qname import QName

    search = ThreadedWSDiscovery()
    search.start()
    try:
        return cameras_of(search.searchServices(types=[QName(*ONVIF_TYPE)], timeout=listen_s))
    finally:
        search.stop()


def _host(address: str) -> str | None:
    with suppress(ValueError):
        return urlsplit(address).hostname
    return None


def _scope(scope: str) -> list[tuple[str, str]]:
    """``onvif://www.onvif.org/name/Left%20mast`` says that the name is Left mast."""
    with suppress(ValueError):
        parts = urlsplit(scope)
        key, slash, value = parts.path.removeprefix("/").partition("/")
        if parts.scheme == "onvif" and slash and value:
            return [(key.lower(), " ".join(unquote(value).split()))]
    return []


def _films(folder: Path) -> list[Path]:
    inside = films_in(folder)
    with suppress(OSError):
        for sub in sorted(path for path in folder.iterdir() if path.is_dir()):
            if not sub.name.startswith(".") and not is_match_folder(sub):
                inside += films_in(sub)
    return inside
