"""The responses of the JSON API: the OpenAPI document describes them, and the tests check them against it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from pipeline.analysis.camera_health import CameraHealth
from pipeline.graphics.content import LowerThird
from pipeline.graphics.cover import How
from pipeline.gst.output.output_slot import OutputStatus
from pipeline.operator.control import span_json
from pipeline.operator.health import Health
from pipeline.operator.run_ended import RunEnded
from pipeline.run.clip_book import Clip, ClipOf, ClipState
from pipeline.run.dump import Dumped
from pipeline.run.match_entry import Entered
from pipeline.run.match_view import MatchView
from pipeline.run.progress import Progress
from pipeline.run.proposal_book import ProposalView
from pipeline.scoring.clock import Clock
from pipeline.scoring.match_score import MatchScore
from pipeline.timebase import ns_to_seconds

Point = tuple[float, float]
"""x and y as fractions of the panorama's width and height, from its upper left corner."""


@dataclass(frozen=True)
class View:
    """Where the camera looks, degrees."""

    yaw_deg: float
    pitch_deg: float
    hfov_deg: float


@dataclass(frozen=True)
class Box:
    """A detection: its centre and size as fractions of the panorama."""

    label: str
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Scene:
    """What to draw over the panorama; null for a point outside it."""

    frame: list[Point | None]
    path: list[Point | None]
    boxes: list[Box]


@dataclass(frozen=True)
class Output(OutputStatus):
    """An output; a file by its name without its folder."""

    can_download: bool


@dataclass(frozen=True)
class SpanState:
    """A span of captured time, `until_s` null without an end; `how` it is covered, null for sound."""

    captured_s: float
    until_s: float | None
    how: How | None


@dataclass(frozen=True)
class SpanAsked(SpanState):
    """A span as it was asked for; `shown_s`: how much of it had been passed on to the outputs before."""

    shown_s: float


@dataclass(frozen=True)
class DumpState:
    """What is covered, or muted: whether it is now, and the spans that are on or to come."""

    on: bool
    spans: list[SpanState]


@dataclass(frozen=True)
class Film:
    """A film: its size as 1920x1080, what it follows, its outputs by number, and whether the previews show it."""

    name: str
    size: str
    follow: str
    outputs: list[int]
    shown: bool


@dataclass(frozen=True)
class State(Progress):
    """The state of the run; before its first progress only `run` and `state`.

    `state`: starting, buffering, playing, draining, ended, or silent if the run has reported nothing for 5 s.
    `clip_changes` grows with each change of the list of clips; `keeps_film`: clips can be of the film. `proposals`:
    of tags, the newest ones that are open.
    """

    run: str
    health: Health
    transport: Literal["idle", "filling", "playing", "paused", "drained", "stopped"]
    target_delay_s: float
    set_delay_s: float
    behind_s: float
    view: View | None
    look_ahead_s: float
    scene: Scene | None
    camera_outages: int
    clock_drift_ppm: float
    sway_deg: float
    cameras: list[CameraHealth]
    notes: list[str]
    outputs: list[Output]
    films: list[Film]
    clips: int
    clip_changes: int
    keeps_film: bool
    cover: DumpState
    mute: DumpState
    match: MatchView
    proposals: list[ProposalView]
    ended: RunEnded | None


@dataclass(frozen=True)
class SavedClip:
    """A clip, by number; its file's name without its folder; `saved_at` in seconds since 1970.

    `begin_s`: the captured time of its first frame; `tag`, `title`: the tag that it was made for. While it is being
    saved its length and size are 0, and `begin_s`, `url` and `thumbnail` null; `trouble` says why one has failed.
    """

    number: int
    name: str
    of: ClipOf
    state: ClipState
    begin_s: float | None
    length_s: float
    size_bytes: int
    saved_at: float
    trouble: str | None
    url: str | None
    thumbnail: str | None
    tag: int | None
    title: str


@dataclass(frozen=True)
class ScoreState:
    """A score; `captured_s`: the first frame that shows it, `late_s` after its moment, 0 if it came in time."""

    home: int
    away: int
    home_fouls: int
    away_fouls: int
    captured_s: float
    late_s: float


@dataclass(frozen=True)
class ClockState:
    """The match clock as it was set: `elapsed_s` of its period at `captured_s`; shown `late_s` after that on."""

    captured_s: float
    running: bool
    period: int
    elapsed_s: float
    added_min: int
    late_s: float


@dataclass(frozen=True)
class LowerThirdState:
    """What is shown below: a name and a role, until the captured time `until_s`; null: until the next one."""

    name: str
    role: str
    until_s: float | None


@dataclass(frozen=True)
class Error:
    """Why a request was refused; `late_s`: by how many seconds it came too late, where that is why."""

    error: str
    late_s: float | None = None


def score_json(entered: Entered[MatchScore]) -> dict[str, Any]:
    """A score that was entered, as a client sees it."""
    score, times_s = entered.value, (ns_to_seconds(entered.from_ns), ns_to_seconds(entered.late_ns))
    return asdict(ScoreState(score.home, score.away, score.home_fouls, score.away_fouls, *times_s))


def clock_json(entered: Entered[Clock]) -> dict[str, Any]:
    """A clock that was entered, as a client sees it."""
    clock = entered.value
    captured_s, elapsed_s = ns_to_seconds(clock.captured_ns), ns_to_seconds(clock.elapsed_ns)
    late_s = ns_to_seconds(entered.late_ns)
    return asdict(ClockState(captured_s, clock.running, clock.period, elapsed_s, clock.added_min, late_s))


def dumped_json(dumped: Dumped[Any]) -> dict[str, Any]:
    """A span that was asked for as a client sees it."""
    return span_json(dumped.span) | {"shown_s": ns_to_seconds(dumped.shown_ns)}


def lower_third_json(third: LowerThird | None) -> dict[str, Any] | None:
    """A lower third as a client sees it."""
    if third is None:
        return None
    until_s = None if third.until_ns is None else ns_to_seconds(third.until_ns)
    return asdict(LowerThirdState(third.name, third.role, until_s))


def clip_json(clip: Clip) -> dict[str, Any]:
    """A clip as a client sees it, who must not learn the folders of this machine. Looks at the disk."""
    path, is_saved = clip.path, clip.state == "saved"
    size_bytes = path.stat().st_size if is_saved and path.exists() else 0
    url = f"/api/clips/{clip.number}" if is_saved else None
    return asdict(
        SavedClip(
            clip.number,
            path.name,
            clip.of,
            clip.state,
            clip.begin_s,
            clip.length_s,
            size_bytes,
            clip.saved_at,
            None if clip.trouble is None else clip.trouble.replace(str(path), path.name),
            url,
            None if url is None else f"{url}/thumbnail",
            clip.tag,
            clip.title,
        )
    )
