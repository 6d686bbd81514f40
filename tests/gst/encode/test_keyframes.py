"""Keyframes come by time, at whatever rate the frames do, from every encoder that works here."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pipeline.gst.core.elements import chain, make, make_appsrc, static_pad
from pipeline.gst.core.samples import running_time_ns
from pipeline.gst.encode.encoded_tap import ask_for_keyframe
from pipeline.gst.encode.encoders import VIDEO_ENCODERS, candidates, choose_video_encoder
from pipeline.gst.runtime import Gst, GstApp
from pipeline.timebase import NS_PER_S
from tests.faults.record import Area, fault

WORKING = [(codec, one.name) for codec in VIDEO_ENCODERS for one in candidates(codec) if one.usable]
INTERVAL_S = 2.0
FRAME = bytes(64 * 64 * 3 // 2)


def encoded_keys(
    codec: str,
    name: str,
    times_s: list[float],
    *,
    announced: str,
    framerate: float,
    low_latency: bool = True,
    asked_at: int | None = None,
    offset_s: float = 0.0,
    threads: int | None = None,
) -> list[float]:
    """The times of the keyframes that frames at `times_s` become; before the frame `asked_at` one is asked for."""
    encoder = choose_video_encoder(
        codec,
        bitrate_kbps=200,
        keyframe_interval_s=INTERVAL_S,
        framerate=framerate,
        low_latency=low_latency,
        name=name,
    )
    if threads is not None:
        encoder.set_property("threads", threads)
    caps = Gst.Caps.from_string(f"video/x-raw,format=I420,width=64,height=64,framerate={announced}")
    appsrc, sink = make_appsrc("in", caps), make("appsink", "out", sync=False)
    assert isinstance(sink, GstApp.AppSink)
    pipeline = Gst.Pipeline.new(None)
    chain(pipeline, appsrc, encoder, sink)
    segment = Gst.Segment()
    segment.init(Gst.Format.TIME)
    segment.start = segment.time = round(offset_s * NS_PER_S)
    pipeline.set_state(Gst.State.PLAYING)
    appsrc.set_property("handle-segment-change", True)
    entered, keys, count = itertools.count(), [], 0

    def ask(_pad: Gst.Pad, _info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        if next(entered) == asked_at:
            ask_for_keyframe(static_pad(sink, "sink"))
        return Gst.PadProbeReturn.OK

    static_pad(encoder, "sink").add_probe(Gst.PadProbeType.BUFFER, ask)
    try:
        for time_s in times_s:
            buffer = Gst.Buffer.new_wrapped(FRAME)
            buffer.pts = round((time_s + offset_s) * NS_PER_S)
            appsrc.push_sample(Gst.Sample.new(buffer, caps, segment, None))
        appsrc.end_of_stream()
        while (sample := sink.try_pull_sample(20 * Gst.SECOND)) is not None:
            count += 1
            buffer = sample.get_buffer()
            if not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT):
                keys.append((running_time_ns(sample.get_segment(), buffer.pts) or 0) / NS_PER_S)
        error = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
        assert error is None, error.parse_error()
    finally:
        pipeline.set_state(Gst.State.NULL)
    assert count == len(times_s)
    return keys


def uneven_times(fps: float, until_s: float, seed: int) -> list[float]:
    """Times as of a camera in the dark: frames that take between a third and thrice their mean time."""
    steps = np.random.default_rng(seed).uniform(1 / 3, 5 / 3, round(until_s * fps)) / fps
    return [0.0, *itertools.accumulate(steps.tolist())]


def even_times(fps: float, until_s: float) -> list[float]:
    return [index / fps for index in range(round(until_s * fps))]


RATES = {
    "uneven 5 fps, announced as 25": (uneven_times(5, 12, 1), "25/1", 25.0),
    "uneven 5 fps, unknown": (uneven_times(5, 12, 2), "0/1", 0.0),
    "50 fps, announced as 30": (even_times(50, 7), "30/1", 30.0),
    "50 fps, unknown": (even_times(50, 7), "0/1", 0.0),
    "a frame every 3 s, unknown": (even_times(1 / 3, 30), "0/1", 0.0),
    "a header of 1/90000 s": (even_times(25, 7), "0/1", 0.0),
}


@fault(
    Area.CAMERAS,
    "frames come at an uneven or unknown rate",
    seen="nothing; keyframes come by time, as promised",
)
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("codec", "name"), WORKING)
@pytest.mark.parametrize("low_latency", [True, False])
def test_no_interval_is_longer_than_promised_plus_a_frame(
    rate: str, codec: str, name: str, low_latency: bool
) -> None:
    times, announced, framerate = RATES[rate]
    keys = encoded_keys(codec, name, times, announced=announced, framerate=framerate, low_latency=low_latency)
    assert keys[0] == pytest.approx(times[0], abs=1e-6)
    for key, following in itertools.pairwise([*keys, times[-1]]):
        due = [time for time in times if time >= key + INTERVAL_S - 0.001]
        assert not due or following <= due[0] + 1e-6, (key, following)
    if "unknown" in rate:
        assert all(b - a >= INTERVAL_S - 0.01 for a, b in itertools.pairwise(keys)), keys


@pytest.mark.parametrize(("codec", "name"), WORKING)
def test_at_a_known_rate_the_encoder_makes_the_keyframes_that_it_makes_by_itself(
    codec: str, name: str
) -> None:
    keys = encoded_keys(codec, name, even_times(30000 / 1001, 8.5), announced="30000/1001", framerate=29.97)
    assert keys == pytest.approx([index * 60 * 1001 / 30000 for index in range(5)], abs=1e-3)


@pytest.mark.parametrize(("codec", "name"), WORKING)
def test_a_keyframe_that_somebody_asked_for_counts(codec: str, name: str) -> None:
    times = even_times(10, 6)
    keys = encoded_keys(codec, name, times, announced="0/1", framerate=0.0, asked_at=12, offset_s=40.0)
    assert keys == pytest.approx([0.0, 1.2, 3.2, 5.2], abs=1e-6)


def test_an_encoder_that_holds_more_frames_than_an_interval_has_makes_every_keyframe() -> None:
    times = even_times(3, 30)
    keys = encoded_keys(
        "h264", "x264enc", times, announced="0/1", framerate=0.0, low_latency=False, threads=32
    )
    assert keys == pytest.approx(even_times(0.5, 30), abs=1e-6)
