"""The actions of the set-up page: for each its body with bounds, and what it does to the desk."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.media.addresses import LONGEST_SHOWN
from pipeline.setup_page.desk import MOST_CAMERAS
from pipeline.setup_page.plan import MOST_TITLE
from pipeline.web.actions import ACTIONS, Action, Body, Empty

_POINTS = ("take_stills", "show_field", "fit_points", "save_rig")

_Text = Annotated[str, Field(max_length=LONGEST_SHOWN)]


class CameraAddress(Body):
    """A camera by its address, with user and password if it wants them."""

    address: Annotated[str, Field(min_length=1, max_length=2000)]


class CamerasChosen(Body):
    """Cameras by their numbers in the list, from left to right."""

    cameras: Annotated[list[Annotated[int, Field(ge=0, le=10_000)]], Field(max_length=MOST_CAMERAS)]


class Destination(Body):
    """The names of the match's folder, empty for day and teams, and of its film."""

    title: Annotated[str, Field(max_length=MOST_TITLE)] = ""
    film: Annotated[str, Field(min_length=1, max_length=MOST_TITLE)]


class StreamWanted(Body):
    """A service by name and its key; of `own`, the whole address."""

    service: _Text
    key: Annotated[str, Field(min_length=1, max_length=2000)]


class TeamsWanted(Body):
    """The sport, the teams as the settings' group `teams` has them, and whether the scoreboard is drawn."""

    sport: _Text
    home: _Text
    home_short: _Text = ""
    home_colour: _Text
    away: _Text
    away_short: _Text = ""
    away_colour: _Text
    scoreboard: bool


class MatchName(Body):
    """A match by its folder's name."""

    name: Annotated[str, Field(min_length=1, max_length=300)]


SETUP_ACTIONS: tuple[Action, ...] = (
    Action("search_cameras", Empty, "Look for cameras, in the network too", lambda d, _: d.cameras.search()),
    Action(
        "add_camera", CameraAddress, "Add a camera by its address", lambda d, b: d.cameras.add(b.address), int
    ),
    Action(
        "choose_cameras", CamerasChosen, "Choose cameras from left to right", lambda d, b: d.choose(b.cameras)
    ),
    Action("look", Empty, "Take the cameras' still images anew", lambda d, _: d.cameras.look()),
    Action("calibrate", Empty, "Calibrate the chosen cameras", lambda d, _: d.calibrate()),
    Action(
        "set_destination",
        Destination,
        "Name the match's folder and film",
        lambda d, b: d.set_destination(b.title, b.film),
    ),
    Action("set_stream", StreamWanted, "Stream to a service", lambda d, b: d.set_stream(b.service, b.key)),
    Action("remove_stream", Empty, "Stream nowhere, and forget the key", lambda d, _: d.remove_stream()),
    Action(
        "set_teams",
        TeamsWanted,
        "Set the teams and the scoreboard",
        lambda d, b: d.set_teams(b.model_dump(exclude={"scoreboard"}), b.scoreboard),
    ),
    Action("check", Empty, "Find out what the check list needs", lambda d, _: d.check()),
    Action("try_out", Empty, "Make a film of a minute", lambda d, _: d.try_out()),
    Action("stop_work", Empty, "End a calibration or a trial", lambda d, _: d.stop_work()),
    Action("start", Empty, "Start the match", lambda d, _: d.start()),
    Action("delete_match", MatchName, "Delete a match with its files", lambda d, b: d.delete_match(b.name)),
    Action("close", Empty, "Close the page", lambda d, _: d.close()),
    *(action for action in ACTIONS if action.name in _POINTS),
)
