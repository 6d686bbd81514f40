"""Control: what an operator may see of a run and do to it while it goes on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.direction.camera_path import CameraPath
from pipeline.errors import ConfigError, StateError
from pipeline.gst.output.browser_preview import BrowserPreview, OnFragment
from pipeline.gst.output.output_board import OutputStatus
from pipeline.operator.clips import Clip, Clips, FileNames
from pipeline.operator.outputs import Outputs
from pipeline.operator.panorama import Panorama
from pipeline.optics.rig import Rig
from pipeline.run.encoding_choice import clip_encoding
from pipeline.run.scene import Scene
from pipeline.timebase import Nanoseconds, seconds_to_ns

USUAL_HFOV_DEG = 50.0
"""As wide as the camera looks at a place that is chosen before it has looked anywhere."""


class Control:
    """An operator's hands on `run`. Any thread; only `save_clip` and `stop_output` block, for a file's sake.

    Every action raises StateError where the run is not in a state for it.
    """

    def __init__(self, run: PanoramaWithVirtualCamera, clips: Path) -> None:
        self._run = run
        self._names = FileNames()
        self._clips = Clips(run.buffer_manager, clips, self._names, clip_encoding(run.settings))
        self._outputs = Outputs(run)
        self._panorama: Panorama | None = None
        self._rendered_ns: Nanoseconds | None = None

    # The camera

    def take_over(self, yaw_deg: float, tilt_deg: float, hfov_deg: float) -> None:
        """Send the camera there, smoothly, until `hand_back`. Raises ConfigError for what is no view."""
        if not 1.0 <= hfov_deg <= 170.0:
            raise ConfigError(f"hfov_deg is {hfov_deg}; give 1 to 170")
        self._camera().take_over(yaw_deg, tilt_deg, hfov_deg)

    def look_at(self, x: float, y: float) -> None:
        """Take over towards a place in the panorama, both 0 to 1 from its upper left corner, as wide as now."""
        yaw_deg, tilt_deg = self.panorama().angles_at(x, y)
        scene = self.scene()
        view = None if scene is None else scene.view
        self.take_over(yaw_deg, tilt_deg, USUAL_HFOV_DEG if view is None else view.hfov_deg)

    def hold_camera(self) -> None:
        """Stop the camera where it looks; the picture goes on."""
        self._camera().hold()

    def hand_back(self) -> None:
        """Let the director lead again."""
        self._camera().hand_back()

    # The delay line

    def pause(self) -> None:
        """Freeze the picture; what comes in is kept as long as the window holds it."""
        self._run.buffer_manager.pause()

    def resume(self) -> None:
        """Go on after `pause`, later by the pause."""
        self._run.buffer_manager.resume()

    def jump_back(self, seconds: float) -> float:
        """Show again what was shown so long ago, as far as it is kept; returns the new delay in seconds."""
        manager = self._run.buffer_manager
        now_ns = manager.playhead_ns
        if now_ns is None:
            raise StateError("playback has not started yet; replay once it has")
        manager.seek(now_ns - seconds_to_ns(seconds))
        return manager.delay_s

    def return_to_delay(self) -> float:
        """Return to the delay of the settings; returns it in seconds."""
        return self.set_delay(self._run.settings.delay_s)

    def set_delay(self, seconds: float) -> float:
        """Change the delay; returns what was reached, in seconds. Raises ConfigError for more than the window."""
        return self._run.buffer_manager.set_delay(seconds)

    # Clips

    def save_clip(self, before_s: float, after_s: float) -> Clip:
        """Write what was shown `before_s` ago to what comes `after_s` ahead; blocks. Raises OutputError."""
        return self._clips.save(before_s, after_s)

    def clips(self) -> list[Clip]:
        """The clips of this run, oldest first."""
        return self._clips.saved()

    # Outputs

    def outputs(self) -> list[OutputStatus]:
        """The run's outputs as they are now, files by their names without their folders; none before playback."""
        return self._outputs.statuses()

    def record(self) -> OutputStatus:
        """Begin to record to a new file, beside the run's own file or among the clips. Raises OutputError."""
        return self._outputs.record(self._clips.folder, self._names)

    def start_output(self, number: int) -> OutputStatus:
        """Start a stopped stream again."""
        return self._outputs.start(number)

    def stop_output(self, number: int) -> OutputStatus:
        """Stop a stream or a recording; blocks until its file is complete."""
        return self._outputs.stop(number)

    def finished_file(self, number: int) -> Path | None:
        """The file of an output that has ended; None where there is none, or not one alone."""
        return self._outputs.finished_file(number)

    # What there is to see

    def open_browser_preview(self, on_fragment: OnFragment) -> BrowserPreview:
        """The film as a browser plays it, from now on until it is closed; see PlaybackPipeline."""
        if self._run.playback is None:
            raise StateError("playback has not started yet; open the preview once it has")
        return self._run.playback.open_browser_preview(on_fragment)

    @property
    def rig(self) -> Rig | None:
        """The cameras; None until the sources are known."""
        return self._run.rig

    def panorama(self) -> Panorama:
        """The whole rig in one picture."""
        if self._panorama is None:
            if self._run.rig is None:
                raise StateError("the cameras are not known yet; wait for the first frame")
            self._panorama = Panorama(self._run.rig)
        return self._panorama

    def rendered(self, time_ns: Nanoseconds) -> None:
        """Say that playback has rendered the picture of its running time `time_ns`: what the previews show."""
        self._rendered_ns = time_ns

    def scene(self) -> Scene | None:
        """The scene of the picture that was rendered last; None before playback.

        That is up to the cushion ahead of what an output shows.
        """
        if self._rendered_ns is None:
            return None
        return self._run.scene_at(self._run.buffer_manager.captured_ns(self._rendered_ns))

    def snapshot(self) -> dict[str, Any]:
        """The state beside the run's Progress, as JSON holds it: transport, camera, scene, notes."""
        manager, settings = self._run.buffer_manager, self._run.settings
        scene, director = self.scene(), self._run.director
        view = None if scene is None else scene.view
        return {
            "transport": manager.state,
            "target_delay_s": settings.delay_s,
            "set_delay_s": round(manager.delay_s, 3),
            "behind_s": settings.keep_behind_s,
            "view": None
            if view is None
            else {
                "yaw_deg": round(view.yaw_deg, 3),
                "pitch_deg": round(view.tilt_deg, 3),
                "hfov_deg": round(view.hfov_deg, 3),
            },
            "look_ahead_s": 0.0 if director is None else director.state.look_ahead_s,
            "scene": None if scene is None else self.panorama().drawing(scene),
            "camera_outages": self._run.camera_outages,
            "notes": list(self._run.notes),
            "outputs": [
                asdict(status) | {"can_download": self.finished_file(status.number) is not None}
                for status in self.outputs()
            ],
            "clips": len(self.clips()),
        }

    def _camera(self) -> CameraPath:
        if self._run.director is None:
            raise StateError("the camera cannot be steered yet; wait for the first frame")
        return self._run.director
