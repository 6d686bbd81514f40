"""Control: everything an operator can see and control during a run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.buffering.spans import Span
from pipeline.direction.camera_path import CameraPath
from pipeline.errors import ConfigError, StateError
from pipeline.graphics.content import LowerThird
from pipeline.graphics.cover import Cover
from pipeline.gst.core.frames import HeldFrame
from pipeline.gst.output.browser_preview import BrowserPreview, OnFragment
from pipeline.gst.output.output_slot import OutputStatus
from pipeline.gst.playback.cover_element import LONGEST_FRAME_NS
from pipeline.operator.clips import Clips, ClipWanted
from pipeline.operator.outputs import Outputs
from pipeline.operator.panorama import Panorama
from pipeline.operator.rig_by_points import RigByPoints
from pipeline.operator.run_stills import RunStills
from pipeline.optics.rig import Rig
from pipeline.run.clip_book import Clip
from pipeline.run.dump import Dumped, What, end_of
from pipeline.run.encoding_choice import clip_encoding
from pipeline.run.file_names import FileNames
from pipeline.run.match_chapters import LEAST_TITLES, service_titles
from pipeline.run.match_entry import Entered, IfLate
from pipeline.run.match_view import TagView
from pipeline.run.proposal_book import ProposalView
from pipeline.run.scene import Scene
from pipeline.scoring.chapters import SERVICE_NS, chapters_at, ffmetadata
from pipeline.scoring.clock import Clock
from pipeline.scoring.match_score import MatchScore
from pipeline.scoring.values import Side
from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds, seconds_to_ns

ChapterForm = Literal["youtube", "ffmetadata"]
"""youtube: lines for a streaming service's description; ffmetadata: a file for ffmpeg."""

LAST_PROPOSALS = 8
"""So many open proposals, the newest ones, are in a snapshot."""

USUAL_HFOV_DEG = 50.0
"""The field of view of `look_at` before the camera has a view."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened: a captured time, or seconds before the newest frame or before the one that is shown.

    One of the three is given. `if_late`: what is done if that frame has been handed to playback.
    """

    captured_s: float | None = None
    seconds_ago: float | None = None
    shown_seconds_ago: float | None = None
    if_late: IfLate = "refuse"


class Control:
    """An operator's control of `run`. Any thread; only `save_footage` and `stop_output` block, until a file is
    complete, and `save_clip` for a moment.

    Every action raises StateError when the state of the run does not allow it. ``points``: a rig by clicks on
    ``stills``.
    """

    def __init__(self, run: PanoramaWithVirtualCamera, clips: Path) -> None:
        self._run = run
        self._names = FileNames()
        settings = run.settings
        self._clips = Clips(
            run.buffer_manager,
            run.film_clips,
            run.clip_book,
            clips,
            self._names,
            clip_encoding(settings),
            is_private=bool(settings.privacy.areas) and settings.storage == "source",
        )
        self._outputs = Outputs(run)
        self.stills = RunStills(run)
        self.points = RigByPoints(self.stills)
        self._panorama: Panorama | None = None
        self._preview: BrowserPreview | None = None
        self._rendered_ns: Nanoseconds | None = None

    def end_run(self) -> None:
        """End the capture; the window is still played, and every file is completed. Idempotent."""
        self._run.stop()

    # The camera

    def take_over(self, yaw_deg: float, tilt_deg: float, hfov_deg: float) -> None:
        """Move the camera there smoothly; it stays until `hand_back`. Raises ConfigError for an invalid view."""
        if not 1.0 <= hfov_deg <= 170.0:
            raise ConfigError(f"hfov_deg is {hfov_deg}; give 1 to 170")
        self._camera().take_over(yaw_deg, tilt_deg, hfov_deg)

    def look_at(self, x: float, y: float) -> None:
        """Take over, towards a place in the panorama; `x` and `y` are 0 to 1 from its upper left corner.

        The field of view does not change.
        """
        yaw_deg, tilt_deg = self.panorama().angles_at(x, y)
        scene = self.scene()
        view = None if scene is None else scene.view
        self.take_over(yaw_deg, tilt_deg, USUAL_HFOV_DEG if view is None else view.hfov_deg)

    def hold_camera(self) -> None:
        """Stop the camera at its present view; playback continues."""
        self._camera().hold()

    def hand_back(self) -> None:
        """Let the director steer again."""
        self._camera().hand_back()

    # The delay line

    def pause(self) -> None:
        """Freeze playback on one frame; the window continues to fill."""
        self._run.buffer_manager.pause()

    def resume(self) -> None:
        """Continue after `pause`; the delay grows by the time in between."""
        self._run.buffer_manager.resume()

    def jump_back(self, seconds: float) -> float:
        """Replay the last `seconds`, as far as the window holds them; returns the new delay in seconds."""
        manager = self._run.buffer_manager
        now_ns = manager.playhead_ns
        if now_ns is None:
            raise StateError("playback has not started yet; replay once it has")
        manager.seek(now_ns - seconds_to_ns(seconds))
        return manager.delay_s

    def return_to_delay(self) -> float:
        """Return to the delay of the settings; returns the delay that was reached, in seconds."""
        return self.set_delay(self._run.settings.delay_s)

    def set_delay(self, seconds: float) -> float:
        """Change the delay; returns the delay that was reached, in seconds.

        Raises ConfigError for a delay longer than the window.
        """
        return self._run.buffer_manager.set_delay(seconds)

    # The match

    def set_score(self, when: Moment, home: int, away: int, **fouls: int | None) -> Entered[MatchScore]:
        """Set the score from a moment on. Raises LateError, ConfigError; see MatchEntry."""
        return self._run.match.set_score(self._captured_ns(when), home, away, if_late=when.if_late, **fouls)

    def add_to_score(
        self, when: Moment, team: Side, points: int, fouls: int, tag: int | None
    ) -> Entered[MatchScore]:
        """Add to, or take from, the score of a moment and every later one. Raises LateError, ConfigError."""
        return self._run.match.add_to_score(
            self._captured_ns(when), team, points, fouls, if_late=when.if_late, tag=tag
        )

    def set_clock(
        self,
        when: Moment,
        running: bool | None,
        period: int | None,
        elapsed_s: float | None,
        added_min: int | None,
    ) -> Entered[Clock]:
        """Start, stop or set the match clock at a moment. Raises LateError, ConfigError; see MatchEntry."""
        return self._run.match.set_clock(
            self._captured_ns(when), running, period, elapsed_s, added_min, if_late=when.if_late
        )

    def set_lower_third(self, when: Moment, name: str, role: str, seconds: float | None) -> LowerThird | None:
        """Show a name and a role, from a moment on. Raises LateError, ConfigError; see MatchEntry."""
        return self._run.match.set_lower_third(self._captured_ns(when), name, role, seconds)

    def set_replay(self, when: Moment, word: str | None) -> str | None:
        """Show the sign of a replay, from a moment on; None: take it away. Raises as `set_lower_third`."""
        return self._run.match.set_replay(self._captured_ns(when), word)

    def add_tag(self, when: Moment, kind: str, team: Side | None, label: str, who: str) -> TagView:
        """Mark a moment; blocks for the disk. Raises ConfigError."""
        tag = self._run.match.add_tag(self._captured_ns(when), kind, team, label, who)
        return self._run.match.views([tag])[0]

    def undo_tag(self, number: int, who: str) -> TagView:
        """Take a tag back; returns it, with the points that left the score with it; blocks for the disk."""
        undone = self._run.match.undo_tag(number, who)
        return replace(self._run.match.views([undone.tag])[0], points=undone.points)

    def tags(self) -> list[TagView]:
        """The tags that hold, in order of captured time."""
        match = self._run.match
        return match.views(match.tags())

    def proposals(self) -> list[ProposalView]:
        """The proposals of tags, in order of captured time, and what became of each."""
        return self._run.match.proposed()

    def take_proposal(self, number: int, team: Side | None, label: str, who: str) -> TagView:
        """Make a tag of a proposal, at its moment; blocks for the disk. Raises ConfigError."""
        tag = self._run.match.proposals.take(number, team, label, who)
        return self._run.match.views([tag])[0]

    def dismiss_proposal(self, number: int) -> None:
        """Put a proposal away."""
        self._run.match.proposals.dismiss(number)

    def chapters(self, form: ChapterForm) -> str:
        """The chapters of the film so far, as text to paste or to give to a program. Raises StateError if there are
        fewer than a streaming service takes."""
        begins, length_ns = self._run.film_begins()
        if form == "ffmetadata":
            return ffmetadata(chapters_at(begins, length_ns)) if length_ns else ffmetadata([])
        titles = service_titles(begins, length_ns)
        if not titles:
            raise StateError(
                f"there are fewer than {LEAST_TITLES} chapters of {SERVICE_NS // NS_PER_S} s so far; a streaming "
                "service takes no fewer: set more tags"
            )
        return titles

    def _captured_ns(self, when: Moment) -> Nanoseconds:
        return self._run.match.captured_ns(when.captured_s, when.seconds_ago, when.shown_seconds_ago)

    # The dump button

    def cover(
        self, when: Moment, until_s: float | None, seconds: float | None, cover: Cover
    ) -> Dumped[Cover]:
        """Cover the picture from a moment on, up to a captured time, for `seconds`, or until it is released.

        Raises LateError, ConfigError; see Dump.
        """
        begin_ns = self._captured_ns(when)
        return self._run.dump.cover(begin_ns, end_of(begin_ns, until_s, seconds), cover)

    def mute(self, when: Moment, until_s: float | None, seconds: float | None) -> Dumped[None]:
        """Mute the sound, as `cover` does the picture."""
        begin_ns = self._captured_ns(when)
        return self._run.dump.mute(begin_ns, end_of(begin_ns, until_s, seconds))

    def release(self, what: What, when: Moment) -> None:
        """Cover, or mute, nothing from a moment on; without one, from the newest frame that was captured."""
        if when == Moment():
            when = Moment(seconds_ago=0.0)
        self._run.dump.release(what, self._captured_ns(when))

    def cover_of_image(self, held: HeldFrame, time_ns: Nanoseconds) -> Cover | None:
        """What covers a frame of this running time of playback; None if nothing does."""
        lasts_ns = min(held.buffer.duration, LONGEST_FRAME_NS)  # it may have none
        return self._run.dump.cover_of_image(time_ns, Nanoseconds(time_ns + lasts_ns))

    # Clips

    def save_clip(self, wanted: ClipWanted) -> Clip:
        """Begin to save a clip; returns it, saved or being saved, within two seconds. Raises OutputError."""
        return self._clips.save(wanted)

    def save_footage(self, before_s: float, after_s: float) -> Clip:
        """Save the cameras' footage from `before_s` before to `after_s` after the playhead; blocks. Raises
        OutputError, StateError."""
        return self._clips.save_footage(before_s, after_s)

    def clips(self) -> list[Clip]:
        """The clips of this run, oldest first, those that are being saved too."""
        return self._clips.clips()

    # Outputs

    def outputs(self) -> list[OutputStatus]:
        """The state of the run's outputs, files without their folders; empty before playback."""
        return self._outputs.statuses()

    def record(self, *, graphics: bool = True, film: str | None = None) -> OutputStatus:
        """Start a recording of a film, the first one if None, in a new file, beside its own file or the clips.

        Raises OutputError.
        """
        return self._outputs.record(self._clips.folder, self._names, graphics=graphics, film=film)

    def start_output(self, number: int) -> OutputStatus:
        """Start a stopped stream again."""
        return self._outputs.start(number)

    def stop_output(self, number: int) -> OutputStatus:
        """Stop a stream or a recording; blocks until its file is complete."""
        return self._outputs.stop(number)

    def finished_file(self, number: int) -> Path | None:
        """The file of an output that has ended; None if it has no file or more than one."""
        return self._outputs.finished_file(number)

    # What an operator sees

    def open_browser_preview(self, on_fragment: OnFragment) -> BrowserPreview:
        """Open the preview; the caller closes it. See PlaybackPipeline."""
        if self._run.playback is None:
            raise StateError("playback has not started yet; open the preview once it has")
        film = self._run.watched_film
        preview = self._preview = self._run.playback.open_browser_preview(on_fragment, film)
        if film != self._run.watched_film:  # another one was asked for meanwhile
            preview.close()
        return preview

    def show_film(self, name: str) -> None:
        """Show another film in the previews: a video that is open ends, and the next one is of that film."""
        if name == self._run.watched_film:
            return
        self._run.watch_film(name)
        if self._preview is not None:
            self._preview.close()

    def _films(self) -> list[dict[str, Any]]:
        numbers: dict[str, list[int]] = {}
        for status in self.outputs():
            numbers.setdefault(status.film, []).append(status.number)
        return [
            {
                "name": film.name,
                "size": str(film.picture.size),
                "follow": film.picture.follow,
                "outputs": numbers.get(film.name, []),
                "shown": film.name == self._run.watched_film,
            }
            for film in self._run.settings.film_specs
        ]

    @property
    def rig(self) -> Rig | None:
        """The cameras; None until the sources are known."""
        return self._run.rig

    def panorama(self) -> Panorama:
        """The panorama of the rig."""
        if self._panorama is None:
            if self._run.rig is None:
                raise StateError("the cameras are not known yet; wait for the first frame")
            self._panorama = Panorama(self._run.rig)
        return self._panorama

    def rendered(self, time_ns: Nanoseconds) -> None:
        """Note that playback has rendered the frame at its running time `time_ns`."""
        self._rendered_ns = time_ns

    def scene(self) -> Scene | None:
        """The scene of the last rendered frame; None before playback.

        It is ahead of the outputs by at most the cushion.
        """
        if self._rendered_ns is None:
            return None
        return self._run.scene_at(self._run.buffer_manager.captured_ns(self._rendered_ns))

    def snapshot(self) -> dict[str, Any]:
        """The state of the run, as JSON values, without its Progress: transport, camera, scene, notes, outputs."""
        manager, settings = self._run.buffer_manager, self._run.settings
        scene, director, cameras = self.scene(), self._run.director, self._run.cameras
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
            "clock_drift_ppm": round(self._run.clock_drift_ppm, 1),
            "sway_deg": round(max((camera.now_deg for camera in cameras), default=0.0), 3),
            "cameras": [asdict(camera) for camera in cameras],
            "notes": list(self._run.notes),
            "outputs": [
                asdict(status) | {"can_download": self.finished_file(status.number) is not None}
                for status in self.outputs()
            ],
            "films": self._films(),
            "clips": len(self.clips()),
            "clip_changes": self._clips.changes,
            "keeps_film": self._run.film_clips.has_film,
            "cover": _dump_state(*self._run.dump.covers()),
            "mute": _dump_state(*self._run.dump.mutes()),
            "match": asdict(self._run.match.view()),
            "proposals": [asdict(one) for one in self.proposals() if one.state == "open"][-LAST_PROPOSALS:],
            "ended": None,
        }

    def _camera(self) -> CameraPath:
        if self._run.director is None:
            raise StateError("the camera cannot be steered yet; wait for the first frame")
        return self._run.director


def span_json(span: Span[Any]) -> dict[str, Any]:
    """A span as a client sees it: captured times in seconds; what covers it, null for sound."""
    until_s = None if span.end_ns is None else ns_to_seconds(span.end_ns)
    how = span.held.how if isinstance(span.held, Cover) else None
    return {"captured_s": ns_to_seconds(span.begin_ns), "until_s": until_s, "how": how}


def _dump_state(coming: tuple[Span[Any], ...], is_on: bool) -> dict[str, Any]:
    return {"on": is_on, "spans": [span_json(span) for span in coming]}
