"""TrackChoice: of one source's streams of one kind, uses the first that delivers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.gst.core.elements import is_raw, media_type, pad_caps
from pipeline.gst.runtime import Gst

_ITEMS = Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM


@dataclass(eq=False)
class _Track:
    pad: Gst.Pad
    number: int
    is_still: bool
    """Whether it is a stream of pictures: a film's cover, or Motion JPEG."""
    probe: int = 0
    has_data: bool = False


class TrackChoice:
    """Links the first stream, and another one instead if that one is empty; the rest is discarded.

    A stream of pictures is used only if there is no video: it may be the film's cover. That a stream is
    announced, even its caps, does not prove that it comes. The first one is linked at once; the
    others wait for its first buffer. It is empty if its end or a gap comes first, or if `settle` is called while
    another one has data. Called from streaming threads, `settle` from any. Lock: `_lock`, never held during a
    GStreamer call.
    """

    def __init__(self, link: Callable[[Gst.Pad], None], discard: Callable[[Gst.Pad], None]) -> None:
        """`link(pad)` connects a stream, `discard(pad)` drains one; they may be called from any thread."""
        self._link = link
        self._discard = discard
        self._lock = threading.Lock()
        self._used: _Track | None = None
        self._waiting: list[_Track] = []
        self._is_decided = False
        self.count = 0
        """How many streams there are."""
        self.used = 0
        """Which of them is used, from 1; 0 if there is none."""

    def offer(self, pad: Gst.Pad) -> None:
        """Take one more stream, a source pad that is not linked."""
        with self._lock:
            self.count += 1
            track = _Track(pad, self.count, _is_still(pad))
            is_first, is_late = self._used is None, self._is_decided
            if is_first:
                self._used, self.used = track, 1
            elif not is_late:
                self._waiting.append(track)
        if is_first:
            track.probe = pad.add_probe(_ITEMS, self._on_used, track)
            self._link(pad)
        elif is_late:
            self._discard(pad)
        else:
            track.probe = pad.add_probe(Gst.PadProbeType.BLOCK | _ITEMS, self._on_waiting, track)
            if not track.is_still:
                self._replace(only_with_data=False, only_still=True)

    def settle(self) -> None:
        """Stop waiting for the stream in use: if it has not delivered and another one has, use that."""
        self._replace(only_with_data=True)

    def release(self) -> None:
        """Let go of every stream; the pipeline is in state NULL. Idempotent.

        A pad keeps its probe, and the probe this choice with all that it links: nobody could free them.
        """
        with self._lock:
            tracks, self._waiting = [*([] if self._used is None else [self._used]), *self._waiting], []
            self._is_decided = True
        for track in tracks:
            if track.probe:
                track.pad.remove_probe(track.probe)
                track.probe = 0

    def _on_used(self, pad: Gst.Pad, info: Gst.PadProbeInfo, track: _Track) -> Gst.PadProbeReturn:
        event = info.get_event() if info.type & Gst.PadProbeType.EVENT_DOWNSTREAM else None
        if event is None:
            track.probe = 0
            self._decide(track)
            return Gst.PadProbeReturn.REMOVE
        if event.type == Gst.EventType.EOS and self._replace(only_with_data=False):
            return Gst.PadProbeReturn.DROP
        if event.type == Gst.EventType.GAP and self._replace(only_with_data=True):
            return Gst.PadProbeReturn.DROP
        return Gst.PadProbeReturn.OK

    @staticmethod
    def _on_waiting(_pad: Gst.Pad, info: Gst.PadProbeInfo, track: _Track) -> Gst.PadProbeReturn:
        event = info.get_event() if info.type & Gst.PadProbeType.EVENT_DOWNSTREAM else None
        if event is not None and event.type != Gst.EventType.EOS:
            is_sticky = bool(int(event.type) & int(Gst.EventTypeFlags.STICKY))
            return Gst.PadProbeReturn.PASS if is_sticky else Gst.PadProbeReturn.DROP
        track.has_data = track.has_data or event is None
        return Gst.PadProbeReturn.OK

    def _decide(self, track: _Track) -> None:
        """The stream in use delivers: discard the others."""
        with self._lock:
            if track is not self._used:
                return
            self._is_decided = True
            rest, self._waiting = self._waiting, []
        for other in rest:
            self._discard(other.pad)
            other.pad.remove_probe(other.probe)

    def _replace(self, *, only_with_data: bool, only_still: bool = False) -> bool:
        """Use the next stream instead of an empty one, or a moving one instead of a still one; False if none is."""
        with self._lock:
            empty = self._used
            with_data = [track for track in self._waiting if track.has_data]
            found = [*with_data, *([] if only_with_data else self._waiting)]
            if only_still:
                found = [track for track in found if not track.is_still]
            if empty is None or self._is_decided or not found or (only_still and not empty.is_still):
                return False
            track = self._used = found[0]
            self._waiting.remove(track)
            self.used = track.number
        peer = empty.pad.get_peer()
        if peer is not None:
            empty.pad.unlink(peer)
        self._discard(empty.pad)
        block, track.probe = track.probe, track.pad.add_probe(_ITEMS, self._on_used, track)
        self._link(track.pad)
        track.pad.remove_probe(block)
        return True


def _is_still(pad: Gst.Pad) -> bool:
    """Whether the stream of `pad`, decoded or not, is coded as pictures."""
    origin: Gst.Pad | None = pad
    while isinstance(origin, Gst.GhostPad):
        origin = origin.get_target()
    decoder = None if origin is None else origin.get_parent_element()
    coded = [] if decoder is None or not is_raw(pad_caps(pad)) else decoder.sinkpads
    return any(media_type(before.get_current_caps()) == "image" for before in coded) or (
        media_type(pad_caps(pad)) == "image"
    )
