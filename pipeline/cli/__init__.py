"""The foresight command: one module per command; errors become one line and an exit status here."""

from __future__ import annotations

import faulthandler
import importlib
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import typer

from pipeline.cli.environment import start_again_with_settings
from pipeline.cli.process_list import hide_secrets
from pipeline.cli.streams import discard_stdout, secure_streams
from pipeline.errors import ForesightError
from pipeline.redaction import redact

COMMANDS: tuple[str, ...] = ("start", "run", "calibrate", "direct", "demo", "doctor", "bench")
"""The commands; each is the function of that name in the module of that name."""

GROUPS: tuple[str, ...] = ("config", "match")
"""Commands with subcommands; each is the ``app`` of the module of that name."""

USAGE_ERROR: Any = typer.BadParameter.__base__
"""The exception that typer raises for an invalid command line: an unknown option, an unusable value."""

INTERRUPTED = 130
"""The exit status after Ctrl-C outside a run, and after the second one during a run, as in shells."""


def _command(name: str) -> Callable[..., Any]:
    module = importlib.import_module(f"pipeline.cli.{name}")
    function: Callable[..., Any] = getattr(module, name)
    return function


def _show_version(wanted: bool) -> None:
    if wanted:
        from pipeline import __version__

        typer.echo(f"foresight {__version__}")
        raise typer.Exit


def _app() -> typer.Typer:
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)

    def options(
        version: bool = typer.Option(
            False, "--version", is_eager=True, callback=_show_version, help="show the version"
        ),
        debug: bool = typer.Option(False, "--debug", help="show the traceback of an error"),
    ) -> None:
        """A live camera that has already seen the next seven seconds.

        \b
        foresight demo
        foresight run match --web 127.0.0.1:8080
        foresight run left.mp4 right.mp4 --rig rig.toml -o match.mp4
        """
        del version, debug

    app.callback()(options)
    for name in COMMANDS:
        app.command(name)(_command(name))
    for name in GROUPS:
        app.add_typer(importlib.import_module(f"pipeline.cli.{name}").app, name=name)
    return app


def main(arguments: list[str] | None = None, play: Callable[..., None] | None = None) -> None:
    """Run one command and exit: 0 done, 1 the run failed, 2 unusable arguments or configuration.

    `play` is called with a run's settings and `as_json`; by itself `console.play`.
    """
    if arguments is None:
        secure_streams()
        start_again_with_settings()
    argv = sys.argv[1:] if arguments is None else list(arguments)
    hide_secrets()
    debug = "--debug" in argv
    if debug and arguments is None:
        faulthandler.enable(
            2
        )  # a crash, or the SIGABRT for a run that hangs, writes the stack of each thread
    argv = [argument for argument in argv if argument != "--debug"]
    if not argv or (len(argv) == 1 and argv[0] in GROUPS):
        argv.append("--help")

    def command() -> Any:
        return typer.main.get_command(_app()).main(
            argv, prog_name="foresight", standalone_mode=False, obj=play
        )

    exit_with(command, debug=debug)


def exit_with(command: Callable[[], Any], *, debug: bool) -> NoReturn:
    """Run `command` and exit with its status; an error is one line on stderr, with `debug` after its traceback."""
    try:
        status = command()
        sys.exit(status if isinstance(status, int) else 0)
    except ForesightError as error:
        _complain(str(error), error if debug else None)
        sys.exit(error.exit_status)
    except USAGE_ERROR as error:
        path = error.ctx.command_path if error.ctx is not None else "foresight"
        _complain(f"{error.format_message()} (see {path} --help)")
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of our output, a pager say, has seen enough
        discard_stdout()
        sys.exit(1)
    except OSError as error:
        _complain(f"{error.filename or 'the system'}: {error.strerror or error}", error if debug else None)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  # a fault in Foresight
        said = f"a fault in Foresight ({type(error).__name__}: {error})"
        _complain(f"{said}; run the same with --debug and report it", error if debug else None)
        sys.exit(1)


def _complain(text: str, traced: BaseException | None = None) -> None:
    """Say in one line what is wrong, after where in the code `traced` was raised; neither holds a secret."""
    if traced is not None:
        sys.stderr.write(redact("".join(traceback.format_exception(traced))))
    sys.stderr.write(f"foresight: {redact(' '.join(text.split()))}\n")
