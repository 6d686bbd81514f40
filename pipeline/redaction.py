"""Redaction: removes passwords, tokens and stream keys from text that is shown, logged or raised."""

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
"""The endings of names whose values are secret."""
_NAMED = re.compile(r"(?<![\w.-])(?P<name>[\w.-]++)\s*+=\s*+")
_VALUE = re.compile(r"(?:\"[^\"]*\"|'[^']*')?[^\s&]*+")
"""A value ends at a space or an ampersand; a secret may contain commas, semicolons and quotes."""
_BEARER = re.compile(r"(?P<name>\bbearer\s+)[^\s\"']+", re.IGNORECASE)


def redact(text: str) -> str:
    """`text` with all secrets of URLs and launch fragments replaced by ``***``.

    Masks ``user:password@``, the last part of an RTMP path (the stream key), the values of ``name=value`` pairs
    whose name ends in a word such as passphrase, token or key, and bearer tokens. In ambiguous text (an ``@`` in
    a path, a comma after a value) it hides more rather than less. Any thread; pure.
    """
    text = _USER_INFO.sub(rf"\g<scheme>{MASK}@", text)
    text = _RTMP_KEY.sub(rf"\g<app>{MASK}", text)
    text = _masked_values(text)
    return _BEARER.sub(rf"\g<name>{MASK}", text)


def _masked_values(text: str) -> str:
    """`text` with the values of secret names masked; the value of any other name is searched as well."""
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
    """`redact` for text that is a single address from a user: a space does not end its key."""
    return redact(address.replace(" ", "%20")) if "://" in address else redact(address)
