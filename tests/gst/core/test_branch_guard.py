"""The guard of an output's branch: whatever the branch answers, the other branches go on."""

from __future__ import annotations

import pytest

from pipeline.gst.core.branch_guard import branch_guard
from pipeline.gst.core.elements import add, chain, link, make, set_property, static_pad
from pipeline.gst.runtime import Gst

COUNT = 20


@pytest.mark.parametrize(
    "answer", ["FLUSHING", "EOS", "ERROR", "NOT_NEGOTIATED", "NOT_LINKED", "OK"], ids=str.lower
)
def test_the_other_branches_get_all_whatever_one_answers(answer: str) -> None:
    pipeline = Gst.Pipeline.new(None)
    source, tee, guard = make("fakesrc", None, num_buffers=COUNT), make("tee"), branch_guard()
    chain(pipeline, source, tee)
    refused = make("errorignore", None, ignore_error=False, ignore_notnegotiated=False)
    add(pipeline, guard, refused)
    link(tee, guard, refused)
    given: list[Gst.Buffer] = []

    def take(_pad: Gst.Pad, _parent: Gst.Object | None, buffer: Gst.Buffer) -> Gst.FlowReturn:
        given.append(buffer)
        return getattr(Gst.FlowReturn, answer)

    static_pad(refused, "sink").set_chain_function_full(take)
    other = make("fakesink", None, sync=False)
    set_property(other, "signal-handoffs", True)
    taken: list[int] = []
    other.connect("handoff", lambda *_: taken.append(1))
    chain(pipeline, queue := make("queue"), other)
    link(tee, queue)
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        10 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR
    )
    pipeline.set_state(Gst.State.NULL)
    assert message is not None
    assert message.type == Gst.MessageType.EOS
    assert len(taken) == COUNT
    assert given, "it was given what came"
