"""Runs one sample of sound through elements, and returns the bytes that come out."""

from __future__ import annotations

from pipeline.gst.core.elements import chain, make, make_appsrc
from pipeline.gst.runtime import Gst, GstApp


def converted(sample: Gst.Sample, wanted: str, *elements: Gst.Element) -> bytes:
    """The bytes of `sample` after `elements`, converted to the caps `wanted`."""
    pipeline = Gst.Pipeline.new(None)
    appsrc, sink = make_appsrc("in"), make("appsink", "out", sync=False)
    assert isinstance(sink, GstApp.AppSink)
    shape = make("capsfilter", None, caps=Gst.Caps.from_string(wanted))
    chain(pipeline, appsrc, *elements, make("audioconvert", None, dithering="none"), shape, sink)
    pipeline.set_state(Gst.State.PLAYING)
    try:
        appsrc.push_sample(sample)
        appsrc.end_of_stream()
        data = b""
        while (pulled := sink.try_pull_sample(5 * Gst.SECOND)) is not None:
            data += pulled.get_buffer().extract_dup(0, pulled.get_buffer().get_size())
        error = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
        assert error is None, error.parse_error()
        return data
    finally:
        pipeline.set_state(Gst.State.NULL)
