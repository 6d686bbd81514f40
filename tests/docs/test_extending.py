"""Each seam of docs/extending.md: the lines of the page, used by the real pipelines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.analysis.detector import Detection
from pipeline.analysis.factory import make_detector
from pipeline.analysis.timeline import Timeline
from pipeline.analysis.worker import DetectorWorker
from pipeline.gst.capture.plain_source import PlainSource
from pipeline.gst.capture.source import Source
from pipeline.gst.core.elements import ghost, make
from pipeline.gst.core.frames import FrameLayout
from pipeline.gst.encode.encoded_tap import EncodedTap
from pipeline.gst.output.output_board import OutputBoard
from pipeline.gst.playback.view_element import ViewElement
from pipeline.gst.runtime import Gst
from pipeline.optics.frame import Frame
from pipeline.optics.overlay import draw_notice
from pipeline.optics.rig import Rig
from pipeline.optics.view import View
from pipeline.timebase import NS_PER_S, Nanoseconds, ns_to_seconds
from tests.docs.pages import ROOT, blocks
from tests.gst.capture.test_source_protocol import analysis_of
from tests.gst.output.peers import wait_until
from tests.gst.output.test_output_protocol import board, pipeline

__all__ = ["board", "pipeline"]

PAGE = ROOT / "docs" / "extending.md"
VOCABULARY: dict[str, Any] = {
    one.__name__: one
    for one in (
        Detection,
        EncodedTap,
        Frame,
        PlainSource,
        Rig,
        Source,
        View,
        draw_notice,
        ghost,
        make,
        ns_to_seconds,
    )
} | {"Gst": Gst, "Nanoseconds": Nanoseconds, "Sequence": Sequence}


def shown(call: str, **given: object) -> dict[str, Any]:
    """Run the block of the page that contains `call`; returns its names. `given` are names that it needs."""
    (block,) = (block for block in blocks(PAGE, "python") if call in block)
    names = VOCABULARY | given
    exec(compile(block, "extending", "exec"), names)
    return names


def test_the_output_takes_encoded_frames_and_is_switched_off(board: OutputBoard) -> None:
    counter = shown("class FrameCounter", output_board=board)["counter"]
    wait_until(lambda: counter.taken > 3, "some frames")
    assert board.statuses()[0].state == "on"
    board.stop(0)
    assert board.statuses()[0].state == "off"


def test_the_source_is_captured() -> None:
    analysis = analysis_of(shown("def open_test_card")["source"])
    analysis.start()
    assert analysis.wait_ready(20).size_px == (320, 240)
    analysis.stop()


def test_the_detector_is_asked_for_each_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = (block for block in blocks(PAGE, "python") if "class StillBall" in block)
    head = "from collections.abc import Sequence\nfrom pipeline.analysis.detector import Detection\n"
    head += "from pipeline.optics.frame import Frame\nfrom pipeline.optics.rig import Rig\n"
    head += "from pipeline.timebase import Nanoseconds\n\n\n"
    (tmp_path / "still_ball_of_the_page.py").write_text(head + block, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    rig = Rig.assume(640, 360)
    timeline = Timeline()
    worker = DetectorWorker(make_detector("still_ball_of_the_page:StillBall", rig), timeline, live=False)
    for second in range(3):
        worker.offer(Frame.empty("NV12", 640, 360), Nanoseconds(second * NS_PER_S))
    worker.finish()
    worker.stop()
    assert [found.time_ns // NS_PER_S for found in timeline.all()] == [0, 1, 2]
    assert {ball.tilt_deg for seen in timeline.all() for ball in seen.detections} == {-10.0}


def rendered(element: ViewElement) -> Iterator[np.ndarray]:
    """The luma of each frame that `element` makes of white rig frames."""
    playback = Gst.parse_launch(
        "videotestsrc num-buffers=3 pattern=white ! video/x-raw,format=NV12,width=320,height=240,framerate=25/1 "
        "! identity name=before appsink name=after sync=false"
    )
    assert isinstance(playback, Gst.Pipeline)
    before, after = playback.get_by_name("before"), playback.get_by_name("after")
    playback.add(element)
    before.link(element)
    element.link(after)
    playback.set_state(Gst.State.PLAYING)
    while (sample := after.try_pull_sample(5 * Gst.SECOND)) is not None:
        with FrameLayout.of(sample.get_caps()).map(sample.get_buffer()) as frame:
            yield frame.luma.copy()
    playback.set_state(Gst.State.NULL)


def test_the_graphic_is_in_every_frame() -> None:
    element = ViewElement(Rig.assume(320, 240), 320, 180, lambda _time: View(0.0, 0.0, 30.0))
    shown("def paint_clock", view_element=element)
    frames = list(rendered(element))
    assert len(frames) == 3
    for luma in frames:
        assert luma[2:6, 2:40].mean() < 60, "the notice's black band"
        assert luma[100:, :].mean() > 200, "the rest is unchanged"
