"""Secrets out of text: what is shown, logged or raised holds no password, no token and no stream key."""

from __future__ import annotations

import re

MASK = "***"

_USER_INFO = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?:[^\s/@]*:\S*@|[^\s/]*@)", re.IGNORECASE)
_RTMP_KEY = re.compile(r"(?P<app>\brtmp[a-z]*://[^\s/]+/[^\s/?]+/)[^\s\"']+", re.IGNORECASE)
_NAMED = re.compile(
    r"(?P<name>[\w.-]*(?:pass|password|passphrase|passwd|pwd|user-pw|secret|token|key|auth|sig|signature|streamid))"
    r"(?P<equals>\s*=\s*)(?:\"[^\"]*\"|'[^']*'|[^\s&;,\"']+)",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(?P<name>\bbearer\s+)[^\s\"']+", re.IGNORECASE)


def redact(text: str) -> str:
    """`text` with every secret that a URL or a launch fragment can carry replaced by ``***``.

    Masked are ``user:password@``, the last part of an RTMP path (the stream key), the values of
    ``name=value`` pairs whose name ends in a word such as passphrase, token or key, and bearer tokens.
    Where a URL is ambiguous (an ``@`` in its path), more is hidden rather than less. Any thread; pure.
    """
    text = _USER_INFO.sub(rf"\g<scheme>{MASK}@", text)
    text = _RTMP_KEY.sub(rf"\g<app>{MASK}", text)
    text = _NAMED.sub(rf"\g<name>\g<equals>{MASK}", text)
    return _BEARER.sub(rf"\g<name>{MASK}", text)


def redact_address(address: str) -> str:
    """`redact` for a text that is one address as a user gave it: a space does not end its key."""
    return redact(address.replace(" ", "%20")) if "://" in address else redact(address)
