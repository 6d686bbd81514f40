"""MatchPlan: what has been chosen for the next match, as the settings of its run. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr, ValidationError

from pipeline.errors import ConfigError
from pipeline.media.output_spec import FileSpec
from pipeline.scoring.load import SPORT_NAMES
from pipeline.scoring.values import SIDES
from pipeline.settings.model import Settings
from pipeline.settings.problem import problems_in
from pipeline.setup_page.matches import CLIPS, REEL, TAGS
from pipeline.setup_page.services import stream_address, title_of

FILM = "film.mp4"
WHOLE_MATCH = "match"
"""The match folder within a match's own folder."""
MOST_TITLE = 80
FILM_SUFFIXES = (".mp4", ".mkv")
"""What a film may be: both hold chapters, and play after a run that was killed."""

TRIAL_S = 60.0

StepName = Literal["cameras", "rig", "destination", "teams"]

_COMPRESSED = frozenset({"file", "chapters", "uri"})
"""The kinds of sources whose video comes compressed."""
_NOT_IN_A_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


@dataclass(frozen=True, slots=True)
class MatchPlan:
    """The next match. `title`: the name of its folder, empty: the day and the teams; `film`: its file's name."""

    settings: Settings
    title: str = ""
    film: str = FILM

    @classmethod
    def of(cls, settings: Settings) -> MatchPlan:
        """A plan that goes on from the settings of the match before."""
        files = settings.file_specs
        return cls(settings, film=files[0].path.name if files else FILM)

    # What a person chooses. Each returns a new plan, or raises ConfigError.

    def with_sources(self, sources: Sequence[str]) -> MatchPlan:
        """With these cameras, from left to right; a rig of others is dropped."""
        if len(set(sources)) != len(sources):
            raise ConfigError("a camera is there twice; choose each once")
        if tuple(sources) == self.settings.sources:
            return self
        return self._with(sources=list(sources), rig=None)

    def with_rig(self, rig: Path | None) -> MatchPlan:
        """With the rig in this file; None: without one."""
        return self._with(rig=rig)

    def with_destination(self, title: str, film: str) -> MatchPlan:
        """With a folder's and a film's name."""
        title = " ".join(title.split())
        if len(title) > MOST_TITLE or _NOT_IN_A_NAME.search(title) or title.startswith("."):
            raise ConfigError(
                f"{title[:20]!r} cannot be a folder's name; give up to {MOST_TITLE} letters, without / and the like"
            )
        film = " ".join(film.split())
        if Path(film).suffix.lower() not in FILM_SUFFIXES:
            raise ConfigError(f"the film's name must end in {' or '.join(FILM_SUFFIXES)}")
        if len(film) > MOST_TITLE or _NOT_IN_A_NAME.search(film) or film.startswith("."):
            raise ConfigError("this cannot be a film's name; give letters and digits, without / and the like")
        FileSpec.parse_one(Path(film))
        return replace(self, title=title, film=film)

    def with_stream(self, service: str, key: str) -> MatchPlan:
        """With a stream to a service, or to an address of one's own."""
        address = stream_address(service, key)
        return replace(self, settings=self.settings.model_copy(update={"streams": (SecretStr(address),)}))

    def without_stream(self) -> MatchPlan:
        """Without a stream: the film is only written."""
        return replace(self, settings=self.settings.model_copy(update={"streams": ()}))

    def with_teams(self, teams: Mapping[str, str], *, scoreboard: bool) -> MatchPlan:
        """With these values of the settings' group `teams`, and the scoreboard drawn or not."""
        sport = teams.get("sport", self.settings.teams.sport)
        if sport not in (*SPORT_NAMES, self.settings.teams.sport):  # a page may name no file
            raise ConfigError(f"there is no sport {sport[:40]!r}; give {', '.join(SPORT_NAMES)}")
        plan = self._with(
            teams=self.settings.teams.model_dump() | dict(teams),
            graphics=self.settings.graphics.model_dump() | {"scoreboard": scoreboard},
        )
        for side in SIDES:
            plan.settings.teams.team(side)
        return plan

    # What it comes to

    @property
    def stream_title(self) -> str | None:
        """Where it streams to, as the page may show it; None: nowhere."""
        streams = self.settings.streams
        return title_of(streams[0].get_secret_value()) if streams else None

    @property
    def missing(self) -> tuple[StepName, ...]:
        """The steps without which no match can begin."""
        needs_rig = len(self.settings.sources) > 1 and self.settings.rig is None
        return (
            *(("cameras",) if not self.settings.sources else ()),
            *(("rig",) if needs_rig else ()),
        )

    def folder_name(self, day: date) -> str:
        """The name of the match's folder on this day."""
        teams = self.settings.teams
        named = self.title or f"{day.isoformat()} {teams.home} - {teams.away}"
        return _NOT_IN_A_NAME.sub(" ", named).strip(" .")[:MOST_TITLE] or day.isoformat()

    def for_home(self, home: Path) -> Settings:
        """The settings as they are kept: a run of them by hand writes into `home`, never into a match before.

        Raises ConfigError.
        """
        settings = self.settings
        export = {"tags_out": home / TAGS, "reel": home / self._reel}
        return self._with(
            outputs=[str(home / self.film)],
            export=settings.export.model_dump() | export,
            clips=settings.clips.model_dump() | {"of_tags": True},
            web=settings.web.model_dump() | {"clips": home / CLIPS},
            duration_s=None,
        ).settings

    def match_flags(self, folder: Path) -> list[str]:
        """The flags with which a run of the kept settings writes into a match's folder.

        It keeps the whole match there, unless cameras send raw video, which would need an encoder more.
        """
        is_compressed = all(spec.kind in _COMPRESSED for spec in self.settings.source_specs)
        return [
            f"--output={folder / self.film}",
            f"--tags-out={folder / TAGS}",
            f"--reel={folder / self._reel}",
            f"--set=web.clips={folder / CLIPS}",
            *([f"--match-folder={folder / WHOLE_MATCH}"] if is_compressed else []),
        ]

    def trial_flags(self, film: Path) -> list[str]:
        """The flags with which a run of the kept settings is a minute's trial: nothing is streamed."""
        off = (
            "streams=[]",
            "export.tags_out=",
            "export.reel=",
            "clips.of_tags=false",
            "clips.film_s=0",
            "web.address=",
        )
        return [f"--output={film}", f"--duration={TRIAL_S:g}", *(f"--set={one}" for one in off)]

    @property
    def _reel(self) -> str:
        return f"{REEL}{Path(self.film).suffix}"

    def _with(self, **changes: Any) -> MatchPlan:
        """The settings with other values, checked. Raises ConfigError in one line."""
        values = {name: getattr(self.settings, name) for name in Settings.model_fields}
        try:
            settings = Settings.model_validate(values | changes)
        except ValidationError as error:
            found = problems_in(error, Settings)
        else:
            return replace(self, settings=settings)
        # raised outside the except block, because pydantic's own message quotes the values, secrets included
        raise ConfigError("; ".join(map(str, found)))
