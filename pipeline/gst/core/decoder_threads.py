"""Decoders of several cameras share the cores: threads beyond one a core only hold more frames in memory."""

from __future__ import annotations

import os

from pipeline.gst.core.elements import find_property
from pipeline.gst.runtime import Gst

THREADS = "max-threads"
"""The property of libav's decoders; 0, as they come, means one thread a core for each decoder."""


def share_cores(pipeline: Gst.Pipeline, cameras: int) -> None:
    """Give each decoder that will come into `pipeline` its share of the cores; one core at least."""
    threads = max((os.cpu_count() or 1) // cameras, 1)

    def on_element(_pipeline: Gst.Pipeline, _parent: Gst.Bin, element: Gst.Element) -> None:
        if find_property(element, THREADS) is not None and element.get_property(THREADS) == 0:
            element.set_property(THREADS, threads)

    pipeline.connect("deep-element-added", on_element)
