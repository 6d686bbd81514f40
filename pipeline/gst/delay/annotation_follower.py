"""AnnotationFollower: tells one place of the playback pipeline what each frame there shows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from pipeline.buffering.annotations import Annotation, Annotations
from pipeline.foreign_code import Contained, describe
from pipeline.gst.core.samples import pad_running_time_ns
from pipeline.gst.runtime import Gst

logger = logging.getLogger("buffer-manager")


class AnnotationFollower:
    """Calls back before the first buffer at a pad that shows another annotation of one kind than the one before it.

    The callback runs on the pad's streaming thread: what it sets on an element behind the pad holds from that very
    buffer on. What it raises is logged, once for each annotation, and playback goes on.
    """

    def __init__(
        self,
        pad: Any,
        kind: str,
        annotations: Annotations,
        captured_ns: Callable[[int], int],
        callback: Callable[[Annotation | None], Any],
    ) -> None:
        """`captured_ns` converts a running time of the pad to the capture's; the callback gets None for nothing."""
        self._pad, self._kind, self._annotations = pad, kind, annotations
        self._captured_ns, self._callback = captured_ns, callback
        self._shown: Annotation | None = None
        self._probe: int | None = pad.add_probe(Gst.PadProbeType.BUFFER, self._on_buffer)

    def close(self) -> None:
        """Call back no more; idempotent. Any thread."""
        probe, self._probe = self._probe, None
        if probe is not None:
            self._pad.remove_probe(probe)

    def _on_buffer(self, pad: Any, info: Any) -> Any:
        buffer = info.get_buffer()
        running_ns = None if buffer is None else pad_running_time_ns(pad, buffer.pts)
        if running_ns is None:
            return Gst.PadProbeReturn.OK
        annotation = self._annotations.at(self._kind, self._captured_ns(running_ns))
        if annotation is not self._shown:
            self._shown = annotation
            with Contained() as call:
                self._callback(annotation)
            if call.error is not None:
                logger.warning("[PLAYBACK] showing %s failed: %s", self._kind, describe(call.error))
        return Gst.PadProbeReturn.OK
