"""SetupPage: serves the set-up page, its API, and the files of the matches before."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from pipeline.errors import StateError
from pipeline.setup_page.desk import SetupDesk
from pipeline.setup_page.requests import SETUP_ACTIONS
from pipeline.web.acting import act
from pipeline.web.actions import OPEN_NETWORK, PAIR, Action
from pipeline.web.connection_bounds import WebLimits
from pipeline.web.guard import Guard, cookie_name, let_in
from pipeline.web.links import page_asked_for, pairing_link
from pipeline.web.pairing import Pairing
from pipeline.web.server import FRESH, STATIC, no_such, number_in, page

STATE = "setup"
"""What `/api/state` says here; a dashboard's page that reads it belongs to a run that is over."""


class SetupPage:
    """The application of one page, for one PageServer. Built and used on any thread."""

    def __init__(
        self,
        desk: SetupDesk,
        where: Callable[[], tuple[str, int]],
        token: str,
        pairing: Pairing,
        *,
        is_guarded: bool,
        limits: WebLimits = WebLimits(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`where()`: host and port at which it is served. `is_guarded`: whether `token` is required, whose cookie
        `pairing` gives; otherwise a browser gets it when it opens the page to the network."""
        self._desk, self._where, self._token, self._pairing = desk, where, token, pairing
        self._run = secrets.token_hex(8)
        required = token if is_guarded else None
        self.app: ASGIApp = Guard(self._application(), required, limits.wrong_token_s, clock, pairing=pairing)

    def _application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", partial(page, name="start.html")),
                Route("/points", partial(page, name="points.html")),
                Route("/healthz", self._get_healthz),
                Route("/api/state", self._get_state),
                Route("/api/setup", self._get_setup),
                Route("/api/matches", self._get_matches),
                Route("/api/cameras/{number}", self._get_camera),
                Route("/api/stills/{number}", self._get_still),
                Route("/api/calibration.jpg", self._get_preview),
                Route("/api/trial.mp4", self._get_trial),
                Route("/api/matches/{name}/{path:path}", self._get_file),
                *(
                    Route(f"/api/{one.name}", partial(self._act, action=one), methods=["POST"])
                    for one in SETUP_ACTIONS
                ),
                Route(f"/api/{PAIR.name}", self._pair, methods=["POST"]),
                Route(f"/api/{OPEN_NETWORK.name}", self._open_network, methods=["POST"]),
                Mount("/static", StaticFiles(directory=STATIC)),
            ],
            exception_handlers={404: no_such, 405: no_such},
        )

    async def _get_healthz(self, _request: Request) -> Response:
        return PlainTextResponse("no match is running\n", 503)

    async def _get_state(self, _request: Request) -> Response:
        return JSONResponse({"run": self._run, "state": STATE}, headers=FRESH)

    async def _get_setup(self, _request: Request) -> Response:
        snapshot = await run_in_threadpool(self._desk.snapshot)
        return JSONResponse(snapshot | {"run": self._run}, headers=FRESH)

    async def _get_matches(self, _request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._desk.matches), headers=FRESH)

    async def _get_camera(self, request: Request) -> Response:
        number = number_in(request)
        return _jpeg(None if number is None else self._desk.cameras.still(number))

    async def _get_still(self, request: Request) -> Response:
        number = number_in(request)
        return _jpeg(None if number is None else await run_in_threadpool(self._desk.points.jpeg, number))

    async def _get_preview(self, _request: Request) -> Response:
        if not self._desk.preview.is_file():
            return _nothing()
        return FileResponse(self._desk.preview, media_type="image/jpeg", headers=FRESH)

    async def _get_trial(self, _request: Request) -> Response:
        if not self._desk.trial_film.is_file():
            return _nothing()
        return FileResponse(self._desk.trial_film, media_type="video/mp4", headers=FRESH)

    async def _get_file(self, request: Request) -> Response:
        name, path = request.path_params["name"], request.path_params["path"]
        found = await run_in_threadpool(self._desk.file_of_match, name, path)
        if found is None:
            return _nothing()
        return FileResponse(found, filename=found.name if "download" in request.query_params else None)

    async def _act(self, request: Request, action: Action) -> Response:
        return await act(request, action, self._desk)

    async def _pair(self, request: Request) -> Response:
        def link(_desk: SetupDesk, _body: object) -> dict[str, Any]:
            if not self._desk.is_open:
                raise StateError("only this machine can reach this page; let phones in first")
            page_there = page_asked_for(request.headers.get("host", ""), *self._where())
            return asdict(pairing_link(self._pairing, page_there))

        return await self._act(request, replace(PAIR, do=link))

    async def _open_network(self, request: Request) -> Response:
        """Open the page to the network; this browser keeps its access by the token's cookie."""
        answer = await self._act(request, replace(OPEN_NETWORK, do=lambda desk, _: desk.open_network()))
        if answer.status_code == 200:
            let_in(answer, self._token, cookie_name(request.headers.get("host", "")))
        return answer


def _jpeg(picture: bytes | None) -> Response:
    if picture is None:
        return _nothing()
    return Response(picture, media_type="image/jpeg", headers=FRESH)


def _nothing() -> Response:
    return JSONResponse({"error": "there is no such file"}, 404)
