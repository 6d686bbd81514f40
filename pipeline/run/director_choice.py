"""Chooses the camera path of a picture: a director, a fixed view, or a panorama; and notes too large an output."""

from __future__ import annotations

from pipeline.direction.camera_path import CameraPath
from pipeline.direction.director import Director, SeenTimeline
from pipeline.direction.edges import Edges
from pipeline.direction.fixed import FixedDirector, PanoramaPath
from pipeline.direction.recorded import RecordedPath
from pipeline.optics.limits import panorama_view
from pipeline.optics.rig import Rig
from pipeline.optics.shot_limits import MOST_ENLARGED, shot_limits
from pipeline.optics.view import View
from pipeline.settings import Picture, Settings, Size

OUTLINED_SIZE_PX = 1920, 1080
"""The output of the virtual camera whose outline is drawn in a panorama."""

SHORT_SIDES_PX = 2160, 1440, 1080, 720, 540, 480, 360, 240, 144
"""The heights of usual video, or the widths if it is upright."""

ENLARGEMENT_TOLERANCE = 1.05
"""So many times the largest enlargement is not worth a note."""


def shows_panorama(picture: Picture) -> bool:
    """Whether a picture shows the whole rig, with the virtual camera as an outline in it."""
    return picture.follow == "panorama"


def camera_size_px(picture: Picture) -> tuple[int, int]:
    """Width and height of the virtual camera's output in pixels."""
    return OUTLINED_SIZE_PX if shows_panorama(picture) else picture.size_px


def camera_aspect(picture: Picture) -> float:
    """Width / height of the virtual camera's view."""
    width_px, height_px = camera_size_px(picture)
    return width_px / height_px


def lookahead_s(settings: Settings) -> float:
    """How far into the future the director looks."""
    wanted_s = settings.director.lookahead_s
    return settings.delay_s if wanted_s is None else min(wanted_s, settings.delay_s)


def enlargement_note(picture: Picture, rig: Rig) -> str | None:
    """What to say of a virtual camera for whose output the sources have too few pixels; None if they have enough.

    The first call for a rig and a size takes a few tenths of a second.
    """
    if picture.follow in ("fixed", "panorama"):
        return None
    enlargement = shot_limits(rig, picture.size_px).enlargement
    if enlargement <= MOST_ENLARGED * ENLARGEMENT_TOLERANCE:
        return None
    sides_px = picture.size_px
    most_px = min(sides_px) * MOST_ENLARGED / enlargement
    short_px = max((side_px for side_px in SHORT_SIDES_PX if side_px <= most_px), default=SHORT_SIDES_PX[-1])
    sharp = Size(*(2 * round(side_px * short_px / min(sides_px) / 2) for side_px in sides_px))
    return (
        f"the video has too few pixels for {picture.size}: the camera's view is enlarged up to {enlargement:.1f} "
        f"times, where {MOST_ENLARGED:g} still looks sharp; give --size {sharp}"
    )


def path_for(
    settings: Settings,
    picture: Picture,
    timeline: SeenTimeline,
    rig: Rig,
    edges: Edges,
) -> CameraPath:
    """The camera path of `picture` in a run with `settings`, within `edges`, by what `timeline` shows.

    Live, a plan uses the detections that are there; offline, it waits until its whole look-ahead is known, or as
    much of it as memory has room for. A recorded path is that of the first film. Raises ConfigError for one that
    is none.
    """
    fixed = picture.view
    if fixed is not None:
        return FixedDirector(View(fixed.yaw_deg, fixed.pitch_deg, fixed.hfov_deg), edges)
    if settings.recorded.path is not None and picture == settings.film_specs[0].picture:
        return RecordedPath.load(settings.recorded.path)
    director = Director.of_rig(
        timeline,
        rig,
        camera_size_px(picture),
        style=picture.style,
        lookahead_s=lookahead_s(settings),
        edges=edges,
        patience_s=0.0 if settings.is_live else None,
    )
    if not shows_panorama(picture):
        return director
    return PanoramaPath(panorama_view(rig, picture.size.width_px / picture.size.height_px), director)
