"""Intake of samples: the place of an arriving sample in shared time, and a named verdict. Pure."""

from __future__ import annotations

from enum import Enum

from pipeline.buffering.drift import DriftTracker
from pipeline.timebase import NS_PER_MS, NS_PER_S

RESTART_NS = 1 * NS_PER_S
"""A timestamp this far back is no slip but a source that began again."""
JUMP_NS = 10 * NS_PER_S
"""A live timestamp this far ahead of the clock is no gap but a source that changed its time."""
PACED_NS = 150 * NS_PER_MS
"""A source whose samples span as much time as they took to arrive, to this accuracy, is paced."""
OFFLINE_JUMP_NS = 3600 * NS_PER_S
"""Without a clock to compare with, only a gap of this length is taken for a jump."""


class Verdict(Enum):
    """What was decided about one sample."""

    ON_TIME = "on time"
    LATE = "late"
    """Accepted, though its moment has passed."""
    UNTIMED = "untimed"
    """Accepted; it had no timestamp and follows the one before."""
    RESTART = "restart"
    """Accepted; the source's time went back, and the shared time continues without a jump."""
    JUMP = "jump"
    """Accepted; the source's time leapt ahead of the clock, and the shared time continues without a jump."""
    DUPLICATE = "duplicate"
    """Refused: the timestamp of the sample before."""
    BACKWARD = "backward"
    """Refused: a timestamp before that of the sample before, too little for a restart."""

    @property
    def accepted(self) -> bool:
        """Whether the sample enters the window."""
        return self is not Verdict.DUPLICATE and self is not Verdict.BACKWARD


_ON_TIME = Verdict.ON_TIME


class SharedTime:
    """The time that all streams share, continuous across restarts: its newest value, and the shift of source times.

    When a source restarts, its streams do so one after the other. The first one sets the shift, the
    others adopt it, and so sound and picture stay together. For the same reason they share what corrects the
    drift of the source's clock.
    """

    __slots__ = ("_first_arrival", "drift", "epoch", "newest_ns", "pacer", "shift_ns")

    def __init__(self) -> None:
        self.epoch = 0
        self.shift_ns = 0
        self.newest_ns = 0
        self.drift = DriftTracker()
        self.pacer: Intake | None = None
        """The stream that shows the source's clock, None for none."""
        self._first_arrival: tuple[int, int] | None = None  # clock and time of the first sample

    def begin(self, time_ns: int, arrival_ns: int) -> None:
        """A stream began with a sample of `time_ns` when the clock showed `arrival_ns`."""
        if self._first_arrival is None:
            self._first_arrival = (arrival_ns, time_ns)

    def paced_origin_ns(self, now_ns: int, newest_ns: int) -> int | None:
        """What the clock showed at time 0, if samples come as time goes by; None if faster or slower.

        newest_ns: where the newest stored sample ends.
        """
        if self._first_arrival is None:
            return None
        arrival_ns, time_ns = self._first_arrival
        is_paced = abs(now_ns - arrival_ns - (newest_ns - time_ns)) < PACED_NS
        return arrival_ns - time_ns if is_paced else None

    def offer_pacer(self, stream: Intake) -> None:
        """A stream with a clock of its own began: it shows the clock, unless one does that has a better claim."""
        if self.pacer is not None and (self.pacer.leads or not stream.leads):
            return
        if self.pacer is not None:
            self.drift.measure_anew()
        self.pacer = stream

    def shared_ns(self, running_ns: int) -> int:
        """The shared time of a running time of the source, as it is now."""
        time_ns = running_ns + self.shift_ns
        return time_ns + self.drift.correction_ns(time_ns)

    def shift(self, shift_ns: int) -> None:
        """From now on the shared time is running time plus `shift_ns`, and what is corrected."""
        self.epoch += 1
        self.shift_ns = shift_ns

    def restart(self, shift_ns: int) -> None:
        """From now on the shared time is running time plus `shift_ns`; nothing is corrected yet."""
        self.shift(shift_ns)
        self.drift = self.drift.successor()


class Intake:
    """Gives each sample of one stream its place: `last_ns`, the newest order time, only grows."""

    __slots__ = (
        "_arrival_ns",
        "_live",
        "_shared",
        "correction_ns",
        "drift",
        "end_ns",
        "epoch",
        "has_own_clock",
        "last_ns",
        "leads",
        "shift_ns",
    )

    def __init__(self, shared: SharedTime, *, live: bool, leads: bool = True) -> None:
        """leads: the source's clock is read from this stream rather than from one that does not."""
        self._shared = shared
        self._live = live
        self._arrival_ns = 0
        self.leads = leads
        self.has_own_clock = True
        """Whether samples come by the clock of their source; False for a source that can wait."""
        self.epoch = shared.epoch
        self.shift_ns = shared.shift_ns
        self.drift = shared.drift
        self.correction_ns = 0
        """What was added to the time of the newest sample for the drift of its source."""
        self.last_ns: int | None = None
        self.end_ns = 0

    def shared_ns(self, running_ns: int) -> int:
        """The shared time of a running time of the stream, as it is now."""
        time_ns = running_ns + self.shift_ns
        if self.drift.is_active:
            self.correction_ns = self.drift.correction_ns(time_ns)
            return time_ns + self.correction_ns
        return time_ns

    def place(
        self, running_ns: int | None, duration_ns: int, arrival_ns: int, *, inter_coded: bool = False
    ) -> tuple[Verdict, int]:
        """The verdict on a sample and its order time in shared time.

        running_ns: its running time (of the decode timestamp where it has one), None when it has no
        timestamp. arrival_ns: the clock now, any origin. inter_coded: other samples may need this one,
        so none is refused.
        """
        last_ns = self.last_ns
        time_ns = -1
        if running_ns is not None and last_ns is not None:
            time_ns = self.shared_ns(running_ns) if self.drift.is_active else running_ns + self.shift_ns
        if last_ns is not None and 0 < time_ns - last_ns <= JUMP_NS:
            verdict = _ON_TIME  # nearly every sample; the rest takes its time
        else:
            verdict, time_ns = self._judge(running_ns, arrival_ns, inter_coded)
            if not verdict.accepted:
                return verdict, time_ns
            if last_ns is None:
                self._shared.begin(time_ns, arrival_ns)
                if self._live and self.has_own_clock:
                    self._shared.offer_pacer(self)
        if self._shared.pacer is self and running_ns is not None:
            self.drift.note(running_ns + self.shift_ns, arrival_ns)
        self.last_ns = time_ns
        self._arrival_ns = arrival_ns
        self.end_ns = end_ns = time_ns + duration_ns
        if end_ns > self._shared.newest_ns:
            self._shared.newest_ns = end_ns
        return verdict, time_ns

    def _judge(self, running_ns: int | None, arrival_ns: int, inter_coded: bool) -> tuple[Verdict, int]:
        last_ns = self.last_ns
        if running_ns is None:
            return Verdict.UNTIMED, self.end_ns if last_ns is not None else self._shared.newest_ns
        if last_ns is None:
            self._adopt()
            return Verdict.ON_TIME, self.shared_ns(running_ns)
        time_ns = self.shared_ns(running_ns)
        ahead_ns = time_ns - last_ns
        if ahead_ns > 0:
            if ahead_ns <= JUMP_NS or not self._leaps(ahead_ns, arrival_ns):
                return Verdict.ON_TIME, time_ns
            return Verdict.JUMP, self._reanchor(running_ns, last_ns, arrival_ns)
        if ahead_ns <= -RESTART_NS:
            return Verdict.RESTART, self._reanchor(running_ns, last_ns, arrival_ns)
        if inter_coded:
            return Verdict.ON_TIME, last_ns
        return (Verdict.DUPLICATE if ahead_ns == 0 else Verdict.BACKWARD), time_ns

    def _leaps(self, ahead_ns: int, arrival_ns: int) -> bool:
        if self._live:
            return ahead_ns - (arrival_ns - self._arrival_ns) > JUMP_NS
        return ahead_ns > OFFLINE_JUMP_NS

    def _adopt(self) -> None:
        self.epoch = self._shared.epoch
        self.shift_ns = self._shared.shift_ns
        self.drift = self._shared.drift
        self.correction_ns = 0

    def shift_by(self, moved_ns: int, running_ns: int | None, arrival_ns: int) -> None:
        """Running time 0 of the source is `moved_ns` later than it was: so is what comes from now on.

        running_ns, arrival_ns: of the first sample that comes then. Where its timestamps went on meanwhile they do
        not count from there, and nothing is to be done. Of the streams of one source the first one sets the
        shared shift and the others adopt it.
        """
        if running_ns is None or self.last_ns is None:
            return
        went_on_ns = self.shared_ns(running_ns) - self.last_ns
        if moved_ns <= 0 or 2 * (arrival_ns - self._arrival_ns - went_on_ns) < moved_ns:
            return
        shift_ns = self.shift_ns + moved_ns
        if self._shared.shift_ns != shift_ns:
            self._shared.shift(shift_ns)
        self._adopt()

    def _reanchor(self, running_ns: int, last_ns: int, arrival_ns: int) -> int:
        """Find the shift under which `running_ns` continues the shared time; returns its new time."""
        if self._live:
            expected_ns = max(last_ns + 1, last_ns + arrival_ns - self._arrival_ns)
        else:
            expected_ns = max(last_ns + 1, self.end_ns, self._shared.newest_ns)
        if self.epoch != self._shared.epoch:
            adopted_ns = self._shared.shared_ns(running_ns)
            if adopted_ns > last_ns and abs(adopted_ns - expected_ns) < JUMP_NS:
                self._adopt()
                return adopted_ns
        self._shared.restart(expected_ns - running_ns)
        self._adopt()
        return expected_ns
