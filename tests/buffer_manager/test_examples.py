"""The guide's integration example and its migration section, as written in examples/."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.gst.runtime import Gst

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def count(sink: Any) -> list[int]:
    """The timestamps that a fakesink shows, in order of arrival."""
    shown: list[int] = []
    sink.set_property("signal-handoffs", True)
    sink.connect("handoff", lambda _sink, buffer, _pad: shown.append(buffer.pts))
    return shown


def test_the_integration_example_of_the_guide() -> None:
    mine = load("contract_integration").MyPipeline(seconds=1, show=False)
    mine.create_pipelines()
    video, audio = count(mine.video_out), count(mine.audio_out)
    mine.run()
    stats = mine.buffer_mgr.get_stats()
    mine.stop()
    assert stats["frames_received"] == stats["frames_sent"] == len(video) == 30
    assert len(audio) == 100
    assert video == sorted(set(video))


def test_the_result_of_the_migration_section_plays() -> None:
    migrated = load("migration_after").Migrated(seconds=1)
    shown = count(migrated.playback_pipeline.get_by_name("out"))
    migrated.run()
    assert migrated.wait().type == Gst.MessageType.EOS
    migrated.stop()
    assert len(shown) == 30
    assert shown == sorted(set(shown))


def test_the_code_before_the_migration_plays() -> None:
    monolith = load("migration_before").Monolith(seconds=1)
    ended = monolith.analysis_pipeline.get_bus()
    monolith.run()
    assert ended.timed_pop_filtered(30 * Gst.SECOND, Gst.MessageType.EOS) is not None
    monolith.stop()
    assert monolith.frames_received == 30
    assert monolith.frames_sent > 0


def test_captions_that_come_late_are_shown_at_their_own_frames() -> None:
    captions = load("late_captions").LateCaptions(delay_s=2.0, late_s=0.5, seconds=3, show=False)
    shown: list[str] = []

    def note(_pad: Any, _info: Any) -> Any:
        shown.append(captions.overlay.get_property("text"))
        return Gst.PadProbeReturn.OK

    captions.playback.get_by_name("out").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, note)
    captions.run()
    captions.stop()
    assert captions.refused == []
    assert len(shown) == 75
    assert shown[:50] == [f"second {frame // 25}" for frame in range(50)]


def test_a_caption_that_comes_after_its_frame_is_refused() -> None:
    captions = load("late_captions").LateCaptions(delay_s=0.5, late_s=0.8, seconds=2, show=False)
    captions.run()
    captions.stop()
    assert captions.refused
    assert all("too late" in refused for refused in captions.refused)
