"""Encodes: the encoders of a board's outputs, shared by all where possible, otherwise a push's own."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from types import MappingProxyType

from pipeline.errors import ForesightError
from pipeline.gst.core.elements import static_pad
from pipeline.gst.core.tees import attach
from pipeline.gst.encode.encode_stage import EncodeStage
from pipeline.gst.encode.encoded_tap import EncodedTap
from pipeline.gst.encode.encoding import Encoding
from pipeline.gst.output.film_feed import FilmFeed
from pipeline.gst.output.output_slot import OutputSlot
from pipeline.gst.output.uplink import Uplink
from pipeline.gst.runtime import Gst

logger = logging.getLogger("foresight")

SHARES_AGAIN_S = 20.0
"""A push whose bit rate has been the full one for so long gets the shared video again."""
FIXED = "its encoder cannot change its bit rate while it runs; x264enc can (encoder.video_encoder)"


class OwnEncode:
    """The video of one push, encoded for it alone; frames that it is too slow for are dropped.

    One thread at a time; `set_bitrate` any. Its sound is that of all outputs.
    """

    def __init__(
        self, pipeline: Gst.Pipeline, video_tee: Gst.Element, encoding: Encoding, uplink: Uplink
    ) -> None:
        """`video_tee`: raw frames. Raises ConfigError, MissingDependencyError or PipelineError."""
        self.has_failed = False
        self.full_since_s: float | None = None
        """Since when it encodes at the full bit rate, monotonic; None while it does not."""
        self._uplink = uplink
        uplink.go_to_own()
        self._tap = EncodedTap(
            lambda _kind, sample: uplink.take("own", sample),
            lambda _kind: uplink.end("own"),
            with_sound=False,
        )
        try:
            self._stage = EncodeStage(pipeline, video_tee, None, encoding, waits=False)
        except ForesightError:
            uplink.leave_own()
            raise
        pipeline.add(self._tap.element)
        self._tap.element.sync_state_with_parent()
        attach(self._stage.tees["video"], static_pad(self._tap.element, "video"))
        uplink.has_own(self._tap.ask_for_keyframe)

    def follow(self) -> None:
        """Encode at the bit rate that the uplink asks for, once its video is sent.

        Until then it is encoded at the full one, so that its headers, which name a level, are the shared ones.
        """
        kbps = self._uplink.wanted_kbps
        if kbps is None or not self._uplink.is_own:
            return
        self._stage.set_bitrate(min(kbps, self._stage.full_kbps))
        if kbps < self._stage.full_kbps:
            self.full_since_s = None
        elif self.full_since_s is None:
            self.full_since_s = time.monotonic()

    def holds(self, element: Gst.Object) -> bool:
        """Whether an element belongs to it."""
        return self._stage.holds(element)

    def remove(self) -> None:
        """Remove the encoder; its push has gone on with the shared video, or ends. Blocks for about a frame."""
        self._tap.remove(self._stage)


class Encodes:
    """The encoders behind the raw tees of films. One thread at a time; the properties and `follow` any thread.

    The outputs of a film share an encoder, or two if some have no graphics. A push whose bit rate is lower than the
    full one gets the video of an encoder of its own; if nobody else takes the shared video, the shared encoder is
    slowed instead.
    """

    def __init__(self, pipeline: Gst.Pipeline, encoding: Encoding | None, *, films_fail_alone: bool) -> None:
        """`films_fail_alone`: what becomes of a film's encoders does not stop the other films."""
        self._pipeline = pipeline
        self._encoding = encoding
        self._fail_alone = films_fail_alone
        # by film and whether it has graphics; replaced, never edited
        self._shared: Mapping[tuple[FilmFeed, bool], EncodeStage] = MappingProxyType({})
        self._own: Mapping[int, OwnEncode] = MappingProxyType({})  # likewise, by the number of the output

    @property
    def backlog(self) -> int:
        """How many frames wait for the shared encoders. Never blocks."""
        return sum(stage.backlog for stage in self._shared.values())

    @property
    def own_count(self) -> int:
        """How many pushes have an encoder of their own. Never blocks."""
        return len(self._own)

    def encoded_sounds(self) -> list[Gst.Pad]:
        """The source pads of the encoded sound of all outputs; none while there is none. Never blocks."""
        tees = [stage.tees.get("audio") for stage in self._shared.values()]
        pads = [static_pad(tee, "sink").get_peer() for tee in tees if tee is not None]
        return [pad for pad in pads if pad is not None]

    def shared(self, film: FilmFeed, graphics: bool, encoding: Encoding) -> EncodeStage:
        """The encoders of a film's outputs with or without graphics; they are made if there are none."""
        key = _key(film, graphics)
        if key not in self._shared:
            stage = EncodeStage(
                self._pipeline,
                film.video(graphics),
                film.audio_tee,
                encoding,
                fails_alone=self._fail_alone,
            )
            self._shared = MappingProxyType({**self._shared, key: stage})
        return self._shared[key]

    def follow(self) -> None:
        """Encode what is a push's own at the bit rates that the uplinks ask for now. Never blocks."""
        for own in self._own.values():
            own.follow()

    def arrange(self, slots: Collection[OutputSlot], kept: FilmFeed | None) -> None:
        """Give each push of `slots`, the outputs that are on, the encoder that it needs now. Blocks briefly.

        `kept`: the film whose shared video with graphics is kept. Call it whenever an output comes or goes.
        """
        self.follow()
        for slot in slots:
            self._arrange_one(slot, slots, kept)

    def release(self, slot: OutputSlot) -> None:
        """Remove what is the own of an output that ends."""
        own = self._own.get(slot.number)
        if own is not None:
            if slot.output.uplink is not None:
                slot.output.uplink.leave_own()
            self._remove_own(slot.number)

    def keep_only(self, slots: Collection[OutputSlot], kept: FilmFeed | None) -> None:
        """Remove the shared encoders that neither `slots` nor the film that is `kept` needs."""
        needed = {_key(slot.film, slot.graphics) for slot in slots}
        if kept is not None:
            needed.add(_key(kept, True))
        unused = [stage for key, stage in self._shared.items() if key not in needed]
        self._shared = MappingProxyType({key: stage for key, stage in self._shared.items() if key in needed})
        for stage in unused:
            stage.remove()

    def own_failed(self, element: Gst.Object) -> int | None:
        """Note that an element has failed; returns the number of the output whose own it is, None if nobody's."""
        for number, own in self._own.items():
            if own.holds(element):
                own.has_failed = True
                return number
        return None

    def film_of(self, element: Gst.Object | None) -> FilmFeed | None:
        """The film whose shared encoders an element belongs to; None if to nobody's. Any thread."""
        for (film, _graphics), stage in self._shared.items():
            if stage.holds(element):
                return film
        return None

    def _arrange_one(self, slot: OutputSlot, slots: Collection[OutputSlot], kept: FilmFeed | None) -> None:
        uplink, shared = slot.output.uplink, self._shared.get(_key(slot.film, slot.graphics))
        own = self._own.get(slot.number)
        if uplink is None or shared is None or slot.started_s is None:
            return
        if own is not None and own.has_failed:
            uplink.refuse("its own encoder has failed")
            uplink.go_to_shared()
            self._remove_own(slot.number)
            return
        wanted_kbps = uplink.wanted_kbps
        if wanted_kbps is None or uplink.is_switching:
            return
        if not shared.can_change_bitrate:
            uplink.refuse(FIXED)
            return
        full_kbps = shared.full_kbps
        if own is not None and not uplink.is_own:
            self._remove_own(slot.number)  # it has gone on with the shared video
        elif not self._is_shared(slot, slots, kept):
            shared.set_bitrate(min(wanted_kbps, full_kbps))
            if own is not None:
                uplink.go_to_shared()
        elif own is not None:
            self._share_again(own, uplink, shared)
        elif wanted_kbps < full_kbps or shared.kbps < full_kbps:
            self._make_own(slot, uplink)
            shared.set_bitrate(full_kbps)

    def _is_shared(self, slot: OutputSlot, slots: Collection[OutputSlot], kept: FilmFeed | None) -> bool:
        """Whether anybody but the push of `slot` takes the shared video."""
        key = _key(slot.film, slot.graphics)
        if kept is not None and key == _key(kept, True):
            return True
        return any(
            other is not slot and _key(other.film, other.graphics) == key and other.number not in self._own
            for other in slots
        )

    @staticmethod
    def _share_again(own: OwnEncode, uplink: Uplink, shared: EncodeStage) -> None:
        is_steady = own.full_since_s is not None and time.monotonic() - own.full_since_s > SHARES_AGAIN_S
        if is_steady and shared.kbps >= shared.full_kbps:
            uplink.go_to_shared()

    def _make_own(self, slot: OutputSlot, uplink: Uplink) -> None:
        if self._encoding is None:
            return
        try:
            own = OwnEncode(self._pipeline, slot.film.video(slot.graphics), self._encoding, uplink)
        except ForesightError as error:
            uplink.refuse(str(error))
            return
        self._own = MappingProxyType({**self._own, slot.number: own})

    def _remove_own(self, number: int) -> None:
        own = self._own[number]
        self._own = MappingProxyType({other: kept for other, kept in self._own.items() if other != number})
        own.remove()


def _key(film: FilmFeed, graphics: bool) -> tuple[FilmFeed, bool]:
    """What outputs share that get the same video: without graphics, a film has one video only."""
    return film, graphics or film.clean_tee is None
