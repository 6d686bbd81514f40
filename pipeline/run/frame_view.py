"""FrameView: the work for each frame of a picture: render the view, draw the overlay, note what was shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2

from pipeline.analysis.colour_history import ColourHistory, Gains
from pipeline.analysis.sway_history import SwayHistory
from pipeline.direction.camera_path import CameraPath
from pipeline.gst.playback.view_element import ViewElement
from pipeline.optics.rig import Rig
from pipeline.optics.stabilisation.pose import Poses
from pipeline.optics.view import View
from pipeline.run.director_choice import shows_panorama
from pipeline.run.overlay import NoticePainter, OverlayPainter, paint_all
from pipeline.run.scene import Scene
from pipeline.run.shifting_limits import ShiftingLimits
from pipeline.run.shown import Shown
from pipeline.settings import Picture, Settings
from pipeline.timebase import Nanoseconds

RENDER_THREADS = 2

KNOWN_PATIENCE_S = 2.0
"""Offline, a frame waits this long until the cameras' sway and colours around it are known."""


class FrameView:
    """The view element of a picture, its renderers and painters; `element` goes into the playback pipeline.

    `captured_ns` converts playback's running time to the capture's (they differ after a seek). `scene_at` returns
    the scene of a captured time, `lost_cameras` the cameras without video then. Shown frames are noted in `shown`.
    With `sway`, the cameras' movements are taken out of the picture, with `colours` the step between their colours;
    `limits` are the director's edges.
    """

    def __init__(
        self,
        settings: Settings,
        picture: Picture,
        rig: Rig,
        path: CameraPath,
        shown: Shown,
        scene_at: Callable[[int], Scene],
        captured_ns: Callable[[int], int],
        lost_cameras: Callable[[Nanoseconds], Sequence[str]],
        sway: SwayHistory | None,
        colours: ColourHistory | None,
        limits: ShiftingLimits,
    ) -> None:
        # Decoders, detector, renderers and encoder already keep the cores busy.
        cv2.setNumThreads(1)
        self._path = path
        self._captured_ns = captured_ns
        self._shown = shown
        self._sway, self._colours = sway, colours
        self._limits = limits
        self._known_patience_s = 0.0 if settings.is_live else KNOWN_PATIENCE_S
        self._overlay = OverlayPainter(scene_at, captured_ns, is_panorama=shows_panorama(picture))
        self._notice = NoticePainter(lost_cameras, captured_ns)
        self._renderers = ThreadPoolExecutor(RENDER_THREADS, thread_name_prefix="render")
        self.element = ViewElement(
            rig,
            *picture.size_px,
            self._view_at,
            spread=self._renderers.map,
            poses=self._poses_at,
            gains=self._gains_at,
        )
        self.show_overlay(settings.overlay)

    def show_overlay(self, shown: bool) -> None:
        """Switch the overlay on or off. Any thread."""
        self.element.painter = paint_all(self._overlay, self._notice) if shown else self._notice

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user: how many frames are not what they should be."""
        failed = self.element.failed_frames
        return (f"{failed} frames were repeated or lack their graphics; see the log",) if failed else ()

    def close(self) -> None:
        """Stop the renderers; blocks until they have finished their frame."""
        self._renderers.shutdown()

    def _view_at(self, time_ns: Nanoseconds) -> View:
        """The view of the frame at `time_ns`. On the streaming thread."""
        view = None
        captured_ns = self._captured_ns(time_ns)
        try:
            self._limits.advance(self._path.state.time_ns, captured_ns)
            view = self._path.view_at(captured_ns)
        finally:  # without a view the last frame is shown again
            self._shown.note(time_ns, captured_ns, view)
        return view

    def _poses_at(self, time_ns: Nanoseconds) -> Poses | None:
        """How the cameras stand in the frame at `time_ns`. On the streaming thread."""
        if self._sway is None:
            return None
        captured_ns = self._captured_ns(time_ns)
        if self._known_patience_s and not self._sway.wait_known(captured_ns, self._known_patience_s):
            self._known_patience_s = 0.0  # the analysis stands still: waiting for each frame would not help
        return self._sway.poses_at(captured_ns)

    def _gains_at(self, time_ns: Nanoseconds) -> Gains | None:
        """How the cameras' colours are changed in the frame at `time_ns`. On the streaming thread."""
        if self._colours is None:
            return None
        captured_ns = self._captured_ns(time_ns)
        if self._known_patience_s and not self._colours.wait_known(captured_ns, self._known_patience_s):
            self._known_patience_s = 0.0
        return self._colours.gains_at(captured_ns)
