"""TrackChoice: the first stream that delivers is used, whatever the others do."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipeline.gst.capture.track_choice import TrackChoice
from pipeline.gst.core.elements import drain, make, make_appsink, make_appsrc, static_pad
from pipeline.gst.runtime import Gst, GstApp

CAPS = Gst.Caps.from_string("audio/x-raw,format=S16LE,rate=48000,channels=1,layout=interleaved")
DATA, GAP, END, NOTHING = "data", "gap", "end", "nothing"


def play(tracks: Sequence[Sequence[str]], *, settle: bool = False) -> tuple[int, bytes]:
    """Offer tracks that do these things in order; the number of the used one, and the first byte that came."""
    pipeline = Gst.Pipeline.new(None)
    entry, appsink = make("queue"), make_appsink("used")
    pipeline.add(entry)
    pipeline.add(appsink)
    entry.link(appsink)
    target = static_pad(entry, "sink")
    choice = TrackChoice(lambda pad: pad.link(target), lambda pad: drain(pipeline, pad))
    sources: list[GstApp.AppSrc] = []
    for _ in tracks:
        source = make_appsrc("track", CAPS)
        source.set_name(f"track-{len(sources)}")
        pipeline.add(source)
        sources.append(source)
        choice.offer(static_pad(source, "src"))
    pipeline.set_state(Gst.State.PLAYING)
    try:
        for number, (source, does) in reversed(list(enumerate(zip(sources, tracks, strict=True), 1))):
            for action in does:
                if action == DATA:
                    buffer = Gst.Buffer.new_wrapped(bytes([number]) * 960)
                    buffer.pts, buffer.duration = 0, Gst.MSECOND * 10
                    source.push_buffer(buffer)
                elif action == GAP:
                    source.send_event(Gst.Event.new_gap(0, Gst.SECOND))
                elif action == END:
                    source.end_of_stream()
        if settle:
            pipeline.get_state(Gst.SECOND)
            for _ in range(100):
                choice.settle()
                if choice.used != 1:
                    break
                pipeline.get_bus().timed_pop(10 * Gst.MSECOND)
        sample = appsink.try_pull_sample(5 * Gst.SECOND)
        assert sample is not None
        buffer = sample.get_buffer()
        assert buffer is not None
        return choice.used, buffer.extract_dup(0, 1)
    finally:
        pipeline.set_state(Gst.State.NULL)


@pytest.mark.parametrize(
    ("tracks", "used"),
    [
        ([[DATA, END]], 1),
        ([[DATA, END], [DATA, END]], 1),
        ([[END], [DATA, END]], 2),
        ([[END], [END], [DATA, END]], 3),
        ([[DATA, END], [END]], 1),
        ([[GAP, DATA, END]], 1),
    ],
)
def test_the_first_track_that_delivers_is_used(tracks: list[list[str]], used: int) -> None:
    assert play(tracks) == (used, bytes([used]))


def test_a_silent_track_is_given_up_when_another_one_has_data() -> None:
    assert play([[NOTHING], [DATA]], settle=True) == (2, b"\x02")
