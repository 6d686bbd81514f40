"""Addresses by which another device in the network reaches a page, and the links for pairing with it."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from pipeline.errors import StateError
from pipeline.web.pairing import LIFE_S, PATH, Pairing
from pipeline.web.qr_code import QrCode, qr_code

_FAR_AWAY = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))
"""Addresses of documentation (RFC 5737, RFC 3849): nothing is sent, the system only chooses its way there."""


@dataclass(frozen=True, slots=True)
class PairingLink:
    """A link that lets one phone in, for so many minutes, and its QR code."""

    url: str
    minutes: int
    qr: QrCode


def pairing_link(pairing: Pairing, page: str) -> PairingLink:
    """A fresh link to the page at `page`, an address that ends in /."""
    query = urlencode({"code": pairing.new_code()})
    url = f"{page.rstrip('/')}{PATH}?{query}"
    return PairingLink(url, round(LIFE_S / 60), qr_code(url))


def network_page(host: str, port: int) -> str:
    """The page's address for other devices, of a server that listens at `host` and `port`.

    Raises StateError if only this machine can reach it, or it has no address in a network.
    """
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        if address.is_loopback:
            raise StateError(
                "only this machine can reach this page; give it an address in the network, as 0.0.0.0:8080"
            )
        if address.is_unspecified:
            host = own_address()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def own_address() -> str:
    """This machine's address in its network. Raises StateError if it is in none."""
    for there, family in _FAR_AWAY:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as way:
            way.connect((there, 9))
            return str(way.getsockname()[0])
    raise StateError("this machine is in no network; connect it to the phone's network and try again")


def page_asked_for(host_header: str, host: str, port: int) -> str:
    """The page's address as the asking browser reaches it, or `network_page` if that browser is on this machine."""
    name = None
    with suppress(ValueError):
        name = urlsplit(f"//{host_header}").hostname
    with suppress(ValueError):
        if name is not None and ipaddress.ip_address(name).is_loopback:
            name = None
    if name in (None, "localhost"):
        return network_page(host, port)
    return f"http://{host_header}/"
