"""What clients may take from a run: connections, time for a request, clips, recordings, and tries at the token."""

from __future__ import annotations

import errno
import logging
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from starlette.testclient import TestClient

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.buffer_manager import BufferManager
from pipeline.errors import StateError
from pipeline.gst.output.limits import OutputLimits
from pipeline.operator.clips import Clips, ClipWanted
from pipeline.operator.control import Control
from pipeline.run.clip_book import Clip, ClipBook
from pipeline.run.encoding_choice import window_encoding
from pipeline.run.file_names import FileNames
from pipeline.run.film_clips import FilmClips
from pipeline.run.film_times import FilmTimes
from pipeline.run.limits import RunLimits
from pipeline.run.progress import Progress
from pipeline.settings import Settings
from pipeline.web.connection_bounds import WebLimits
from pipeline.web.guard import Guard
from pipeline.web.server import Dashboard
from tests.faults.record import Area, fault
from tests.gst.output.peers import wait_until
from tests.web.clock import Clock
from tests.web.test_security import TOKEN, client

ONE_MORE = fault(
    Area.DASHBOARD,
    "a third clip at once, a ninth recording",
    seen="409 and one line",
    lost="that clip or recording",
)

WAIT_S = 20.0


@contextmanager
def served(limits: WebLimits) -> Iterator[tuple[str, int]]:
    """A dashboard's address and port."""
    dashboard = make_dashboard(limits)
    address = dashboard.start()
    try:
        yield address, port_of(address)
    finally:
        dashboard.stop()


def make_dashboard(limits: WebLimits) -> Dashboard:
    settings = Settings.parse({"sources": ["match"], "web": {"address": "127.0.0.1:0"}})
    return Dashboard(PanoramaWithVirtualCamera(settings), settings.web, "0", limits=limits)


def port_of(address: str) -> int:
    return int(address.split(":")[-1].strip("/"))


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), WAIT_S)
    connection.settimeout(WAIT_S)
    return connection


def is_closed(connection: socket.socket) -> bool:
    """Wait until the server closes the connection, WAIT_S at most."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_idle_connections_do_not_keep_an_operator_out() -> None:
    with served(WebLimits(connections=4, request_s=WAIT_S)) as (address, port), ExitStack() as stack:
        idle = [stack.enter_context(connect(port)) for _ in range(12)]
        assert all(is_closed(connection) for connection in idle[:8]), "the oldest ones"
        with urlopen(f"{address}api/state", timeout=WAIT_S) as answer:
            assert answer.status == 200


def test_connections_that_wait_for_a_response_stay_and_one_more_is_refused() -> None:
    request = b"GET /api/events HTTP/1.1\r\nhost: localhost\r\n\r\n"
    with served(WebLimits(connections=2)) as (_, port), ExitStack() as stack:
        busy = [stack.enter_context(connect(port)) for _ in range(2)]
        for connection in busy:
            connection.sendall(request)
            assert connection.recv(15) == b"HTTP/1.1 200 OK"
        surplus = stack.enter_context(connect(port))
        assert is_closed(surplus)
        for connection in busy:
            assert connection.recv(1) != b""


@fault(Area.DASHBOARD, "a request that never completes", seen="its connection is closed after 10 s")
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nhost: local",
        b"POST /api/pause HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"content-length: 9\r\n\r\n{",
    ],
    ids=["nothing", "half the headers", "half the body"],
)
def test_a_request_that_does_not_come_to_its_end_is_closed(sent: bytes) -> None:
    with served(WebLimits(request_s=0.05)) as (_, port), connect(port) as connection:
        connection.sendall(sent)
        assert is_closed(connection)


UNREAD = fault(
    Area.DASHBOARD,
    "a client that stops reading: the video, the events, a file",
    seen="its connection is closed after 15 s, with a line in the log; half a megabyte at most waits for it; "
    "others and the run go on",
)


@UNREAD
@pytest.mark.parametrize("last", [b"", b"connection: close\r\n"])
def test_a_client_that_reads_nothing_is_dropped_and_what_waited_for_it_is_forgotten(last: bytes) -> None:
    request = b"GET /static/vendor/none HTTP/1.1\r\nhost: localhost\r\n"
    with served(WebLimits(response_s=0.3)) as (_, port), socket.socket() as stuck, connect(port) as other:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(("127.0.0.1", port))
        asked = threading.Thread(target=send_many, args=(stuck, request + b"\r\n", request + last + b"\r\n"))
        asked.start()
        watch = select.poll()
        watch.register(stuck, select.POLLHUP | select.POLLERR)
        assert watch.poll(WAIT_S * 1000), "reset, not only ended: nothing of it is kept"
        asked.join(WAIT_S)
        assert stuck.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in (errno.ECONNRESET, 0)
        other.sendall(b"GET /api/state HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert other.recv(15) == b"HTTP/1.1 200 OK"


@UNREAD
def test_a_client_that_opens_the_events_and_reads_nothing_is_dropped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Publishing waits for nobody; whoever reads gets the events all the same."""
    request = b"GET /api/events HTTP/1.1\r\nhost: localhost\r\n\r\n"
    dashboard = make_dashboard(WebLimits(response_s=0.3))
    port = port_of(dashboard.start())
    with ExitStack() as stack:
        stack.callback(dashboard.stop)
        stuck, reader = stack.enter_context(socket.socket()), stack.enter_context(connect(port))
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(("127.0.0.1", port))
        watch = select.poll()
        watch.register(stuck, select.POLLHUP | select.POLLERR)
        for connection in (stuck, reader):
            connection.sendall(request)
        progress = Progress(
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "playing", "ball", ("x" * 50_000,), 0, (), None, ()
        )
        for _ in range(round(WAIT_S * 100)):
            dashboard.publish(progress)
            assert reader.recv(100_000) != b""
            if watch.poll(10):
                break
        assert watch.poll(0)
        wait_until(lambda: "unread connection, closed, from 127.0.0.1" in caplog.text, "the log line")


def send_many(connection: socket.socket, request: bytes, last: bytes) -> None:
    with suppress(OSError):
        connection.sendall(request * 5000 + last)


def test_a_client_that_reads_slowly_gets_all_of_it() -> None:
    request = b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    with served(WebLimits(response_s=0.5)) as (_, port), socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", port))
        slow.sendall(request)
        answer = b""
        while received := slow.recv(2048):
            answer += received
    assert answer.endswith(b"}")


@fault(Area.DASHBOARD, "what is no HTTP request", seen="400; one log line a second, with a count")
def test_invalid_requests_are_logged_once_a_second(caplog: pytest.LogCaptureFixture) -> None:
    with served(WebLimits()) as (_, port):
        for _ in range(12):
            with connect(port) as connection:
                connection.sendall(b"\0\r\n\r\n")
                assert connection.recv(12) == b"HTTP/1.1 400"
        wait_until(lambda: "11 invalid" in caplog.text or len(caplog.messages) > 2, "the last line")
    assert caplog.messages[0] == "dashboard: an invalid request from 127.0.0.1"
    counts = [int(text.split()[1]) for text in caplog.messages[1:]]
    assert sum(counts) == 11
    assert all("invalid requests, the last from 127.0.0.1" in text for text in caplog.messages[1:])


def test_a_run_with_few_descriptors_gives_the_dashboard_a_quarter_of_them() -> None:
    assert 1 <= WebLimits(connections=1_000_000).open_connections < 1_000_000
    assert WebLimits(connections=3).open_connections == 3


class SlowManager(BufferManager):
    """Saves a clip when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may_end = threading.Semaphore(0), threading.Event()

    def save_clip(self, *_given: Any, **_named: Any) -> tuple[int, int]:
        self.begun.release()
        self.may_end.wait(WAIT_S)
        return 0, 1


@ONE_MORE
def test_a_few_clips_are_saved_at_once_and_one_more_is_refused(tmp_path: Path) -> None:
    manager = SlowManager()
    book = ClipBook()
    film = FilmClips(book, FilmTimes(), lambda: None, has_film=False)
    encoding = window_encoding(Settings())
    clips = Clips(manager, film, book, tmp_path, FileNames(), encoding, most_at_once=2)
    saved: list[Clip] = []
    threads = [threading.Thread(target=lambda: saved.append(clips.save_footage(1.0, 0.0))) for _ in range(2)]
    for thread in threads:
        thread.start()
        assert manager.begun.acquire(timeout=WAIT_S)
    for save in (lambda: clips.save_footage(1.0, 0.0), lambda: clips.save(ClipWanted("cameras"))):
        with pytest.raises(StateError, match="2 clips are being saved already"):
            save()
    manager.may_end.set()
    for thread in threads:
        thread.join(WAIT_S)
    assert clips.save_footage(1.0, 0.0).number == 3


@ONE_MORE
def test_a_few_recordings_are_on_at_once_and_one_more_is_refused(tmp_path: Path) -> None:
    settings = Settings.parse(
        {
            "sources": ["match?size=720x240&fps=25"],
            "size": "320x180",
            "live": True,
            "delay_s": 0.6,
            "detector": {"kind": "none"},
            "web": {"address": "127.0.0.1:0"},
        }
    )
    run = PanoramaWithVirtualCamera(settings, RunLimits(output=OutputLimits(recordings=2)))
    control = Control(run, tmp_path)
    refusals: list[str] = []

    def on_progress(progress: Progress) -> None:
        if progress.state == "playing" and not refusals:
            numbers = [control.record().number for _ in range(2)]
            with pytest.raises(StateError) as refused:
                control.record()
            refusals.append(str(refused.value))
            # a recording that is stopped before its first keyframe leaves no file
            wait_until(lambda: control.outputs()[numbers[0]].state == "on", "the first recording")
            control.stop_output(numbers[0])
            last = control.record().number
            wait_until(lambda: control.outputs()[last].state == "on", "the last recording")
            run.stop()

    run.run(on_progress)
    assert refusals == ["2 recordings are on already; stop one of them first"]
    assert len(list(tmp_path.iterdir())) == 3


class Pauses:
    """Records the pauses; `during` is called in each."""

    def __init__(self, during: Callable[[], object]) -> None:
        self.lengths_s: list[float] = []
        self._during = during

    async def __call__(self, length_s: float) -> None:
        self.lengths_s.append(length_s)
        self._during()


@fault(Area.DASHBOARD, "wrong tokens", seen="one log line a second, with a count")
def test_wrong_tokens_are_slow_and_logged_once_a_second(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    clock = Clock()
    pauses = Pauses(lambda: None)
    asked = TestClient(Guard(app, TOKEN, 0.7, clock, pauses), base_url="http://pitch.example")
    for _ in range(5):
        assert asked.get("/api/state", headers={"authorization": "Bearer guess"}).status_code == 401
    assert asked.get("/", params={"token": "guess"}).status_code == 401
    assert pauses.lengths_s == [0.7] * 6
    assert caplog.messages == ["dashboard: a wrong token from testclient"]
    clock.now_s += 1.0
    assert asked.get("/", params={"token": "guess"}).status_code == 401
    assert caplog.messages[1:] == ["dashboard: 6 wrong tokens, the last from testclient"]
    assert asked.get("/api/state").status_code == 401, "no token is no guess"
    assert asked.get("/api/state", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 204
    assert len(pauses.lengths_s) == 7
    assert TOKEN not in caplog.text


def test_the_last_wrong_tokens_are_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        raise AssertionError("a wrong token must not come through")

    clock = Clock()
    waiting: list[Callable[[], object]] = [lambda: None, lambda: setattr(clock, "now_s", clock.now_s + 1.0)]
    asked = TestClient(Guard(app, TOKEN, 1.0, clock, Pauses(lambda: waiting.pop(0)())))
    for _ in range(2):
        assert asked.get("/", params={"token": "guess"}).status_code == 401
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2


def test_a_file_documents_the_answers_to_ranges(tmp_path: Path) -> None:
    document = client(tmp_path).get("/openapi.json").json()
    for path in ("/api/clips/{number}", "/api/outputs/{number}"):
        assert {"200", "206", "400", "404", "413", "416"} <= set(document["paths"][path]["get"]["responses"])
    assert "413" in document["paths"]["/api/state"]["get"]["responses"]
