"""EncodeStage: encodes the playback's video and sound once for all outputs."""

from __future__ import annotations

from pipeline.gst.core.branch_guard import branch_guard
from pipeline.gst.core.elements import chain, is_inside, make, set_property, static_pad
from pipeline.gst.core.tees import attach, detach
from pipeline.gst.encode.aac_priming import remove_priming
from pipeline.gst.encode.bitrate import bitrate_kbps, can_change_bitrate, set_bitrate
from pipeline.gst.encode.encoding import Encoding
from pipeline.gst.runtime import Gst

SPARE_PICTURES = 4
"""The most rendered frames that wait for encoders when playback does not wait for them."""


class EncodeStage:
    """Encoders for video and sound behind a pipeline's raw tees, from construction until `remove`.

    `tees`: the encoded streams, ``video`` and, with sound, ``audio``. One thread at a time.
    """

    def __init__(
        self,
        pipeline: Gst.Pipeline,
        video_tee: Gst.Element,
        audio_tee: Gst.Element | None,
        encoding: Encoding,
        *,
        waits: bool = True,
        fails_alone: bool = False,
    ) -> None:
        """`video_tee`, `audio_tee`: raw frames and raw sound. `waits`: playback waits for the encoders;
        otherwise frames that they are too slow for are dropped, and their failure does not stop the rest.
        `fails_alone`: nor does it where playback waits.

        Raises ConfigError or MissingDependencyError when an encoder cannot be used.
        """
        self._pipeline = pipeline
        self._chains: list[list[Gst.Element]] = []
        self.tees = {"video": make("tee", None, allow_not_linked=True)}
        video_queue, audio_queue = make("queue"), make("queue")
        self._video_queue = video_queue
        if not waits:
            set_property(video_queue, "max-size-buffers", SPARE_PICTURES)
            for queue in (video_queue, audio_queue):
                set_property(queue, "leaky", "downstream")
        self._encoder = encoder = encoding.make_video_encoder()
        self.full_kbps = bitrate_kbps(encoder)
        """The video bit rate of the settings, in kbit/s; 0 if the encoder does not tell."""
        chains = [(video_tee, [video_queue, make("videoconvert"), encoder, self.tees["video"]])]
        if audio_tee is not None:
            self.tees["audio"] = make("tee", None, allow_not_linked=True)
            encoder = encoding.make_audio_encoder()
            remove_priming(encoder)
            steps = [audio_queue, make("audioconvert"), make("audioresample"), encoder, self.tees["audio"]]
            chains.append((audio_tee, steps))
        for source, steps in chains:
            if fails_alone or not waits:
                steps.insert(0, branch_guard())
            chain(pipeline, *steps)
            for element in reversed(steps):
                element.sync_state_with_parent()
            attach(source, static_pad(steps[0], "sink"))
            self._chains.append(steps)

    @property
    def backlog(self) -> int:
        """How many frames wait for the encoder. Any thread; never blocks."""
        return int(self._video_queue.get_property("current-level-buffers"))

    @property
    def can_change_bitrate(self) -> bool:
        """Whether `set_bitrate` can be used. Any thread."""
        return self.full_kbps > 0 and can_change_bitrate(self._encoder)

    @property
    def kbps(self) -> int:
        """The video bit rate now, in kbit/s. Any thread."""
        return bitrate_kbps(self._encoder)

    def set_bitrate(self, kbps: int) -> None:
        """Encode the video at `kbps` from the next frame on. Any thread; never blocks."""
        if kbps != self.kbps:
            set_bitrate(self._encoder, kbps)

    def holds(self, element: Gst.Object | None) -> bool:
        """Whether `element` is one of its own, or inside one. Any thread."""
        return any(is_inside(element, own) for steps in self._chains for own in steps)

    def remove(self) -> None:
        """Remove the encoders; first unlink everything from `tees`. Blocks for about a frame."""
        for steps in self._chains:
            detach(static_pad(steps[0], "sink"))
            for element in steps:
                element.set_state(Gst.State.NULL)
                self._pipeline.remove(element)
