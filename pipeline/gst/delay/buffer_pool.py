"""Whose memory a stored sample keeps: the source's by reference, or our own by one copy."""

from __future__ import annotations

from typing import Any, Literal

from pipeline.gst.runtime import Gst

Ownership = Literal["auto", "copy", "reference"]

CHECK_EVERY = 64
"""A source changes its pool with its caps, or hardly ever: looking at every sample costs more than it tells."""
_SYSTEM_MEMORY = "memory:SystemMemory"


class BufferOwnership:
    """Decides once per buffer pool and caps whether to keep or copy. Used by the source's streaming thread.

    A pool with a maximum (a camera's, a hardware decoder's) starves when the window holds its buffers, so a buffer
    of such a pool is copied where the window needs more than the pool has. Memory with a caps feature of its own
    (NVMM, DMABuf, GL, CUDA) is never mapped, so it is never copied either unless "copy" asks for it.
    """

    def __init__(self, ownership: Ownership) -> None:
        self._ownership = ownership
        self.copies = ownership == "copy"
        self._until_check = 0
        self._interval = 1
        self.copied = 0

    def keep(self, sample: Any, needed: int) -> Any:
        """The sample to store; `needed` is how many the window will hold at a time."""
        if self._ownership == "auto":
            if self._until_check <= 0:
                self.copies = _is_scarce(sample, needed)
                self._interval = min(2 * self._interval, CHECK_EVERY)
                self._until_check = self._interval
            self._until_check -= 1
        if not self.copies:
            return sample
        self.copied += 1
        return Gst.Sample.new(sample.get_buffer().copy_deep(), sample.get_caps(), sample.get_segment(), None)

    def check_again(self) -> None:
        """The caps changed, so the next sample may come from another pool.

        Look often at first: an element that marks the first buffer may have made a copy of it to do so.
        """
        self._until_check = 0
        self._interval = 1


def _is_scarce(sample: Any, needed: int) -> bool:
    pool = sample.get_buffer().pool
    return pool is not None and 0 < _most(pool) <= needed and _is_system_memory(sample.get_caps())


def _most(pool: Any) -> int:
    """The most buffers that a pool makes, 0 for no limit."""
    known, _caps, _size, _least, most = Gst.BufferPool.config_get_params(pool.get_config())
    return int(most) if known else 0


def _is_system_memory(caps: Any) -> bool:
    if caps is None or caps.get_size() == 0:
        return False
    features = caps.get_features(0)
    return features is None or features.get_size() == 0 or bool(features.contains(_SYSTEM_MEMORY))
