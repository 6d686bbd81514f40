"""Dashboard: serves the page, the JSON API, the previews and the metrics of one run."""

from __future__ import annotations

import logging
import secrets
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, cast, get_args

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ConfigError, ForesightError, StateError
from pipeline.operator.control import ChapterForm, Control
from pipeline.operator.run_ended import run_ended
from pipeline.redaction import redact
from pipeline.run.clip_book import Clip
from pipeline.run.progress import Progress
from pipeline.settings.model import WebSettings
from pipeline.settings.values import host_and_port, is_loopback
from pipeline.web.acting import act
from pipeline.web.actions import ACTIONS, OPEN_NETWORK, PAIR, Action
from pipeline.web.clip_thumbnails import ClipThumbnails
from pipeline.web.connection_bounds import WebLimits
from pipeline.web.front_doors import FrontDoors
from pipeline.web.guard import Guard, cookie_name
from pipeline.web.links import PairingLink, network_page, page_asked_for, pairing_link
from pipeline.web.metrics import CONTENT_TYPE, RunMetrics
from pipeline.web.openapi import openapi
from pipeline.web.page_server import EVERYWHERE, PageServer, listening, listening_from, page_address
from pipeline.web.pairing import Pairing
from pipeline.web.preview_images import PreviewImage, PreviewImages
from pipeline.web.preview_video import PreviewVideo
from pipeline.web.responses import clip_json
from pipeline.web.run_state import RunStateFeed

logger = logging.getLogger("foresight")

STATIC = Path(__file__).parent / "static"
FAREWELL_S = 0.75
"""Time for pages to ask once more, and to learn that the run has ended."""

MOST_DIGITS = 9
"""A clip's or an output's number is not longer; Python refuses to read one of thousands of digits."""

FRESH = {"cache-control": "no-store"}
_NO_CLIP = partial(JSONResponse, {"error": "no such clip"}, 404)


class Dashboard:
    """A run's dashboard: `start` before the run, `publish` with each progress, `stop` after it. Any thread."""

    def __init__(
        self,
        run: PanoramaWithVirtualCamera,
        settings: WebSettings,
        version: str,
        clock: Callable[[], float] = time.monotonic,
        limits: WebLimits = WebLimits(),
        listener: socket.socket | None = None,
    ) -> None:
        """`clock`: seconds, of any origin. `limits`: what the clients may take. `listener`: a socket that listens
        already, instead of one at the address of `settings`; the dashboard closes it.

        Raises ConfigError if `settings` name no address.
        """
        if settings.address is None:
            raise ConfigError("the dashboard has no address; give web.address")
        self._address = settings.address
        self._host, self._port = host_and_port(settings.address)
        self._run = run
        self.control = Control(run, settings.clips)
        self.preview_video = PreviewVideo(self.control)
        self.preview_images = PreviewImages(self.control)
        self.thumbnails = ClipThumbnails()
        run.onlooker = self.preview_images.look
        self._run_state = RunStateFeed(clock)
        self._metrics = RunMetrics(self._run_state.state)
        self._version = version
        token = settings.token.get_secret_value() if settings.token is not None else None
        self._token, self._clock, self._limits = token, clock, limits
        self._pairing = None if token is None else Pairing(clock)
        self._application = self._made_application()
        self._doors = FrontDoors(self._guard(token, self._pairing))
        self.app: ASGIApp = self._doors
        self._server = PageServer(self.app, limits)
        self._listener = listener
        self._network_listener: socket.socket | None = None
        self._opening = threading.Lock()

    def start(self) -> str:
        """Listen and serve from a thread; returns the page's address. Raises OutputError if it cannot listen."""
        if self._listener is None:
            self._listener = listening(self._host, self._port)
        self._server.start(self._listener)
        return page_address(self._listener)

    def pairing_link(self) -> PairingLink:
        """A fresh link that lets one phone in. Raises StateError before `start`, or if no phone can reach it."""
        return pairing_link(self._codes(), network_page(*self._where()))

    def open_network(self) -> None:
        """Let other devices in the network reach the page too, at a port beside its own, each by a link.

        This machine's browsers go on at the page's address. Idempotent. Raises StateError if others can reach that
        address, or before `start`; OutputError without a free port.
        """
        if not is_loopback(self._address):
            raise StateError("other devices can reach this page already; press Phone for a link")
        with self._opening:
            if self._network_listener is not None:
                return
            pairing = self._pairing or Pairing(self._clock)
            listener = listening_from(EVERYWHERE, self._own_port() + 1)
            port = int(listener.getsockname()[1])
            self._doors.open(port, self._guard(self._token or secrets.token_urlsafe(24), pairing))
            self._server.serve_also(listener)
            self._pairing, self._network_listener = pairing, listener
        logger.warning("other devices in the network reach the page at port %d now, each by a link", port)

    def _codes(self) -> Pairing:
        if self._pairing is None:
            raise StateError("this page has no token, so a phone needs no link; open its address there")
        return self._pairing

    def _where(self) -> tuple[str, int]:
        """Where other devices are served: host and port. Raises StateError before `start`."""
        if self._network_listener is not None:
            return EVERYWHERE, int(self._network_listener.getsockname()[1])
        return self._host, self._own_port()

    def _own_port(self) -> int:
        if self._listener is None:
            raise StateError("the dashboard does not listen yet")
        return int(self._listener.getsockname()[1])

    def publish(self, progress: Progress) -> None:
        """The run's newest progress; the run's thread calls it four times a second."""
        self._run_state.publish(asdict(progress) | self.control.snapshot())

    def stop(self) -> None:
        """End every viewer and the server, once open pages know of it. Idempotent, returns within seconds."""
        ended = run_ended(self._run)
        if (
            self._run_state.end({"ended": None if ended is None else asdict(ended)})
            and self._listener is not None
        ):
            time.sleep(FAREWELL_S)
        self.preview_video.close()
        self.preview_images.stop()
        self._server.stop()
        for listener in (self._listener, self._network_listener):
            if listener is not None:
                listener.close()

    def _guard(self, token: str | None, pairing: Pairing | None) -> Guard:
        return Guard(self._application, token, self._limits.wrong_token_s, self._clock, pairing=pairing)

    def _made_application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", partial(page, name="index.html")),
                Route("/points", partial(page, name="points.html")),
                Route("/docs", partial(page, name="docs.html")),
                Route("/openapi.json", self._get_openapi),
                Route("/healthz", self._get_healthz),
                Route("/metrics", self._get_metrics),
                Route("/preview.mp4", self._get_preview_video),
                Route("/preview.jpg", partial(self._get_preview_image, image=self.preview_images.picture)),
                Route("/panorama.jpg", partial(self._get_preview_image, image=self.preview_images.panorama)),
                Route("/api/state", self._get_state),
                Route("/api/events", self._get_events),
                Route("/api/stills/{number}", self._get_still),
                Route("/api/proposals", self._get_proposals),
                Route("/api/chapters", self._get_chapters),
                Route("/api/clips/{number}", self._get_clip),
                Route("/api/clips/{number}/thumbnail", self._get_thumbnail),
                Route("/api/outputs/{number}", self._get_output),
                *map(self._action_route, ACTIONS),
                Route(f"/api/{PAIR.name}", self._pair, methods=["POST"]),
                Route(f"/api/{OPEN_NETWORK.name}", self._open_network, methods=["POST"]),
                Mount("/static", StaticFiles(directory=STATIC)),
            ],
            exception_handlers={404: no_such, 405: no_such},
        )

    def _action_route(self, action: Action) -> Route:
        """An action is asked for by POST; what is also read there, by GET. One route, so that it tells both."""
        read = {"tags": self._get_tags, "clips": self._get_clips}.get(action.name)
        if read is not None:
            both = partial(self._read_or_act, action=action, read=read)
            return Route(f"/api/{action.name}", both, methods=["GET", "POST"])
        return Route(f"/api/{action.name}", partial(self._act, action=action), methods=["POST"])

    async def _get_openapi(self, request: Request) -> Response:
        return JSONResponse(openapi(self._version, cookie_name(request.headers.get("host", ""))))

    async def _get_healthz(self, _request: Request) -> Response:
        state = self._run_state.state()
        word = state["state"]
        well = word in ("buffering", "playing", "draining")
        if well and state.get("standing"):
            well, word = False, "".join(f"{stage} stands still" for stage in state["standing"][:1])
        return PlainTextResponse("ok\n" if well else f"{word}\n", 200 if well else 503)

    async def _get_metrics(self, _request: Request) -> Response:
        if self._run_state.is_silent:  # unchanged numbers would look healthy
            return PlainTextResponse("the run is not responding\n", 503)
        return Response(self._metrics.exposition(), media_type=CONTENT_TYPE)

    async def _get_state(self, _request: Request) -> Response:
        return Response(self._run_state.json_text(), media_type="application/json", headers=FRESH)

    async def _get_events(self, _request: Request) -> Response:
        async def lines() -> AsyncIterator[str]:
            async for state in self._run_state.events.follow():
                yield f"data: {state}\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream", headers=FRESH)

    async def _get_preview_video(self, _request: Request) -> Response:
        try:
            head, fragments = await self.preview_video.begin()
        except StateError:
            return Response(status_code=204)  # not an error: a page also asks before and after playback
        except ForesightError as error:
            return JSONResponse({"error": redact(str(error))}, 409)
        return StreamingResponse(fragments, media_type=head.media_type, headers=FRESH)

    async def _get_preview_image(self, _request: Request, image: PreviewImage) -> Response:
        try:
            jpeg = await image.newest()
        except ForesightError as error:
            return JSONResponse({"error": redact(str(error))}, 409)
        if jpeg is None:
            return Response(status_code=204)
        return Response(jpeg, media_type="image/jpeg", headers=FRESH)

    async def _get_still(self, request: Request) -> Response:
        number = number_in(request)
        jpeg = None if number is None else await run_in_threadpool(self.control.points.jpeg, number)
        if jpeg is None:
            return JSONResponse({"error": "there is no such still image; take them first"}, 404)
        return Response(jpeg, media_type="image/jpeg", headers=FRESH)

    async def _read_or_act(
        self, request: Request, action: Action, read: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        return await (self._act(request, action) if request.method == "POST" else read(request))

    async def _get_tags(self, _request: Request) -> Response:
        return JSONResponse([asdict(tag) for tag in self.control.tags()], headers=FRESH)

    async def _get_proposals(self, _request: Request) -> Response:
        return JSONResponse([asdict(one) for one in self.control.proposals()], headers=FRESH)

    async def _get_chapters(self, request: Request) -> Response:
        form, allowed = request.query_params.get("format", "youtube"), get_args(ChapterForm)
        if form not in allowed:
            return JSONResponse({"error": f"format: allowed is {' or '.join(allowed)}"}, 422)
        try:
            text = self.control.chapters(cast(ChapterForm, form))
        except StateError as error:
            return JSONResponse({"error": str(error)}, 409)
        return PlainTextResponse(text, headers=FRESH)

    async def _get_clips(self, _request: Request) -> Response:
        clips = (clip for clip in self.control.clips() if clip.state != "saved" or clip.path.exists())
        return JSONResponse([clip_json(clip) for clip in clips], headers=FRESH)

    async def _get_clip(self, request: Request) -> Response:
        clip = self._clip(request)
        if clip is None:
            return _NO_CLIP()
        return FileResponse(clip.path, media_type="video/mp4", filename=clip.path.name)

    async def _get_thumbnail(self, request: Request) -> Response:
        clip = self._clip(request)
        if clip is None:
            return _NO_CLIP()
        try:
            jpeg = await run_in_threadpool(self.thumbnails.jpeg, clip)
        except ForesightError as error:
            return JSONResponse({"error": redact(str(error))}, 409)
        return Response(jpeg, media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})

    def _clip(self, request: Request) -> Clip | None:
        """The clip of this number, if it is saved and still there."""
        number = number_in(request)
        clips = (clip for clip in self.control.clips() if clip.number == number and clip.state == "saved")
        return next((clip for clip in clips if clip.path.exists()), None)

    async def _get_output(self, request: Request) -> Response:
        number = number_in(request)
        path = None if number is None else self.control.finished_file(number)
        if path is None:
            return JSONResponse({"error": "this output has no finished file"}, 404)
        return FileResponse(path, filename=path.name)

    async def _pair(self, request: Request) -> Response:
        def link(_control: Control, _body: object) -> dict[str, Any]:
            page_there = page_asked_for(request.headers.get("host", ""), *self._where())
            return asdict(pairing_link(self._codes(), page_there))

        return await self._act(request, replace(PAIR, do=link))

    async def _open_network(self, request: Request) -> Response:
        return await self._act(request, replace(OPEN_NETWORK, do=lambda _control, _body: self.open_network()))

    async def _act(self, request: Request, action: Action) -> Response:
        return await act(request, action, self.control)


def number_in(request: Request) -> int | None:
    """The number in the path; None for what is none, or has more digits than any has."""
    text = request.path_params["number"]
    return int(text) if len(text) <= MOST_DIGITS and text.isascii() and text.isdecimal() else None


async def no_such(request: Request, error: Exception) -> Response:
    """The answer to a path that does not exist, or not for this method: JSON in the API, text elsewhere."""
    refused = cast(HTTPException, error)
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": refused.detail}, refused.status_code, refused.headers)
    return PlainTextResponse(f"{refused.detail}\n", refused.status_code, refused.headers)


async def page(_request: Request, name: str) -> Response:
    return FileResponse(STATIC / name, headers={"cache-control": "no-cache"})
