"""Counters of one stream, and the frozen records that BufferManager.statistics() returns. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.buffering.intake import Verdict
from pipeline.timebase import NS_PER_S

LEAST_NOTED_S = 0.5
"""A clock that was off by less is not worth a line."""


@dataclass(slots=True)
class Counters:
    """What happened to the samples of one stream since the last clear. Written under the manager's lock."""

    received: int = 0
    sent: int = 0
    dropped: int = 0
    skipped: int = 0
    unplayed: int = 0
    crowded: int = 0
    repeated: int = 0
    late: int = 0
    duplicate: int = 0
    backward: int = 0
    untimed: int = 0
    restarts: int = 0
    jumps: int = 0
    refused: int = 0
    gaps: int = 0
    gap_ns: int = 0
    source_gaps: int = 0
    caps_changes: int = 0
    segments: int = 0
    flushes: int = 0
    discontinuities: int = 0

    def count(self, verdict: Verdict) -> None:
        """Count a verdict that is not ON_TIME."""
        name = _COUNTER_OF[verdict]
        setattr(self, name, getattr(self, name) + 1)


_COUNTER_OF = {
    Verdict.UNTIMED: "untimed",
    Verdict.RESTART: "restarts",
    Verdict.JUMP: "jumps",
    Verdict.DUPLICATE: "duplicate",
    Verdict.BACKWARD: "backward",
}


class RateMeter:
    """Samples per second in and out, measured over the last full second."""

    __slots__ = ("_received", "_sent", "_since_ns", "in_hz", "out_hz")

    def __init__(self) -> None:
        self.in_hz = self.out_hz = 0.0
        self._since_ns: int | None = None
        self._received = self._sent = 0

    def update(self, counters: Counters, now_ns: int) -> None:
        """Look at the counters; cheap enough for every step."""
        if self._since_ns is not None:
            elapsed_ns = now_ns - self._since_ns
            if elapsed_ns < NS_PER_S:
                return
            self.in_hz = (counters.received - self._received) * NS_PER_S / elapsed_ns
            self.out_hz = (counters.sent - self._sent) * NS_PER_S / elapsed_ns
        self._since_ns = now_ns
        self._received, self._sent = counters.received, counters.sent


@dataclass(frozen=True, slots=True)
class StreamStatistics:
    """One stream, at an instant."""

    received: int
    """Samples that came from the source, the refused ones too."""
    sent: int
    """Samples handed to playback."""
    stored: int
    """Samples in the window, those behind the playhead too."""
    waiting: int
    """Samples in the window that are not sent yet."""
    stored_most: int
    """The largest number of samples ever held in the window."""
    stored_bytes: int
    """Size of the samples in the window."""
    stored_s: float
    """Time from the first to the end of the last stored sample: the window's true length."""
    ahead_s: float
    """Time that the waiting samples span."""
    dropped: int
    """Left the window unsent, because a bound was reached or their moment passed."""
    skipped: int
    """Jumped over by a seek or a shorter delay."""
    unplayed: int
    """Passed while no element played the stream."""
    crowded: int
    """Of `dropped`: those that had to leave because the window was full; the others came or were due too late."""
    repeated: int
    """Sent again by a seek back, a longer delay or to another element."""
    late: int
    """Came after their moment; sent all the same."""
    duplicate: int
    """Refused: the timestamp of the sample before."""
    backward: int
    """Refused: a timestamp a little before that of the sample before."""
    untimed: int
    """Had no timestamp and were given one."""
    restarts: int
    """Times the source's clock began again."""
    jumps: int
    """Times the source's clock leapt ahead."""
    refused: int
    """Pushes that playback refused; those samples wait again."""
    gaps: int
    """Gaps announced to playback, so that it did not wait."""
    gap_s: float
    """How long they were, all together."""
    source_gaps: int
    """GAP events of the source."""
    caps_changes: int
    """Times the caps changed."""
    segments: int
    """New segments after the first."""
    flushes: int
    """Flushes of the source."""
    discontinuities: int
    """Samples that were marked as following a gap (DISCONT); the first of a stream is one."""
    copied: int
    """Samples copied because their pool was too small for the window (or ownership="copy")."""
    in_hz: float
    """Samples per second that came, over the last full second."""
    out_hz: float
    """Samples per second that were sent, over the last full second."""
    ended: bool
    """Whether the source has ended the stream."""

    @property
    def missing(self) -> int:
        """How many samples no count tells of; always 0, below 0 if some are counted twice.

        What came in was sent, dropped, skipped, not played, refused, or waits. A sample that is just being stored
        counts as missing; none is once the source has stopped.
        """
        once = self.sent - self.repeated
        return self.received - (
            once + self.dropped + self.skipped + self.unplayed + self.duplicate + self.backward + self.waiting
        )


def drift_note(name: str, drift_ppm: float, correction_s: float) -> tuple[str, ...]:
    """The line for the user about a source whose clock drifts; none for less than LEAST_NOTED_S."""
    if abs(correction_s) < LEAST_NOTED_S:
        return ()
    way = "fast" if correction_s < 0 else "slow"
    rate = f", now {abs(drift_ppm) / 1e4:.3g} % {'fast' if drift_ppm > 0 else 'slow'}" if drift_ppm else ""
    return (
        f"{name}: its clock was {abs(correction_s):.2f} s {way} so far{rate}; corrected, the delay is kept",
    )


def early_note(name: str, skipped_s: float) -> tuple[str, ...]:
    """The line for the user about a source of which `skipped_s` seconds were skipped; none for nothing."""
    if skipped_s == 0:
        return ()
    return (f"{name}: sent faster than it plays; {skipped_s:.2f} s of it were skipped to keep the delay",)


@dataclass(frozen=True, slots=True)
class BufferStatistics:
    """The delay line, at an instant. Every figure is exact; two of them may be some microseconds apart."""

    state: str
    """ "idle", "filling", "playing", "paused", "drained" or "stopped"."""
    delay_s: float
    """Capture to playback as it is meant to be now: seeks, pauses and changes of delay included."""
    delay_error_s: float | None
    """By how much playback's clock differs from that, against the source's clock; None for no live source."""
    clock_drift_ppm: float
    """By how many millionths the source's clock is fast against ours (negative: slow); 0 until that is certain."""
    clock_correction_s: float
    """What was added to the source's times for that so far (negative: taken away)."""
    skipped_early_s: float
    """How much was skipped because the source sent it too early: faster than the clock, and than a drift can be."""
    playhead_s: float | None
    """Captured time that is shown now; None before playback starts."""
    margin_s: float | None
    """The least time that a sample was handed over before it was due; negative: it was late."""
    stored_bytes: int
    """Size of the samples in all windows."""
    stored_bytes_most: int
    """The largest `stored_bytes` so far."""
    stall_count: int
    """Stalls since the last clear."""
    bound_by: Mapping[str, int]
    """How many unsent samples each bound ("time", "count", "bytes") has cost."""
    streams: Mapping[str, StreamStatistics]
    """Each stream's figures by its name: "video", "audio", and those of `add_stream`."""

    @property
    def dropped(self) -> int:
        """Samples of all streams that left the window unsent."""
        return sum(stream.dropped for stream in self.streams.values())
