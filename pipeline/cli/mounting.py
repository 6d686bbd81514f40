"""foresight calibrate --watch: says again and again how the cameras stand, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from pipeline.cli.streams import drain_stderr, write_result
from pipeline.media.source_spec import SourceSpec
from pipeline.operator.mounting_watch import MountingState, MountingWatch, Watched
from pipeline.optics.calibration.verdict import Grade
from pipeline.optics.rig import Rig
from pipeline.supervision.asked import ending_signals

EVERY_S = 2.0
_POLL_S = 0.1
_LEAST_SWAY_DEG = 0.03

_COLOURS: dict[Grade | None, str] = {"good": "green", "usable": "yellow", "refused": "red", None: "default"}


def watch_mounting(sources: Sequence[SourceSpec], output: Path | None) -> None:
    """Watch until Ctrl-C, SIGTERM or the end of a file; then write the rig to `output` if the verdict is good.

    Main thread only. Raises SourceError when a source fails, RigError when the file cannot be written.
    """
    asked = threading.Event()
    # The signals are taken to the end: a second Ctrl-C must not keep the rig from being written.
    with _ended_by_signals(asked), MountingWatch(sources) as watch:
        with _display() as show:
            while not asked.is_set():
                show(watch.state())
                if _pause(watch, asked):
                    break
        _finish(watch.state(), watch.rig(), output)


def _finish(state: MountingState, rig: Rig | None, output: Path | None) -> None:
    """Say what is known at the end, and write the rig if there is a good one."""
    for line in state_lines(state):
        _say(line)
    if output is None:
        return
    if rig is None:
        verdict = "no verdict yet" if state.verdict is None else f"the verdict is {_verdict(state)}"
        _say(f"{output} is not written: {verdict}")
        return
    rig.save(output)
    _say(f"wrote {output}")


def _pause(watch: MountingWatch, asked: threading.Event) -> bool:
    """Block until the next line is due or Ctrl-C; returns whether the sources have ended."""
    for _ in range(round(EVERY_S / _POLL_S)):
        if watch.wait(_POLL_S):
            return True
        if asked.is_set():
            return False
    return False


def state_lines(state: MountingState) -> Iterator[str]:
    """What is known, in lines: the verdict, what to do, and how each camera stands."""
    yield f"verdict: {_verdict(state)}"
    for hint in hints(state):
        yield f"to do: {hint}"
    if facts := _facts(state):
        yield facts


def status_line(state: MountingState) -> str:
    """The same in one line."""
    return "; ".join(
        part for part in (_verdict(state), *(f"TO DO {hint}" for hint in hints(state)), _facts(state)) if part
    )


def hints(state: MountingState) -> list[str]:
    """What a person should do, the gravest first."""
    several = len(state.cameras) > 1
    faults = [
        f"{camera.name} {fault}" if several else f"the camera {fault}"
        for camera in state.cameras
        for fault in camera.faults
    ]
    return faults + list(state.mounting.hints if state.mounting is not None else ())


def _verdict(state: MountingState) -> str:
    if state.verdict is None:
        doing = state.stage or f"the cameras have stood still for {state.steady_s:.0f} s"
        return f"none yet: {doing}"
    return f"{state.verdict}: {'; '.join(state.reasons)}" if state.reasons else state.verdict


def _facts(state: MountingState) -> str:
    parts = []
    if state.mounting is not None:
        if state.mounting.pitch_share is not None:
            parts.append(f"{state.mounting.pitch_share:.0%} of the pitch in view")
        if state.mounting.overlaps:
            shares = ", ".join(f"{share:.0%}" for share in state.mounting.overlaps)
            parts.append(f"overlap {shares}")
    several = len(state.cameras) > 1
    parts += [
        f"{camera.name if several else 'the camera'}: {told}"
        for camera in state.cameras
        if (told := _camera_words(camera))
    ]
    return "; ".join(parts)


def _camera_words(camera: Watched) -> str:
    words = []
    if camera.tilt_deg is not None and camera.roll_deg is not None:
        words += [f"tilt {camera.tilt_deg:+.1f}", f"roll {camera.roll_deg:+.1f} degrees"]
    if camera.sway_deg is not None:
        still = camera.sway_deg < _LEAST_SWAY_DEG
        words.append("stands still" if still else f"sways {camera.sway_deg:.2f} degrees")
    return ", ".join(words)


@contextmanager
def _display() -> Iterator[Callable[[MountingState], None]]:
    """What to call with each state: in place on a terminal, else a line each."""
    if sys.stdout.isatty():
        with Live(console=Console(highlight=False), auto_refresh=False, transient=True) as live:

            def draw(state: MountingState) -> None:
                first, *others = state_lines(state)
                lines = [Text(first, style=f"bold {_COLOURS[state.verdict]}"), *map(Text, others)]
                live.update(Group(*lines), refresh=True)

            yield draw
        return
    yield lambda state: _say(status_line(state))


@contextmanager
def _ended_by_signals(asked: threading.Event) -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP set `asked`."""
    before = {number: signal.signal(number, lambda *_: asked.set()) for number in ending_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    """One line on standard output. Raises OSError if it is not taken."""
    drain_stderr()
    write_result(f"{text}\n")
