"""Tags: what a person marks in a match, by captured time; TagLog: all of them, as lines that are only added."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import ConfigError, StateError
from pipeline.scoring.values import Side, checked_side, checked_text, checked_whole
from pipeline.timebase import LARGEST_TIME_S, ns_to_seconds, seconds_to_ns

MOST_KIND, MOST_LABEL, MOST_WHO = 40, 120, 60
MOST_TAGS = 10_000
_TIMES_NS = (-seconds_to_ns(LARGEST_TIME_S), seconds_to_ns(LARGEST_TIME_S))
_KEYS = frozenset({"id", "time_s", "kind", "team", "label", "who"})


@dataclass(frozen=True, slots=True)
class Tag:
    """Something that happened. Raises ConfigError for a value that cannot be shown.

    ``kind``: goal, chance, save, card, corner, substitution, or a word of one's own. ``team``: home, away or None.
    ``label``: more words, may be empty. ``who`` set it, as they call themselves, may be empty.
    """

    number: int
    captured_ns: int
    kind: str
    team: Side | None = None
    label: str = ""
    who: str = ""

    def __post_init__(self) -> None:
        checked_whole(self.number, "id", 1, 1 << 53)
        checked_whole(self.captured_ns, "the tag's captured time in ns", *_TIMES_NS)
        checked_side(self.team, "team")
        texts = (
            ("kind", MOST_KIND, False),
            ("label", MOST_LABEL, True),
            ("who", MOST_WHO, True),
        )
        for name, most, may_be_empty in texts:
            text = checked_text(getattr(self, name), name, most, may_be_empty=may_be_empty)
            object.__setattr__(self, name, text)

    def as_json(self) -> dict[str, Any]:
        """The tag as in the file and the API."""
        return {
            "id": self.number,
            "time_s": ns_to_seconds(self.captured_ns),
            "kind": self.kind,
            "team": self.team,
            "label": self.label,
            "who": self.who,
        }


@dataclass(slots=True)
class TagLog:
    """The tags of a run. What is done to it returns the line that a file gets. One thread at a time.

    A line is a tag (see `Tag.as_json`), or ``{"undo": ID, "who": "..."}``. Lines are never changed, so a file that
    ends anywhere holds all that was done before.
    """

    _tags: dict[int, Tag] = field(default_factory=dict)
    _last: int = 0

    def add(
        self, captured_ns: int, kind: str, team: Side | None, label: str = "", who: str = ""
    ) -> tuple[Tag, str]:
        """A new tag and its line. Raises ConfigError for its values, StateError when there are too many."""
        if len(self._tags) >= MOST_TAGS:
            raise StateError(f"there are {MOST_TAGS} tags already; undo some")
        tag = Tag(self._last + 1, captured_ns, kind, team, label, who)
        self._keep(tag)
        return tag, _line(tag.as_json())

    def undo(self, number: int, who: str = "") -> tuple[Tag, str]:
        """Take a tag back; returns it, and the line. Raises StateError for one that is not there."""
        who = checked_text(who, "who", MOST_WHO, may_be_empty=True)
        return self._remove(number), _line({"undo": number, "who": who})

    def tags(self) -> list[Tag]:
        """Those that hold, in order of captured time; of one time, in order of their numbers."""
        return sorted(self._tags.values(), key=lambda tag: (tag.captured_ns, tag.number))

    @classmethod
    def read(cls, lines: Iterable[str], name: str) -> TagLog:
        """The log that a file `name` holds, given its lines with their ends.

        A last line without an end is what a killed run left of it, and is passed over. Raises ConfigError for any
        other line that is none.
        """
        log = cls()
        for number, line in enumerate(lines, start=1):
            if not line.endswith("\n"):
                break
            try:
                log._read_line(line)
            except (ValueError, RecursionError, StateError) as error:
                what = str(error) if isinstance(error, ConfigError | StateError) else "not a tag in JSON"
                raise ConfigError(f"{name}, line {number}: {what}") from None
        return log

    def _read_line(self, line: str) -> None:
        values = json.loads(line)
        if not isinstance(values, dict):
            raise ValueError(line)
        if values.keys() == {"undo", "who"}:
            self._remove(values["undo"])
            return
        if values.keys() != _KEYS or isinstance(values["time_s"], bool):
            raise ValueError(line)
        time_s = values["time_s"]
        if not isinstance(time_s, int | float) or not abs(time_s) <= LARGEST_TIME_S:
            raise ValueError(line)
        team = checked_side(values["team"], "team")
        tag = Tag(values["id"], seconds_to_ns(time_s), values["kind"], team, values["label"], values["who"])
        if tag.number in self._tags:
            raise ConfigError(f"there are two tags with id {tag.number}")
        self._keep(tag)

    def _keep(self, tag: Tag) -> None:
        self._tags[tag.number] = tag
        self._last = max(self._last, tag.number)

    def _remove(self, number: Any) -> Tag:
        tag = (
            None if isinstance(number, bool) or not isinstance(number, int) else self._tags.pop(number, None)
        )
        if tag is None:
            raise StateError(f"there is no tag {number!r}; look at the list of tags")
        return tag


def _line(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False)
