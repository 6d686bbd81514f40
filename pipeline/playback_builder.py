"""PlaybackPipelineBuilder: appsrcs -> view -> one encode -> files, streams, a window."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipeline.errors import ConfigError, ForesightError
from pipeline.gst.core.decoder_threads import share_cores
from pipeline.gst.core.elements import chain, is_raw, link, make, make_appsrc, static_pad
from pipeline.gst.core.frames import RAW_FORMATS
from pipeline.gst.core.stacker import Stacker
from pipeline.gst.encode.encoding import Encoding
from pipeline.gst.output.browser_preview import BrowserPreview
from pipeline.gst.output.file import Split
from pipeline.gst.output.limits import OutputLimits
from pipeline.gst.output.open_output import open_file, open_stream
from pipeline.gst.output.output_board import OutputBoard
from pipeline.gst.playback.limits import PlaybackLimits
from pipeline.gst.playback.playback_pipeline import PlaybackPipeline
from pipeline.gst.playback.sound_padding import SoundEnd
from pipeline.gst.runtime import Gst, GstApp
from pipeline.media.formats import HlsSegments
from pipeline.media.output_spec import FileSpec, StreamSpec
from pipeline.optics.rig import Rig

__all__ = ["Encoding", "PlaybackPipelineBuilder"]


class PlaybackPipelineBuilder:
    """Builds the playback pipeline for what the window holds.

    `video_caps`: the caps of each stream in the window, one rig frame or one compressed stream a camera;
    `audio_caps`: None without sound. `view`: an element between the rig frame and the encoder (a ViewElement,
    or any that takes and gives raw pictures). `files`, `streams` and `show_window` say where the film goes, all
    from one encode (`encoding`, needed for files and streams, those begun later too). `split`: when files go on
    in a next part. `hls_segments`: what a playlist among the files consists of. `live`: the film does not wait for
    a file whose disk stands still. `is_watched`: the film is worth playing when its last output has failed, as with
    a window. `limits` and `output_limits`: how long pipeline and outputs are waited for.
    """

    def __init__(
        self,
        video_caps: Sequence[Gst.Caps],
        audio_caps: Gst.Caps | None = None,
        *,
        files: Sequence[Path | FileSpec] = (),
        split: Split | None = None,
        hls_segments: HlsSegments = "ts",
        streams: Sequence[str | StreamSpec] = (),
        show_window: bool = False,
        is_watched: bool = False,
        live: bool = False,
        encoding: Encoding | None = None,
        view: Gst.Element | None = None,
        rig: Rig | None = None,
        limits: PlaybackLimits = PlaybackLimits(),
        output_limits: OutputLimits = OutputLimits(),
    ) -> None:
        if (files or streams) and encoding is None:
            raise ConfigError("files and streams need an encoding")
        if not (encoding or show_window):
            raise ConfigError("the video has no output; give an encoding, or show a window")
        if len(video_caps) > 1 and rig is None:
            raise ConfigError("several camera streams need a rig")
        self._video_caps = list(video_caps)
        self._audio_caps = audio_caps
        self._files = [
            file if isinstance(file, FileSpec) else FileSpec.parse(file, hls_segments) for file in files
        ]
        self._split = split
        self._streams = [
            stream if isinstance(stream, StreamSpec) else StreamSpec.parse(stream) for stream in streams
        ]
        self._show_window = show_window
        self._is_watched = is_watched or show_window
        self._live = live
        self._encoding = encoding
        self._view = view
        self._rig = rig
        self._limits = limits
        self._output_limits = output_limits

    def build(self) -> PlaybackPipeline:
        """The pipeline, in state NULL; the buffer manager starts it. Raises ConfigError, OutputError."""
        pipeline = Gst.Pipeline.new("playback")
        share_cores(pipeline, len(self._video_caps))
        appsrcs = [make_appsrc(f"video_src_{i}", caps) for i, caps in enumerate(self._video_caps)]
        audio_appsrc = None if self._audio_caps is None else make_appsrc("audio_src", self._audio_caps)
        picture = self._shown_picture(pipeline, appsrcs)
        sound = self._shown_sound(pipeline, audio_appsrc, picture)
        outputs = OutputBoard(
            pipeline,
            picture,
            sound,
            self._encoding,
            may_be_empty=self._is_watched,
            limits=self._output_limits,
        )
        if self._encoding is not None:
            try:
                self._open_outputs(outputs, self._encoding)
            except ForesightError:
                outputs.finish()  # a server that is open already keeps its port else
                raise
        if self._show_window:
            self._open_window(pipeline, picture, sound)
        make_browser_preview = partial(BrowserPreview, pipeline, picture, sound)
        return PlaybackPipeline(pipeline, appsrcs, audio_appsrc, outputs, make_browser_preview, self._limits)

    def _shown_picture(self, pipeline: Gst.Pipeline, appsrcs: list[GstApp.AppSrc]) -> Gst.Element:
        """appsrcs -> (decode) -> (stack) -> (view) -> tee."""
        tee = make("tee", "picture")
        # a sink that gets the film's end and nothing else: there is one even while no output is on
        gate = make("valve", None, drop=True, drop_mode="forward-sticky-events")
        keeper = make("fakesink", None, sync=False)
        keeper.set_property("async", False)
        steps = [make("queue", "rig-frames", max_size_buffers=2, max_size_bytes=0, max_size_time=0)]
        if self._view is not None:
            steps.append(self._view)
        chain(pipeline, *steps, tee, gate, keeper)
        entry = static_pad(steps[0], "sink")
        if self._rig is not None and len(appsrcs) > 1:
            stacker = Stacker.of_rig(self._rig, live=False)
            pipeline.add(stacker.element)
            static_pad(stacker.element, "src").link(entry)
            entries = [static_pad(stacker.element, f"camera_{index}") for index in range(len(appsrcs))]
        else:
            entries = [entry]
        for appsrc, end in zip(appsrcs, entries, strict=True):
            self._decoded(pipeline, appsrc, end)
        return tee

    @staticmethod
    def _decoded(pipeline: Gst.Pipeline, appsrc: GstApp.AppSrc, end: Gst.Pad) -> None:
        if is_raw(appsrc.get_caps()):
            pipeline.add(appsrc)
            static_pad(appsrc, "src").link(end)
            return
        decoder, convert, shape = make("decodebin"), make("videoconvert"), make("capsfilter")
        shape.set_property("caps", Gst.Caps.from_string(RAW_FORMATS))
        chain(pipeline, appsrc, decoder)
        chain(pipeline, convert, shape)
        decoder.connect("pad-added", lambda _element, pad: pad.link(static_pad(convert, "sink")))
        static_pad(shape, "src").link(end)

    @staticmethod
    def _shown_sound(
        pipeline: Gst.Pipeline, appsrc: GstApp.AppSrc | None, picture: Gst.Element
    ) -> Gst.Element | None:
        if appsrc is None:
            return None
        queue, tee = make("queue"), make("tee", "sound", allow_not_linked=True)
        chain(pipeline, queue, tee)
        link(SoundEnd(pipeline, appsrc, static_pad(picture, "sink")).element, queue)
        return tee

    def _open_outputs(self, outputs: OutputBoard, encoding: Encoding) -> None:
        video, audio = encoding.video_codec, encoding.audio_codec
        sound = None if self._audio_caps is None else audio
        for file in self._files:
            output = open_file(file, video_codec=video, audio_codec=sound, split=self._split)
            if self._live:
                output.buffer_slow_disk(self._output_limits.slow_disk_s)
            outputs.add(output)
        silence = encoding.make_audio_encoder if audio == "aac" else None
        for stream in self._streams:
            outputs.add_restartable(
                partial(
                    open_stream,
                    stream,
                    video_codec=video,
                    audio_codec=sound,
                    make_silence_encoder=silence,
                    limits=self._output_limits,
                )
            )

    @staticmethod
    def _open_window(pipeline: Gst.Pipeline, picture: Gst.Element, sound: Gst.Element | None) -> None:
        steps = [make("queue"), make("videoconvert"), make("autovideosink", "window", sync=True)]
        chain(pipeline, *steps)
        link(picture, steps[0])
        if sound is not None:
            steps = [
                make("queue"),
                make("audioconvert"),
                make("audioresample"),
                make("autoaudiosink", sync=True),
            ]
            chain(pipeline, *steps)
            link(sound, steps[0])
