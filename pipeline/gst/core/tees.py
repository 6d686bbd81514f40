"""Branches of a tee that come and go while the pipeline plays."""

from __future__ import annotations

import threading

from pipeline.errors import PipelineError
from pipeline.gst.core.shutdown import all_within
from pipeline.gst.runtime import Gst


def attach(tee: Gst.Element, sink_pad: Gst.Pad) -> None:
    """Feed `sink_pad` from `tee`, from the next buffer on. Any thread. Raises PipelineError."""
    pad = tee.request_pad_simple("src_%u")
    if pad is None or pad.link(sink_pad) != Gst.PadLinkReturn.OK:
        raise PipelineError(f"cannot link {tee.get_name()} to another branch: no common format")


def detach_all(element: Gst.Bin, play_on_s: float = 1.0) -> list[Gst.Pad]:
    """Take `element`'s sink pads off their tees, as `detach` does, also while the film is held; returns them.

    From now on it plays by itself, whatever the film does: a held one keeps who feeds it waiting. Unless something
    holds it, it has changed its state within `play_on_s`.
    """
    element.set_locked_state(True)
    all_within(play_on_s, [lambda: element.set_state(Gst.State.PLAYING)])
    pads = list(element.sinkpads)
    for pad in pads:
        detach(pad)
    return pads


def detach(sink_pad: Gst.Pad, let_go_s: float = 5.0) -> None:
    """Take `sink_pad` off its tee between two buffers; blocks until it is off. Any thread but the tee's.

    Raises PipelineError where the branch holds its tee up for `let_go_s`; else a tee is done with a buffer long
    before.
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
