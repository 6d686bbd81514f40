"""Control: what an operator may see of a run and do to it while it goes on."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.direction.camera_path import CameraPath
from pipeline.errors import ConfigError, OutputError, StateError
from pipeline.gst.output.browser_preview import BrowserPreview, OnPiece
from pipeline.gst.output.output_board import OutputBoard, OutputStatus
from pipeline.optics.limits import panorama_view
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from pipeline.run.scene import Scene
from pipeline.timebase import Nanoseconds, ns_to_seconds, seconds_to_ns

PANORAMA_WIDTH_PX, PANORAMA_HEIGHT_PX = 960, 320


@dataclass(frozen=True, slots=True)
class Clip:
    """A saved clip; `number` is what names it to a client."""

    number: int
    path: Path
    length_s: float
    saved_at: float
    """Seconds since 1970."""


class Control:
    """An operator's hands on `run`. Any thread; only `save_clip` and `stop_output` block, for a file's sake.

    Every action raises StateError where the run is not in a state for it.
    """

    def __init__(self, run: PanoramaWithVirtualCamera, clips: Path) -> None:
        self._run = run
        self._folder = clips
        self._clips: list[Clip] = []
        self._files_begun = 0
        self._lock = threading.Lock()
        self._panorama: View | None = None
        self._rendered_ns: Nanoseconds | None = None

    # The camera

    def take_over(self, yaw_deg: float, tilt_deg: float, hfov_deg: float) -> None:
        """Send the camera there, smoothly, until `hand_back`. Raises ConfigError for what is no view."""
        if not 1.0 <= hfov_deg <= 170.0:
            raise ConfigError(f"hfov_deg is {hfov_deg}; give 1 to 170")
        self._camera().take_over(yaw_deg, tilt_deg, hfov_deg)

    def look_at(self, x: float, y: float) -> None:
        """Take over towards a place in the panorama, both 0 to 1 from its upper left corner, as wide as now."""
        pixel = np.array([x * PANORAMA_WIDTH_PX - 0.5, y * PANORAMA_HEIGHT_PX - 0.5])
        yaw, tilt = self.panorama().pixels_to_angles(pixel, PANORAMA_WIDTH_PX, PANORAMA_HEIGHT_PX)
        scene = self.scene()
        view = None if scene is None else scene.view
        self.take_over(float(yaw), float(tilt), 50.0 if view is None else view.hfov_deg)

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
            raise StateError("nothing is played yet; jump after playback has started")
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
        saved_at = time.time()
        path = self._new_file(self._folder, "clip", ".mp4")
        begin_ns, end_ns = self._run.buffer_manager.save_clip(path, before_s, after_s)
        with self._lock:
            clip = Clip(len(self._clips) + 1, path, ns_to_seconds(end_ns - begin_ns), saved_at)
            self._clips.append(clip)
        return clip

    def clips(self) -> list[Clip]:
        """The clips of this run, oldest first."""
        with self._lock:
            return list(self._clips)

    # Outputs

    def outputs(self) -> list[OutputStatus]:
        """The run's outputs as they are now, files by their names without their folders; none before playback."""
        playback = self._run.playback
        return [] if playback is None else [_without_folder(one) for one in playback.outputs.statuses()]

    def record(self) -> OutputStatus:
        """Begin to record to a new file, beside the run's own file or among the clips. Raises OutputError."""
        own = [path for path in self._run.settings.outputs if path.suffix.lower() != ".m3u8"]
        beside = own[0] if own else self._folder / "recording.mp4"
        path = self._new_file(beside.parent, beside.stem, beside.suffix)
        return _without_folder(self._outputs().record(path))

    def start_output(self, number: int) -> OutputStatus:
        """Start a stopped stream again."""
        return _without_folder(self._outputs().start(number))

    def stop_output(self, number: int) -> OutputStatus:
        """Stop a stream or a recording; blocks until its file is complete."""
        return _without_folder(self._outputs().stop(number))

    def finished_file(self, number: int) -> Path | None:
        """The file of an output that has ended; None where there is none, or not one alone."""
        playback = self._run.playback
        statuses = [] if playback is None else playback.outputs.statuses()
        for status in statuses[number : number + 1]:
            path = Path(status.name)
            if status.kind == "file" and status.state in ("off", "failed") and path.suffix != ".m3u8":
                return path if path.is_file() else None
        return None

    def _outputs(self) -> OutputBoard:
        if self._run.playback is None:
            raise StateError("nothing is played yet; start and stop after playback has started")
        return self._run.playback.outputs

    def _new_file(self, folder: Path, stem: str, suffix: str) -> Path:
        """The name of a file that is not there yet: ``STEM-DATE-TIME-NUMBER.SUFFIX``."""
        with self._lock:
            self._files_begun += 1
            number = self._files_begun
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: nothing can be kept there ({error.strerror})") from error
        return folder / f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}-{number:03d}{suffix}"

    # What there is to see

    def open_browser_preview(self, on_piece: OnPiece) -> BrowserPreview:
        """The film as a browser plays it, from now on until it is closed; see PlaybackPipeline."""
        if self._run.playback is None:
            raise StateError("nothing is played yet; look again after playback has started")
        return self._run.playback.open_browser_preview(on_piece)

    @property
    def rig(self) -> Rig | None:
        """The cameras; None until the sources are known."""
        return self._run.rig

    def panorama(self) -> View:
        """The view that shows all of the rig in a picture PANORAMA_WIDTH_PX x PANORAMA_HEIGHT_PX."""
        if self._panorama is None:
            if self._run.rig is None:
                raise StateError("the cameras are not known yet; wait for the first picture")
            self._panorama = panorama_view(self._run.rig, PANORAMA_WIDTH_PX / PANORAMA_HEIGHT_PX)
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
            "scene": None if scene is None else self._in_panorama(scene),
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
            raise StateError("the camera is not directed yet; wait for the first picture")
        return self._run.director

    def _in_panorama(self, scene: Scene) -> dict[str, Any]:
        """What to draw over the panorama, in parts of its width and height."""
        hfov_deg = self.panorama().hfov_deg
        centres = self._places(np.array([(one.yaw_deg, one.tilt_deg) for one in scene.detections]))
        return {
            "frame": self._places(scene.outline),
            "path": self._places(scene.path),
            "boxes": [
                {
                    "label": found.label,
                    "x": centre[0],
                    "y": centre[1],
                    "w": round(found.width_deg / hfov_deg, 4),
                    "h": round(found.height_deg / hfov_deg * PANORAMA_WIDTH_PX / PANORAMA_HEIGHT_PX, 4),
                }
                for found, centre in zip(scene.detections, centres, strict=True)
                if centre is not None
            ],
        }

    def _places(self, angles: Any) -> list[list[float] | None]:
        """Yaw and tilt (N, 2) in degrees as places in the panorama; None for what it does not show."""
        yaw, tilt = angles.reshape(-1, 2).T
        pixels = self.panorama().angles_to_pixels(yaw, tilt, PANORAMA_WIDTH_PX, PANORAMA_HEIGHT_PX)
        parts = (pixels + 0.5) / (PANORAMA_WIDTH_PX, PANORAMA_HEIGHT_PX)
        return [[round(float(x), 4), round(float(y), 4)] if np.isfinite(x + y) else None for x, y in parts]


def _without_folder(status: OutputStatus) -> OutputStatus:
    """A file by its name alone: where it lies is nobody's business who looks from elsewhere."""
    if status.kind == "stream":
        return status
    name = Path(status.name).name
    trouble = None if status.trouble is None else status.trouble.replace(status.name, name)
    return replace(status, name=name, trouble=trouble)
