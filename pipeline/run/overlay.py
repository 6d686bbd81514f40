"""The overlay of a run: what was seen at this moment, where the camera will look, what it shows of the panorama."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.analysis.detector import Detection
from pipeline.analysis.timeline import Timeline
from pipeline.direction.camera_path import CameraPath
from pipeline.gst.playback.view_element import Painter
from pipeline.optics.frame import Frame
from pipeline.optics.overlay import GREEN, RED, YELLOW, Box, Overlay, draw, draw_notice
from pipeline.optics.view import View
from pipeline.timebase import NS_PER_MS, NS_PER_S, Nanoseconds

SEEN_WITHIN_NS = 250 * NS_PER_MS
"""How old the newest detections may be and still be drawn: a detector at 5 frames a second fits."""

PATH_NS = 7 * NS_PER_S
"""How much of the coming path is drawn."""

_COLOURS = {"ball": RED, "player": GREEN}


class OverlayPainter:
    """A ViewElement's painter. The streaming thread calls it; nothing in it waits.

    `captured_ns` turns playback's running time into the capture's (another one after a seek). `shown_aspect`:
    width / height of the virtual camera's picture, for its frame in a panorama; None where the picture itself is
    the virtual camera's.
    """

    def __init__(
        self,
        timeline: Timeline,
        director: CameraPath | None,
        captured_ns: Callable[[int], int],
        shown_aspect: float | None = None,
    ) -> None:
        self._timeline = timeline
        self._director = director
        self._captured_ns = captured_ns
        self._shown_aspect = shown_aspect

    def __call__(self, frame: Frame, view: View, time_ns: Nanoseconds) -> None:
        """Draw onto the picture that `view` was rendered into."""
        now_ns = self._captured_ns(time_ns)
        seen = self._timeline.between(now_ns - SEEN_WITHIN_NS, now_ns)
        boxes = [_box(found) for found in seen[-1].detections] if seen else []
        path, shown = None, None
        if self._director is not None:
            coming = [view for _, view in self._director.plan(now_ns, now_ns + PATH_NS)]
            if len(coming) > 1:
                path = np.array([(one.yaw_deg, one.tilt_deg) for one in coming])
            shown = coming[0] if coming and self._shown_aspect is not None else None
        draw(frame, view, Overlay(boxes, path, shown, self._shown_aspect or 1.0))


class NoticePainter:
    """A ViewElement's painter that tells of lost cameras. The streaming thread calls it; nothing in it waits.

    `lost_cameras` names those whose picture of a captured time only stands in; `captured_ns` as for OverlayPainter.
    """

    def __init__(
        self, lost_cameras: Callable[[Nanoseconds], Sequence[str]], captured_ns: Callable[[int], int]
    ) -> None:
        self._lost_cameras = lost_cameras
        self._captured_ns = captured_ns

    def __call__(self, frame: Frame, view: View, time_ns: Nanoseconds) -> None:
        """Draw onto the picture, when there is something to tell."""
        lost = self._lost_cameras(Nanoseconds(self._captured_ns(time_ns)))
        if lost:
            draw_notice(frame, [f"camera lost: {name}" for name in lost])


def paint_all(*painters: Painter) -> Painter:
    """One painter of several, the first one undermost."""

    def paint(frame: Frame, view: View, time_ns: Nanoseconds) -> None:
        for painter in painters:
            painter(frame, view, time_ns)

    return paint


def _box(found: Detection) -> Box:
    colour = _COLOURS.get(found.label, YELLOW)
    return Box(found.yaw_deg, found.tilt_deg, found.width_deg, found.height_deg, colour)
