"""ProposalWatch: makes proposals of a run's sound and detections, on a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.detector import DetectionSet
from pipeline.errors import ConfigError
from pipeline.foreign_code import Contained, describe
from pipeline.gst.capture.sound_tap import SoundPiece
from pipeline.optics.rig import Rig
from pipeline.proposals.play import GoalMouth
from pipeline.proposals.proposal import Proposal
from pipeline.proposals.proposer import Proposer
from pipeline.scoring.values import ProposalKind
from pipeline.tracking.people.tracker import FieldTracker

logger = logging.getLogger("foresight")

WINDOW_S = 2.0
"""How far ahead the tracks for proposals look: less than those of the export, so that they come sooner."""

MOST_WAITING = 500
"""Pieces of sound and detections that wait; more mean that the machine does not keep up."""

PATIENCE_S = 10.0
_BATCH = 64


class ProposalWatch:
    """Live, what finds no room is dropped and counted: nothing waits for this. Offline, whoever adds waits.

    Any thread may call; only `close`, and offline `hear` and `see`, block. Lock: `_changed`, held neither while
    something is computed nor while `on_proposal` is called.
    """

    def __init__(
        self,
        rig: Rig | None,
        kinds: Iterable[ProposalKind],
        on_proposal: Callable[[Proposal], object],
        *,
        live: bool,
    ) -> None:
        """`rig`: that of the detections; None for the sound alone. `on_proposal` is called on its thread."""
        mouth = goal_mouth(rig)
        self._tracker = None if rig is None or mouth is None else FieldTracker(rig, WINDOW_S)
        self._proposer = Proposer(mouth, kinds)
        self._on_proposal = on_proposal
        self._live = live
        self._changed = threading.Condition(threading.Lock())
        self._waiting: deque[SoundPiece | DetectionSet] = deque()
        self._is_closing = self._has_failed = False
        self.dropped = 0
        """Pieces of sound and detections that found no room."""
        self._thread = threading.Thread(target=self._work, name="proposals", daemon=True)
        self._thread.start()

    def hear(self, piece: SoundPiece) -> None:
        """Take a piece of the captured sound, in order of time. Never raises."""
        self._add(piece)

    def see(self, seen: DetectionSet) -> None:
        """Take the detections of a frame, in order of time. Never raises."""
        if self._tracker is not None:
            self._add(seen)

    def close(self, timeout_s: float = PATIENCE_S) -> None:
        """Take what waits, and end; gives up after `timeout_s`. Idempotent."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)

    def _add(self, item: SoundPiece | DetectionSet) -> None:
        with self._changed:
            if not self._live:
                self._changed.wait_for(self._has_room, PATIENCE_S)
            if not self._has_room():
                self._waiting.popleft()
                self.dropped += 1
            if not self._is_closing and not self._has_failed:
                self._waiting.append(item)
                self._changed.notify_all()

    def _has_room(self) -> bool:
        return len(self._waiting) < MOST_WAITING or self._is_closing or self._has_failed

    # On the watch's thread

    def _work(self) -> None:
        with Contained() as call:
            while items := self._next():
                for item in items:
                    for proposal in self._take(item):
                        self._on_proposal(proposal)
            if self._tracker is not None:
                for proposal in self._proposer.see(self._tracker.finish()):
                    self._on_proposal(proposal)
        if call.error is not None:
            logger.warning("no more tags are proposed: %s", describe(call.error))
            with self._changed:
                self._has_failed = True
                self._waiting.clear()
                self._changed.notify_all()

    def _next(self) -> list[SoundPiece | DetectionSet]:
        """Wait for the next ones; none after the last."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closing)
            items = [self._waiting.popleft() for _ in range(min(len(self._waiting), _BATCH))]
            self._changed.notify_all()
        return items

    def _take(self, item: SoundPiece | DetectionSet) -> list[Proposal]:
        if isinstance(item, DetectionSet):
            return [] if self._tracker is None else self._proposer.see(self._tracker.add(item))
        samples: NDArray[np.float32] = item.samples()
        return self._proposer.hear(item.captured_ns, samples, item.rate_hz) if len(samples) else []


def goal_mouth(rig: Rig | None) -> GoalMouth | None:
    """The goals of the rig's field; None without a pitch, or if its sport has none."""
    if rig is None or rig.pitch is None:
        return None
    pitch = rig.pitch
    try:
        half_width_m, height_m = pitch.kind.length("goal_half_width"), pitch.kind.length("goal_height")
    except ConfigError:
        return None
    return GoalMouth(pitch.length_m, pitch.width_m, half_width_m, height_m)
