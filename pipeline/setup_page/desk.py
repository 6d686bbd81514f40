"""SetupDesk: everything that the page of `foresight start` can do before a match."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import CalibrationError, ConfigError, OutputError, StateError
from pipeline.operator.rig_by_points import RigByPoints
from pipeline.redaction import redact
from pipeline.scoring.load import SPORT_NAMES
from pipeline.setup_page.camera_desk import CameraDesk
from pipeline.setup_page.checks import Facts, check_list, hours_left
from pipeline.setup_page.facts import Lengths, any_sound, free_bytes, rig_facts, stream_trouble
from pipeline.setup_page.folders import shown_folder
from pipeline.setup_page.matches import delete_match, match_file, past_matches
from pipeline.setup_page.plan import MatchPlan
from pipeline.setup_page.plan_file import NAME, load_settings, save_settings
from pipeline.setup_page.services import SERVICES, service_of
from pipeline.setup_page.stills import SetupStills
from pipeline.setup_page.task import Command, Say, Task

RIG, PREVIEW, TRIAL = "rig.toml", "rig.jpg", "trial.mp4"
KEPT = ".foresight"
"""The folder for what is made anew each time."""
MOST_CAMERAS = 8
CHECK_S = 60.0
"""The longest that a check is waited for at the end."""


class SetupDesk:
    """The next match in a folder: what is chosen, found and tried. Any thread; long work is a Task.

    Lock: `_lock`, for the plan; nothing is read or written while it is held but the settings' file.
    """

    def __init__(self, home: Path, wish: Callable[[str], object]) -> None:
        """`wish(word)`: start, network or close, as the page's owner does them. Raises ConfigError."""
        self.home = home
        self._wish = wish
        self._lock = threading.Lock()
        self._kept = home / KEPT
        self._lengths = Lengths()
        self.problem = ""
        """Why the last match could not begin, or what was wrong at its end."""
        self.is_open = False
        """Whether other devices can reach the page."""
        self.has_played = False
        """Whether a match has ended since the page was opened."""
        try:
            self._plan = MatchPlan.of(load_settings(home / NAME))
        except ConfigError as error:
            raise ConfigError(f"{error}; correct the file or delete it") from error
        self.cameras = CameraDesk(home, lambda: self._plan.settings.sources)
        self._stream: str | None = None
        self._trial_notes: tuple[str, ...] | None = None
        self._calibrating = Task("the calibration")
        self._checking = Task("the check")
        self._trying = Task("the trial")
        self._command: Command | None = None
        self._note = ""
        self.points = RigByPoints(
            SetupStills(lambda: self._plan.settings, self.cameras.fresh_stills, home / RIG, self._use_rig)
        )

    # What the page shows

    def snapshot(self) -> dict[str, Any]:
        """All of it as JSON values; no key, no password, no folder but the user's own. Reads the disk."""
        plan = self._plan
        settings = plan.settings
        free = free_bytes(self.home)
        facts = Facts(
            free,
            self.cameras.has_sound,
            rig_facts(settings.rig),
            self._stream,
            self._trial_notes,
            self.is_open,
        )
        streams = settings.streams
        teams = settings.teams
        return self.cameras.snapshot() | {
            "folder": shown_folder(self.home),
            "calibration": asdict(self._calibrating.state),
            "calibration_note": self._note,
            "has_rig": settings.rig is not None,
            "has_preview": settings.rig is not None and (self._kept / PREVIEW).is_file(),
            "title": plan.title,
            "folder_name": plan.folder_name(datetime.now().date()),
            "film": plan.film,
            "services": [{"name": one.name, "title": one.title, "where": one.where} for one in SERVICES],
            "stream": None
            if not streams
            else {"service": service_of(streams[0].get_secret_value()), "title": plan.stream_title},
            "teams": {
                name: getattr(teams, name)
                for name in (
                    "home",
                    "home_short",
                    "home_colour",
                    "away",
                    "away_short",
                    "away_colour",
                    "sport",
                )
            },
            "sports": list(SPORT_NAMES),
            "scoreboard": settings.graphics.scoreboard,
            "missing": list(plan.missing),
            "checks": [asdict(check) for check in check_list(plan, facts)],
            "checking": asdict(self._checking.state),
            "trial": asdict(self._trying.state) | {"film": (self._kept / TRIAL).is_file()},
            "hours_left": round(hours_left(plan, free), 1),
            "is_open": self.is_open,
            "problem": self.problem,
            "has_played": self.has_played,
        }

    def matches(self) -> list[dict[str, Any]]:
        """The matches before, newest first, as JSON values. Reads the disk."""
        return [asdict(match) for match in past_matches(self.home, self._lengths.of)]

    def file_of_match(self, name: str, path: str) -> Path | None:
        """A file of a match; None if there is none."""
        return match_file(self.home, name, path)

    @property
    def preview(self) -> Path:
        """The picture of the calibration."""
        return self._kept / PREVIEW

    @property
    def trial_film(self) -> Path:
        """The film of the trial."""
        return self._kept / TRIAL

    # Cameras

    def choose(self, cameras: Sequence[int]) -> None:
        """Choose cameras by their numbers, from left to right, and look through them. Raises ConfigError."""
        sources = [self.cameras.source(number) for number in cameras]
        if len(sources) > MOST_CAMERAS:
            raise ConfigError(f"these are {len(sources)} cameras; choose {MOST_CAMERAS} at most")
        before = self._plan.settings.sources
        self._change(lambda plan: plan.with_sources(sources))
        if self._plan.settings.sources != before:
            self._calibrating.reset()
            self._trial_notes = None
        self.cameras.look_at_new()

    # The rig

    def calibrate(self) -> None:
        """Calibrate the chosen cameras, in a process of its own. Raises StateError, ConfigError."""
        sources = self._plan.settings.sources
        if not sources:
            raise ConfigError("no camera is chosen; choose two or more")
        self._kept.mkdir(exist_ok=True)
        rig, preview = self.home / RIG, self._kept / PREVIEW
        arguments = ["calibrate", "--output", str(rig), "--preview", str(preview), "--", *sources]

        def work(say: Say) -> None:
            self._note = ""
            command = Command(arguments, self.home)
            self._command = command
            last, notes = "", []
            for line in command.lines():
                last = line
                if line.startswith(("verdict: ", "note: ")):
                    notes.append(line)
                else:
                    say(line)
            if command.status != 0:
                raise CalibrationError(
                    redact(last.removeprefix("foresight: ")) or "the calibration was ended"
                )
            self._note = redact("; ".join(notes))
            self._use_rig(rig)
            say("calibrated")

        self._calibrating.start(work)

    def _use_rig(self, path: Path) -> None:
        self._change(lambda plan: plan.with_rig(path))

    # Where it goes, and who plays

    def set_destination(self, title: str, film: str) -> None:
        """Set the names of the match's folder and its film. Raises ConfigError, OutputError."""
        self._change(lambda plan: plan.with_destination(title, film))

    def set_stream(self, service: str, key: str) -> None:
        """Stream to a service with this key, or to an address of one's own. Raises ConfigError, OutputError."""
        self._change(lambda plan: plan.with_stream(service, key))
        self._stream = None

    def remove_stream(self) -> None:
        """Stream nowhere, and forget the key. Raises OutputError."""
        self._change(lambda plan: plan.without_stream())
        self._stream = None

    def set_teams(self, teams: Mapping[str, str], scoreboard: bool) -> None:
        """Set the teams and whether the scoreboard is drawn. Raises ConfigError, OutputError."""
        self._change(lambda plan: plan.with_teams(teams, scoreboard=scoreboard))

    def _change(self, change: Callable[[MatchPlan], MatchPlan]) -> None:
        with self._lock:
            plan = change(self._plan)
            save_settings(self.home / NAME, plan.for_home(self.home))
            self._plan = plan

    # The check list and the trial

    def check(self) -> None:
        """Find out what the check list needs: sound and stream. Raises StateError while that is done."""
        settings = self._plan.settings

        def work(say: Say) -> None:
            say("looking for sound")
            self.cameras.has_sound = any_sound(settings.source_specs)
            if settings.streams:
                say("asking for the stream's server")
                self._stream = stream_trouble(settings.stream_specs[0])

        self._checking.start(work)

    def try_out(self) -> None:
        """Make a film of a minute with all that is chosen. Raises StateError, ConfigError, OutputError."""
        self._refuse_missing()
        plan, film = self._plan, self.trial_film
        self._change(lambda plan: plan)
        self._kept.mkdir(exist_ok=True)
        report = self._kept / "trial.json"
        config = ["run", "--config", str(self.home / NAME), "--json"]

        def work(say: Say) -> None:
            self._trial_notes = None
            film.unlink(missing_ok=True)
            command = Command([*config, *plan.trial_flags(film)], self.home, report)
            self._command = command
            last = ""
            for line in command.lines():
                last = line
                say(line)
            if command.status != 0:
                raise OutputError(redact(last.removeprefix("foresight: ")) or "the trial was ended")
            told = json.loads(report.read_text(encoding="utf-8"))
            dropped = [f"{told['dropped']} frames were dropped"] if told["dropped"] else []
            self._trial_notes = tuple(redact(str(line)) for line in (*told["failures"], *dropped))
            say("the film is there")

        self._trying.start(work)

    def stop_work(self) -> None:
        """End a calibration or a trial that goes on; blocks until it has ended. Idempotent."""
        command = self._command
        if command is not None:
            command.stop()

    def finish(self) -> None:
        """End all work, before the process ends: blocks, bounded. Idempotent.

        An interpreter that ends while a pipeline plays on another thread may hang.
        """
        self.stop_work()
        self.cameras.wait_looked()
        self._checking.wait(CHECK_S)

    # The match

    def start(self) -> None:
        """Let the match begin. Raises ConfigError for what is missing, StateError during a trial."""
        self._refuse_missing()
        for task in (self._trying, self._calibrating):
            if task.state.state == "running":
                raise StateError("a trial or a calibration goes on; wait for its end, or stop it")
        self._change(lambda plan: plan)
        self.problem = ""
        self._wish("start")

    @property
    def plan(self) -> MatchPlan:
        """What is chosen."""
        return self._plan

    def open_network(self) -> None:
        """Let other devices in the network reach the page."""
        self._wish("network")

    def close(self) -> None:
        """Close the page."""
        self._wish("close")

    def delete_match(self, name: str) -> None:
        """Delete a match with all its files. Raises StateError, OutputError."""
        delete_match(self.home, name)

    def _refuse_missing(self) -> None:
        missing = self._plan.missing
        if "cameras" in missing:
            raise ConfigError("no camera is chosen; choose one or more")
        if "rig" in missing:
            raise ConfigError("the cameras are not calibrated; do it, or show points of the field")
