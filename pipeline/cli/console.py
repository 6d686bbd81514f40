"""A run at the terminal: live progress, plain lines elsewhere, Ctrl-C, and the report at the end."""

from __future__ import annotations

import json
import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from types import FrameType

import typer
from rich.console import Console
from rich.live import Live
from rich.logging import RichHandler
from rich.table import Table
from rich.text import Text

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.cli import INTERRUPTED
from pipeline.cli.service import told_to
from pipeline.cli.streams import discard_stdout, drain_stderr, write_result
from pipeline.errors import OutputError, StateError
from pipeline.foreign_code import Contained, describe
from pipeline.redaction import redact
from pipeline.run.limits import RunLimits, StageLimits
from pipeline.run.progress import Progress, RunReport
from pipeline.settings import Settings
from pipeline.supervision.asked import Asked, ending_signals
from pipeline.supervision.notifier import Notifier
from pipeline.supervision.worker import COMPLETE
from pipeline.web.links import PairingLink
from pipeline.web.qr_code import qr_lines

PLAIN_LINE_EVERY_S = 5.0

ASIDE_S = 60.0
"""A detector that stands still for so long ends a run that somebody will start again."""

_err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """One line on standard output, after what was said on standard error. Raises OSError if it is not taken."""
    drain_stderr()
    write_result(f"{text}\n")


def play(settings: Settings, *, as_json: bool = False) -> None:
    """Run to the end. The first Ctrl-C, SIGTERM or SIGHUP ends the capture and plays out the window; the second
    ends at once.

    Main thread only. Raises ForesightError, also for a file that failed while the rest went on, and typer.Exit with
    INTERRUPTED after the second Ctrl-C, or after one before anything was shown.
    """
    _set_up_logging(settings)
    manager = Notifier.from_environment()
    stages = StageLimits(aside_s=None if manager is None else ASIDE_S)
    application = PanoramaWithVirtualCamera(settings, RunLimits(stages=stages))
    with (
        told_to(manager, application.progress, status_line, lambda: application.is_well) as tell,
        _ended_by_signals(application) as asked,
        _progress_display() as show,
        _dashboard(application) as publish,
    ):

        def on_progress(progress: Progress) -> None:
            show(progress)
            publish(progress)

        report = application.run(on_progress)
        tell(**{COMPLETE: 1})
    _tell_report(report, as_json=as_json)
    if asked.times > 1 or (asked.times and not report.frames_out):
        raise typer.Exit(INTERRUPTED)
    if report.failures:
        raise OutputError("; ".join(report.failures))


def _tell_report(report: RunReport, *, as_json: bool) -> None:
    """Write the report to standard output. Whoever reads it may have gone: that is no failure of the run."""
    lines = [json.dumps(asdict(report), default=str)] if as_json else report_lines(report)
    try:
        for line in lines:
            say(line)
    except BrokenPipeError:
        discard_stdout()
    except OSError as error:
        discard_stdout()
        _err.print(f"the report could not be written to standard output: {error.strerror}", markup=False)


def status_line(progress: Progress) -> str:
    """Progress in one plain line."""
    return (
        f"{progress.state}: at {progress.position_s:.1f} s, delay {progress.delay_s:.2f} s, "
        f"window {progress.buffer_s:.1f} s ({progress.buffer_fill:.0%}), "
        f"{progress.fps_in:.1f} fps in, {progress.fps_out:.1f} fps out, {progress.dropped} dropped, "
        f"{progress.camera}, CPU {progress.cpu_percent:.0f} %, {progress.memory_mb:.0f} MB"
        + "".join(f", {stage} stands still" for stage in progress.standing)
    )


def report_lines(report: RunReport) -> Iterator[str]:
    """What a run did, for people."""
    yield (
        f"{report.frames_out} frames, {report.duration_s:.2f} s of video in {report.wall_s:.1f} s; "
        f"{report.frames_in} captured, {report.dropped} dropped, {report.duplicated} shown twice"
    )
    yield f"processor {report.cpu_s:.1f} s, memory at most {report.peak_memory_mb:.0f} MB"
    for output in report.outputs:
        failed = any(failure.startswith(f"{output}: ") for failure in report.failures)
        if isinstance(output, Path):
            yield f"{'written in part' if failed else 'written'}: {output}"
        else:
            yield f"{'not streamed to' if failed else 'streamed to'}: {output}"
    for note in report.notes:
        yield f"note: {note}"


def status_table(progress: Progress) -> Table:
    """Progress as a small table for a terminal."""
    table = Table.grid(padding=(0, 2))
    bar = "#" * round(20 * progress.buffer_fill)
    table.add_row(
        f"[bold]{progress.state}[/]",
        f"at {progress.position_s:.1f} s",
        f"delay {progress.delay_s:.2f} s",
        f"\\[{bar:<20}] {progress.buffer_s:.1f} s",
    )
    table.add_row(
        f"{progress.camera}",
        f"{progress.fps_in:.1f} fps in, {progress.fps_out:.1f} out",
        f"{progress.dropped} dropped",
        f"CPU {progress.cpu_percent:.0f} %, {progress.memory_mb:.0f} MB",
    )
    for stage in progress.standing:
        table.add_row(Text(f"{stage} stands still", style="bold red"))
    return table


@contextmanager
def _progress_display() -> Iterator[Callable[[Progress], None]]:
    """What to call with each progress: a live table on a terminal, else a line every few seconds."""
    if _err.is_terminal:
        with Live(console=_err, refresh_per_second=4, transient=True) as live:
            yield lambda progress: live.update(status_table(progress))
        return
    next_s = time.monotonic() + PLAIN_LINE_EVERY_S

    def show(progress: Progress) -> None:
        nonlocal next_s
        if time.monotonic() >= next_s:
            next_s += PLAIN_LINE_EVERY_S
            _err.print(status_line(progress), markup=False)

    yield show


@contextmanager
def _dashboard(application: PanoramaWithVirtualCamera) -> Iterator[Callable[[Progress], None]]:
    """What takes each progress to the dashboard; there is none unless the settings name an address."""
    settings = application.settings.web
    if settings.address is None:
        yield lambda _progress: None
        return
    from pipeline import __version__
    from pipeline.web.handed_socket import take_handed_socket
    from pipeline.web.server import Dashboard

    dashboard = Dashboard(application, settings, __version__, listener=take_handed_socket())
    _err.print(f"dashboard: {dashboard.start()}", markup=False)
    with suppress(StateError):  # no phone needs a link, or can reach the page
        tell_pairing(dashboard.pairing_link())
    try:
        yield dashboard.publish
    finally:
        dashboard.stop()


def tell_pairing(link: PairingLink) -> None:
    """Show the link that lets a phone in, to a person at the terminal only: a log would keep it."""
    if _err.is_terminal:
        _err.print(f"phone: {link.url} (once, within {link.minutes} minutes)", markup=False)
        sys.stderr.write(qr_lines(link.url))


@contextmanager
def _ended_by_signals(application: PanoramaWithVirtualCamera) -> Iterator[Asked]:
    """Ctrl-C, SIGTERM and SIGHUP end the run: the first cleanly, the second at once.

    A SIGHUP that is ignored, as under nohup, stays so.
    """
    asked = Asked()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if not asked.note(number, time.monotonic()):
            return
        if asked.times == 1:
            left_s = application.progress().buffer_s
            _err.print(
                f"stopping: {left_s:.1f} s still to play; press Ctrl-C again to stop at once", markup=False
            )
            application.stop()
        else:
            application.abort()

    before = {number: signal.signal(number, on_signal) for number in ending_signals()}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Redacted(logging.Filter):
    """Lets every record pass, its text without secrets: a library's message may quote an address."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = ""
        with Contained() as call:
            said = record.getMessage()
        if call.error is not None:
            said = f"a message that cannot be shown ({describe(call.error)})"
        record.msg, record.args = redact(said), None
        return True


def _set_up_logging(settings: Settings) -> None:
    handler: logging.Handler
    if _err.is_terminal:
        handler = RichHandler(console=_err, show_path=False, markup=False)
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    handler.addFilter(_Redacted())
    level = getattr(logging, settings.log_level.upper())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if level >= logging.INFO:
        # the progress says the same every few seconds, in a line
        logging.getLogger("buffer-manager").setLevel(logging.WARNING)
