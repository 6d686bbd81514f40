"""The virtual camera as an element: caps, running times, pixels, and what a wrong rig says."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import DetectorError
from pipeline.gst.core.elements import chain, make, make_appsink
from pipeline.gst.core.frames import FrameLayout
from pipeline.gst.playback.view_element import FAILED_FRAMES, ViewElement
from pipeline.gst.runtime import Gst
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from pipeline.timebase import Nanoseconds
from tests.faults.record import Area, fault

NOT_RENDERED = fault(
    Area.DETECTION,
    "a frame cannot be rendered",
    seen="the last good frame again; one line and a note; after 50 in a row the run ends",
    lost="those frames",
)

RIG = Rig.assume(320, 240)
FORWARD = View(0.0, 0.0, 30.0)


def _run(element: ViewElement, caps: str, frames: int = 3) -> tuple[list[Gst.Sample], Gst.Message | None]:
    """What `element` makes of that many frames of a test pattern, and the error if there was one."""
    pipeline = Gst.Pipeline.new(None)
    shape = make("capsfilter")
    shape.set_property("caps", Gst.Caps.from_string(caps))
    sink = make_appsink("out")
    sink.set_property("emit-signals", False)
    sink.set_property("wait-on-eos", False)
    sink.set_property("max-buffers", 0)
    chain(pipeline, make("videotestsrc", num_buffers=frames, pattern="white"), shape, element, sink)
    pipeline.set_state(Gst.State.PLAYING)
    samples = []
    while (sample := sink.try_pull_sample(2 * Gst.SECOND)) is not None:
        samples.append(sample)
    message = pipeline.get_bus().timed_pop_filtered(0, Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    return samples, message


@pytest.mark.parametrize("pixel_format", ["NV12", "I420"])
def test_the_size_changes_and_format_and_rate_pass_through(pixel_format: str) -> None:
    element = ViewElement(RIG, 128, 72, lambda _time: FORWARD)
    samples, error = _run(element, f"video/x-raw,format={pixel_format},width=320,height=240,framerate=25/1")
    assert error is None
    structure = samples[0].get_caps().get_structure(0)
    assert (structure.get_value("width"), structure.get_value("height")) == (128, 72)
    assert structure.get_value("format") == pixel_format
    assert structure.get_fraction("framerate") == (True, 25, 1)
    with FrameLayout.of(samples[0].get_caps()).map(samples[0].get_buffer()) as frame:
        assert np.median(frame.luma) > 230


@pytest.mark.parametrize(
    "later",
    [
        "format=NV12,framerate=50/1",
        "format=NV12,framerate=10/1",
        "format=NV12,framerate=0/1",
        "format=NV12,framerate=25/1,pixel-aspect-ratio=4/3",
        "format=NV12,framerate=25/1,colorimetry=bt709",
        "format=I420,framerate=30000/1001,colorimetry=bt601",
    ],
)
def test_whatever_the_input_turns_to_the_output_stays_as_it_was(later: str) -> None:
    element = ViewElement(RIG, 64, 48, lambda _time: FORWARD)
    forms = [f"video/x-raw,width=320,height=240,{form}" for form in ("format=NV12,framerate=25/1", later)]
    pipeline = Gst.Pipeline.new(None)
    joint, sink = make("concat"), make_appsink("out")
    sink.set_property("emit-signals", False)
    chain(pipeline, joint, element, sink)
    for form in forms:
        source, shape = make("videotestsrc", num_buffers=3, pattern="white"), make("capsfilter")
        shape.set_property("caps", Gst.Caps.from_string(form))
        chain(pipeline, source, shape)
        shape.link(joint)
    pipeline.set_state(Gst.State.PLAYING)
    samples = [sink.try_pull_sample(10 * Gst.SECOND) for _ in range(6)]
    pipeline.set_state(Gst.State.NULL)
    assert all(sample.get_caps().is_equal(samples[0].get_caps()) for sample in samples)
    assert samples[0].get_caps().get_structure(0).get_fraction("framerate") == (True, 25, 1)
    assert min(lumas(samples)) > 230


def test_each_frame_is_rendered_with_the_view_of_its_running_time() -> None:
    asked: list[Nanoseconds] = []

    def views(time_ns: Nanoseconds) -> View:
        asked.append(time_ns)
        return FORWARD

    samples, _ = _run(
        ViewElement(RIG, 64, 48, views), "video/x-raw,format=NV12,width=320,height=240,framerate=25/1"
    )
    assert asked == [0, 40_000_000, 80_000_000]
    assert [sample.get_buffer().pts for sample in samples] == asked


def test_the_painter_draws_after_rendering() -> None:
    def paint(frame: Frame, view: View, _time_ns: Nanoseconds) -> None:
        assert view is FORWARD
        frame.luma[:10] = 16

    element = ViewElement(RIG, 64, 48, lambda _time: FORWARD, paint)
    samples, _ = _run(element, "video/x-raw,format=NV12,width=320,height=240,framerate=25/1", frames=1)
    with FrameLayout.of(samples[0].get_caps()).map(samples[0].get_buffer()) as frame:
        assert frame.luma[:10].max() == 16
        assert np.median(frame.luma[12:]) > 230


def test_a_video_of_another_size_than_the_rig_is_refused() -> None:
    samples, error = _run(
        ViewElement(RIG, 64, 48, lambda _time: FORWARD),
        "video/x-raw,format=NV12,width=640,height=480,framerate=25/1",
    )
    assert samples == []
    assert error is not None
    assert "640x480" in error.parse_error()[0].message


def test_an_error_of_the_director_ends_the_run_with_its_message() -> None:
    def views(_time_ns: Nanoseconds) -> View:
        raise DetectorError("nobody knows where to look")

    _, error = _run(
        ViewElement(RIG, 64, 48, views), "video/x-raw,format=NV12,width=320,height=240,framerate=25/1"
    )
    assert error is not None
    assert "nobody knows where to look" in error.parse_error()[0].message


RAW = "video/x-raw,format=NV12,width=320,height=240,framerate=25/1"


def lumas(samples: list[Gst.Sample]) -> list[float]:
    means = []
    for sample in samples:
        with FrameLayout.of(sample.get_caps()).map(sample.get_buffer()) as frame:
            means.append(float(np.median(frame.luma)))
    return means


@NOT_RENDERED
@pytest.mark.parametrize("fault", [ValueError("no such angle"), SystemExit(3), ZeroDivisionError()])
def test_a_frame_that_cannot_be_rendered_is_the_last_one_again_and_counted(fault: BaseException) -> None:
    def views(time_ns: Nanoseconds) -> View:
        if time_ns == 80_000_000:
            raise fault
        return FORWARD

    element = ViewElement(RIG, 64, 48, views)
    samples, error = _run(element, RAW, frames=5)
    assert error is None
    assert len(samples) == 5
    assert min(lumas(samples)) > 230
    assert element.failed_frames == 1


def test_a_first_frame_that_cannot_be_rendered_ends_the_run_with_a_line() -> None:
    def views(_time_ns: Nanoseconds) -> View:
        raise ValueError("no\x1b[31m such\nangle")

    samples, error = _run(ViewElement(RIG, 64, 48, views), RAW)
    assert samples == []
    assert error is not None
    assert "cannot be rendered: ValueError: no [31m such angle" in error.parse_error()[0].message


@NOT_RENDERED
def test_a_view_that_never_comes_back_ends_the_run() -> None:
    def views(time_ns: Nanoseconds) -> View:
        if time_ns:
            raise ValueError("lost")
        return FORWARD

    element = ViewElement(RIG, 64, 48, views)
    samples, error = _run(element, RAW, frames=100)
    assert len(samples) == 1 + FAILED_FRAMES
    assert min(lumas(samples)) > 230
    assert error is not None


@NOT_RENDERED
@pytest.mark.parametrize("hook", ["painter", "onlooker"])
def test_a_graphic_or_an_onlooker_that_fails_costs_no_frame(hook: str) -> None:
    def fail(*_given: object) -> None:
        raise RuntimeError("the logo is gone")

    element = ViewElement(RIG, 64, 48, lambda _time: FORWARD)
    setattr(element, hook, fail)
    samples, error = _run(element, RAW, frames=100)
    assert error is None
    assert len(samples) == 100
    assert min(lumas(samples)) > 230
    assert element.failed_frames == 100
