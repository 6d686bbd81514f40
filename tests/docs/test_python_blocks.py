"""The Python in the pages runs unchanged, with what the page says that the reader has; durations are shortened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import BufferManager
from pipeline.analysis.detector import Detection
from pipeline.gst.core.elements import make
from pipeline.gst.runtime import Gst
from pipeline.match.settings import MatchSettings
from pipeline.match.sync import FLASH_LIFT, click
from pipeline.match.truth import TruthRows
from pipeline.optics.frame import Frame
from pipeline.optics.rig import Rig
from pipeline.run.track_export import write_skillcorner
from pipeline.timebase import NS_PER_S, Nanoseconds
from tests import videos
from tests.docs.pages import PAGES, ROOT, blocks

Names = dict[str, Any]

FRAMES = 15
SHORTER = {"delay=7": "delay=1", "delay_s=5": "delay_s=0.5", "duration_s=10": "duration_s=1"}


def two_pipelines(names: Names) -> None:
    """An analysis pipeline with appsinks and a playback pipeline with appsrcs."""
    analysis = Gst.parse_launch(
        f"videotestsrc is-live=true num-buffers={FRAMES} ! video/x-raw,width=64,height=36,framerate=30/1 "
        "! appsink name=video emit-signals=true sync=false "
        "audiotestsrc is-live=true num-buffers=25 ! appsink name=audio emit-signals=true sync=false"
    )
    playback = Gst.parse_launch("appsrc name=video ! fakesink name=screen appsrc name=audio ! fakesink")
    names |= {"Gst": Gst, "analysis": analysis, "playback": playback}
    for name in ("video", "audio"):
        names[f"{name}_sink"] = names[f"{name}_appsink"] = analysis.get_by_name(name)
        names[f"{name}_src"] = names[f"{name}_appsrc"] = playback.get_by_name(name)


def every_frame_is_shown(names: Names) -> None:
    manager = names.get("manager") or names["buffer_mgr"]
    names["analysis"].set_state(Gst.State.PLAYING)
    assert manager.wait_drained(20)
    assert manager.get_stats()["frames_sent"] == FRAMES
    manager.stop_buffer_thread()
    for pipeline in (names["analysis"], names["playback"]):
        pipeline.set_state(Gst.State.NULL)


def the_example_file(_names: Names) -> None:
    """A settings file of the match, small enough for a test."""
    Path("examples").mkdir()
    text = 'sources = ["match?size=720x240"]\noutputs = ["match.mkv"]\nsize = "320x180"\n'
    Path("examples/foresight.toml").write_text(text, encoding="utf-8")


def video_is_written(names: Names) -> None:
    assert names["builder"].origins()["delay_s"] == "the command line"
    assert len(videos.frame_times(Path("match.mkv"))) > 1


def a_model(_names: Names) -> None:
    """An ONNX file and its labels; the content of the file does not matter here."""
    Path("ball.onnx").write_bytes(b"model")
    Path("labels.txt").write_text("ball\n", encoding="utf-8")


def a_file_for_nvinfer_is_there(_names: Names) -> None:
    assert "onnx-file" in Path("nvinfer.txt").read_text(encoding="utf-8")


def what_the_example_imports(names: Names) -> None:
    """The names defined at the top of examples/own_detector.py."""
    names |= {"Rig": Rig, "Frame": Frame, "Nanoseconds": Nanoseconds, "Sequence": Sequence}
    names |= {"np": np, "Detection": Detection}


def the_brightest_spot_is_found(names: Names) -> None:
    rig = Rig.assume(640, 360)
    frame = Frame.empty("NV12", 640, 360)
    frame.luma[200, 400] = 255
    (found,) = names["BrightestSpot"](rig).detect(frame, Nanoseconds(0))
    assert (found.yaw_deg, found.tilt_deg) == pytest.approx(rig.pixels_to_angles(0, np.array([400.0, 200.0])))


def a_recording(names: Names) -> None:
    """Brightness and sound of three seconds with a mark in the second one."""
    times_s = np.arange(75) / 25
    samples = np.zeros(3 * 48_000)
    samples[48_000 : 48_000 + len(click(48_000))] = click(48_000)
    mean_luma = np.where(times_s == 1, 100.0 + FLASH_LIFT, 100.0)
    names |= {"frame_times_s": times_s, "mean_luma": mean_luma, "samples": samples, "first_sample_s": 0.0}


def the_mark_is_found(names: Names) -> None:
    assert names["flash_s"] == pytest.approx([1.0])
    assert names["click_s"] == pytest.approx([1.0], abs=1e-4)


def a_manager_and_a_caption(names: Names) -> None:
    """A manager, the time of a caption, and a frame and a pad of its playback."""
    names |= {"manager": BufferManager(), "t": Gst.SECOND, "frame_ns": Gst.SECOND, "show": print}
    names["overlay_pad"] = make("identity").get_static_pad("sink")


def the_caption_is_there(names: Names) -> None:
    assert names["manager"].annotations.at("caption", names["frame_ns"]).data == "Offside!"


def nothing(_names: Names) -> None:
    """The example needs nothing."""


def the_clock_is_right(names: Names) -> None:
    assert (names["text"].clock, names["text"].home_score, names["text"].home.short) == ("46:03", "1", "SVG")


def a_rig_and_its_frame(names: Names) -> None:
    """rig.toml and a grey frame."""
    rig = Rig.assume(640, 360)
    rig.save(Path("rig.toml"))
    names["rig_frame"] = Frame.empty("NV12", 640, 360)
    names["rig_frame"].luma[:] = 128


def a_frame_is_rendered(names: Names) -> None:
    assert names["frame"].luma.shape == (1080, 1920)
    assert names["frame"].luma.mean() == pytest.approx(128)


def some_tracks(_names: Names) -> None:
    """tracks.csv: the true tracks of ten seconds of the match."""
    rows = TruthRows.of_tracks(MatchSettings(fps=Fraction(12)))
    lines = [rows.header, *rows.until(10 * NS_PER_S)]
    Path("tracks.csv").write_text("".join(f"{line}\n" for line in lines))


def speeds_are_those_of_people(names: Names) -> None:
    assert len(names["km"]) == 25
    assert 0.0 < names["km"].max() < 0.1
    assert 3.0 < names["fastest"].iloc[0] < 12.0


def the_picture_is_drawn(_names: Names) -> None:
    assert Path("tracks.png").stat().st_size > 10_000


def tracks_for_kloppy(names: Names) -> None:
    """tracks.jsonl and its match file, of the true tracks of ten seconds of the match."""
    pytest.importorskip("kloppy")
    some_tracks(names)
    write_skillcorner(Path("tracks.csv"), Path("tracks.jsonl"), 105.0, 68.0)


def kloppy_knows_both_teams(names: Names) -> None:
    assert (len(names["home"].players), len(names["away"].players)) == (11, 11)
    assert len(names["ball"]) == 101


STAGES: dict[str, tuple[Callable[[Names], None], Callable[[Names], None]]] = {
    "savefig(": (some_tracks, the_picture_is_drawn),
    "BufferManager(": (two_pipelines, every_frame_is_shown),
    "annotate(": (a_manager_and_a_caption, the_caption_is_there),
    "PanoramaWithVirtualCamera(": (the_example_file, video_is_written),
    "write_nvinfer(": (a_model, a_file_for_nvinfer_is_there),
    "class BrightestSpot": (what_the_example_imports, the_brightest_spot_is_found),
    "find_flashes(": (a_recording, the_mark_is_found),
    "skillcorner.load(": (tracks_for_kloppy, kloppy_knows_both_teams),
    "read_csv(": (some_tracks, speeds_are_those_of_people),
    "scoreboard_text(": (nothing, the_clock_is_right),
    "Renderer(": (a_rig_and_its_frame, a_frame_is_rendered),
}
"""For each example, by a call in it: what its reader has, and what must be true afterwards."""

KLOPPY_LEAVES_A_FILE_OPEN = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

EXAMPLES = [
    pytest.param(
        block, id=f"{page.stem}-{number}", marks=[KLOPPY_LEAVES_A_FILE_OPEN] if "kloppy" in block else []
    )
    for page in PAGES
    if page.stem not in ("extending", "migration")
    for number, block in enumerate(blocks(page, "python"))
]


@pytest.mark.parametrize("block", EXAMPLES)
def test_an_example_does_what_it_says(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    prepare, check = next(stage for call, stage in STAGES.items() if call in block)
    for long, short in SHORTER.items():
        block = block.replace(long, short)
    names: Names = {}
    prepare(names)
    exec(compile(block, "example", "exec"), names)
    check(names)


def test_the_migration_page_uses_the_lines_of_the_example() -> None:
    whole = (ROOT / "examples" / "migration_after.py").read_text(encoding="utf-8")
    lines = [line.strip() for line in whole.splitlines()]
    for block in blocks(ROOT / "docs" / "migration.md", "python"):
        shown = [line.strip() for line in block.splitlines()]
        assert any(lines[i : i + len(shown)] == shown for i in range(len(lines))), block


def test_the_detector_in_the_page_equals_the_one_in_the_examples() -> None:
    (shown,) = blocks(ROOT / "docs" / "detectors.md", "python")
    whole = (ROOT / "examples" / "own_detector.py").read_text(encoding="utf-8")
    docstring = '    """Run it with ``--detector examples.own_detector:BrightestSpot``."""\n\n'
    assert shown in whole.replace(docstring, "")
