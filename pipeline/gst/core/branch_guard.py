"""Branch guard: the entry of an output's branch, which takes everything, whatever becomes of the branch."""

from __future__ import annotations

from pipeline.gst.core.elements import make, static_pad
from pipeline.gst.runtime import Gst


def branch_guard() -> Gst.Element:
    """An element that passes everything on and answers OK to what it was given, also when the rest refuses it.

    A tee hands the answer of one branch to its source, which stops for all of them. Of errorignore only the pads
    are used, which caps, events and queries pass: by itself it lets FLUSHING through, which is what splitmuxsink
    answers once it cannot open its next part. The branch's error still arrives on the bus.
    """
    guard = make("errorignore")
    rest = static_pad(guard, "src")

    def take(_pad: Gst.Pad, _parent: Gst.Object | None, buffer: Gst.Buffer) -> Gst.FlowReturn:
        rest.push(buffer)
        return Gst.FlowReturn.OK

    static_pad(guard, "sink").set_chain_function_full(take)
    return guard
