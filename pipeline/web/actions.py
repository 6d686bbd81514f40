"""The actions of the JSON API: for each its body with bounds, what it does, and its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.errors import StateError
from pipeline.fields import FieldSize
from pipeline.graphics.content import MOST_NAME, MOST_ROLE
from pipeline.graphics.cover import MOST_TEXT, Cover, How
from pipeline.gst.output.output_slot import OutputStatus
from pipeline.operator.clips import ClipWanted
from pipeline.operator.control import Control, Moment
from pipeline.operator.rig_by_points import Clicks, FieldShown, RigFitted, RigSaved, Still
from pipeline.run.clip_book import ClipOf
from pipeline.run.dump import What
from pipeline.run.match_entry import MOST_REPLAY, IfLate
from pipeline.run.match_view import TagView
from pipeline.scoring.clock import LONGEST_PERIOD_NS, MOST_ADDED_MINUTES
from pipeline.scoring.match_score import MOST_FOULS, MOST_POINTS
from pipeline.scoring.sport import MOST_PERIODS
from pipeline.scoring.tags import MOST_KIND, MOST_LABEL, MOST_WHO
from pipeline.scoring.values import Side
from pipeline.timebase import LARGEST_TIME_S, NS_PER_S
from pipeline.web.links import PairingLink
from pipeline.web.responses import (
    ClockState,
    LowerThirdState,
    SavedClip,
    ScoreState,
    SpanAsked,
    clip_json,
    clock_json,
    dumped_json,
    lower_third_json,
    score_json,
)


class Body(BaseModel):
    """A request body: no unknown keys, no infinities, no text or boolean in place of a number."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


class Empty(Body):
    """An empty object."""


class Seconds(Body):
    """A time in seconds."""

    seconds: Annotated[float, Field(gt=0, le=3600)]


class ViewAngles(Body):
    """A view in rig angles, degrees."""

    yaw_deg: Annotated[float, Field(ge=-180, le=180)]
    pitch_deg: Annotated[float, Field(ge=-90, le=90)]
    hfov_deg: Annotated[float, Field(ge=1, le=170)]


class PanoramaPoint(Body):
    """A point in the panorama, as fractions of its width and height from the upper left corner."""

    x: Annotated[float, Field(ge=0, le=1)]
    y: Annotated[float, Field(ge=0, le=1)]


class ClipSpan(Body):
    """A span around what is shown now, in seconds."""

    before_s: Annotated[float, Field(ge=0, le=3600)] = 5.0
    after_s: Annotated[float, Field(ge=0, le=3600)] = 0.0


class ClipAsked(Body):
    """A clip around captured_s, the running time of a frame (left out: around what is shown now), in seconds.

    `of`: film, what viewers see, or cameras, their own footage; left out: the film if the run keeps it.
    """

    of: ClipOf | None = None
    before_s: Annotated[float, Field(ge=0, le=3600)] = 5.0
    after_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    captured_s: Annotated[float, Field(ge=0, le=LARGEST_TIME_S)] | None = None

    @property
    def wanted(self) -> ClipWanted:
        """The clip."""
        return ClipWanted(self.of, self.before_s, self.after_s, self.captured_s)


def _whole(value: Any) -> Any:
    """A JSON number without a fraction is an integer, however it is written: 2.0 is 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Recording(Body):
    """Which film is recorded, the first one if left out, and whether the run's graphics are drawn on it."""

    graphics: bool = True
    film: Annotated[str, Field(max_length=40)] | None = None


class FilmName(Body):
    """A film, by its name in the state."""

    name: Annotated[str, Field(max_length=40)]


class OutputNumber(Body):
    """An output, by its number in the state."""

    number: Annotated[int, Field(ge=0, le=10_000), BeforeValidator(_whole)]


_Whole = BeforeValidator(_whole)
_Count = Annotated[int, Field(ge=0, le=MOST_POINTS), _Whole]
_Fouls = Annotated[int, Field(ge=0, le=MOST_FOULS), _Whole]
_TagId = Annotated[int, Field(ge=1, le=1 << 53), _Whole]


class When(Body):
    """When it happened: captured_s, the running time of the frame, or seconds_ago, before the newest frame, or
    shown_seconds_ago, before the frame that is shown now."""

    captured_s: Annotated[float, Field(ge=0, le=LARGEST_TIME_S)] | None = None
    seconds_ago: Annotated[float, Field(ge=0, le=3600)] | None = None
    shown_seconds_ago: Annotated[float, Field(ge=0, le=3600)] | None = None

    @property
    def moment(self) -> Moment:
        """The moment."""
        return Moment(self.captured_s, self.seconds_ago, self.shown_seconds_ago)


class InTime(When):
    """As When, for what is drawn: if_late tells what is done if that frame has been handed to playback."""

    if_late: IfLate = "refuse"

    @property
    def moment(self) -> Moment:
        """The moment."""
        return Moment(self.captured_s, self.seconds_ago, self.shown_seconds_ago, self.if_late)


class ScoreSet(InTime):
    """A score; fouls that are left out stay as they are."""

    home: _Count
    away: _Count
    home_fouls: _Fouls | None = None
    away_fouls: _Fouls | None = None


class ScoreAdded(InTime):
    """What a team gets, below 0 what it loses; tag: the id of the tag that the points belong to."""

    team: Side
    points: Annotated[int, Field(ge=-MOST_POINTS, le=MOST_POINTS), _Whole] = 0
    fouls: Annotated[int, Field(ge=-MOST_FOULS, le=MOST_FOULS), _Whole] = 0
    tag: _TagId | None = None


class ClockSet(InTime):
    """The match clock; what is left out stays as it is, and a new period begins at 0."""

    running: bool | None = None
    period: Annotated[int, Field(ge=1, le=MOST_PERIODS), _Whole] | None = None
    elapsed_s: Annotated[float, Field(ge=0, le=LONGEST_PERIOD_NS // NS_PER_S)] | None = None
    added_min: Annotated[int, Field(ge=0, le=MOST_ADDED_MINUTES), _Whole] | None = None


class LowerThirdSet(When):
    """A name and a role, for so many seconds; seconds null: until the next one; an empty name takes it away."""

    name: Annotated[str, Field(max_length=MOST_NAME)]
    role: Annotated[str, Field(max_length=MOST_ROLE)] = ""
    seconds: Annotated[float, Field(gt=0, le=3600)] | None = 5.0


class ReplaySet(When):
    """The sign of a replay, on or off, and its word."""

    on: bool
    word: Annotated[str, Field(min_length=1, max_length=MOST_REPLAY)] = "Replay"


class SpanSet(When):
    """From a moment to a captured time, `until_s`, or for so many `seconds`; with neither, until it is released."""

    until_s: Annotated[float, Field(ge=0, le=LARGEST_TIME_S)] | None = None
    seconds: Annotated[float, Field(gt=0, le=36_000)] | None = None


class CoverSet(SpanSet):
    """With what the picture is covered; `text` is for a card."""

    how: Annotated[How, Field(alias="with")] = "blur"
    text: Annotated[str, Field(max_length=MOST_TEXT)] = ""


class Release(When):
    """What is released, from a moment on; without one, from the newest frame that was captured."""

    what: What


class TagSet(When):
    """A tag: goal, chance, save, card, corner, substitution, or a word of your own."""

    kind: Annotated[str, Field(min_length=1, max_length=MOST_KIND)]
    team: Side | None = None
    label: Annotated[str, Field(max_length=MOST_LABEL)] = ""
    who: Annotated[str, Field(max_length=MOST_WHO)] = ""


_ProposalId = Annotated[int, Field(ge=1, le=1 << 53), _Whole]


class ProposalTaken(Body):
    """A proposal by its id, and what its tag gets: a team, more words, and who takes it."""

    id: _ProposalId
    team: Side | None = None
    label: Annotated[str, Field(max_length=MOST_LABEL)] = ""
    who: Annotated[str, Field(max_length=MOST_WHO)] = ""


class ProposalDismissed(Body):
    """A proposal by its id."""

    id: _ProposalId


class TagUndone(Body):
    """A tag by its id, and who takes it back."""

    id: _TagId
    who: Annotated[str, Field(max_length=MOST_WHO)] = ""


_Metres = Annotated[float, Field(ge=1, le=1000)]
_FieldName = Annotated[str, Field(min_length=1, max_length=300)]
_Pixel = Annotated[float, Field(ge=-0.5, le=65_536)]
_PointName = Annotated[str, Field(min_length=1, max_length=80)]


class FieldWanted(Body):
    """A playing field by name, and its length and width in metres; what is left out is that of the settings."""

    field: _FieldName | None = None
    length_m: _Metres | None = None
    width_m: _Metres | None = None

    @property
    def size(self) -> FieldSize | None:
        """The size, if both sides are given."""
        if self.length_m is None or self.width_m is None:
            return None
        return FieldSize(self.length_m, self.width_m)


class ClicksToSave(Body):
    """For each camera, in order, the pixel [x, y] of each point of the field, by its name."""

    field: _FieldName
    length_m: _Metres
    width_m: _Metres
    cameras: Annotated[
        list[
            Annotated[
                dict[_PointName, Annotated[list[_Pixel], Field(min_length=2, max_length=2)]],
                Field(max_length=60),
            ]
        ],
        Field(max_length=16),
    ]

    @property
    def size(self) -> FieldSize:
        """The field's size."""
        return FieldSize(self.length_m, self.width_m)

    @property
    def clicks(self) -> list[Clicks]:
        """The pixels as pairs."""
        return [{name: (at[0], at[1]) for name, at in camera.items()} for camera in self.cameras]


class ClicksToFit(ClicksToSave):
    """As ClicksToSave; `quick`: from where the last fit ended, without the painted lines, as for a drag."""

    quick: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """POST /api/NAME: the type of its body, what it does (to a Control), and the type of its JSON result."""

    name: str
    body: type[Body]
    meaning: str
    do: Callable[[Any, Any], Any]
    result: Any = None


def not_by_control(_control: Control, _body: Any) -> Any:
    """What `do` is for an action that the dashboard does itself. Raises StateError."""
    raise StateError("this is done by the dashboard itself")


ACTIONS: tuple[Action, ...] = (
    Action(
        "end_run",
        Empty,
        "End the run: the window is still played, and every file is completed",
        lambda c, _: c.end_run(),
    ),
    Action(
        "take_over",
        ViewAngles,
        "Turn the camera to a view; it stays under manual control until hand_back",
        lambda c, b: c.take_over(b.yaw_deg, b.pitch_deg, b.hfov_deg),
    ),
    Action(
        "look_at",
        PanoramaPoint,
        "Turn the camera to a point in the panorama",
        lambda c, b: c.look_at(b.x, b.y),
    ),
    Action("hold_camera", Empty, "Hold the camera where it is", lambda c, _: c.hold_camera()),
    Action(
        "hand_back", Empty, "Back to auto: the director steers the camera again", lambda c, _: c.hand_back()
    ),
    Action("pause", Empty, "Freeze the video", lambda c, _: c.pause()),
    Action(
        "resume", Empty, "Resume after a freeze; the delay has grown by its length", lambda c, _: c.resume()
    ),
    Action(
        "jump_back",
        Seconds,
        "Replay the last seconds; returns the new delay in seconds",
        lambda c, b: c.jump_back(b.seconds),
        float,
    ),
    Action(
        "return_to_delay",
        Empty,
        "Return to the delay of the settings; returns it in seconds",
        lambda c, _: c.return_to_delay(),
        float,
    ),
    Action(
        "set_delay",
        Seconds,
        "Change the delay; returns the delay reached, in seconds",
        lambda c, b: c.set_delay(b.seconds),
        float,
    ),
    Action(
        "score",
        ScoreSet,
        "Set the score from a moment on; 409 says how late it is if that frame has been played",
        lambda c, b: score_json(
            c.set_score(b.moment, b.home, b.away, home_fouls=b.home_fouls, away_fouls=b.away_fouls)
        ),
        ScoreState,
    ),
    Action(
        "add_to_score",
        ScoreAdded,
        "Add to the score of a moment and every later one, or take away; refused as score is",
        lambda c, b: score_json(c.add_to_score(b.moment, b.team, b.points, b.fouls, b.tag)),
        ScoreState,
    ),
    Action(
        "clock",
        ClockSet,
        "Start, stop or set the match clock at a moment",
        lambda c, b: clock_json(c.set_clock(b.moment, b.running, b.period, b.elapsed_s, b.added_min)),
        ClockState,
    ),
    Action(
        "lower_third",
        LowerThirdSet,
        "Show a name and a role from a moment on; 409 says how late it is if that frame has been played",
        lambda c, b: lower_third_json(c.set_lower_third(b.moment, b.name, b.role, b.seconds)),
        LowerThirdState | None,
    ),
    Action(
        "replay",
        ReplaySet,
        "Show the sign of a replay from a moment on, or take it away",
        lambda c, b: c.set_replay(b.moment, b.word if b.on else None),
        str | None,
    ),
    Action(
        "tags",
        TagSet,
        "Mark a moment of the match",
        lambda c, b: asdict(c.add_tag(b.moment, b.kind, b.team, b.label, b.who)),
        TagView,
    ),
    Action(
        "undo_tag",
        TagUndone,
        "Take a tag back, and the points that it has added to the score",
        lambda c, b: asdict(c.undo_tag(b.id, b.who)),
        TagView,
    ),
    Action(
        "take_proposal",
        ProposalTaken,
        "Make a tag of a proposal, at its moment",
        lambda c, b: asdict(c.take_proposal(b.id, b.team, b.label, b.who)),
        TagView,
    ),
    Action(
        "dismiss_proposal",
        ProposalDismissed,
        "Put a proposal of a tag away",
        lambda c, b: c.dismiss_proposal(b.id),
    ),
    Action(
        "cover",
        CoverSet,
        "Cover the picture in every output from one captured time to another; 409 if all of it has been passed on",
        lambda c, b: dumped_json(c.cover(b.moment, b.until_s, b.seconds, Cover(b.how, b.text))),
        SpanAsked,
    ),
    Action(
        "mute",
        SpanSet,
        "Mute the sound in every output from one captured time to another",
        lambda c, b: dumped_json(c.mute(b.moment, b.until_s, b.seconds)),
        SpanAsked,
    ),
    Action(
        "release",
        Release,
        "Cover, or mute, nothing from a moment on",
        lambda c, b: c.release(b.what, b.moment),
    ),
    Action(
        "record",
        Recording,
        "Start a recording in a new file",
        lambda c, b: asdict(c.record(graphics=b.graphics, film=b.film)),
        OutputStatus,
    ),
    Action(
        "show_film",
        FilmName,
        "Show another film in the previews",
        lambda c, b: c.show_film(b.name),
    ),
    Action(
        "start_output",
        OutputNumber,
        "Start a stopped stream again",
        lambda c, b: asdict(c.start_output(b.number)),
        OutputStatus,
    ),
    Action(
        "stop_output",
        OutputNumber,
        "Stop a stream or a recording; the file is then complete",
        lambda c, b: asdict(c.stop_output(b.number)),
        OutputStatus,
    ),
    Action(
        "clips",
        ClipAsked,
        "Save a clip of the film or of the cameras' footage; its state is saving if that takes longer than 2 s",
        lambda c, b: clip_json(c.save_clip(b.wanted)),
        SavedClip,
    ),
    Action(
        "save_clip",
        ClipSpan,
        "Save a clip of the cameras' footage; answers once it is complete",
        lambda c, b: clip_json(c.save_footage(b.before_s, b.after_s)),
        SavedClip,
    ),
    Action(
        "take_stills",
        Empty,
        "Take a still image of each camera, for clicks; /api/stills has them",
        lambda c, _: [asdict(still) for still in c.points.take_stills()],
        list[Still],
    ),
    Action(
        "show_field",
        FieldWanted,
        "The playing field: its points and markings, and which fields there are",
        lambda c, b: asdict(c.points.show_field(b.field, b.size)),
        FieldShown,
    ),
    Action(
        "fit_points",
        ClicksToFit,
        "Fit the cameras to clicks on the still images; returns the field's lines in each, verdict and reasons",
        lambda c, b: asdict(c.points.fit(b.field, b.size, b.clicks, quick=b.quick)),
        RigFitted,
    ),
    Action(
        "save_rig",
        ClicksToSave,
        "Fit all cameras and write the rig for the next start; the run goes on with the one that it has",
        lambda c, b: asdict(c.points.save(b.field, b.size, b.clicks)),
        RigSaved,
    ),
)

PAIR = Action(
    "pair",
    Empty,
    "A link, and its QR code, that lets one phone in for ten minutes, without the token in it",
    not_by_control,
    PairingLink,
)

OPEN_NETWORK = Action(
    "open_network",
    Empty,
    "Let other devices in the network reach the page, each by a link",
    not_by_control,
)

PAGE_ACTIONS = (PAIR, OPEN_NETWORK)
"""The page's own actions: they are not about the run."""
