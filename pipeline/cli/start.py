"""foresight start: a match day in the browser, without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def start(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="where matches and cameras' films are; default: ~/Foresight"),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="where the page is; 0.0.0.0:8080 lets phones in; default: for this machine alone, at port 8080",
        ),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="open no browser")] = False,
    install_desktop_entry: Annotated[
        bool,
        typer.Option("--install-desktop-entry", help="put Foresight into this user's desktop menu, and end"),
    ] = False,
) -> None:
    """Set up and run a match in the browser: cameras, calibration, teams, stream, past matches.

    \b
    foresight start
    foresight start ~/Matches --address 0.0.0.0:8080
    foresight start --install-desktop-entry
    """
    from pipeline.errors import ConfigError
    from pipeline.settings.values import is_loopback
    from pipeline.setup_page.desktop_entry import install_desktop_entry as install
    from pipeline.setup_page.folder_lock import FolderLock
    from pipeline.setup_page.folders import ready_folder

    if install_desktop_entry:
        typer.echo(f"wrote {install()}")
        return
    is_open = False
    if address is not None:
        try:
            is_open = not is_loopback(address)
        except ValueError as error:
            raise ConfigError(f"--address {address}: not HOST:PORT; write it as 0.0.0.0:8080") from error
    home = ready_folder(folder or Path.home() / "Foresight")

    from pipeline.cli.console import say, tell_pairing
    from pipeline.cli.start_page import free_listener, given_listener, open_browser, wait_for_folder
    from pipeline.setup_page.match_day import MatchDay

    lock = FolderLock(home)
    if not wait_for_folder(lock, say, with_browser=not no_browser):
        return
    listener = free_listener() if address is None else given_listener(address)
    day = MatchDay(home, listener, is_open=is_open, lock=lock, say=say)
    say(f"foresight: {day.address} (matches in {home}; Ctrl-C closes it)")
    if is_open:
        tell_pairing(day.pairing_link())
    if not no_browser:
        open_browser(day.own_address)
    day.run()
