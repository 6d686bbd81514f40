"""Connections: the signal handlers and pad probes of one pipeline, released together when it has stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.gst.core.elements import elements_of
from pipeline.gst.runtime import GObject, Gst


class Connections:
    """Connects callbacks to a pipeline's elements and pads, until `release`.

    An element keeps its callbacks alive, and a callback its object. If that object refers to the element, neither
    Python nor GStreamer can free them, so their owner releases them. Any thread.
    """

    def __init__(self) -> None:
        self._undo: dict[object, Callable[[], object]] = {}

    def connect(
        self, element: GObject.Object, signal: str, callback: Callable[..., Any], *given: Any
    ) -> None:
        """Call `callback(element, ..., *given)` at each `signal`."""
        handler = element.connect(signal, callback, *given)
        self._undo[object()] = lambda: element.disconnect(handler)

    def probe(
        self, pad: Gst.Pad, kinds: Gst.PadProbeType, callback: Callable[..., Gst.PadProbeReturn], *given: Any
    ) -> None:
        """Call `callback(pad, info, *given)` for each item of `kinds`, until it returns REMOVE."""
        key = object()

        def call(pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
            answer = callback(pad, info, *given)
            if answer == Gst.PadProbeReturn.REMOVE:
                self._undo.pop(key, None)
            return answer

        self._undo[key] = lambda: None
        probe = pad.add_probe(kinds, call)
        if key in self._undo:  # not removed yet
            self._undo[key] = lambda: pad.remove_probe(probe)

    def release(self) -> None:
        """Disconnect everything; the pipeline is in state NULL, or its callbacks may still run. Idempotent."""
        undo, self._undo = self._undo, {}
        for disconnect in undo.values():
            disconnect()


def take_apart(container: Gst.Bin) -> None:
    """Remove the elements of a pipeline or bin in state NULL, which Python can then free one by one. Idempotent.

    Python's garbage collector looks into an element, at its attributes and signal handlers, only if nothing but
    Python refers to it. The elements of plain bins are removed too; those of other kinds of bins are their own.
    """
    for element in elements_of(container):
        if type(element) is Gst.Bin:
            take_apart(element)
        container.remove(element)
