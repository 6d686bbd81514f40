"""Two cameras, one rig frame: geometry, pairing by the rig's frame offsets, a camera that ends early."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pipeline.analysis.camera_clocks import CameraClocks
from pipeline.gst.core.connections import Connections
from pipeline.gst.core.elements import add, link, make, make_appsink, static_pad
from pipeline.gst.core.frames import FrameLayout
from pipeline.gst.core.stacker import Stacker
from pipeline.gst.runtime import Gst

WIDTH, HEIGHT = 64, 48


def _stacked(
    frames: tuple[int, int],
    offsets: tuple[int, int],
    rates: tuple[int, ...] = (),
    clocks: CameraClocks | None = None,
    late_ms: int = 0,
) -> list[tuple[int, int, int]]:
    """(running time in ms, frame number shown above, frame number shown below) of each rig frame.

    A frame's number is its luma: every camera counts 40, 41, 42 ... The second camera's times are `late_ms` late.
    """
    pipeline = Gst.Pipeline.new(None)
    stacker = Stacker(
        [(WIDTH, HEIGHT)] * 2, offsets, live=False, connections=Connections(), rates=rates, clocks=clocks
    )
    sink = make_appsink("rig")
    sink.set_property("emit-signals", False)
    sink.set_property("max-buffers", 0)
    add(pipeline, stacker.element, sink)
    link(stacker.element, sink)
    appsrcs = []
    steps_ms = [1000 // rate for rate in rates or (25, 25)]
    for index in range(2):
        rate = 1000 // steps_ms[index]
        appsrc = make("appsrc", None, format="time")
        appsrc.set_property(
            "caps",
            Gst.Caps.from_string(f"video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate={rate}/1"),
        )
        add(pipeline, appsrc)
        static_pad(appsrc, "src").link(static_pad(stacker.element, f"camera_{index}"))
        appsrcs.append(appsrc)
    pipeline.set_state(Gst.State.PLAYING)
    for appsrc, count, step_ms, begins_ms in zip(appsrcs, frames, steps_ms, (0, late_ms), strict=True):
        for number in range(count):
            data = np.full(WIDTH * HEIGHT * 3 // 2, 128, np.uint8)
            data[: WIDTH * HEIGHT] = 40 + number
            buffer = Gst.Buffer.new_wrapped(data.tobytes())
            buffer.pts = (number * step_ms + begins_ms) * Gst.MSECOND
            buffer.duration = step_ms * Gst.MSECOND
            appsrc.push_buffer(buffer)
        appsrc.end_of_stream()
    shown = []
    while (sample := sink.try_pull_sample(5 * Gst.SECOND)) is not None:
        with FrameLayout.of(sample.get_caps()).map(sample.get_buffer()) as frame:
            assert (frame.width, frame.height) == (WIDTH, 2 * HEIGHT)
            above, below = int(frame.luma[HEIGHT // 2, 5]) - 40, int(frame.luma[HEIGHT + HEIGHT // 2, 5]) - 40
        shown.append((sample.get_buffer().pts // Gst.MSECOND, above, below))
    pipeline.set_state(Gst.State.NULL)
    return shown


def test_frames_are_paired_by_time() -> None:
    assert _stacked((4, 4), (0, 0)) == [(0, 0, 0), (40, 1, 1), (80, 2, 2), (120, 3, 3)]


def test_the_frame_offset_of_the_rig_pairs_frames_of_the_same_moment() -> None:
    # an offset of -2: frame i - 2 of the second camera shows the moment of frame i of the first
    shown = _stacked((6, 6), (0, -2))
    assert [(above, below) for _, above, below in shown[:4]] == [(2, 0), (3, 1), (4, 2), (5, 3)]
    assert shown[0][0] == 80


def test_a_negative_offset_delays_the_first_camera() -> None:
    shown = _stacked((6, 6), (-1, 0))
    assert [(above, below) for _, above, below in shown[:3]] == [(0, 1), (1, 2), (2, 3)]


def test_a_camera_that_ends_early_shows_its_last_frame() -> None:
    assert [below for _, _, below in _stacked((5, 2), (0, 0))] == [0, 1, 1, 1, 1]


def test_cameras_of_different_rates_are_paired_by_time() -> None:
    shown = _stacked((4, 8), (0, 2), rates=(25, 50))
    assert [(above, below) for _, above, below in shown][::2][:3] == [(0, 2), (1, 4), (2, 6)]
    assert {b - a for (a, _, _), (b, _, _) in pairwise(shown)} == {20}, "the rate of the faster one"


def test_a_camera_whose_clock_is_fast_is_shown_by_the_first_ones() -> None:
    clocks = CameraClocks(2)
    clocks.recall(1, [(0, 0.0)], -0.05)  # its times grow by five in a hundred too fast
    shown = _stacked((60, 60), (0, 0), clocks=clocks)
    assert [above for _, above, _ in shown[:50]] == list(range(50))
    late = [below * 0.95 - above for _, above, below in shown[5:55]]
    assert max(map(abs, late)) <= 0.56, "the nearest frame"
    assert clocks.time_of(1, 1000 * Gst.MSECOND) == shown[25][2] * 40 * Gst.MSECOND


def test_times_between_those_of_the_rig_frames_find_the_nearest() -> None:
    for late_ms in (-15, 3, 15):
        shown = _stacked((30, 30), (0, 0), clocks=CameraClocks(2), late_ms=late_ms + 40)
        assert {above - below for _, above, below in shown[5:25]} == {1}
