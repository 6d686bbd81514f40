"""The foresight command: one file a command; errors become one line and an exit status here."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable
from typing import Any

import typer

from pipeline.errors import ForesightError

COMMANDS: tuple[str, ...] = ("calibrate", "direct")
"""Every command's name; its code is the function of that name in the module of that name beside this file."""


def _command(name: str) -> Callable[..., Any]:
    module = importlib.import_module(f"pipeline.cli.{name}")
    function: Callable[..., Any] = getattr(module, name)
    return function


def _app() -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
    # A callback keeps the command's name on the line even while there is one command only.
    app.callback(help="A live camera that has already seen the next seven seconds.")(lambda: None)
    for name in COMMANDS:
        app.command(name)(_command(name))
    return app


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 the run failed, 2 unusable arguments or configuration."""
    argv = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in argv
    argv = [argument for argument in argv if argument != "--debug"]
    try:
        _app()(argv, prog_name="foresight")
    except ForesightError as error:
        if debug:
            traceback.print_exc()
        print(f"foresight: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_status)
