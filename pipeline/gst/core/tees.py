"""Adds and removes branches of a tee while the pipeline plays."""

from __future__ import annotations

import threading

from pipeline.errors import PipelineError
from pipeline.gst.core.shutdown import all_within
from pipeline.gst.runtime import Gst


def attach(tee: Gst.Element, sink_pad: Gst.Pad) -> None:
    """Link `sink_pad` to `tee`; the next buffer reaches it. Any thread. Raises PipelineError."""
    pad = tee.request_pad_simple("src_%u")
    if pad is None or pad.link(sink_pad) != Gst.PadLinkReturn.OK:
        raise PipelineError(f"cannot link {tee.get_name()} to another branch: no common format")


def detach_all(element: Gst.Bin, play_on_s: float = 1.0) -> list[Gst.Pad]:
    """Detach all sink pads of `element` from their tees, also while the pipeline is paused; returns them.

    The element is set to PLAYING and its state is locked, because a paused branch would block its tee. It gets
    `play_on_s` for that state change. Raises PipelineError as `detach` does.
    """
    element.set_locked_state(True)
    all_within(play_on_s, [lambda: element.set_state(Gst.State.PLAYING)])
    pads = list(element.sinkpads)
    for pad in pads:
        detach(pad)
    return pads


def detach(sink_pad: Gst.Pad, let_go_s: float = 5.0) -> None:
    """Unlink `sink_pad` from its tee between two buffers; blocks until done. Any thread but the tee's.

    Raises PipelineError if the branch blocks its tee for `let_go_s`, which is far longer than a buffer takes.
    """
    pad = sink_pad.get_peer()
    tee = None if pad is None else pad.get_parent_element()
    if pad is None or tee is None:
        return
    is_off = threading.Event()

    def take_off(idle: Gst.Pad, _info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        idle.unlink(sink_pad)
        is_off.set()
        return Gst.PadProbeReturn.REMOVE

    pad.add_probe(Gst.PadProbeType.IDLE, take_off)
    if not is_off.wait(let_go_s):
        raise PipelineError(f"{tee.get_name()} is blocked, so the output cannot be removed; end the run")
    tee.release_request_pad(pad)
