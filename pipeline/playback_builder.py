"""PlaybackPipelineBuilder: appsrcs -> view -> one encode -> files, streams, a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.gst.decoders import share_cores
from pipeline.gst.elements import chain, is_raw, link, make, make_appsrc, static_pad
from pipeline.gst.frames import RAW_FORMATS
from pipeline.gst.outputs import Output, Split, open_file, open_stream
from pipeline.gst.playback_pipeline import PlaybackPipeline
from pipeline.gst.priming import remove_priming
from pipeline.gst.runtime import Gst, GstApp
from pipeline.gst.stacker import Stacker
from pipeline.optics.rig import Rig

ElementMaker = Callable[[], Gst.Element]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a film is encoded: the codecs' names and what makes a configured encoder for each."""

    video_codec: str
    make_video_encoder: ElementMaker
    audio_codec: str
    make_audio_encoder: ElementMaker


class PlaybackPipelineBuilder:
    """Builds the playback pipeline for what the window holds.

    `video_caps`: the caps of each stream in the window, one rig frame or one compressed stream a camera;
    `audio_caps`: None without sound. `view`: an element between the rig frame and the encoder (a ViewElement,
    or any that takes and gives raw pictures). `files`, `streams` and `show_window` say where the film goes, all
    from one encode (`encoding`, needed for files and streams). `split`: when files go on in a next part.
    """

    def __init__(
        self,
        video_caps: Sequence[Gst.Caps],
        audio_caps: Gst.Caps | None = None,
        *,
        files: Sequence[Path] = (),
        split: Split | None = None,
        streams: Sequence[str] = (),
        show_window: bool = False,
        encoding: Encoding | None = None,
        view: Gst.Element | None = None,
        rig: Rig | None = None,
    ) -> None:
        if (files or streams) and encoding is None:
            raise ConfigError("files and streams need an encoding")
        if not (files or streams or show_window):
            raise ConfigError("the film goes nowhere; name a file, a stream or a window")
        if len(video_caps) > 1 and rig is None:
            raise ConfigError("several camera streams need a rig")
        self._video_caps = list(video_caps)
        self._audio_caps = audio_caps
        self._files = list(files)
        self._split = split
        self._streams = list(streams)
        self._show_window = show_window
        self._encoding = encoding
        self._view = view
        self._rig = rig

    def build(self) -> PlaybackPipeline:
        """The pipeline, in state NULL; the buffer manager starts it. Raises ConfigError, OutputError."""
        pipeline = Gst.Pipeline.new("playback")
        share_cores(pipeline, len(self._video_caps))
        appsrcs = [make_appsrc(f"video_src_{i}", caps) for i, caps in enumerate(self._video_caps)]
        audio_appsrc = None if self._audio_caps is None else make_appsrc("audio_src", self._audio_caps)
        outputs = self._open_outputs()
        picture = self._shown_picture(pipeline, appsrcs)
        sound = self._shown_sound(pipeline, audio_appsrc)
        if self._encoding is not None and outputs:
            self._encode(pipeline, picture, sound, outputs, self._encoding)
        if self._show_window:
            self._open_window(pipeline, picture, sound)
        return PlaybackPipeline(pipeline, appsrcs, audio_appsrc, outputs)

    def _shown_picture(self, pipeline: Gst.Pipeline, appsrcs: list[GstApp.AppSrc]) -> Gst.Element:
        """appsrcs -> (decode) -> (stack) -> (view) -> tee."""
        tee = make("tee", "picture")
        steps = [make("queue", "rig-frames", max_size_buffers=2, max_size_bytes=0, max_size_time=0)]
        if self._view is not None:
            steps.append(self._view)
        chain(pipeline, *steps, tee)
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
    def _shown_sound(pipeline: Gst.Pipeline, appsrc: GstApp.AppSrc | None) -> Gst.Element | None:
        if appsrc is None:
            return None
        tee = make("tee", "sound")
        chain(pipeline, appsrc, make("queue"), tee)
        return tee

    def _open_outputs(self) -> list[Output]:
        if self._encoding is None:
            return []
        video, audio = self._encoding.video_codec, self._encoding.audio_codec
        sound = None if self._audio_caps is None else audio
        files = [
            open_file(path, video_codec=video, audio_codec=sound, split=self._split) for path in self._files
        ]
        streams = [
            open_stream(
                url,
                video_codec=video,
                audio_codec=sound,
                make_silence_encoder=self._encoding.make_audio_encoder if audio == "aac" else None,
            )
            for url in self._streams
        ]
        return [*files, *streams]

    @staticmethod
    def _encode(
        pipeline: Gst.Pipeline,
        picture: Gst.Element,
        sound: Gst.Element | None,
        outputs: Sequence[Output],
        encoding: Encoding,
    ) -> None:
        """One encode of picture and sound each, shared by every output."""
        encoded = make("tee", "encoded-picture")
        steps = [make("queue", "rendered"), make("videoconvert"), encoding.make_video_encoder(), encoded]
        chain(pipeline, *steps)
        link(picture, steps[0])
        encoded_sound = None
        if sound is not None:
            encoded_sound = make("tee", "encoded-sound")
            encoder = encoding.make_audio_encoder()
            remove_priming(encoder)
            steps = [
                make("queue"),
                make("audioconvert"),
                make("audioresample"),
                encoder,
                encoded_sound,
            ]
            chain(pipeline, *steps)
            link(sound, steps[0])
        for output in outputs:
            pipeline.add(output.element)
            encoded.link_pads("src_%u", output.element, "video")
            if encoded_sound is not None:
                encoded_sound.link_pads("src_%u", output.element, "audio")

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
