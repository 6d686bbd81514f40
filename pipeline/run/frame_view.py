"""The work for each frame of playback: look where the camera looks, draw the overlay, note what was shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2

from pipeline.direction.camera_path import CameraPath
from pipeline.gst.playback.view_element import ViewElement
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from pipeline.run.director_choice import shows_panorama
from pipeline.run.exports import Shown
from pipeline.run.overlay import NoticePainter, OverlayPainter, paint_all
from pipeline.run.scene import Scene
from pipeline.settings import Settings
from pipeline.timebase import Nanoseconds

RENDER_THREADS = 2


class FrameView:
    """The view element of a run, its renderers and painters; `element` goes into the playback pipeline.

    `captured_ns` turns playback's running time into the capture's (another one after a seek); `scene_at` tells the
    scene of a captured time, `lost_cameras` whose picture only stands in then. What is shown is noted in `shown`.
    """

    def __init__(
        self,
        settings: Settings,
        rig: Rig,
        path: CameraPath,
        shown: Shown,
        scene_at: Callable[[int], Scene],
        captured_ns: Callable[[int], int],
        lost_cameras: Callable[[Nanoseconds], Sequence[str]],
    ) -> None:
        # Decoders, detector, the view's bands and the encoder keep the cores busy by themselves.
        cv2.setNumThreads(1)
        self._path = path
        self._captured_ns = captured_ns
        self._shown = shown
        self._overlay = OverlayPainter(scene_at, captured_ns, is_panorama=shows_panorama(settings))
        self._notice = NoticePainter(lost_cameras, captured_ns)
        self._renderers = ThreadPoolExecutor(RENDER_THREADS, thread_name_prefix="render")
        self.element = ViewElement(
            rig, settings.size.width_px, settings.size.height_px, self._view_at, spread=self._renderers.map
        )
        self.show_overlay(settings.overlay)

    def show_overlay(self, shown: bool) -> None:
        """Draw detections, the coming path and, in a panorama, the camera's frame; or stop drawing. Any thread."""
        self.element.painter = paint_all(self._overlay, self._notice) if shown else self._notice

    def close(self) -> None:
        """Let the renderers go; blocks until they have finished their frame."""
        self._renderers.shutdown()

    def _view_at(self, time_ns: Nanoseconds) -> View:
        """The streaming thread asks where to look; whoever leads the camera answers."""
        view = self._path.view_at(self._captured_ns(time_ns))
        self._shown.note(time_ns, view)
        return view
