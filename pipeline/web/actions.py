"""The actions of the JSON API: for each its body with bounds, what it does, and its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.gst.output.output_slot import OutputStatus
from pipeline.operator.control import Control
from pipeline.web.responses import SavedClip, clip_json


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


def _whole(value: Any) -> Any:
    """A JSON number without a fraction is an integer, however it is written: 2.0 is 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class OutputNumber(Body):
    """An output, by its number in the state."""

    number: Annotated[int, Field(ge=0, le=10_000), BeforeValidator(_whole)]


@dataclass(frozen=True, slots=True)
class Action:
    """POST /api/NAME: the type of its body, what it does, and the type of its JSON result."""

    name: str
    body: type[Body]
    meaning: str
    do: Callable[[Control, Any], Any]
    result: Any = None


ACTIONS: tuple[Action, ...] = (
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
    Action("record", Empty, "Start a recording in a new file", lambda c, _: asdict(c.record()), OutputStatus),
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
        "save_clip",
        ClipSpan,
        "Save a clip of what was shown and of what comes",
        lambda c, b: clip_json(c.save_clip(b.before_s, b.after_s)),
        SavedClip,
    ),
)
