"""Annotations met in a real playback pipeline: at the frame of their time, not one before or after."""

from __future__ import annotations

import pytest

from pipeline.buffering.annotations import Annotation
from pipeline.errors import ConfigError, LateError
from pipeline.gst.core.elements import static_pad
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_S, seconds_to_ns
from tests.buffering.pipes import Pipes, playback, video_source

FRAME_NS = NS_PER_S // 30


def nearest_frame(time_ns: int) -> int:
    return round(time_ns / FRAME_NS)


class Captions:
    """Notes from which frame on each caption was shown at the pad of a sink."""

    def __init__(self, pipes: Pipes) -> None:
        self.shown: list[tuple[int, object]] = []
        self._pipes = pipes
        pad = static_pad(pipes.playback.get_by_name("video_out"), "sink")
        self.follower = pipes.manager.follow_annotations("caption", pad, self._show)

    def _show(self, annotation: Annotation | None) -> None:
        frames = len(self._pipes.shown["video"].running_ns)  # shown before this one
        self.shown.append((frames, None if annotation is None else annotation.data))


@pytest.mark.parametrize("was_playing", [False, True], ids=["started", "was-playing"])
def test_live_each_caption_is_met_at_its_own_frame_however_late_it_comes(was_playing: bool) -> None:
    with Pipes(
        video_source(75, live=True), playback(sync=True), buffer_duration=2.0, delay=1.0, cushion=0.2
    ) as pipes:
        manager = pipes.manager
        captions = Captions(pipes)
        if was_playing:  # then its time is another one than the source's
            pipes.playback.set_state(Gst.State.PLAYING)
        pipes.play()
        expected: dict[int, object] = {}
        for number, seconds_ago in enumerate((0.6, 0.0, 0.4, 0.5)):
            pipes.wait_shown("video", 5 + 9 * number)
            newest_ns = manager.samples_between(0, 100 * NS_PER_S)[-1].time_ns
            frame = nearest_frame(newest_ns - seconds_to_ns(seconds_ago))
            manager.annotate("caption", number, captured_ns=frame * NS_PER_S // 30)
            expected[frame] = number
        with pytest.raises(LateError, match=r"caption for .* s too late") as caught:
            manager.annotate("caption", "late", captured_ns=newest_ns - seconds_to_ns(1.0))
        assert 0 < caught.value.late_s < 1.0
        pipes.wait_eos()
    assert captions.shown == sorted(expected.items())


def test_offline_too_and_a_callback_that_raises_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with Pipes(video_source(60, live=False), playback(sync=False), delay=0.5, live=False) as pipes:
        captions = Captions(pipes)
        pad = static_pad(pipes.playback.get_by_name("video_out"), "sink")
        pipes.manager.follow_annotations("caption", pad, lambda _annotation: 1 / 0)
        for frame in (7, 31):
            pipes.manager.annotate("caption", frame, captured_ns=frame * NS_PER_S // 30)
        pipes.play()
        pipes.wait_eos()
        assert len(pipes.shown["video"].running_ns) == 60
    assert captions.shown == [(7, 7), (31, 31)]
    assert caplog.text.count("showing caption failed: ZeroDivisionError") == 2


def test_a_closed_follower_calls_no_more() -> None:
    with Pipes(video_source(30, live=False), playback(sync=False), delay=0.5, live=False) as pipes:
        captions = Captions(pipes)
        captions.follower.close()
        captions.follower.close()
        pipes.manager.annotate("caption", "text", captured_ns=0)
        pipes.play()
        pipes.wait_eos()
        assert captions.shown == []
        assert pipes.manager.annotations.at("caption", NS_PER_S) == Annotation("caption", "text", 0)


def test_foreign_values_change_nothing() -> None:
    with Pipes(video_source(1, live=False), playback(sync=False), live=False) as pipes:
        with pytest.raises(ConfigError, match="captured_ns must be a whole number"):
            pipes.manager.annotate("caption", "text", captured_ns=1.5)  # type: ignore[arg-type]
        assert pipes.manager.annotations.between(0, NS_PER_S) == []
