"""A camera whose sound continues after its video has stopped: it is reconnected."""

from __future__ import annotations

from pipeline.gst.capture.limits import CameraLimits
from pipeline.gst.capture.plain_source import PlainSource
from pipeline.gst.capture.reconnecting_camera import ReconnectingCamera
from pipeline.gst.core.elements import chain, ghost, make, static_pad
from pipeline.gst.runtime import Gst
from tests.faults.record import Area, fault
from tests.gst.output.peers import wait_until

PICTURES = 25


def open_source(connections: list[str]) -> PlainSource:
    """One second of video, and endless sound."""
    connections.append("opened")
    container = Gst.Bin.new(None)
    shape = "video/x-raw,format=I420,width=160,height=96,framerate=25/1"
    form = make("capsfilter", None, caps=Gst.Caps.from_string(shape))
    picture, sound = make("queue"), make("queue")
    chain(container, make("videotestsrc", None, is_live=True), form, picture)
    chain(container, make("audiotestsrc", None, is_live=True), sound)
    seen = 0

    def die(_pad: Gst.Pad, _info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        nonlocal seen
        seen += 1
        return Gst.PadProbeReturn.OK if seen <= PICTURES else Gst.PadProbeReturn.DROP

    static_pad(form, "src").add_probe(Gst.PadProbeType.BUFFER, die)

    def find(source: PlainSource) -> None:
        source.found(ghost(container, static_pad(picture, "src"), "video_0"))
        source.found(ghost(container, static_pad(sound, "src"), "audio_0"))
        source.complete()

    return PlainSource("camera", container, True, find)


@fault(
    Area.CAMERAS,
    "a camera's video stops and its sound goes on",
    seen="it is reconnected; a note",
    lost="what it would have sent",
)
def test_a_camera_that_sends_only_sound_is_reconnected() -> None:
    connections: list[str] = []
    limits = CameraLimits(silent_s=1.0)
    camera = ReconnectingCamera(
        "camera", lambda: open_source(connections), paced=False, patience_s=0.5, limits=limits
    )
    pipeline = Gst.Pipeline.new("analysis")
    pipeline.use_clock(Gst.SystemClock.obtain())
    pipeline.add(camera.element)

    def found(pad: Gst.Pad) -> None:
        sink = make("fakesink", None, sync=False)
        sink.set_property("async", False)
        pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(static_pad(sink, "sink"))

    camera.watch(found, lambda: None)
    pipeline.set_start_time(Gst.CLOCK_TIME_NONE)
    pipeline.set_base_time(Gst.SystemClock.obtain().get_time())
    pipeline.set_state(Gst.State.PLAYING)
    failures: list[Exception] = []
    camera.start(pipeline.get_base_time(), failures.append)
    try:
        wait_until(lambda: len(connections) > 1, "another connection")
        assert (camera.outages, failures) == (1, [])
    finally:
        camera.close()
        pipeline.set_state(Gst.State.NULL)
