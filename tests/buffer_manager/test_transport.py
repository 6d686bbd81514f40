"""Look-ahead, pause, seek, a change of delay, further consumers and clips, with real pipelines."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import BufferManager, Reader
from pipeline.buffering.window import Entry
from pipeline.errors import ConfigError, OutputError, StateError
from pipeline.gst.runtime import Gst
from tests.buffering.pipes import WAIT_S, Pipes, audio_source, playback, probe, video_source

MS = 1_000_000
FRAME_NS = 33_333_333
FRAMES = 48


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    source = video_source(FRAMES, live=True) + audio_source(FRAMES * 10 // 3, live=True)
    settings = {"buffer_duration": 2.0, "delay": 0.6, "cushion": 0.2, "keep_behind": 1.0}
    with Pipes(source, playback(sync=True), **settings) as pipes:
        pipes.play()
        pipes.wait_shown("video", 10)
        yield pipes


def steps(values: list[int]) -> list[int]:
    return [b - a for a, b in itertools.pairwise(values)]


def test_the_future_is_what_will_be_shown(pipes: Pipes) -> None:
    future = pipes.manager.future(0.4)
    assert 11 <= len(future) <= 13
    assert steps([entry.time_ns for entry in future]) == pytest.approx([FRAME_NS] * (len(future) - 1), abs=1)
    playhead_ns = pipes.manager.playhead_ns
    assert playhead_ns is not None
    assert future[0].time_ns <= playhead_ns + FRAME_NS
    assert pipes.manager.future(0.4, "audio")[0].sample.get_buffer().get_size() == 960
    pipes.wait_shown("video", 40)
    shown = pipes.shown["video"].running_ns
    assert set(shown) >= {entry.time_ns for entry in future}


def test_samples_between_returns_those_of_the_range(pipes: Pipes) -> None:
    manager = pipes.manager
    newest_ns = manager.samples_between(0, 10**12)[-1].time_ns
    part = manager.samples_between(newest_ns - 5 * FRAME_NS - 1 * MS, newest_ns)
    assert [entry.time_ns for entry in part] == sorted(entry.time_ns for entry in part)
    assert newest_ns not in [entry.time_ns for entry in part]
    assert len(part) == 5


def test_an_unknown_stream_is_refused_with_a_list_of_the_streams_also_before_playback() -> None:
    manager = BufferManager()
    manager.add_stream("second")
    for name in (
        lambda stream: manager.future(1.0, stream),
        lambda stream: manager.samples_between(0, 1, stream),
        manager.reader,
        lambda stream: manager.subscribe(print, stream),
    ):
        with pytest.raises(ConfigError, match=r"^there is no stream 'sub'; there are: video, audio, second$"):
            name("sub")
        with pytest.raises(ConfigError, match=r"'Video' \(did you mean video\?\)"):
            name("Video")
    assert manager.future(1.0) == []


def test_pause_freezes_the_frame_and_resume_continues_with_the_next(pipes: Pipes) -> None:
    manager = pipes.manager
    manager.pause()
    manager.pause()
    assert manager.state == "paused"
    held_ns = manager.playhead_ns
    before = manager.statistics().streams["video"].received
    with manager._engine.change:
        assert manager._engine.change.wait_for(
            lambda: manager.statistics().streams["video"].received >= before + 9, WAIT_S
        )
    assert manager.playhead_ns == held_ns
    manager.resume()
    manager.resume()
    assert manager.state == "playing"
    assert manager.delay_s > 0.85
    pipes.wait_eos()
    shown = pipes.shown["video"].running_ns
    assert steps(shown) == pytest.approx([FRAME_NS] * (FRAMES - 1), abs=1)
    assert manager.statistics().stall_count == 0


def test_what_is_left_is_played_out_of_a_pause_and_without_another(pipes: Pipes) -> None:
    manager = pipes.manager
    manager.pause()
    manager.play_out()
    manager.play_out()
    with pytest.raises(StateError, match="the run is ending"):
        manager.pause()
    assert manager.state == "playing"
    pipes.wait_eos()
    assert len(pipes.shown["video"].running_ns) == FRAMES


@pytest.mark.parametrize("end", [BufferManager.resume, BufferManager.play_out])
def test_a_pause_in_which_all_was_sent_ends_too(end: Callable[[BufferManager], None]) -> None:
    frames = 66
    source = video_source(frames, live=True) + audio_source(frames * 10 // 3, live=True)
    settings = {"buffer_duration": 3.0, "delay": 1.6, "cushion": 0.8, "keep_behind": 1.0}
    last_ns = round(frames / 30 * 1e9)
    with Pipes(source, playback(sync=True), **settings) as pipes:
        pipes.play()
        manager = pipes.manager
        while (manager.playhead_ns or 0) < last_ns - 750 * MS:
            pipes.wait_shown("video", len(pipes.shown["video"].running_ns) + 1)
        manager.pause()  # a busy machine has most of a second for it before the end
        assert manager.wait_drained(WAIT_S), "the rest was sent within the cushion"
        assert manager.state == "paused"
        assert len(pipes.shown["video"].running_ns) < frames
        end(manager)
        pipes.wait_eos()
        assert len(pipes.shown["video"].running_ns) == frames


def test_two_threads_that_pause_and_resume_leave_the_pipeline_as_the_last_one_says(pipes: Pipes) -> None:
    manager = pipes.manager
    threads = [
        threading.Thread(target=lambda move=move: [move() for _ in range(40)])
        for move in (manager.pause, manager.resume)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    _, state, pending = pipes.playback.get_state(WAIT_S * Gst.SECOND)
    assert pending is Gst.State.VOID_PENDING
    assert (state is Gst.State.PAUSED) == (manager.state == "paused")
    manager.resume()
    pipes.wait_eos()


def test_a_shorter_delay_skips_frames_without_a_gap_in_the_sound(pipes: Pipes) -> None:
    manager = pipes.manager
    assert manager.set_delay(0.3) == manager.delay_s == pytest.approx(0.3, abs=0.001)
    pipes.wait_eos()
    audio, video = pipes.shown["audio"], pipes.shown["video"]
    ends = [start + duration for start, duration in zip(audio.running_ns, audio.duration_ns, strict=True)]
    holes = [start - end for start, end in zip(audio.running_ns[1:], ends, strict=False)]
    assert max(map(abs, holes)) <= 1 * MS / 20, "continuous to the sample (one is 20.8 us)"
    assert max(steps(video.running_ns)) <= 2 * FRAME_NS
    skipped = manager.statistics().streams["video"].skipped
    assert skipped in (9, 10)
    assert len(video.running_ns) == FRAMES - skipped


def test_a_longer_delay_repeats_frames_kept_behind(pipes: Pipes) -> None:
    manager = pipes.manager
    assert manager.set_delay(1.0) == manager.delay_s == pytest.approx(1.0, abs=0.001)
    pipes.wait_eos()
    video = pipes.shown["video"]
    assert max(steps(video.running_ns)) <= 2 * FRAME_NS
    assert len(video.running_ns) == FRAMES + manager.statistics().streams["video"].repeated
    assert len(set(video.pts_ns)) == FRAMES
    last = video.running_ns[-1]
    assert manager.captured_ns(last) == video.pts_ns[-1]


def test_seek_replays_what_the_window_keeps(pipes: Pipes) -> None:
    manager = pipes.manager
    target_ns = manager.playhead_ns
    assert target_ns is not None
    pipes.wait_shown("video", 20)
    assert manager.seek(target_ns) == target_ns
    pipes.wait_eos()
    pts = pipes.shown["video"].pts_ns
    backs = [place for place, step in enumerate(steps(pts)) if step < 0]
    assert len(backs) == 1
    assert 0 <= pts[backs[0] + 1] - target_ns <= FRAME_NS


def test_impossible_transport_calls_say_why() -> None:
    with Pipes(video_source(3, live=False), playback(sync=False), live=False) as pipes:
        for call in (pipes.manager.pause, pipes.manager.resume, lambda: pipes.manager.seek(0)):
            with pytest.raises(StateError, match="clock"):
                call()
    with Pipes(video_source(3, live=True), playback(sync=True)) as pipes:
        with pytest.raises(StateError, match="playback has not started"):
            pipes.manager.seek(0)
        with pytest.raises(
            ConfigError, match=r"delay is 9 s; give 0\.\d+ s .* to \d+(\.\d+)? s \(buffer_duration\)"
        ):
            pipes.manager.set_delay(9)


def test_a_reader_gets_every_sample_once_and_the_end(pipes: Pipes) -> None:
    reader = pipes.manager.reader()
    times = []
    while (entry := reader.read(WAIT_S)) is not None:
        times.append(entry.time_ns)
    assert reader.ended
    assert reader.missed == 0
    assert times[-1] == pipes.manager.samples_between(0, 10**12)[-1].time_ns
    assert steps(times) == pytest.approx([FRAME_NS] * (len(times) - 1), abs=1)


def test_close_wakes_a_waiting_reader() -> None:
    waits = threading.Event()

    class Noting(Reader):
        @property
        def ended(self) -> bool:
            waits.set()  # read under the lock, which is released only by waiting
            return super().ended

    manager = BufferManager()
    reader = Noting(manager._engine, manager._audio)
    read: list[Entry | None] = []
    thread = threading.Thread(target=lambda: read.append(reader.read()), daemon=True)
    thread.start()
    assert waits.wait(WAIT_S)
    reader.close()
    thread.join(WAIT_S)
    assert read == [None]
    assert reader.read() is None


def test_a_subscription_calls_back_and_may_close_itself(pipes: Pipes) -> None:
    enough = threading.Event()
    times: list[int] = []

    def note(entry: Entry) -> None:
        times.append(entry.time_ns)
        if len(times) == 5:
            subscription.close()
            enough.set()

    subscription = pipes.manager.subscribe(note)
    assert enough.wait(WAIT_S)
    pipes.wait_shown("video", 30)
    assert len(times) == 5


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_clip_is_a_playable_file_with_sound_while_playback_continues(
    pipes: Pipes, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"goal.{suffix}"
    pipes.wait_shown("video", 20)
    begin_ns, end_ns = pipes.manager.save_clip(path, before=0.5, after=0.4)
    assert 850 * MS <= end_ns - begin_ns <= 1000 * MS
    found = probe(path)
    assert sorted(found.kinds) == ["audio", "video"]
    assert suffix == "ts" or found.duration_s == pytest.approx((end_ns - begin_ns) / 1e9, abs=0.1)
    assert list(tmp_path.iterdir()) == [path]
    pipes.wait_eos()
    assert steps(pipes.shown["video"].running_ns) == pytest.approx([FRAME_NS] * (FRAMES - 1), abs=1)


def test_a_clip_that_cannot_be_written_says_why(pipes: Pipes, tmp_path: Path) -> None:
    manager = pipes.manager
    with pytest.raises(OutputError, match="no folder"):
        manager.save_clip(tmp_path / "none" / "a.mp4", 1)
    with pytest.raises(OutputError, match=r"\.mp4"):
        manager.save_clip(tmp_path / "a.doc", 1)
    manager.clear_buffers()
    with pytest.raises(OutputError, match=r"\.mp4"):
        manager.save_clip(tmp_path / "a.doc", 0.0, 0.0)
    with pytest.raises(StateError, match="nothing"):
        manager.save_clip(tmp_path / "a.mp4", 0.0, 0.0)


def test_the_repr_shows_the_state(pipes: Pipes) -> None:
    assert repr(pipes.manager).startswith("<BufferManager playing at ")
    assert "delay 0.60 s" in repr(pipes.manager)
    pipes.manager.stop_buffer_thread()
    assert "stopped" in repr(pipes.manager)
    # The pipelines are the caller's: stopping the thread leaves them alone.
    assert pipes.playback.get_state(0)[1] == Gst.State.PLAYING
