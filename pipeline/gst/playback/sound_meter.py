"""SoundMeter: how loud the sound is that the outputs get: peak and mean of each channel, silence, clipping."""

from __future__ import annotations

import logging
import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from pipeline.foreign_code import Contained, describe
from pipeline.gst.core.pcm import PcmFormat, Sound
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_MS, NS_PER_S, ns_to_seconds

logger = logging.getLogger("foresight")

LEAST_DBFS = -100.0
"""Anything softer is shown as this."""
SILENT_DBFS = -60.0
"""Sound whose loudest channel stays below this is silence: a microphone that is off or not plugged in."""
BLOCK_NS = 100 * NS_PER_MS
SHOWN_BLOCKS = 4
"""The meter shows the newest blocks."""
CLIPPED_SAMPLES = 3
"""So many samples in a row at full scale were louder than the format holds."""
CLIPPING_NS = 5 * NS_PER_S
"""So long after it, sound still counts as clipping."""
FULL_SCALE = 0.9998


@dataclass(frozen=True, slots=True)
class SoundLevels:
    """The level of the sound that is played, in dB below full scale (dBFS); -100 at least."""

    peak_dbfs: list[float]
    """The loudest sample of each channel in the last 0.4 s."""
    rms_dbfs: list[float]
    """The root mean square of each channel over that time."""
    silent_s: float
    """For how long it has been below -60 dBFS; 0 while it is not."""
    clips: bool
    """Whether samples were cut off at full scale in the last 5 s."""


class LevelMeter:
    """Measures sound piece by piece, by its own length, not by a clock. Pure; one thread calls `add`."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._block_samples = max(rate_hz * BLOCK_NS // NS_PER_S, 1)
        self._peak = np.zeros(channels)
        self._power = np.zeros(channels)
        self._count = 0
        self._blocks: deque[tuple[Sound, Sound]] = deque(maxlen=SHOWN_BLOCKS)
        self._was_full = np.zeros((CLIPPED_SAMPLES - 1, channels), bool)
        """Which of the last samples were at full scale."""
        self._silent_ns = 0
        self._since_clip_ns: int | None = None
        self.levels = SoundLevels([LEAST_DBFS] * channels, [LEAST_DBFS] * channels, 0.0, False)

    def add(self, sound: Sound) -> None:
        """Take the next samples, shape (samples, channels), full scale 1."""
        while len(sound):
            piece, sound = np.split(sound, [self._block_samples - self._count])
            self._peak = np.maximum(self._peak, np.abs(piece).max(axis=0))
            self._power += np.square(piece).sum(axis=0)
            self._note_clipping(piece)
            self._count += len(piece)
            if self._count == self._block_samples:
                self._end_block()

    def _note_clipping(self, piece: Sound) -> None:
        is_full = np.vstack([self._was_full, np.abs(piece) >= FULL_SCALE])
        self._was_full = is_full[-(CLIPPED_SAMPLES - 1) :]
        count = len(is_full) - CLIPPED_SAMPLES + 1
        if count > 0 and np.all([is_full[n : n + count] for n in range(CLIPPED_SAMPLES)], axis=0).any():
            self._since_clip_ns = 0

    def _end_block(self) -> None:
        self._blocks.append((self._peak, self._power / self._count))
        is_silent = _dbfs(float(self._peak.max())) < SILENT_DBFS
        self._silent_ns = self._silent_ns + BLOCK_NS if is_silent else 0
        if self._since_clip_ns is not None:
            self._since_clip_ns += BLOCK_NS
        clips = self._since_clip_ns is not None and self._since_clip_ns <= CLIPPING_NS
        peak = np.max([block[0] for block in self._blocks], axis=0)
        rms = np.sqrt(np.mean([block[1] for block in self._blocks], axis=0))
        self.levels = SoundLevels(
            [_dbfs(value) for value in peak],
            [_dbfs(value) for value in rms],
            round(ns_to_seconds(self._silent_ns), 1),
            clips,
        )
        self._peak, self._power, self._count = np.zeros_like(self._peak), np.zeros_like(self._power), 0


class SoundMeter:
    """Measures the raw sound that passes a pad, on its streaming thread. `levels` may be read by any thread."""

    def __init__(self, pad: Gst.Pad) -> None:
        self._pcm: PcmFormat | None = None
        self._scale = 1.0
        self._meter: LevelMeter | None = None
        self._has_failed = False
        pad.add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_item)

    @property
    def levels(self) -> SoundLevels | None:
        """The newest levels; None before the first sound, and for a format that cannot be read."""
        return None if self._meter is None else self._meter.levels

    def _on_item(self, _pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        with Contained() as call:
            if info.type & Gst.PadProbeType.EVENT_DOWNSTREAM:
                event = info.get_event()
                if event is not None and event.type == Gst.EventType.CAPS:
                    self._begin(PcmFormat.of(event.parse_caps()))
            else:
                self._measure(info.get_buffer())
        if call.error is not None and not self._has_failed:
            self._has_failed = True
            logger.warning("the level of the sound is not measured: %s", describe(call.error))
        return Gst.PadProbeReturn.REMOVE if self._has_failed else Gst.PadProbeReturn.OK

    def _begin(self, pcm: PcmFormat | None) -> None:
        if pcm == self._pcm:
            return
        self._pcm = pcm
        self._meter = None if pcm is None else LevelMeter(pcm.rate_hz, pcm.channels)
        self._scale = 1.0 if pcm is None else 1 / pcm.full_scale

    def _measure(self, buffer: Gst.Buffer | None) -> None:
        if buffer is None or self._pcm is None or self._meter is None:
            return
        self._meter.add(self._pcm.decode(buffer.extract_dup(0, buffer.get_size())) * self._scale)


def _dbfs(value: float) -> float:
    return max(round(20 * math.log10(value), 1), LEAST_DBFS) if value > 0 else LEAST_DBFS
