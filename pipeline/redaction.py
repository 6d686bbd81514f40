"""Secrets out of text: what is shown, logged or raised holds no password, no token and no stream key."""

from __future__ import annotations

import re

MASK = "***"

_USER_INFO = re.compile(
    r"(?P<scheme>(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://)(?:[^\s/@:]*:\S*@|[^\s/]*@)", re.IGNORECASE
)
_RTMP_KEY = re.compile(r"(?P<app>\brtmp[a-z]*://[^\s/]*/+[^\s/?]+/+)\S+", re.IGNORECASE)
_SECRET_NAME = re.compile(
    r"(?:pass|password|passphrase|passwd|pas|pwd|pw|secret|token|key|auth|credentials?|jwt|sig|signature|hmac|streamid)\Z",
    re.IGNORECASE,
)
"""How the name of something secret ends."""
_NAMED = re.compile(r"(?<![\w.-])(?P<name>[\w.-]++)\s*+=\s*+")
_VALUE = re.compile(r"(?:\"[^\"]*\"|'[^']*')?[^\s&]*+")
"""Up to a space or the next of a query: a secret may hold commas, semicolons and quotes."""
_BEARER = re.compile(r"(?P<name>\bbearer\s+)[^\s\"']+", re.IGNORECASE)


def redact(text: str) -> str:
    """`text` with every secret that a URL or a launch fragment can carry replaced by ``***``.

    Masked are ``user:password@``, the last part of an RTMP path (the stream key), the values of
    ``name=value`` pairs whose name ends in a word such as passphrase, token or key, and bearer tokens.
    Where a text is ambiguous (an ``@`` in a path, a comma behind a value), more is hidden rather than less. Any
    thread; pure.
    """
    text = _USER_INFO.sub(rf"\g<scheme>{MASK}@", text)
    text = _RTMP_KEY.sub(rf"\g<app>{MASK}", text)
    text = _masked_values(text)
    return _BEARER.sub(rf"\g<name>{MASK}", text)


def _masked_values(text: str) -> str:
    """The values of secret names masked; what has another name may hold one that is secret."""
    done, place = [], 0
    while (named := _NAMED.search(text, place)) is not None:
        done.append(text[place : named.end()])
        place = named.end()
        value = _VALUE.match(text, place) if _SECRET_NAME.search(named["name"]) else None
        if value is not None:
            done.append(MASK)
            place = value.end()
    return "".join((*done, text[place:]))


def redact_address(address: str) -> str:
    """`redact` for a text that is one address as a user gave it: a space does not end its key."""
    return redact(address.replace(" ", "%20")) if "://" in address else redact(address)
