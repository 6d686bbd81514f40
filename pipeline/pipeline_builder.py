"""PipelineBuilder: builds the pipeline from the sources to the appsinks of the delay line and the detector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from pipeline.analysis.camera_clocks import CameraClocks
from pipeline.errors import ConfigError, RigError
from pipeline.graphics.private_areas import PrivateArea
from pipeline.gst.capture.analysis_pipeline import AnalysisPipeline
from pipeline.gst.capture.clocked_sound import ClockedSound
from pipeline.gst.capture.limits import CameraLimits
from pipeline.gst.capture.open_source import open_source
from pipeline.gst.capture.sound_delays import SoundDelays
from pipeline.gst.capture.stream_joiner import OnStream, StreamTargets, join_streams
from pipeline.gst.core.decoder_threads import share_cores
from pipeline.gst.core.elements import chain, link, make, make_appsink, static_pad
from pipeline.gst.core.frame_corrector import FrameCorrector
from pipeline.gst.core.frame_rate import check_rate
from pipeline.gst.core.privacy_element import PrivacyElement
from pipeline.gst.core.stacker import Stacker
from pipeline.gst.core.stream_colour import trust_streams
from pipeline.gst.runtime import Gst
from pipeline.media.frame_rate import ENOUGH
from pipeline.media.source_spec import SourceSpec
from pipeline.optics.rig import Rig
from pipeline.timebase import seconds_to_ns

Storage = Literal["raw", "encoded", "source"]

DETECTOR_QUEUE = 2
"""Frames between the tee and the detector's appsink: one being handed over, and the next."""

DETECTOR_QUEUE_OFFLINE = ENOUGH + 1
"""The same offline, where a full queue blocks the sources: the detector starts once the frame rate is known."""


class PipelineBuilder:
    """Builds the analysis pipeline for one or more sources. Any thread; one call of `build` at a time.

    `sources`: ``match``, files, URIs, devices, or ``gst:`` fragments, as text or as SourceSpec; several are stacked
    into one rig frame and need a `rig`. `live`: frames arrive in real time (True), or as fast as they are accepted
    (False). A live camera that drops out is reconnected; its last frame replaces one that is more than `patience_s`
    late, and `camera_limits` say when it counts as lost. `storage`: what the video appsink receives, ``raw`` rig
    frames, rig frames ``encoded`` here (`encoder` makes the element), or a camera's compressed ``source`` stream.
    `duration_s`: every stream ends at this running time. `audio_source`: the index of the source whose sound is
    used (default: the first that has any). `detector_branch` adds the branch for a detector. `clocks`: what is
    added to the times of several cameras and of their sound. `private_areas`: areas of the rig frame that are
    blurred in decoded video; a compressed ``source`` stream stays as it is. `on_stream` is called with the pad of
    each stream that is used (see StreamTargets); the video there is as compressed as it came.

    Raises ConfigError or RigError when the arguments do not fit together.
    """

    def __init__(
        self,
        sources: Sequence[str | SourceSpec],
        *,
        rig: Rig | None = None,
        live: bool = True,
        patience_s: float = 1.0,
        storage: Storage = "raw",
        duration_s: float | None = None,
        audio_source: int | None = None,
        detector_branch: bool = False,
        encoder: Callable[[], Gst.Element] | None = None,
        camera_limits: CameraLimits = CameraLimits(),
        clocks: CameraClocks | None = None,
        private_areas: Sequence[PrivateArea] = (),
        on_stream: OnStream | None = None,
    ) -> None:
        if not sources:
            raise ConfigError("no source was given; give a file, a URI, a device, gst:... or match")
        if len(sources) > 1 and rig is None:
            raise RigError(
                "several sources need a rig; make one with: foresight calibrate SOURCE SOURCE... -o RIG"
            )
        if rig is not None and len(rig.cameras) != len(sources):
            raise RigError(f"the rig has {len(rig.cameras)} cameras but {len(sources)} sources were given")
        if storage == "encoded" and encoder is None:
            raise ConfigError("storage 'encoded' needs an encoder")
        self._sources = [
            source if isinstance(source, SourceSpec) else SourceSpec.parse(source) for source in sources
        ]
        self._rig = rig
        self._live = live
        self._patience_s = patience_s
        self._storage = storage
        self._duration_s = duration_s
        self._audio_source = audio_source
        self._detector_branch = detector_branch
        self._encoder = encoder
        self._camera_limits = camera_limits
        self._clocks = clocks
        self._private_areas = private_areas
        self._on_stream = on_stream

    def build(self) -> AnalysisPipeline:
        """Build the pipeline, in state NULL. Raises SourceError, ConfigError or MissingDependencyError."""
        sources = [
            open_source(
                source,
                decode=self._storage != "source" and self._on_stream is None,
                live=self._live,
                duration_s=self._duration_s,
                patience_s=self._patience_s if self._live else None,
                limits=self._camera_limits,
            )
            for source in self._sources
        ]
        pipeline = Gst.Pipeline.new("analysis")
        pipeline.use_clock(Gst.SystemClock.obtain())
        share_cores(pipeline, len(sources))
        trust_streams(pipeline)
        paced = self._live and not any(source.is_live for source in sources)
        compressed = self._storage == "source"
        window = [
            make_appsink(f"video_sink_{i}", sync=paced) for i in range(len(sources) if compressed else 1)
        ]
        audio = make_appsink("audio_sink", sync=paced)
        detector = make_appsink("detector_sink", drop=self._live) if self._detector_branch else None

        analysis = AnalysisPipeline(pipeline, sources, window, audio, detector)
        entries = self._build_compressed(analysis) if compressed else self._build_raw(analysis)
        for entry in entries:
            check_rate(entry, analysis.connections)
        analysis.video_enters(entries)
        targets = StreamTargets(
            video=entries,
            sound=audio,
            decode=not compressed,
            sound_source=self._audio_source,
            limit_ns=None if self._duration_s is None else seconds_to_ns(self._duration_s),
            on_sound=self._on_sound(analysis),
            on_complete=analysis.streams_complete,
            delays=SoundDelays(self._rig, entries, analysis.connections),
            **({} if self._on_stream is None else {"on_stream": self._on_stream}),
        )
        joined = join_streams(pipeline, sources, targets)
        analysis.streams_joined(joined, is_limited=self._duration_s is not None)
        return analysis

    def _on_sound(self, analysis: AnalysisPipeline) -> Callable[[int, Gst.Pad], None]:
        """What is called with the source whose sound is used, and the pad where it enters."""
        if self._clocks is None:
            return analysis.sound_found
        pad = static_pad(analysis.audio_appsink, "sink")
        clocked = ClockedSound(pad, self._clocks, analysis.connections)

        def found(index: int, entry: Gst.Pad) -> None:
            clocked.camera = index
            analysis.sound_found(index, entry)

        return found

    def _build_raw(self, analysis: AnalysisPipeline) -> list[Gst.Pad]:
        """Link decoded video -> (rig frame) -> tee -> window (through the encoder, if any), detector."""
        pipeline, window, detector = analysis.pipeline, analysis.video_appsink, analysis.detector_appsink
        entries, rig_frame = self._rig_frame(analysis)
        tee = make("tee", "rig-frames")
        steps = [PrivacyElement(self._private_areas), tee] if self._private_areas else [tee]
        chain(pipeline, *steps)
        rig_frame.link(static_pad(steps[0], "sink"))
        if self._storage == "encoded" and self._encoder is not None:
            self._branch(
                pipeline, tee, make("queue"), make("videoconvert"), self._encoder(), make("queue"), window
            )
        else:
            self._branch(pipeline, tee, window)
        if detector is not None:
            self._branch(pipeline, tee, self._detector_queue(), detector)
        return entries

    def _build_compressed(self, analysis: AnalysisPipeline) -> list[Gst.Pad]:
        """Link compressed camera streams -> tee -> window; decode them for the detector only."""
        pipeline, window, detector = analysis.pipeline, analysis.video_appsinks, analysis.detector_appsink
        tees = [make("tee", f"camera-stream-{index}") for index in range(len(window))]
        for tee, appsink in zip(tees, window, strict=True):
            chain(pipeline, tee)
            # An appsink blocks on its first sample until PLAYING, and the decoder needs more than one to preroll.
            self._branch(pipeline, tee, make("queue"), appsink)
        if detector is not None:
            entries, rig_frame = self._rig_frame(analysis)
            queue = self._detector_queue()
            chain(pipeline, queue, detector)
            rig_frame.link(static_pad(queue, "sink"))
            for tee, entry in zip(tees, entries, strict=True):
                decoder = make("decodebin")
                decoder.connect("pad-added", lambda _element, pad, entry=entry: pad.link(entry))
                self._branch(pipeline, tee, make("queue"), decoder)
        return [static_pad(tee, "sink") for tee in tees]

    def _rig_frame(self, analysis: AnalysisPipeline) -> tuple[list[Gst.Pad], Gst.Pad]:
        """The pads where each camera's decoded video enters, and the pad that outputs the rig frame."""
        pipeline = analysis.pipeline
        ends = []
        entries = []
        for source in self._sources:
            entry, corrector = make("queue"), FrameCorrector(source.name, analysis.connections)
            chain(pipeline, entry, corrector.element)
            analysis.correctors.append(corrector)
            entries.append(static_pad(entry, "sink"))
            ends.append(static_pad(corrector.element, "src"))
        if len(ends) == 1 or self._rig is None:
            return entries, ends[0]
        stacker = Stacker.of_rig(
            self._rig,
            live=self._live,
            connections=analysis.connections,
            on_error=analysis.fail,
            clocks=self._clocks,
        )
        pipeline.add(stacker.element)
        for index, end in enumerate(ends):
            end.link(static_pad(stacker.element, f"camera_{index}"))
        return entries, static_pad(stacker.element, "src")

    def _detector_queue(self) -> Gst.Element:
        """A queue that, when full, drops its oldest frame if live and blocks the sources if offline."""
        return make(
            "queue",
            "detector-queue",
            max_size_buffers=DETECTOR_QUEUE if self._live else DETECTOR_QUEUE_OFFLINE,
            max_size_bytes=0,
            max_size_time=0,
            leaky="downstream" if self._live else "no",
        )

    @staticmethod
    def _branch(pipeline: Gst.Pipeline, tee: Gst.Element, *elements: Gst.Element) -> None:
        chain(pipeline, *elements)
        link(tee, elements[0])
