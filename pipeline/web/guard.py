"""The guard before the dashboard: who may talk to it. Pure ASGI, no request passes beside it."""

from __future__ import annotations

import hmac
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "foresight"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
OPEN_PATHS = ("/healthz",)

_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Lets through what `token` (None: none is demanded) and the browser's own headers allow.

    Without a token the Host must be this machine's own name, so that a foreign name that was made to point
    here (DNS rebinding) gets nothing; with one, a foreign name has no cookie. Other sites' pages are refused
    by Origin and Sec-Fetch-Site, and because an action's body must be JSON.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refused request; hand any other on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._refusal(scope)
        if answer is not None:
            await answer(scope, receive, send)
            return

        async def with_headers(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                own = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", ()), *own]}  # type: ignore[misc]
            await send(message)

        await self._app(scope, receive, with_headers)  # type: ignore[arg-type]

    def _refusal(self, scope: Scope) -> Response | None:
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        host = headers.get("host", "")
        if self._token is None and _name(host) not in LOOPBACK_NAMES:
            return PlainTextResponse("this name is not this machine's own\n", 403)
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return PlainTextResponse("another site's page may not do this\n", 403)
        visits = method == "GET" and path == "/" and headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not visits:
            return PlainTextResponse("another site's page may not do this\n", 403)
        if method == "POST" and headers.get("content-type", "").split(";")[0].strip() != "application/json":
            return PlainTextResponse("the body must be application/json\n", 415)
        if self._token is None or path in OPEN_PATHS:
            return None
        return self._check_token(self._token, headers, scope)

    @staticmethod
    def _check_token(token: str, headers: Headers, scope: Scope) -> Response | None:
        if _same(headers.get("authorization", "").removeprefix("Bearer "), token):
            return None
        if _same(_cookie(headers.get("cookie", "")), token):
            return None
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["method"] == "GET" and scope["path"] == "/" and _same(asked, token):
            answer = RedirectResponse("/", 303)  # the token leaves the address bar and the history
            answer.set_cookie(COOKIE, token.encode().hex(), httponly=True, samesite="strict")
            return answer
        return PlainTextResponse("open /?token=... once, with the token of --web-token\n", 401)


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _cookie(header: str) -> str:
    try:
        kept = SimpleCookie(header).get(COOKIE)
        return "" if kept is None else bytes.fromhex(kept.value).decode()
    except (CookieError, ValueError):
        return ""


def _same(given: str, token: str) -> bool:
    """Compared in constant time, so that an answer's delay tells nothing."""
    return hmac.compare_digest(given.encode(), token.encode())
