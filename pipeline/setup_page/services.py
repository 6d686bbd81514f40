"""The streaming services that the page knows by name. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import ConfigError
from pipeline.media.output_spec import StreamSpec

OWN = "own"
"""The name of an address of the user's own."""


@dataclass(frozen=True, slots=True)
class Service:
    """A streaming service: its server's address, to which the key is added."""

    name: str
    title: str
    server: str
    where: str
    """Where a user finds the key."""


SERVICES: tuple[Service, ...] = (
    Service(
        "youtube", "YouTube", "rtmps://a.rtmps.youtube.com/live2/", "YouTube Studio, Go live, Stream key"
    ),
    Service(
        "twitch",
        "Twitch",
        "rtmps://ingest.global-contribute.live-video.net/app/",
        "Creator Dashboard, Settings, Stream",
    ),
    Service(
        "facebook",
        "Facebook",
        "rtmps://live-api-s.facebook.com:443/rtmp/",
        "Live Producer, Streaming software, Stream key",
    ),
)

_KEY = re.compile(r"[^\s/#]+")


def stream_address(name: str, key: str) -> str:
    """The address to stream to: of a service and its key, or of one's own (then `key` is the whole address).

    Raises ConfigError, which quotes no key.
    """
    key = key.strip()
    if name == OWN:
        StreamSpec.parse(key)
        return key
    service = next((service for service in SERVICES if service.name == name), None)
    if service is None:
        names = ", ".join(service.name for service in SERVICES)
        raise ConfigError(f"there is no streaming service of this name; give {names} or {OWN}")
    if _KEY.fullmatch(key) is None:
        raise ConfigError(
            f"this is no stream key of {service.title}; copy it from {service.where}, without spaces"
        )
    return service.server + key


def service_of(address: str) -> str:
    """The name of the service that an address belongs to."""
    return next((service.name for service in SERVICES if address.startswith(service.server)), OWN)


def title_of(address: str) -> str:
    """An address as the page may show it: the service's title, or the address without its secrets."""
    name = service_of(address)
    found = next((service.title for service in SERVICES if service.name == name), None)
    return StreamSpec.parse(address).name if found is None else found
