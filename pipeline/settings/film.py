"""Film: one of the films of a match: what it follows, its size and style, and where it goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, model_validator

from pipeline.media.addresses import broken_scheme, scheme_of
from pipeline.media.formats import HlsSegments
from pipeline.media.output_spec import FileSpec, StreamSpec
from pipeline.settings.group import Group
from pipeline.settings.values import OutputPath, Size, SizeValue, StreamAddress

Style = Literal["calm", "broadcast", "close"]

FIRST_FILM = "main"
"""The name of the film that the settings outside [[films]] describe."""
FOLLOWS = "play, fixed, panorama, team:home or team:away"

Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class FixedView(Group):
    """A view that does not move, in rig angles: degrees, yaw to the right, tilt (the key pitch_deg) upward."""

    yaw_deg: Degrees = 0.0
    """Where the view's centre looks, degrees to the right."""
    pitch_deg: Annotated[float, Field(ge=-90, le=90)] = 0.0
    """Where the view's centre looks, degrees upward."""
    hfov_deg: Annotated[float, Field(gt=0, le=360)] = 60.0
    """Angle between the middles of the left and right edges, in degrees."""


class Film(Group):
    """One more film of the match."""

    name: Annotated[
        str,
        Field(
            pattern=r"^\w[\w .,&()'+-]{0,39}$",
            json_schema_extra={"x-allowed": "up to 40 letters, digits, spaces and .,&()'+-"},
        ),
    ]
    """Its name, on the page and in reports."""
    size: SizeValue | None = None
    """Its size in pixels; default: size."""
    style: Style | None = None
    """How its camera moves, as director.style, which is the default."""
    follow: Annotated[
        str,
        Field(
            pattern=r"^(play|fixed|panorama|team:(home|away))$",
            json_schema_extra={"x-allowed": FOLLOWS},
        ),
    ] = "play"
    """What it shows: play follows the game, fixed holds the view, panorama is everything the rig sees, team:home
    and team:away frame a team's players, told by teams.home_colour and teams.away_colour."""
    view: FixedView | None = None
    """The view of follow = "fixed", as { yaw_deg = 0, pitch_deg = -10, hfov_deg = 60 }."""
    graphics: bool = True
    """Draw the run's graphics on it, if there are any."""
    sound: bool = True
    """With sound."""
    outputs: tuple[OutputPath, ...] = ()
    """Files to write, as outputs."""
    streams: tuple[StreamAddress, ...] = ()
    """Addresses to stream to, as streams."""

    @model_validator(mode="before")
    @classmethod
    def _addresses_among_outputs(cls, values: Any) -> Any:
        return addresses_moved(values)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a film shows; films of the same picture show the same frames."""

    size: Size
    follow: str
    """As `Film.follow`."""
    style: Style
    view: FixedView | None = None
    """Of follow = "fixed"."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.size.width_px, self.size.height_px


@dataclass(frozen=True, slots=True)
class FilmSpec:
    """A film of a run with everything that it takes from the settings around it."""

    name: str
    picture: Picture
    graphics: bool
    sound: bool
    files: tuple[FileSpec, ...]
    streams: tuple[StreamSpec, ...]

    @classmethod
    def of(cls, film: Film, size: Size, style: Style, hls_segments: HlsSegments) -> FilmSpec:
        """`film`, with what it leaves out."""
        files, streams = file_specs(film.outputs, hls_segments), stream_specs(film.streams)
        if not film.graphics:
            files = tuple(replace(file, graphics=False) for file in files)
            streams = tuple(replace(stream, graphics=False) for stream in streams)
        picture = Picture(film.size or size, film.follow, film.style or style, film.view)
        return cls(film.name, picture, film.graphics, film.sound, files, streams)


def file_specs(outputs: Iterable[Path], hls_segments: HlsSegments) -> tuple[FileSpec, ...]:
    """Files to write, understood."""
    return tuple(FileSpec.parse(path, hls_segments) for path in outputs)


def stream_specs(streams: Iterable[SecretStr]) -> tuple[StreamSpec, ...]:
    """Streams, understood."""
    return tuple(StreamSpec.parse(secret.get_secret_value()) for secret in streams)


def addresses_moved(values: Any) -> Any:
    """Move addresses from the outputs of a table to its streams; as file paths they would show their secrets."""
    if not isinstance(values, dict):
        return values
    outputs, streams = values.get("outputs", ()), values.get("streams", ())
    if not isinstance(outputs, list | tuple) or not isinstance(streams, list | tuple):
        return values
    addresses = [output for output in outputs if _is_an_address(output)]
    if not addresses:
        return values
    files = [output for output in outputs if output not in addresses]
    return {**values, "outputs": files, "streams": [*streams, *map(str, addresses)]}


def _is_an_address(output: object) -> bool:
    """Whether an output is an address, also a mistyped one and one that pydantic made a path."""
    text = str(output) if isinstance(output, str | Path) else ""
    return scheme_of(text) is not None or broken_scheme(text) is not None
