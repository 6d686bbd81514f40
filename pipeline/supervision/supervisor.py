"""Supervisor: runs a command again and again until it has done its work, whatever happens to it."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from pipeline.supervision.asked import Asked, ending_signals
from pipeline.supervision.notifier import SOCKET, WATCHDOG, Notifier
from pipeline.supervision.restarts import DONE, FAILED, INTERRUPTED, Ended, RestartLimits, Restarts
from pipeline.supervision.sign_socket import SignSocket
from pipeline.supervision.worker import COMPLETE, LIVE, WRITES, Worker, files_of, part_names

POLL_S = 0.5
ABORT_S = 1.0
"""How long a run that hangs has after SIGABRT, which writes its stack (with --debug) or a core file."""
EXTENDED_S = 60
"""By how much the service manager's patience is extended while a run starts or ends."""
EXTEND_EVERY_S = 10.0


class Supervisor:
    """Starts `command`, watches it, and starts it again when it fails. One thread, the main one; used once.

    The command runs in a session of its own, so that Ctrl-C in the terminal reaches this process alone, which
    passes on each signal. It is told to end when this process ends, however that happens.
    """

    def __init__(
        self,
        command: Sequence[str],
        say: Callable[[str], object],
        manager: Notifier | None = None,
        limits: RestartLimits = RestartLimits(),
        inherited: Sequence[int] = (),
    ) -> None:
        """`say` gets one line for each restart and must not raise. `manager`: systemd, which hears how the runs
        fare. `inherited`: descriptors that each run gets."""
        self._inherited = tuple(inherited)
        self._command = list(command)
        self._say = say
        self._manager = manager
        self._limits = limits
        self._restarts = Restarts(limits)
        self._signs = SignSocket()
        self._asked = Asked()
        self._received: deque[int] = deque()
        self._wakeup: socket.socket | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._told: dict[str, str] = {}
        self._is_live = False
        self._first_on_air_s: float | None = None
        self._kill_at_s: float | None = None
        self._pinged_s = self._extended_s = -EXTENDED_S * 1.0

    def run(self) -> int:
        """Run until the work is done, or cannot be done; blocks. Returns the exit status of the last run."""
        with self._signals():
            try:
                while True:
                    ended = self._run_once()
                    if self._asked.times:
                        return (
                            INTERRUPTED if ended.code in (-signal.SIGINT, -signal.SIGTERM) else ended.status
                        )
                    pause_s = self._restarts.pause_s(ended, is_live=self._is_live)
                    if pause_s is None:
                        return self._last(ended)
                    self._announce(ended, pause_s)
                    if not self._wait(pause_s):
                        return FAILED
            finally:
                self._end_child()
                self._signs.close()

    def _last(self, ended: Ended) -> int:
        count = self._restarts.count
        has_said_why = ended.code >= 0 and not count  # in its own last line
        if ended.code not in (DONE, INTERRUPTED) and not has_said_why and not ended.is_complete:
            after = f" after {count} restarts" if count else ""
            self._say(f"the run ended ({ended.reason}){after}; it is given up")
        return ended.status

    def _announce(self, ended: Ended, pause_s: float) -> None:
        what = f"the run ended after {ended.lived_s:.0f} s ({ended.reason})"
        follows = f"restart {self._restarts.count} in {pause_s:g} s"
        names = ""
        with suppress(ValueError, KeyError):
            names = part_names(files_of(self._told[WRITES]))
        line = f"{what}; {follows}" + (f", writing {names}" if names else "")
        self._say(line)
        self._tell(STATUS=line)

    # One run

    def _run_once(self) -> Ended:
        """Start the command and wait until it has ended."""
        began_s = time.monotonic()
        self._told = {name: value for name, value in self._told.items() if name == WRITES}
        watchdog = {WATCHDOG: str(round(self._limits.silent_s * 1e6))}
        me = Worker(os.getpid(), self._first_on_air_s)
        environment = {**os.environ, SOCKET: self._signs.address, **watchdog, **me.variables()}
        self._child = subprocess.Popen(
            self._command, env=environment, start_new_session=True, pass_fds=self._inherited
        )
        on_air_since_s: float | None = None
        silent_s, seen_s, has_signed, was_silent = 0.0, began_s, False, False
        while (code := self._child.poll()) is None:
            self._turn(POLL_S)
            signs = self._signs.receive(self._child.pid)
            now_s = time.monotonic()
            # a turn that took longer was no silence of the run: this process was stopped
            silent_s = 0.0 if signs else silent_s + min(now_s - seen_s, 2 * POLL_S)
            seen_s, has_signed = now_s, has_signed or bool(signs)
            self._take(signs)
            if "READY" in signs and on_air_since_s is None:
                on_air_since_s = now_s
            if self._kill_at_s is not None and now_s >= self._kill_at_s:
                self._send(signal.SIGKILL)
            limit_s = self._limits.silent_s if has_signed else self._limits.silent_start_s
            if silent_s > limit_s and not was_silent:
                was_silent = True
                self._send(signal.SIGABRT)
                self._kill_at_s = now_s + ABORT_S
        self._take(self._signs.receive(self._child.pid))
        if was_silent:
            self._kill_at_s = None
        ended_s = time.monotonic()
        on_air_s = 0.0 if on_air_since_s is None else ended_s - on_air_since_s
        return Ended(code, ended_s - began_s, on_air_s, was_silent, COMPLETE in self._told)

    def _take(self, signs: dict[str, str]) -> None:
        """Note what the run has told, and pass on what concerns the service manager."""
        self._told.update(signs)
        self._is_live = self._is_live or LIVE in signs
        if "READY" in signs and self._first_on_air_s is None:
            self._first_on_air_s = time.monotonic()
            self._tell(READY=1)
        if "STATUS" in signs:
            self._tell(STATUS=signs["STATUS"])

    def _end_child(self) -> None:
        """Leave no run behind, whatever has happened here."""
        child = self._child
        if child is not None and child.poll() is None:
            self._send(signal.SIGTERM)
            try:
                child.wait(self._limits.farewell_s)
            except subprocess.TimeoutExpired:
                self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if self._child is not None:
            self._child.send_signal(number)  # which does nothing once it has been waited for

    # Time and signals

    def _wait(self, pause_s: float) -> bool:
        """Wait; False if the work is to end meanwhile."""
        until_s = time.monotonic() + pause_s
        while not self._asked.times and (left_s := until_s - time.monotonic()) > 0:
            self._turn(min(left_s, POLL_S))
        return not self._asked.times

    def _turn(self, longest_s: float) -> None:
        """Wait for a sign, a signal or the time; act on the signals, and tell the manager that this goes on."""
        with suppress(OSError):
            waited: list[SignSocket | socket.socket] = [self._signs]
            if self._wakeup is not None:
                waited.append(self._wakeup)
            select.select(waited, [], [], longest_s)
        if self._wakeup is not None:
            with suppress(OSError):
                self._wakeup.recv(4096)
        while self._received:
            self._on_signal(self._received.popleft())
        self._ping(time.monotonic())

    def _on_signal(self, number: int) -> None:
        now_s = time.monotonic()
        is_counted = self._asked.note(number, now_s)
        if is_counted and self._asked.times == 1:
            self._tell(STOPPING=1)
        if self._asked.times >= 3:
            self._send(signal.SIGKILL)
        elif self._asked.times == 2 and self._kill_at_s is None:
            self._kill_at_s = now_s + self._limits.farewell_s
        self._send(number)

    def _ping(self, now_s: float) -> None:
        manager = self._manager
        if manager is None:
            return
        if manager.watchdog_s is not None and now_s - self._pinged_s >= manager.watchdog_s / 2 - POLL_S:
            self._pinged_s = now_s
            manager.send(WATCHDOG=1)
        if (self._first_on_air_s is None or self._asked.times) and now_s - self._extended_s >= EXTEND_EVERY_S:
            self._extended_s = now_s
            manager.send(EXTEND_TIMEOUT_USEC=EXTENDED_S * 1_000_000)

    def _tell(self, **values: str | int) -> None:
        if self._manager is not None:
            self._manager.send(**values)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Collect signals; each one, and the end of a run, wakes `_turn`."""
        self._wakeup, writer = socket.socketpair()
        for end in (self._wakeup, writer):
            end.setblocking(False)

        def note(number: int, _frame: FrameType | None) -> None:
            if number != signal.SIGCHLD:
                self._received.append(number)

        numbers = [*ending_signals(), signal.SIGCHLD]
        before = {number: signal.signal(number, note) for number in numbers}
        waker = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(waker)
            for number, handler in before.items():
                signal.signal(number, handler)
            for end in (self._wakeup, writer):
                end.close()
