"""Painters for a run's overlay (detections, the coming path, the camera's outline) and its notices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.analysis.detector import Detection
from pipeline.gst.playback.view_element import Painter
from pipeline.optics.frame import Frame
from pipeline.optics.overlay import GREEN, RED, YELLOW, Box, Overlay, draw, draw_notice
from pipeline.optics.view import View
from pipeline.run.scene import Scene
from pipeline.timebase import Nanoseconds

_COLOURS = {"ball": RED, "player": GREEN}


class OverlayPainter:
    """A ViewElement's painter that draws the overlay. Called on the streaming thread; never blocks.

    `scene_at` returns the scene of a captured time; `captured_ns` converts playback's running time to that (they
    differ after a seek). `is_panorama`: the video shows the whole rig, and the camera's outline is drawn in it.
    """

    def __init__(
        self, scene_at: Callable[[int], Scene], captured_ns: Callable[[int], int], *, is_panorama: bool
    ) -> None:
        self._scene_at = scene_at
        self._captured_ns = captured_ns
        self._is_panorama = is_panorama

    def __call__(self, frame: Frame, view: View, time_ns: Nanoseconds) -> None:
        """Draw on a frame that shows `view`."""
        scene = self._scene_at(self._captured_ns(time_ns))
        boxes = [_box(found) for found in scene.detections]
        draw(frame, view, Overlay(boxes, scene.path, scene.outline if self._is_panorama else None))


class NoticePainter:
    """A ViewElement's painter that names lost cameras. Called on the streaming thread; never blocks.

    `lost_cameras` returns the cameras without video at a captured time; `captured_ns` as for OverlayPainter.
    """

    def __init__(
        self, lost_cameras: Callable[[Nanoseconds], Sequence[str]], captured_ns: Callable[[int], int]
    ) -> None:
        self._lost_cameras = lost_cameras
        self._captured_ns = captured_ns

    def __call__(self, frame: Frame, view: View, time_ns: Nanoseconds) -> None:
        """Draw a notice on the frame if a camera is lost."""
        lost = self._lost_cameras(Nanoseconds(self._captured_ns(time_ns)))
        if lost:
            draw_notice(frame, [f"camera lost: {name}" for name in lost])


def paint_all(*painters: Painter) -> Painter:
    """A painter that calls several painters, the first one first."""

    def paint(frame: Frame, view: View, time_ns: Nanoseconds) -> None:
        for painter in painters:
            painter(frame, view, time_ns)

    return paint


def _box(found: Detection) -> Box:
    colour = _COLOURS.get(found.label, YELLOW)
    return Box(found.yaw_deg, found.tilt_deg, found.width_deg, found.height_deg, colour)
