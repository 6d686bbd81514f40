"""EncodeStage: encodes the playback's video and sound once for all outputs."""

from __future__ import annotations

from pipeline.gst.core.elements import chain, make, set_property, static_pad
from pipeline.gst.core.tees import attach, detach
from pipeline.gst.encode.aac_priming import remove_priming
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
    ) -> None:
        """`video_tee`, `audio_tee`: raw frames and raw sound. `waits`: playback waits for the encoders;
        otherwise frames that they are too slow for are dropped.

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
        encoder = encoding.make_video_encoder()
        chains = [(video_tee, [video_queue, make("videoconvert"), encoder, self.tees["video"]])]
        if audio_tee is not None:
            self.tees["audio"] = make("tee", None, allow_not_linked=True)
            encoder = encoding.make_audio_encoder()
            remove_priming(encoder)
            steps = [audio_queue, make("audioconvert"), make("audioresample"), encoder, self.tees["audio"]]
            chains.append((audio_tee, steps))
        for source, steps in chains:
            chain(pipeline, *steps)
            for element in reversed(steps):
                element.sync_state_with_parent()
            attach(source, static_pad(steps[0], "sink"))
            self._chains.append(steps)

    @property
    def backlog(self) -> int:
        """How many frames wait for the encoder. Any thread; never blocks."""
        return int(self._video_queue.get_property("current-level-buffers"))

    def remove(self) -> None:
        """Remove the encoders; first unlink everything from `tees`. Blocks for about a frame."""
        for steps in self._chains:
            detach(static_pad(steps[0], "sink"))
            for element in steps:
                element.set_state(Gst.State.NULL)
                self._pipeline.remove(element)
