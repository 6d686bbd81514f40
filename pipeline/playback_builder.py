"""PlaybackPipelineBuilder: builds appsrcs -> for each film view -> encode -> files and streams; and a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pipeline.analysis.camera_clocks import CameraClocks
from pipeline.errors import ConfigError, ForesightError
from pipeline.graphics.private_areas import PrivateArea
from pipeline.gst.core.branch_guard import branch_guard
from pipeline.gst.core.connections import Connections
from pipeline.gst.core.decoder_threads import share_cores
from pipeline.gst.core.elements import chain, is_raw, link, make, make_appsrc, static_pad
from pipeline.gst.core.frame_corrector import FrameCorrector
from pipeline.gst.core.frame_rate import check_first_rate
from pipeline.gst.core.privacy_element import PrivacyElement
from pipeline.gst.core.stacker import Stacker
from pipeline.gst.core.stereo import make_stereo_mixer
from pipeline.gst.encode.encoding import Encoding
from pipeline.gst.output.browser_preview import BrowserPreview, OnFragment
from pipeline.gst.output.file import Split
from pipeline.gst.output.film_feed import FilmFeed
from pipeline.gst.output.film_ring import FilmKept, FilmRing
from pipeline.gst.output.limits import OutputLimits
from pipeline.gst.output.open_output import open_file, open_stream
from pipeline.gst.output.output_board import OutputBoard
from pipeline.gst.playback.film_branch import FilmBranch, Rendering
from pipeline.gst.playback.limits import PlaybackLimits
from pipeline.gst.playback.playback_pipeline import RIG_FRAMES, PlaybackPipeline
from pipeline.gst.playback.sound_meter import SoundMeter
from pipeline.gst.playback.sound_padding import SoundEnd
from pipeline.gst.runtime import Gst, GstApp
from pipeline.media.bitrate_law import BitrateBounds
from pipeline.media.formats import HlsSegments
from pipeline.media.frame_correction import UPRIGHT
from pipeline.media.output_spec import FileSpec, StreamSpec
from pipeline.optics.rig import Rig

__all__ = ["Encoding", "FilmBranch", "PlaybackPipelineBuilder", "Rendering"]


class _Tees(NamedTuple):
    """The tees of a film's frames, and of those without graphics, which is the same one if there are none."""

    shown: Gst.Element
    clean: Gst.Element


class PlaybackPipelineBuilder:
    """Builds the playback pipeline for the streams of the delay line. Any thread; one call of `build` at a time.

    `video_caps`: the caps of each video stream, either rig frames or one compressed stream per camera, which
    needs a `rig`; `cameras`: their names, for messages, and `orientations`: how their frames stand, as
    image-orientation tags. `audio_caps`: None without sound. `view`: an element between the rig frame and the
    encoder (a ViewElement, or any other that transforms raw frames). `graphics`: an element behind it that
    draws on the frames of every output but those whose spec says otherwise. `files`, `streams` and
    `show_window`: the outputs, all from one encode (`encoding`, required for files and streams, also for those
    that start later), and a second one without graphics; `stream_bounds`: between which video bit rates the pushes
    follow their servers, None if they do not. `film`: how much of the encoded film is kept for clips
    (`outputs.film`). `cover`, `mute`: elements in front of all outputs and graphics, for what must not be seen
    or heard. `films`: the films instead of the one that view, graphics, cover, files and streams are; the first is
    shown in the window, and kept. `private_areas`: areas of the rig frame that are blurred. `split`: when a file
    continues in its next part. `hls_segments`: the kind of segments in a playlist. `live`: playback does not wait
    for a file whose disk hangs. `framerate`: frames per second by the timestamps, 0 if unknown. `is_watched`:
    playback continues when its last output has failed, as with a window. `limits` and `output_limits`: how long to
    wait for the pipeline and the outputs. `clocks`: what is added to the times of several cameras, by the capture's
    running time, which `captured_ns` tells of playback's.

    Raises ConfigError when the arguments do not fit together.
    """

    def __init__(
        self,
        video_caps: Sequence[Gst.Caps],
        audio_caps: Gst.Caps | None = None,
        *,
        cameras: Sequence[str] = (),
        orientations: Sequence[str] = (),
        files: Sequence[Path | FileSpec] = (),
        film: FilmKept | None = None,
        split: Split | None = None,
        hls_segments: HlsSegments = "ts",
        streams: Sequence[str | StreamSpec] = (),
        show_window: bool = False,
        is_watched: bool = False,
        live: bool = False,
        framerate: float = 0.0,
        encoding: Encoding | None = None,
        stream_bounds: BitrateBounds | None = None,
        view: Gst.Element | None = None,
        graphics: Gst.Element | None = None,
        cover: Gst.Element | None = None,
        mute: Gst.Element | None = None,
        films: Sequence[FilmBranch] = (),
        private_areas: Sequence[PrivateArea] = (),
        rig: Rig | None = None,
        clocks: CameraClocks | None = None,
        captured_ns: Callable[[int], int] = int,
        limits: PlaybackLimits = PlaybackLimits(),
        output_limits: OutputLimits = OutputLimits(),
    ) -> None:
        if not films:
            films = (
                FilmBranch(
                    "main",
                    Rendering(view, cover, graphics),
                    tuple(
                        file if isinstance(file, FileSpec) else FileSpec.parse(file, hls_segments)
                        for file in files
                    ),
                    tuple(
                        stream if isinstance(stream, StreamSpec) else StreamSpec.parse(stream)
                        for stream in streams
                    ),
                ),
            )
        if (any(one.files or one.streams for one in films) or film) and encoding is None:
            raise ConfigError("files, streams and a film that is kept need an encoding")
        if not (encoding or show_window):
            raise ConfigError("the video has no output; give an encoding, or show a window")
        if len(video_caps) > 1 and rig is None:
            raise ConfigError("several camera streams need a rig")
        self._video_caps = list(video_caps)
        self._audio_caps = audio_caps
        count = len(self._video_caps)
        self._cameras = list(cameras) or [f"camera {index}" for index in range(count)]
        self._orientations = list(orientations) or [UPRIGHT] * count
        self._films = films
        self._film = film
        self._split = split
        self._show_window = show_window
        self._is_watched = is_watched or show_window
        self._live = live
        self._framerate = framerate
        self._encoding = encoding
        self._stream_bounds = stream_bounds
        self._mute = mute
        self._private_areas = private_areas
        self._rig = rig
        self._clocks, self._captured_ns = clocks, captured_ns
        self._limits = limits
        self._output_limits = output_limits

    def build(self) -> PlaybackPipeline:
        """Build the pipeline, in state NULL; the buffer manager starts it.

        Raises ConfigError, OutputError, PipelineError or MissingDependencyError.
        """
        pipeline = Gst.Pipeline.new("playback")
        share_cores(pipeline, len(self._video_caps))
        appsrcs = [make_appsrc(f"video_src_{i}", caps) for i, caps in enumerate(self._video_caps)]
        audio_appsrc = None if self._audio_caps is None else make_appsrc("audio_src", self._audio_caps)
        connections = Connections()
        correctors: list[FrameCorrector] = []
        tees = self._link_video(pipeline, appsrcs, connections, correctors)
        video_tee = tees[self._films[0].rendering].shown
        sound_end = (
            None if audio_appsrc is None else SoundEnd(pipeline, audio_appsrc, static_pad(video_tee, "sink"))
        )
        audio_tee = None if sound_end is None else self._link_sound(pipeline, sound_end)
        sound_meter = None if audio_tee is None else SoundMeter(static_pad(audio_tee, "sink"))
        outputs = OutputBoard(
            pipeline,
            [self._feed_of(film, tees, audio_tee) for film in self._films],
            self._encoding,
            may_be_empty=self._is_watched,
            limits=self._output_limits,
        )
        if self._encoding is not None:
            try:
                self._open_outputs(outputs, self._encoding)
            except ForesightError:
                outputs.finish()  # otherwise a server that is already open keeps its port
                raise
        if self._show_window:
            self._open_window(pipeline, video_tee, audio_tee)

        def make_browser_preview(film: str | None, on_fragment: OnFragment) -> BrowserPreview:
            shown = outputs.film_named(film)
            return BrowserPreview(pipeline, shown.video_tee, shown.audio_tee, on_fragment)

        return PlaybackPipeline(
            pipeline,
            appsrcs,
            audio_appsrc,
            outputs,
            make_browser_preview,
            self._limits,
            connections,
            sound_end,
            correctors,
            sound_meter,
        )

    def _link_video(
        self,
        pipeline: Gst.Pipeline,
        appsrcs: list[GstApp.AppSrc],
        connections: Connections,
        correctors: list[FrameCorrector],
    ) -> dict[Rendering, _Tees]:
        """Link appsrcs -> (decode, correct) -> (stack) -> (privacy) -> for each rendering its elements and tees.

        Adds to `correctors`. Returns the tees of each rendering.
        """
        steps = [make("queue", RIG_FRAMES, max_size_buffers=2, max_size_bytes=0, max_size_time=0)]
        if self._private_areas:
            steps.append(PrivacyElement(self._private_areas))
        renderings = list(dict.fromkeys(film.rendering for film in self._films))
        if len(renderings) > 1:
            steps.append(make("tee", "rig-frame"))
        chain(pipeline, *steps)
        tees = {}
        for index, rendering in enumerate(renderings):
            source = steps[-1]
            if len(renderings) > 1:
                source = self._link_branch(pipeline, source)
            tees[rendering] = self._link_rendering(pipeline, source, rendering, is_first=not index)
        entry = static_pad(steps[0], "sink")
        if self._framerate:
            check_first_rate(entry, connections, self._framerate)
        if self._rig is not None and len(appsrcs) > 1:
            stacker = Stacker.of_rig(
                self._rig,
                live=False,
                connections=connections,
                clocks=self._clocks,
                captured_ns=self._captured_ns,
            )
            pipeline.add(stacker.element)
            static_pad(stacker.element, "src").link(entry)
            entries = [static_pad(stacker.element, f"camera_{index}") for index in range(len(appsrcs))]
        else:
            entries = [entry]
        for index, (appsrc, end) in enumerate(zip(appsrcs, entries, strict=True)):
            if is_raw(appsrc.get_caps()):
                pipeline.add(appsrc)
                static_pad(appsrc, "src").link(end)
            else:
                corrector = FrameCorrector(self._cameras[index], connections, self._orientations[index])
                self._link_decoded(pipeline, appsrc, corrector, end)
                correctors.append(corrector)
        return tees

    @staticmethod
    def _link_branch(pipeline: Gst.Pipeline, tee: Gst.Element) -> Gst.Element:
        """A branch of the rig frames whose failure does not stop the others; returns its last element."""
        steps = [branch_guard(), make("queue", None, max_size_buffers=2, max_size_bytes=0, max_size_time=0)]
        chain(pipeline, *steps)
        link(tee, steps[0])
        return steps[-1]

    @staticmethod
    def _link_rendering(
        pipeline: Gst.Pipeline, source: Gst.Element, rendering: Rendering, *, is_first: bool
    ) -> _Tees:
        """Link source -> (view) -> (cover) -> (tee -> graphics) -> tee."""
        steps = [one for one in (rendering.view, rendering.cover) if one is not None]
        tee = clean = make("tee", "picture" if is_first else None, allow_not_linked=not is_first)
        if rendering.graphics is not None:
            clean = make("tee", "clean-picture" if is_first else None, allow_not_linked=not is_first)
            steps += [clean, rendering.graphics]
        steps.append(tee)
        if is_first:
            # a sink that receives only events, so that EOS reaches the bus also while no output is on
            gate = make("valve", None, drop=True, drop_mode="forward-sticky-events")
            eos_sink = make("fakesink", None, sync=False)
            eos_sink.set_property("async", False)
            steps += [gate, eos_sink]
        chain(pipeline, *steps)
        link(source, steps[0])
        return _Tees(tee, clean)

    def _feed_of(
        self, film: FilmBranch, tees: dict[Rendering, _Tees], audio_tee: Gst.Element | None
    ) -> FilmFeed:
        """Where the outputs of `film` get its frames and its sound."""
        made = tees[film.rendering]
        shown = made.shown if film.graphics else made.clean
        # a run shows what its first film shows; it has failed if that cannot be rendered
        is_first = film.rendering is self._films[0].rendering
        return FilmFeed(
            film.name,
            shown,
            audio_tee if film.sound else None,
            None if made.clean is shown else made.clean,
            () if is_first else film.rendering.elements,
        )

    @staticmethod
    def _link_decoded(
        pipeline: Gst.Pipeline, appsrc: GstApp.AppSrc, corrector: FrameCorrector, end: Gst.Pad
    ) -> None:
        decoder = make("decodebin")
        chain(pipeline, appsrc, decoder)
        pipeline.add(corrector.element)
        entry = static_pad(corrector.element, "sink")
        decoder.connect("pad-added", lambda _element, pad: pad.link(entry))
        static_pad(corrector.element, "src").link(end)

    def _link_sound(self, pipeline: Gst.Pipeline, sound_end: SoundEnd) -> Gst.Element:
        queue, tee = make("queue"), make("tee", "sound", allow_not_linked=True)
        mute = [] if self._mute is None else [self._mute]
        chain(pipeline, queue, *make_stereo_mixer(), *mute, tee)
        link(sound_end.element, queue)
        return tee

    def _open_outputs(self, outputs: OutputBoard, encoding: Encoding) -> None:
        video, audio = encoding.video_codec, encoding.audio_codec
        silence = encoding.make_audio_encoder if audio == "aac" else None
        for film in self._films:
            audio_codec = audio if self._has_sound(film) else None
            for file in film.files:
                output = open_file(file, video_codec=video, audio_codec=audio_codec, split=self._split)
                if self._live:
                    output.buffer_slow_disk(self._output_limits.slow_disk_s)
                outputs.add(output, graphics=file.graphics, film=film.name)
            for stream in film.streams:
                reopen = partial(
                    open_stream,
                    stream,
                    video_codec=video,
                    audio_codec=audio_codec,
                    make_silence_encoder=silence,
                    limits=self._output_limits,
                    bounds=self._stream_bounds,
                )
                outputs.add_restartable(reopen, graphics=stream.graphics, film=film.name)
        if self._film is not None:
            outputs.keep_film(FilmRing(self._film, with_sound=self._has_sound(self._films[0])))

    def _has_sound(self, film: FilmBranch) -> bool:
        return self._audio_caps is not None and film.sound

    @staticmethod
    def _open_window(pipeline: Gst.Pipeline, video_tee: Gst.Element, audio_tee: Gst.Element | None) -> None:
        steps = [make("queue"), make("videoconvert"), make("autovideosink", "window", sync=True)]
        chain(pipeline, *steps)
        link(video_tee, steps[0])
        if audio_tee is not None:
            steps = [
                make("queue"),
                make("audioconvert"),
                make("audioresample"),
                make("autoaudiosink", sync=True),
            ]
            chain(pipeline, *steps)
            link(audio_tee, steps[0])
