"""Address: a parsed network address, and its name without secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from pipeline.errors import ConfigError
from pipeline.media.formats import SCHEMES
from pipeline.redaction import redact_address

LONGEST_SHOWN = 120
"""The most characters of a value that a message shows."""

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://.*", re.DOTALL)
_PORT = re.compile(r"\d*|[^@]*\]")
"""What may stand behind the last colon of a host: a port, or the end of an IPv6 address."""
_BROKEN = re.compile(
    rf"(?P<scheme>{'|'.join(sorted(SCHEMES, key=len, reverse=True))})(:(?!//.)|//(?!/))", re.IGNORECASE
)


def scheme_of(text: str) -> str | None:
    """The scheme of an address in lower case, None if `text` is not an address."""
    match = _ADDRESS.fullmatch(text)
    return match["scheme"].lower() if match else None


def broken_scheme(text: str) -> str | None:
    """The scheme of a broken address, as ``rtmp:/server/app`` or ``srt//server``; None for any other text.

    Without this check it would be taken for a file's path, and shown with its secrets.
    """
    match = _BROKEN.match(text)
    return match["scheme"].lower() if match else None


def shown_text(text: str) -> str:
    """An unusable value as a message may show it: short, on one line and without secrets."""
    text = "".join(sign if sign.isprintable() else "�" for sign in " ".join(text.split()))
    if not text:
        return "an empty value"
    scheme = broken_scheme(text)
    if scheme is not None:  # it cannot be parsed, so its secrets cannot be masked
        return f"{scheme}... without {scheme}:// at its beginning"
    text = redact_address(text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _plain_sign(text: str) -> str | None:
    """The first sign in an address's user name or password that must be written as %XX; None if there is none.

    A plain @ there is understood differently by each library, and / ? # end the host.
    """
    rest = text.partition("://")[2]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if authority.count("@") > 1:
        return "@"
    _, _, port = authority.rpartition(":")
    if "@" in authority or "@" not in rest or ":" not in authority or _PORT.fullmatch(port):
        return None
    return rest[len(authority)]


@dataclass(frozen=True, slots=True)
class Address:
    """A network address. Only ``name`` may be shown; text, user and password are not in the repr."""

    name: str
    scheme: str
    host: str | None
    """Without the brackets of IPv6."""
    port: int | None
    path: str = field(repr=False)
    text: str = field(repr=False)
    """The address as the user wrote it, secrets included; the scheme in lower case, as GStreamer requires."""
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str, example: str | None = None) -> Address:
        """Parse an address. Raises ConfigError, which shows `example` and quotes nothing of `text`."""
        scheme = scheme_of(text)
        if scheme is None:
            raise ConfigError("not an address: it has no scheme such as rtsp://")
        text = scheme + text[len(scheme) :]
        sign = _plain_sign(text)
        if sign is not None:
            raise ConfigError(
                f"the user name or password in the {scheme} address has a plain {sign}; write it as "
                f"%{ord(sign):02X} (@ is %40, # is %23, / is %2F, ? is %3F)"
            )
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError as error:  # its text quotes the address
            raise ConfigError(
                f"the {scheme} address cannot be read: the port must be a number up to 65535, and special "
                f"characters must be written as %XX; write {example or f'{scheme}://HOST:PORT/...'}"
            ) from error
        user, password = (
            None if part is None else unquote(part) for part in (parts.username, parts.password)
        )
        return cls(redact_address(text), scheme, host or None, port, parts.path, text, user, password)

    @property
    def has_host(self) -> bool:
        """Whether it has a host, or needs none: an SRT listener, or UDP and RTP at a port of this machine."""
        if self.host is not None or self.port is None:
            return self.host is not None
        if self.scheme == "srt":
            return parse_qs(urlsplit(self.text).query).get("mode") == ["listener"]
        return self.scheme in ("udp", "rtp")
