"""Score and clock in the picture: what is annotated for a frame is seen from that frame on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.graphics.content import LowerThird
from pipeline.gst.core.frames import FrameLayout
from pipeline.gst.graphics.graphics_element import GraphicsElement
from pipeline.run.match_graphics import CLOCK, LOWER_THIRD, REPLAY, SCORE, GraphicsFiles, MatchGraphics
from pipeline.scoring import Clock, MatchScore, Team, load_sport
from pipeline.timebase import NS_PER_S
from tests.buffering.pipes import Pipes, video_source

FPS, FRAMES, SIZE = 30, 90, 72
SCORE_ONLY = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="1080" height="1080" data-margin="0">'
    '<text x="0" y="900" font-size="1000" data-text="home_score">0</text></svg>'
)
SOURCE = (
    f"videotestsrc pattern=white num-buffers={FRAMES} ! "
    f"video/x-raw,format=I420,width={SIZE},height={SIZE},framerate={FPS}/1"
    " ! appsink name=video emit-signals=true sync=false"
)
SINK = (
    "appsrc name=video_src ! identity name=before ! fakesink name=video_out sync=false signal-handoffs=true"
)


def test_each_score_is_seen_from_its_frame_on_not_one_before_or_after(tmp_path: Path) -> None:
    template = tmp_path / "score.svg"
    template.write_text(SCORE_ONLY)
    seen: list[bytes] = []
    goals = [3, 10, 11, 12, 30, 44, 59, 60, 75, 88]
    with Pipes(SOURCE, SINK, delay=0.5, live=False) as pipes:
        manager = pipes.manager
        graphics = MatchGraphics(
            load_sport("football"),
            (Team("SV Grün"), Team("FC Blau")),
            manager.annotations,
            manager.captured_ns,
            GraphicsFiles(scoreboard=str(template)),
        )
        before, out = (pipes.playback.get_by_name(name) for name in ("before", "video_out"))
        element = GraphicsElement(graphics)
        before.unlink(out)
        pipes.playback.add(element)
        before.link(element)
        element.link(out)

        def look(_sink: Any, buffer: Any, pad: Any) -> None:
            with FrameLayout.of(pad.get_current_caps()).map(buffer) as frame:
                seen.append(frame.luma.tobytes())

        handler = out.connect("handoff", look)
        for number, frame in enumerate(goals, start=1):
            manager.annotate(SCORE, MatchScore(number), captured_ns=frame * NS_PER_S // FPS)
        pipes.play()
        pipes.wait_eos()
        out.disconnect(handler)
    assert len(seen) == FRAMES
    assert [frame for frame in range(1, FRAMES) if seen[frame] != seen[frame - 1]] == goals


def test_it_shows_what_is_annotated_at_the_frames_captured_time(tmp_path: Path) -> None:
    picture = tmp_path / "sponsor.svg"
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>')
    with Pipes(
        video_source(1, live=False), "appsrc name=video_src ! fakesink name=video_out", live=False
    ) as pipes:
        manager = pipes.manager
        manager.annotate(CLOCK, Clock(2 * NS_PER_S, True), captured_ns=2 * NS_PER_S)
        manager.annotate(LOWER_THIRD, LowerThird("Eva", "Coach", 4 * NS_PER_S), captured_ns=3 * NS_PER_S)
        manager.annotate(REPLAY, "Replay", captured_ns=4 * NS_PER_S)
        teams = (Team("SV Grün", logo=picture), Team("FC Blau"))
        graphics = MatchGraphics(
            load_sport("football"),
            teams,
            manager.annotations,
            lambda time_ns: time_ns - 10 * NS_PER_S,  # after a seek
            GraphicsFiles(sponsor_picture=picture),
        )
        shown = [graphics(seconds * NS_PER_S) for seconds in (11, 13, 14)]  # type: ignore[arg-type]
    assert [[Path(one.template.name).stem for one in each] for each in shown] == [
        ["scoreboard", "sponsor"],
        ["scoreboard", "sponsor", "lower_third"],
        ["scoreboard", "sponsor", "replay"],
    ]
    assert [each[0].values["clock"] for each in shown] == ["", "00:01", "00:02"]
    assert shown[0][0].values["home_logo"].startswith("data:image/svg")


def test_a_template_or_picture_that_cannot_be_used_is_refused_at_once(tmp_path: Path) -> None:
    teams = (Team("A"), Team("B", logo=tmp_path / "none.png"))
    annotations = Pipes(video_source(1, live=False), "appsrc name=video_src ! fakesink").manager.annotations
    with pytest.raises(ConfigError, match=r"none\.png"):
        MatchGraphics(load_sport("football"), teams, annotations, int)
    with pytest.raises(ConfigError, match="no template 'board'"):
        MatchGraphics(
            load_sport("football"), (teams[0], teams[0]), annotations, int, GraphicsFiles(scoreboard="board")
        )
