"""EncodeStage: picture and sound of a playing film, encoded once for as many outputs as there are."""

from __future__ import annotations

from pipeline.gst.core.elements import chain, make, set_property, static_pad
from pipeline.gst.core.tees import attach, detach
from pipeline.gst.encode.aac_priming import remove_priming
from pipeline.gst.encode.encoding import Encoding
from pipeline.gst.runtime import Gst

SPARE_PICTURES = 4
"""So many rendered pictures wait at most for encoders that nobody waits for."""


class EncodeStage:
    """Two encoders behind the raw tees of a pipeline, from construction until `remove`. One thread at a time.

    `tees`: the encoded streams to take from, ``video`` and, with sound, ``audio``.
    """

    def __init__(
        self,
        pipeline: Gst.Pipeline,
        picture: Gst.Element,
        sound: Gst.Element | None,
        encoding: Encoding,
        *,
        waits: bool = True,
    ) -> None:
        """`waits`: playback waits for the encoders; else they leave out what they are too slow for.

        Raises ConfigError or MissingDependencyError where an encoder cannot be used.
        """
        self._pipeline = pipeline
        self._chains: list[list[Gst.Element]] = []
        self.tees = {"video": make("tee", None, allow_not_linked=True)}
        rendered, heard = make("queue"), make("queue")
        if not waits:
            set_property(rendered, "max-size-buffers", SPARE_PICTURES)
            for queue in (rendered, heard):
                set_property(queue, "leaky", "downstream")
        encoder = encoding.make_video_encoder()
        chains = [(picture, [rendered, make("videoconvert"), encoder, self.tees["video"]])]
        if sound is not None:
            self.tees["audio"] = make("tee", None, allow_not_linked=True)
            encoder = encoding.make_audio_encoder()
            remove_priming(encoder)
            steps = [heard, make("audioconvert"), make("audioresample"), encoder, self.tees["audio"]]
            chains.append((sound, steps))
        for source, steps in chains:
            chain(pipeline, *steps)
            for element in reversed(steps):
                element.sync_state_with_parent()
            attach(source, static_pad(steps[0], "sink"))
            self._chains.append(steps)

    def remove(self) -> None:
        """Take the encoders out again, once nothing takes from `tees`; blocks for a frame or so."""
        for steps in self._chains:
            detach(static_pad(steps[0], "sink"))
            for element in steps:
                element.set_state(Gst.State.NULL)
                self._pipeline.remove(element)
