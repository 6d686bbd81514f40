"""Camera paths with a fixed picture: a fixed view, and the panorama in which a directed camera is only marked."""

from __future__ import annotations

from pipeline.direction.camera_path import CameraPath, PathState
from pipeline.direction.edges import Edges
from pipeline.direction.unsteered import Unsteered
from pipeline.optics.view import View
from pipeline.timebase import Nanoseconds

_FIXED = PathState("fixed view", 0.0, 0, 0, Nanoseconds(0))


class FixedDirector(Unsteered):
    """A CameraPath that shows the same view in every frame and cannot be steered. Any thread."""

    _why_not = "the view is fixed; there is no camera to take over"

    def __init__(self, view: View, edges: Edges | None = None) -> None:
        """``edges``: of these, the view keeps to what shows no black (`Edges.fill`)."""
        self._fixed = view
        self._edges = edges

    def view_at(self, time_ns: int) -> View:
        """The fixed view."""
        del time_ns
        return self._fixed if self._edges is None else self._edges.fill(self._fixed)

    def plan(self, t0_ns: int, t1_ns: int) -> list[tuple[int, View]]:
        """The fixed view at `t0_ns`."""
        del t1_ns
        return [(t0_ns, self.view_at(t0_ns))]

    @property
    def state(self) -> PathState:
        """A fixed view, which knows and plans nothing."""
        return _FIXED


class PanoramaPath:
    """A CameraPath that always shows `panorama`; everything else is delegated to `camera`.

    The camera is still directed, because the panorama marks its view.
    """

    def __init__(self, panorama: View, camera: CameraPath) -> None:
        self._panorama = panorama
        self._camera = camera

    def view_at(self, time_ns: int) -> View:
        """The panorama, after advancing the camera to `time_ns`. The streaming thread; may wait as the camera
        does."""
        self._camera.view_at(time_ns)
        return self._panorama

    def plan(self, t0_ns: int, t1_ns: int) -> list[tuple[int, View]]:
        """The camera's plan."""
        return self._camera.plan(t0_ns, t1_ns)

    @property
    def state(self) -> PathState:
        """The camera's state."""
        return self._camera.state

    def take_over(self, yaw_deg: float, tilt_deg: float, hfov_deg: float) -> None:
        """Steer the camera."""
        self._camera.take_over(yaw_deg, tilt_deg, hfov_deg)

    def hold(self) -> None:
        """Stop the camera."""
        self._camera.hold()

    def hand_back(self) -> None:
        """Return control of the camera to its director."""
        self._camera.hand_back()
