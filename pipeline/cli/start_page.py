"""What `foresight start` does before its page is served: one page a folder, a socket, a browser."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress

from pipeline.errors import OutputError
from pipeline.settings.values import host_and_port
from pipeline.setup_page.folder_lock import FolderLock
from pipeline.web.page_server import listening, listening_from

FIRST_PORT = 8080


def wait_for_folder(lock: FolderLock, say: Callable[[str], object], *, with_browser: bool) -> bool:
    """Take the folder's lock; returns whether this process is to serve its page.

    If another page of the folder is open, it is shown in the browser, and this process is not needed. A match whose
    page's process has ended is shown too, and its end is waited for.
    """
    if lock.take():
        return True
    told = lock.told()
    if told is None:
        raise OutputError(
            "another foresight start works in this folder; name another one, or close that page"
        )
    address, is_alive = told
    if with_browser:
        open_browser(address)
    if is_alive:
        say(f"foresight: {address} (open already)")
        return False
    say(f"foresight: {address} (a match of an earlier start is running there; its end is waited for)")
    lock.wait()
    return True


def free_listener() -> socket.socket:
    """A socket at this machine's own address, at the first port that is free. Raises OutputError."""
    return listening_from("127.0.0.1", FIRST_PORT)


def given_listener(address: str) -> socket.socket:
    """A socket at HOST:PORT. Raises OutputError if that is in use, or none of this machine's addresses."""
    return listening(*host_and_port(address))


def open_browser(address: str) -> None:
    """Open the page in the user's browser, if there is one; from a thread, because a browser may take seconds."""

    def open_it() -> None:
        with suppress(webbrowser.Error):
            webbrowser.open(address)

    threading.Thread(target=open_it, name="browser", daemon=True).start()
