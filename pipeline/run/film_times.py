"""FilmTimes: when playback showed what was captured when. Pure."""

from __future__ import annotations

from pipeline.timebase import Nanoseconds


class FilmTimes:
    """The steps between captured time and playback's, as frames are shown; one thread notes, any thread reads.

    They differ only after a freeze, a replay or a change of delay, so each step is kept, not each frame.
    """

    def __init__(self) -> None:
        self._steps: list[tuple[int, int]] = []
        """From this running time of playback on, a frame is shown so much after its captured time."""

    def note(self, shown_ns: int, captured_ns: int) -> None:
        """Note a frame: playback's running time, and the captured time that it shows."""
        shift_ns = shown_ns - captured_ns
        if not self._steps or self._steps[-1][1] != shift_ns:
            self._steps.append((shown_ns, shift_ns))

    @property
    def has_begun(self) -> bool:
        """Whether a frame was shown."""
        return bool(self._steps)

    def captured_ns(self, shown_ns: int) -> Nanoseconds:
        """The captured time that playback showed at a running time; before the first frame, as if it were that."""
        steps = list(self._steps)
        shift_ns = next((shift for begin_ns, shift in reversed(steps) if begin_ns <= shown_ns), None)
        if shift_ns is None:
            shift_ns = steps[0][1] if steps else 0
        return Nanoseconds(shown_ns - shift_ns)

    def shown_from_now_ns(self, captured_ns: int) -> Nanoseconds:
        """When a captured moment is shown if playback goes on as it does now, in its running time."""
        return Nanoseconds(captured_ns + (self._steps[-1][1] if self._steps else 0))

    def first_shown_ns(self, captured_ns: int, begin_ns: int, end_ns: int) -> Nanoseconds | None:
        """When a captured moment was first shown between two running times of playback; None if it was not."""
        steps = list(self._steps)
        for index, (from_ns, shift_ns) in enumerate(steps):
            until_ns = steps[index + 1][0] if index + 1 < len(steps) else end_ns
            shown_ns = captured_ns + shift_ns
            if max(from_ns, begin_ns) <= shown_ns < min(until_ns, end_ns):
                return Nanoseconds(shown_ns)
        return None
