"""Shares the processor cores among the decoders of several cameras.

More than one decoding thread per core only holds more frames in memory.
"""

from __future__ import annotations

import os

from pipeline.gst.core.elements import find_property
from pipeline.gst.runtime import Gst

THREADS = "max-threads"
"""A property of libav's decoders; their default, 0, means one thread per core in each decoder."""


def share_cores(pipeline: Gst.Pipeline, cameras: int) -> None:
    """Give each decoder that is added to `pipeline` an equal share of the cores, at least one thread."""
    threads = max((os.cpu_count() or 1) // cameras, 1)

    def on_element(_pipeline: Gst.Pipeline, _parent: Gst.Bin, element: Gst.Element) -> None:
        if find_property(element, THREADS) is not None and element.get_property(THREADS) == 0:
            element.set_property(THREADS, threads)

    pipeline.connect("deep-element-added", on_element)
