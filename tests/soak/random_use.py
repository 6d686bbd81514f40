"""Starts, uses and ends runs at random in one process, and counts what they leave.

python -m tests.soak.random_use SEED ACTIONS

Each thing that an operator can do is an action, and so are a start and an end; the sources change their frame rate
or time in their middle. After each run nothing of it may be left: of Python's objects and threads, of GStreamer's
buffers and pipelines (counted by its tracer, which `environment` loads), of descriptors. Its last line is in JSON.
"""

from __future__ import annotations

import ctypes
import faulthandler
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ForesightError
from pipeline.gst.runtime import Gst
from pipeline.operator.control import Control
from pipeline.run.progress import Progress
from pipeline.run.resource_usage import memory_mb
from pipeline.settings import Settings
from tests.faults.films import make_film
from tests.run.test_one_lifetime import Made, entries

LONGEST_S = 300.0
"""Of one run, on a busy machine."""
LONGEST_REST_S = 20.0
"""On a busy machine a run ends while a detector or a pipeline that it no longer waits for is still at work."""
WARM_RUNS = 10
"""What these load once, stays."""


def environment(log: Path) -> dict[str, str]:
    """What the process is started with: GStreamer's tracer counts its objects, and writes them to `log`."""
    leaks = 'leaks(filters="GstBuffer,GstPipeline")'
    return os.environ | {"GST_TRACERS": leaks, "GST_DEBUG": "GST_TRACER:7", "GST_DEBUG_FILE": str(log)}


class Use:
    """One run and what an operator does in it, chosen by `chance`; `actions` counts what was done."""

    def __init__(self, chance: Random, folder: Path, films: list[Path], actions: Counter[str]) -> None:
        self._chance = chance
        self._actions = actions
        live = chance.random() < 0.7
        source = str(chance.choice(films)) if chance.random() < 0.5 else "match?size=320x108&fps=25"
        names = chance.sample(["a.mkv", "b.mp4", "c.ts", "d.m3u8"], chance.randint(1, 2))
        self.run = PanoramaWithVirtualCamera(
            Settings.parse(
                {
                    "sources": [source],
                    "outputs": [str(folder / name) for name in names],
                    "size": "160x90",
                    "live": live,
                    "delay_s": 0.6,
                    "duration_s": chance.uniform(0.3, 2.0),
                    "storage": chance.choice(
                        ["raw", "encoded"] + ["source"] * (source != "match?size=320x108&fps=25")
                    ),
                    "detector": {"kind": chance.choice(["none", "motion"])},
                }
            )
        )
        self._control = Control(self.run, folder)
        self._left = chance.randint(1, 16)

    def play(self) -> None:
        """From the start to the end, whichever that is."""
        self._count("start")
        early = self._chance.choice([None, None, self.run.stop, self.run.abort])
        timer = threading.Timer(self._chance.uniform(0.0, 2.0), early or (lambda: None))
        timer.start()
        try:
            self.run.run(self._on_progress)
        except ForesightError as error:
            self._count(f"end: {type(error).__name__}")
        else:
            self._count("end" if early is None else f"end: {early.__name__}")
        timer.cancel()
        timer.join()

    def _on_progress(self, _progress: Progress) -> None:
        manager, control = self.run.buffer_manager, self._control
        actions: dict[str, Callable[[], Any]] = {
            "pause": control.pause,
            "resume": control.resume,
            "back": lambda: control.jump_back(self._chance.uniform(0, 3)),
            "delay": lambda: control.set_delay(self._chance.uniform(0.2, 2)),
            "seek": lambda: manager.seek(self._chance.randrange(3 * 10**9)),
            "take over": lambda: control.take_over(self._chance.uniform(-30, 30), 0.0, 40.0),
            "hand back": control.hand_back,
            "record": control.record,
            "stop output": lambda: control.stop_output(self._chance.randrange(3)),
            "clip": lambda: control.save_footage(self._chance.uniform(0.1, 2), 0.0),
            "preview": lambda: control.open_browser_preview(lambda _fragment: None),
            "read": lambda: manager.future(1.0),
        }
        self._left -= 1  # an operator who pauses and jumps back for ever has no end
        name = self._chance.choice([None, *actions])
        if self._left <= 0:
            name = "resume" if manager.state == "paused" else None
        if name is None:
            return
        try:
            actions[name]()
        except ForesightError:
            self._count(f"{name} refused")
        else:
            self._count(name)

    def _count(self, action: str) -> None:
        self._actions[action] += 1


def use(chance: Random, folder: Path, films: list[Path], actions: Counter[str]) -> None:
    """One run; when it returns, nothing refers to it."""
    Use(chance, folder, films, actions).play()


def make_films(folder: Path) -> list[Path]:
    """A plain film, and films whose rate or time changes in their middle."""
    parts = [folder / f"part-{number}.ts" for number in range(3)]
    make_film(parts[0], seconds=1.2)
    make_film(parts[1], seconds=1.2, fps=50, begins_s=1.2)
    make_film(parts[2], seconds=1.2, begins_s=3600.0)
    films = [folder / f"film-{number}.ts" for number in range(3)]
    for film, content in zip(films, (parts[:1], parts[:2], parts[:1] + parts[2:]), strict=True):
        film.write_bytes(b"".join(part.read_bytes() for part in content))
    return films


def traced() -> int:
    """How many buffers and pipelines GStreamer holds, by its tracer."""
    (tracer,) = Gst.tracing_get_active_tracers()
    log = Path(os.environ["GST_DEBUG_FILE"])
    log.write_text("")
    tracer.emit("log-live-objects")
    return log.read_text(encoding="utf-8", errors="replace").count("object-alive")


def threads() -> int:
    """How many threads of Python's there are."""
    return len([one for one in threading.enumerate() if not one.name.startswith("Dummy")])


def held(made: Made) -> dict[str, int]:
    """What this process holds of what was `made`, and else, once the threads of a run that has ended are done."""
    rest = threading.Event()
    until_s = time.monotonic() + LONGEST_REST_S
    while threads() > 1 and time.monotonic() < until_s:
        rest.wait(0.05)
    return {
        "objects": made.alive().total(),
        "threads": threads(),
        "descriptors": entries("fd"),
        "traced": traced(),
    }


def native_threads() -> int:
    """The process's threads once GLib's pools have let go of what they do not keep: after half a minute at most."""
    pause, fewest = threading.Event(), entries("task")
    for _ in range(60):
        pause.wait(0.5)
        fewest = min(fewest, entries("task"))
    return fewest


def main(seed: int, most_actions: int) -> None:
    """Runs until so many actions are done."""
    chance, actions = Random(seed), Counter[str]()
    holds: list[dict[str, int]] = []
    memory: list[int] = []
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        made = Made(patch)
        films = make_films(Path(folder))
        while actions.total() < most_actions or len(holds) <= WARM_RUNS:
            outputs = Path(folder) / str(len(holds))
            outputs.mkdir()
            faulthandler.dump_traceback_later(LONGEST_S, exit=True)
            use(chance, outputs, films, actions)
            faulthandler.cancel_dump_traceback_later()
            holds.append(held(made))
            ctypes.CDLL(None).malloc_trim(0)  # what the allocator keeps for later is not held
            memory.append(round(memory_mb()))
        native = native_threads()
    print(
        json.dumps(
            {
                "runs": len(holds),
                "actions": actions,
                "holds": holds,
                "memory_mb": memory,
                "native_threads": native,
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
