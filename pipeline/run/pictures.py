"""Pictures: what the films of a run show; each picture has its own path and is rendered once, for all its films."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.analysis.colour_history import ColourHistory
from pipeline.analysis.sway_history import SwayHistory
from pipeline.analysis.timeline import Timeline
from pipeline.direction.camera_path import CameraPath
from pipeline.direction.director import SeenTimeline
from pipeline.gst.playback.view_element import Onlooker
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.pose import Poses
from pipeline.run.bounded_timeline import BoundedTimeline
from pipeline.run.director_choice import (
    camera_aspect,
    camera_size_px,
    enlargement_note,
    lookahead_s,
    path_for,
)
from pipeline.run.frame_view import FrameView
from pipeline.run.scene import Scene, scene_at
from pipeline.run.shifting_limits import ShiftingLimits
from pipeline.run.shown import Shown
from pipeline.run.team_timeline import TeamTimeline, followed_timeline, team_note
from pipeline.settings import Picture, Settings
from pipeline.timebase import Nanoseconds, seconds_to_ns


@dataclass(frozen=True, slots=True)
class DirectedPicture:
    """A picture with the path of its camera, and the element that renders it."""

    picture: Picture
    followed: SeenTimeline
    path: CameraPath
    frame_view: FrameView

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user about its frames, and whether its team was never seen."""
        is_unseen = isinstance(self.followed, TeamTimeline) and not self.followed.has_seen
        if not (is_unseen and self.path.state.plans):
            return self.frame_view.notes
        colour = self.picture.follow.replace("team:", "teams.") + "_colour"
        line = f"{self.picture.follow}: nobody was seen in {colour}; the film follows the play"
        return (line, *self.frame_view.notes)


class Pictures:
    """The pictures of a run, one for each different picture of its films; the first is that of the first film.

    The run's thread makes it and calls `direct`, then any thread may call the rest.
    """

    def __init__(self, settings: Settings, rig: Rig) -> None:
        """Nothing is directed yet. The first call for a rig and a size takes a few tenths of a second."""
        self._settings, self._rig = settings, rig
        ahead_ns = seconds_to_ns(lookahead_s(settings))
        wanted = dict.fromkeys(film.picture for film in settings.film_specs)
        self._limits = {
            picture: ShiftingLimits(rig, camera_size_px(picture), ahead_ns, live=settings.is_live)
            for picture in wanted
        }
        self._directed: dict[Picture, DirectedPicture] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: teams that cannot be followed, sizes for which the sources have too few pixels."""
        teams = (team_note(self._settings, picture.follow) for picture in self._limits)
        sizes = (enlargement_note(picture, self._rig) for picture in self._limits)
        return tuple(note for note in (*teams, *sizes) if note is not None)

    def bumped(self, noticed_ns: Nanoseconds, stands: Poses) -> None:
        """The cameras stand like this now: the limits of every picture change. Any thread; does not block."""
        for limits in self._limits.values():
            limits.bumped(noticed_ns, stands)

    def direct(
        self,
        timeline: Timeline,
        full_at_ns: Callable[[], int | None],
        shown: Shown,
        captured_ns: Callable[[int], int],
        lost_cameras: Callable[[Nanoseconds], Sequence[str]],
        sway: SwayHistory | None,
        colours: ColourHistory | None,
    ) -> None:
        """Make the path and the view of each picture; the frames of the first one are noted in `shown`.

        `full_at_ns`: see BoundedTimeline; all else: see FrameView.
        """
        is_unbounded = self._settings.buffer.max_bytes is None
        for picture, limits in self._limits.items():
            known = timeline if is_unbounded else BoundedTimeline(timeline, full_at_ns)
            followed = followed_timeline(self._settings, picture.follow, known)
            path = path_for(self._settings, picture, followed, self._rig, limits)
            self._directed[picture] = DirectedPicture(
                picture,
                followed,
                path,
                FrameView(
                    self._settings,
                    picture,
                    self._rig,
                    path,
                    Shown() if self._directed else shown,
                    _scene_of(picture, path, timeline),
                    captured_ns,
                    lost_cameras,
                    sway,
                    colours,
                    limits,
                ),
            )

    def __iter__(self) -> Iterator[DirectedPicture]:
        return iter(self._directed.values())

    def of(self, picture: Picture) -> DirectedPicture:
        """The directed one of a picture."""
        return self._directed[picture]

    @property
    def first(self) -> DirectedPicture:
        """The picture of the first film."""
        return next(iter(self))

    def show_overlay(self, shown: bool) -> None:
        """Switch the overlay on or off, in all pictures."""
        for one in self:
            one.frame_view.show_overlay(shown)

    def watch(self, picture: Picture, onlooker: Onlooker | None) -> None:
        """Let `onlooker` see the frames of this picture, and of no other."""
        for one in self:
            one.frame_view.element.onlooker = onlooker if one.picture == picture else None

    def close(self) -> None:
        """Stop the threads; blocks until the renderers have finished their frames."""
        for limits in self._limits.values():
            limits.close()
        for one in self:
            one.frame_view.close()


def _scene_of(picture: Picture, path: CameraPath, timeline: Timeline) -> Callable[[int], Scene]:
    aspect = camera_aspect(picture)
    return lambda captured_ns: scene_at(captured_ns, timeline, path, aspect)
