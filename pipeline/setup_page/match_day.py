"""MatchDay: the page, the match, the page again, at one address, until somebody closes it."""

from __future__ import annotations

import queue
import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType

from pipeline.errors import ForesightError, OutputError
from pipeline.redaction import redact
from pipeline.setup_page.desk import SetupDesk
from pipeline.setup_page.folder_lock import FolderLock
from pipeline.setup_page.matches import LOG, begin_match, last_words
from pipeline.setup_page.run_process import RunProcess
from pipeline.setup_page.server import SetupPage
from pipeline.supervision.restarts import DONE
from pipeline.web.links import PairingLink, network_page, pairing_link
from pipeline.web.page_server import EVERYWHERE, PageServer, listening, page_address
from pipeline.web.pairing import Pairing

ANSWER_S = 0.5
"""The answer to the request that ends a server gets this long to leave."""

Say = Callable[[str], object]


class MatchDay:
    """The page of one folder. The main thread calls `run`; any thread may call `wish`."""

    def __init__(
        self, home: Path, listener: socket.socket, *, is_open: bool, lock: FolderLock, say: Say
    ) -> None:
        """`listener`: closed at the end. `is_open`: other devices can reach it. `lock`: of `home`, and held.

        `say(line)`: tells the person at the terminal. Raises ConfigError.
        """
        self._home, self._listener, self._is_open = home, listener, is_open
        self._lock, self._say = lock, say
        self._pairing = Pairing(time.monotonic)
        self._wishes: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._is_closing = False
        self._run: RunProcess | None = None
        self.desk = SetupDesk(home, self._wishes.put)
        own = self.desk.plan.settings.web.token
        self._has_own_token = own is not None
        self._token = secrets.token_urlsafe(24) if own is None else own.get_secret_value()

    @property
    def address(self) -> str:
        """The page's address on this machine."""
        host, port = self._where()
        if host in (EVERYWHERE, "::"):
            return f"http://127.0.0.1:{port}/"
        return page_address(self._listener)

    @property
    def own_address(self) -> str:
        """The address to open in this machine's browser: where a token is required, a pairing link."""
        return pairing_link(self._pairing, self.address).url if self._is_guarded else self.address

    @property
    def _is_guarded(self) -> bool:
        """Whether the token is required: in the network, and if the settings have one."""
        return self._is_open or self._has_own_token

    def pairing_link(self) -> PairingLink:
        """A link that lets one phone in. Raises StateError if none can reach the page."""
        return pairing_link(self._pairing, network_page(*self._where()))

    def run(self) -> None:
        """Serve until the page is closed; blocks. Ctrl-C closes it, and ends a match that is on. Main thread."""
        with self._closed_by_interrupt():
            try:
                while not self._is_closing:
                    wish = self._serve_page()
                    if wish == "start":
                        self._play()
                    elif wish == "network":
                        self._open_network()
                    else:
                        self._is_closing = True
            finally:
                self.desk.finish()
                self._listener.close()
                self._lock.close()

    @contextmanager
    def _closed_by_interrupt(self) -> Iterator[None]:
        """Take each SIGINT as a wish, wherever this thread is; one that is ignored, as of a job, stays so."""

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            self._is_closing = True
            self._wishes.put("close")
            if self._run is not None:
                self._end_run(self._run)

        before = signal.getsignal(signal.SIGINT)
        if before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, on_signal)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _where(self) -> tuple[str, int]:
        host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    def _serve_page(self) -> str:
        """Serve the page until it wishes something; returns the wish."""
        self._lock.tell(self.address)
        self.desk.is_open = self._is_open
        page = SetupPage(self.desk, self._where, self._token, self._pairing, is_guarded=self._is_guarded)
        server = PageServer(page.app)
        server.start(self._listener)
        wish = self._wishes.get()
        time.sleep(ANSWER_S)
        server.stop()
        return wish

    def _open_network(self) -> None:
        """Listen on all of this machine's addresses, at the same port if it is free there."""
        host, port = self._where()
        self._listener.close()
        try:
            self._listener = listening(EVERYWHERE, port)
            self._is_open = True
        except OutputError as error:
            self._listener = listening(host, port)
            self.desk.problem = str(error)
            return
        self._say(f"other devices in the network reach the page now, at {network_page(*self._where())}")

    def _play(self) -> None:
        """Run the match; what goes wrong before it is on air is told by the page."""
        plan = self.desk.plan
        teams = plan.settings.teams
        try:
            name = plan.folder_name(datetime.now().date())
            title = plan.title or f"{teams.home} - {teams.away}"
            folder = begin_match(self._home, name, title, datetime.now())
            token = self._token if self._is_guarded else None
            self._run = RunProcess(plan, self._home, folder, self._listener, token, self._lock)
        except ForesightError as error:
            self.desk.problem = redact(str(error))
            return
        self._say(f"the match runs; its film is in {folder}")
        if self._is_closing:  # Ctrl-C came while it was started
            self._end_run(self._run)
        status = self._run.wait()
        self._run = None
        self.desk.has_played = True
        said = last_words(folder / LOG)
        if status != DONE:
            self.desk.problem = f"the match has ended with a fault{f': {said}' if said else ''}"
        if not self._is_closing:
            self._say("the match has ended; the page is open for the next one, until Ctrl-C or Close")

    def _end_run(self, run: RunProcess) -> None:
        self._say("ending the match: what was captured is still played, and every file is completed")
        run.end()
