"""Uses the built-in match as the source of your own pipeline: a live preview, or with FILE a recording.

Run: python examples/match_source.py [FILE.mkv]
"""

from __future__ import annotations

import sys

from pipeline.gst.capture.match_source import match_source
from pipeline.gst.runtime import Gst
from pipeline.match.settings import parse_match


def main(file: str | None) -> None:
    """Show the match until interrupted, or write five seconds of it to `file`."""
    sinks = (
        "videoconvert name=video ! autovideosink  audioconvert name=sound ! autoaudiosink"
        if file is None
        else "x264enc name=video speed-preset=veryfast ! h264parse ! queue ! matroskamux name=mux "
        "audioconvert name=sound ! opusenc ! queue ! mux.  mux. ! filesink name=file"
    )
    pipeline = Gst.parse_launch(sinks)
    assert isinstance(pipeline, Gst.Pipeline)
    if file is not None:
        pipeline.get_by_name("file").set_property("location", file)
    source = match_source(
        parse_match("match?seed=7"), live=file is None, duration_s=None if file is None else 5
    )
    pipeline.add(source)
    for pad, sink in (("video", "video"), ("audio", "sound")):
        source.get_static_pad(pad).link(pipeline.get_by_name(sink).get_static_pad("sink"))
    pipeline.set_state(Gst.State.PLAYING)
    try:
        message = pipeline.get_bus().timed_pop_filtered(
            Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR
        )
        if message is not None and message.type == Gst.MessageType.ERROR:
            raise SystemExit(f"the pipeline failed: {message.parse_error().gerror.message}")
    except KeyboardInterrupt:
        pass
    finally:
        pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
