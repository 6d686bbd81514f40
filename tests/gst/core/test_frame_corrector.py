"""Whatever a source changes to in mid-run, every frame goes on in the form of the first, at its own time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from pipeline.gst.core.connections import Connections
from pipeline.gst.core.elements import chain, make, make_appsink, make_appsrc
from pipeline.gst.core.frame_corrector import FrameCorrector
from pipeline.gst.core.frames import FrameLayout
from pipeline.gst.runtime import Gst, GstVideo
from pipeline.media.frame_correction import DIRECTIONS, UPRIGHT

FRAMES = 3
"""Frames of each form."""


def caps_text(
    size: tuple[int, int], pixels: str = "I420", aspect: str = "1/1", rate: str = "25/1", more: str = ""
) -> str:
    return (
        f"video/x-raw,format={pixels},width={size[0]},height={size[1]},pixel-aspect-ratio={aspect},"
        f"framerate={rate}{more}"
    )


def passed(forms: list[tuple[str, str]]) -> tuple[list[Any], list[int], tuple[str, ...], list[np.ndarray]]:
    """Send FRAMES frames of each form, (caps, orientation); returns what comes: caps, times in ms, notes, luma."""
    pipeline, connections = Gst.Pipeline.new(None), Connections()
    appsrc = make_appsrc("source")
    corrector = FrameCorrector("camera", connections)
    sink = make_appsink("frames")
    sink.set_property("emit-signals", False)
    sink.set_property("max-buffers", 0)
    chain(pipeline, appsrc, make("queue"), corrector.element, sink)
    pipeline.set_state(Gst.State.PLAYING)
    segment, orientation_before = Gst.Segment(), UPRIGHT
    segment.init(Gst.Format.TIME)
    for index, (text, orientation) in enumerate(forms):
        caps = Gst.Caps.from_string(text)
        video = GstVideo.VideoInfo.new_from_caps(caps)
        if orientation != orientation_before:
            tags = Gst.TagList.new_empty()
            tags.add_value(Gst.TagMergeMode.REPLACE, Gst.TAG_IMAGE_ORIENTATION, orientation)
            appsrc.send_event(Gst.Event.new_tag(tags))
            orientation_before = orientation
        for frame in range(FRAMES):
            buffer = Gst.Buffer.new_wrapped(bytes([120]) * video.size)
            buffer.pts = (index * FRAMES + frame) * 40 * Gst.MSECOND
            buffer.duration = 40 * Gst.MSECOND
            appsrc.push_sample(Gst.Sample.new(buffer, caps, segment, None))
    appsrc.end_of_stream()
    caps_seen, times_ms, luma = [], [], []
    while (sample := sink.try_pull_sample(10 * Gst.SECOND)) is not None:
        caps_seen.append(sample.get_caps())
        times_ms.append(sample.get_buffer().pts // Gst.MSECOND)
        layout = FrameLayout.of(sample.get_caps())
        assert sample.get_buffer().get_size() >= layout.size_bytes
        with layout.map(sample.get_buffer()) as mapped:
            luma.append(mapped.luma.copy())
    notes = corrector.notes
    pipeline.set_state(Gst.State.NULL)
    connections.release()
    return caps_seen, times_ms, notes, luma


FORMS = some.builds(
    caps_text,
    some.tuples(some.integers(2, 90), some.integers(2, 90)),
    some.sampled_from(["I420", "NV12", "Y42B", "Y444", "I420_10LE", "BGRx", "RGB", "GRAY8"]),
    some.sampled_from(["1/1", "16/15", "10/11", "2/1"]),
    some.sampled_from(["25/1", "50/1", "0/1", "30000/1001"]),
    some.sampled_from(
        ["", ",colorimetry=bt709", ",colorimetry=(string)1:3:5:1"]
        + [f",interlace-mode=interleaved,field-order={one}-field-first" for one in ("top", "bottom")]
    ),
)


@settings(max_examples=25)
@given(some.lists(some.tuples(FORMS, some.sampled_from([*DIRECTIONS])), min_size=1, max_size=4))
def test_any_change_goes_on_in_the_form_of_the_first_frame(forms: list[tuple[str, str]]) -> None:
    caps_seen, times_ms, _notes, _luma = passed(forms)
    assert times_ms == [40 * index for index in range(FRAMES * len(forms))]
    assert all(caps.is_equal(caps_seen[0]) for caps in caps_seen)


def test_proportions_are_kept_with_black_around() -> None:
    first, tall = caps_text((64, 32)), caps_text((32, 64))
    *_, luma = passed([(first, UPRIGHT), (tall, UPRIGHT), (first, UPRIGHT)])
    same, fitted, again = luma[0], luma[FRAMES], luma[-1]
    assert np.all(same == 120)
    assert np.all(again == 120)
    columns = fitted[16]
    assert (np.flatnonzero(columns > 60).min(), np.flatnonzero(columns > 60).max()) == (24, 39)
    assert np.all(fitted[:, :22] == 16)


def test_a_frame_that_is_turned_in_mid_run_is_fitted_in() -> None:
    form = caps_text((64, 32))
    *_, luma = passed([(form, UPRIGHT), (form, "rotate-90"), (form, "rotate-180")])
    assert np.sum(luma[FRAMES][16] > 60) == 16
    assert np.all(luma[-1] == 120)


def test_the_note_tells_the_latest_change_and_how_many() -> None:
    one, other = caps_text((64, 32)), caps_text((32, 32), aspect="2/1")
    assert passed([(one, UPRIGHT)])[2] == ()
    (note,) = passed([(one, UPRIGHT), (caps_text((64, 32), rate="50/1"), UPRIGHT)])[2]
    assert "from 64x32 at 25 fps to 64x32 at 50 fps" in note
    (note,) = passed([(one, UPRIGHT), (other, UPRIGHT)])[2]
    assert note == (
        "camera: its video changed at 0.1 s from 64x32 at 25 fps to 32x32 at 25 fps, pixels of 2:1; "
        "it is fitted into 64x32"
    )
    (note,) = passed([(one, UPRIGHT), (other, UPRIGHT), (one, "rotate-90")])[2]
    assert note.endswith("to 64x32 at 25 fps, rotate-90; it is fitted into 64x32 (2 changes in all)")


@pytest.mark.parametrize("size", [(2, 62), (3, 50), (7, 35), (34, 2)])
def test_tiny_interlaced_frames_pass(size: tuple[int, int]) -> None:
    form = caps_text(size, more=",interlace-mode=interleaved,field-order=top-field-first")
    assert len(passed([(form, UPRIGHT), (caps_text((64, 32)), UPRIGHT)])[1]) == 2 * FRAMES
