"""Guard: decides which requests reach the dashboard. Pure ASGI, so that no request bypasses it."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.web.client_faults import ClientFaults
from pipeline.web.pairing import PATH as PAIR_PATH
from pipeline.web.pairing import Pairing

COOKIE = "foresight"
MOST_BODY_BYTES = 64_000
OPEN_PATHS = ("/healthz",)

_USED_UP = (
    "this link is used up, or older than ten minutes; open a new one with Phone on the page, or its QR code"
)
_TOO_LONG = f"the body is too long; at most {MOST_BODY_BYTES:,} bytes"

_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Lets a request through if `token` (None: not required) and the browser's headers allow it.

    Without a token the Host must be a name of this machine, so that a foreign name that points here (DNS
    rebinding) gets nothing; with one, a foreign name has no cookie. Requests from other sites' pages are refused
    by Origin and Sec-Fetch-Site (and by actions, whose body must be JSON); a link on another site may lead here.
    A body is read up to the longest that an action can have. A wrong token is logged, and its answer is slow.
    """

    def __init__(
        self,
        app: ASGIApp,
        token: str | None,
        wrong_token_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
        pairing: Pairing | None = None,
    ) -> None:
        """`wrong_token_s`: how long the answer to a wrong token takes, by `pause`. `pairing`: the codes that give
        the token's cookie."""
        self._pairing = pairing
        self._wrong_token_s = wrong_token_s
        self._pause = pause
        self._wrong_tokens = ClientFaults("a wrong token", "wrong tokens", clock)
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a refused request; pass any other on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._refusal(scope)
        if answer is not None:
            if answer.status_code == 401 and _has_token(scope):
                await self._slow_down(scope)
            await answer(scope, receive, send)
            return
        if scope["method"] == "POST":  # no other request has a body
            body = await _read(receive)
            if body is None:
                await _refused(scope, 413, _TOO_LONG)(scope, receive, send)
                return
            receive = _again(body, receive)

        async def with_headers(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                own = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", ()), *own]}  # type: ignore[misc]
            await send(message)

        await self._app(scope, receive, with_headers)  # type: ignore[arg-type]

    async def _slow_down(self, scope: Scope) -> None:
        host, _port = scope.get("client") or ("an unknown address", 0)
        self._wrong_tokens.note(host)
        await self._pause(self._wrong_token_s)
        self._wrong_tokens.tell()

    def _refusal(self, scope: Scope) -> Response | None:
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        host = _Address(headers.get("host", ""))
        if self._token is None and not host.is_loopback:
            return _refused(
                scope,
                403,
                "this host name is not this machine's; open the dashboard by localhost or its loopback address",
            )
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host.text:
            return _refused(scope, 403, "requests from another site's page are refused")
        visits = method == "GET" and path in ("/", PAIR_PATH) and headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not visits:
            return _refused(scope, 403, "requests from another site's page are refused")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BODY_BYTES:
            return _refused(scope, 413, _TOO_LONG)
        if self._token is None and method == "GET" and path == PAIR_PATH:
            return RedirectResponse("/", 303)
        if self._token is None or path in OPEN_PATHS:
            return None
        return self._check_token(self._token, headers, scope, cookie_name(host.text))

    def _check_token(self, token: str, headers: Headers, scope: Scope, cookie: str) -> Response | None:
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if _same(bearer, token) or _same(_cookie(headers.get("cookie", ""), cookie), token):
            is_paired = scope["path"] == PAIR_PATH  # a second touch on the link
            return RedirectResponse("/", 303) if is_paired else None
        if scope["method"] == "GET" and scope["path"] == "/" and _same(_asked(scope, "token"), token):
            return let_in(RedirectResponse("/", 303), token, cookie)  # the token leaves the address bar
        if scope["method"] == "GET" and scope["path"] == PAIR_PATH:
            if self._pairing is not None and self._pairing.redeem(_asked(scope, "code")):
                return let_in(RedirectResponse("/", 303), token, cookie)
            return _refused(scope, 401, _USED_UP)
        return _refused(
            scope, 401, "the token is missing or wrong; open /?token=... once, with the token of --web-token"
        )


def _has_token(scope: Scope) -> bool:
    """Whether the request presents a token, right or wrong."""
    headers = Headers(scope=scope)
    if "authorization" in headers or _cookie(headers.get("cookie", ""), cookie_name(headers.get("host", ""))):
        return True
    return scope["path"] == PAIR_PATH or "token" in parse_qs(scope["query_string"].decode("latin-1"))


def _asked(scope: Scope, name: str) -> str:
    """A value of the query; empty without it."""
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get(name, [""])[0]


def let_in(answer: Response, token: str, cookie: str) -> Response:
    """`answer` with the cookie by which a browser is known from now on."""
    # lax, not strict: a link in a mail leads here through another site's page
    answer.set_cookie(cookie, token.encode().hex(), httponly=True, samesite="lax")
    return answer


def cookie_name(host: str) -> str:
    """The name of the token's cookie: with the port, because a browser sends a host's cookies to all its ports."""
    port = _Address(host).port
    return COOKIE if port is None else f"{COOKIE}-{port}"


class _Address:
    """A Host header: the name and port that the client uses for this server."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._name: str | None = None
        self.port: int | None = None
        with suppress(ValueError):  # no address at all
            parts = urlsplit(f"//{text}")
            self._name, self.port = parts.hostname, parts.port

    @property
    def is_loopback(self) -> bool:
        """Whether it can only mean this machine."""
        try:
            return self._name == "localhost" or ip_address(self._name or "").is_loopback
        except ValueError:
            return False


def _refused(scope: Scope, status: int, why: str) -> Response:
    """JSON for the API, plain text for pages that a person opens."""
    if scope["path"].startswith("/api/"):
        return JSONResponse({"error": why}, status)
    return PlainTextResponse(f"{why}\n", status)


async def _read(receive: Receive) -> bytes | None:
    """A request body; None if it is too long, whatever its headers said, or breaks off."""
    body = b""
    while len(body) <= MOST_BODY_BYTES:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body if len(body) <= MOST_BODY_BYTES else None
    return None


def _again(body: bytes, receive: Receive) -> Receive:
    """`receive` with `body` put back in front."""
    read: list[Message] = [{"type": "http.request", "body": body}]

    async def again() -> Message:
        return read.pop() if read else await receive()

    return again


def _cookie(header: str, name: str) -> str:
    try:
        kept = SimpleCookie(header).get(name)
        return "" if kept is None else bytes.fromhex(kept.value).decode()
    except (CookieError, ValueError):
        return ""


def _same(given: str, token: str) -> bool:
    """Compare in constant time, so that the time of the response gives nothing away."""
    return hmac.compare_digest(given.encode(), token.encode())
