"""Clips of the film in whole runs: frame by frame what the output has, in sync; what becomes of those that fail."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import OutputError, StateError
from pipeline.operator.clips import ClipWanted
from pipeline.run.clip_book import Clip, ClipBook
from pipeline.run.film_clips import FilmClips
from pipeline.run.film_times import FilmTimes
from pipeline.timebase import NS_PER_S
from tests import videos
from tests.faults.record import Area, fault
from tests.gst.output.peers import wait_until
from tests.gst.output.runs import FPS, settings
from tests.gst.output.test_output_board import Operated

FILM = {"film_s": 60}
PACKET_S = 1024 / videos.RATE_HZ
"""A packet of AAC, which is decoded with the one before it."""


def play(
    video: Path, ask: Callable[[FilmClips], object], **values: Any
) -> tuple[PanoramaWithVirtualCamera, Any]:
    """A run of `video` to its end, offline; `ask` is called once there is film. Returns the run and its report."""
    run = PanoramaWithVirtualCamera(settings(video, live=False, clips=FILM, **values))
    asked = itertools.count()

    def on_progress(_progress: object) -> None:
        film = None if run.playback is None else run.playback.outputs.film
        if film is not None and film.span_ns is not None and next(asked) == 0:
            ask(run.film_clips)

    return run, run.run(on_progress)


def by_name(run: PanoramaWithVirtualCamera) -> dict[str, Clip]:
    return {clip.path.stem: clip for clip in run.clip_book.clips()}


def expect_in_sync(clip: Path) -> int:
    """Each flash has its click, but for one in the first two sound packets, which the cut may damage. How many."""
    flashes, skews = videos.sync_marks(clip)
    whole = np.abs(skews[flashes > 2 * PACKET_S])
    assert whole.max(initial=0) < 20
    return len(whole)


def expect_piece_of(film: Path, clip: Clip, first: int, last: int) -> None:
    """The clip shows exactly the frames `first` to `last` of the film, pixel by pixel, and their sound in time."""
    whole, piece = (videos.pictures(path, 320, 108) for path in (film, clip.path))
    assert len(piece) == last - first + 1
    np.testing.assert_array_equal(piece[0], whole[first])
    np.testing.assert_array_equal(piece[-1], whole[last])
    np.testing.assert_array_equal(piece, whole[first : last + 1])
    assert clip.length_s == pytest.approx((last - first + 1) / FPS, abs=0.002)
    assert videos.start_s(clip.path, "video") == pytest.approx(0, abs=0.001)
    np.testing.assert_allclose(np.diff(videos.frame_times(clip.path)), 1 / FPS, atol=0.0011)
    assert len(videos.sound(clip.path)) / videos.RATE_HZ == pytest.approx(clip.length_s, abs=0.03)
    assert expect_in_sync(clip.path) >= int(clip.length_s) - 1


def test_clips_are_the_films_own_frames_and_sound_and_tell_what_they_became(
    match_video: Path, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"

    def ask(clips: FilmClips) -> None:
        clips.save(tmp_path / "begin.mp4", 5.0, 2.0, captured_ns=NS_PER_S)
        clips.save(tmp_path / "middle.mp4", 1.5, 1.5, captured_ns=4 * NS_PER_S)  # from between two keyframes
        clips.save(tmp_path / "overlapping.mkv", 1.0, 2.02, captured_ns=5 * NS_PER_S)
        clips.save(tmp_path / "end.mp4", 2.0, 30.0, captured_ns=9 * NS_PER_S)
        clips.save(tmp_path / "never.mp4", 2.0, 2.0, captured_ns=60 * NS_PER_S)

    run, report = play(match_video, ask, outputs=[film])
    clips = by_name(run)
    assert report.failures == ()
    frames = {"begin": (0, 74), "middle": (50, 137), "overlapping": (100, 175), "end": (175, 249)}
    for name, (first, last) in frames.items():
        assert (clips[name].state, clips[name].of) == ("saved", "film")
        assert clips[name].begin_s == pytest.approx(first / FPS, abs=0.002)
        expect_piece_of(film, clips[name], first, last)
    assert clips["never"].state == "failed"
    assert "the film" in (clips["never"].trouble or "")
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith(".")) == [
        "begin.mp4", "end.mp4", "film.mp4", "middle.mp4", "overlapping.mkv",
    ]  # fmt: skip


@pytest.mark.parametrize(("video_codec", "audio_codec"), [("h265", "aac"), ("h264", "opus")])
def test_a_clip_has_the_codecs_of_the_film(
    short_video: Path, tmp_path: Path, video_codec: str, audio_codec: str
) -> None:
    encoder = {"video_codec": video_codec, "audio_codec": audio_codec, "keyframe_interval_s": 1.0}
    run, _report = play(
        short_video,
        lambda clips: clips.save(tmp_path / "clip.mp4", 1.0, 1.0, captured_ns=2 * NS_PER_S),
        outputs=[tmp_path / "film.mkv"],
        encoder=encoder,
    )
    assert by_name(run)["clip"].state == "saved"
    streams = videos.streams(tmp_path / "clip.mp4")
    named = streams["video"]["codec_name"].replace("hevc", "h265"), streams["audio"]["codec_name"]
    assert named == (video_codec, audio_codec)
    assert len(videos.frame_times(tmp_path / "clip.mp4")) == pytest.approx(2 * FPS, abs=FPS)


def test_a_film_without_sound_gives_clips_without_sound(silent_video: Path, tmp_path: Path) -> None:
    run, _report = play(
        silent_video,
        lambda clips: clips.save(tmp_path / "clip.mp4", 1.0, 1.0, captured_ns=2 * NS_PER_S),
        outputs=[tmp_path / "film.mp4"],
    )
    assert by_name(run)["clip"].state == "saved"
    assert set(videos.streams(tmp_path / "clip.mp4")) == {"video"}


class Kept(Operated):
    """A live run that keeps its film, with an operator."""

    def __init__(self, video: Path, folder: Path, **values: Any) -> None:
        super().__init__(video, folder, **{"clips": FILM} | values)

    def wait_saved(self, clip: Clip) -> Clip:
        return self.application.clip_book.wait_over(clip, 20)


@pytest.fixture
def kept(match_video: Path, tmp_path: Path) -> Any:
    run = Kept(match_video, tmp_path, outputs=[tmp_path / "film.mp4"])
    run.wait_shown(3.0)
    yield run
    run.application.abort()
    run.wait_over(20)


def test_an_operator_saves_what_was_shown_and_what_comes_while_the_run_goes_on(
    kept: Kept, tmp_path: Path
) -> None:
    now_s = kept.application.progress().position_s
    done = kept.wait_saved(kept.control.save_clip(ClipWanted(before_s=1.0)))
    coming = kept.control.save_clip(ClipWanted(before_s=0.5, after_s=3.0))
    assert (done.state, coming.state) == ("saved", "saving")
    assert done.begin_s is not None
    assert done.begin_s <= now_s
    assert done.begin_s + done.length_s >= now_s - 0.1
    assert kept.control.snapshot()["clips"] == 2
    coming = kept.wait_saved(coming)
    assert coming.state == "saved"
    assert coming.length_s > 3.4
    before = kept.application.clip_book.changes
    footage = kept.control.save_clip(ClipWanted("cameras", before_s=0.2))
    assert kept.wait_saved(footage).state == "saved"
    assert kept.application.clip_book.changes > before
    for clip in (done, coming):
        expect_in_sync(clip.path)


def test_a_clip_of_frozen_film_ends_where_the_film_stands(kept: Kept, tmp_path: Path) -> None:
    playback = kept.application.playback
    assert playback is not None
    kept.control.pause()
    book = ClipBook()
    clips = FilmClips(book, FilmTimes(), lambda: 2 * NS_PER_S, has_film=True, patience_s=0.3)
    clips.begin(playback.outputs.film)
    clip = book.wait_over(clips.save(tmp_path / "frozen.mp4", 1.0, 30.0), 20)
    kept.control.resume()
    assert clip.state == "saved"
    assert 0.5 < clip.length_s < 10


def test_the_oldest_film_is_gone_and_said_so(match_video: Path, tmp_path: Path) -> None:
    run = Kept(match_video, tmp_path, outputs=[tmp_path / "film.mp4"], clips={"film_s": 1})
    run.wait_shown(5.0)
    with pytest.raises(StateError, match=r"is not kept: only the last [123] s are"):
        run.control.save_clip(ClipWanted(captured_s=1.0, before_s=0.5, after_s=0.5))
    clip = run.wait_saved(run.control.save_clip(ClipWanted(before_s=60.0)))
    assert clip.length_s < 3.5
    with pytest.raises(StateError, match=r"the film comes there in \d+ s only"):
        run.control.save_clip(ClipWanted(captured_s=5000.0))


def test_the_clips_end_with_the_run(kept: Kept) -> None:
    coming = kept.control.save_clip(ClipWanted(after_s=500.0))
    kept.stop()
    clip = kept.application.clip_book.wait_over(coming, 0)
    assert clip.state == "saved"
    assert clip.path.exists()
    with pytest.raises(StateError):
        kept.control.save_clip(ClipWanted())


def test_without_an_encode_there_is_no_film_and_clips_are_of_the_cameras(
    match_video: Path, tmp_path: Path
) -> None:
    run = Operated(match_video, tmp_path, web={"address": "127.0.0.1:0"})
    run.wait_shown(1.5)
    with pytest.raises(StateError, match=r"keeps no film .* give it an output, a stream or clips.film_s"):
        run.control.save_clip(ClipWanted("film"))
    clip = run.control.save_clip(ClipWanted(before_s=0.5))
    assert run.application.clip_book.wait_over(clip, 20).of == "cameras"
    assert run.control.snapshot()["keeps_film"] is False


def test_with_the_dashboard_alone_the_film_is_encoded_for_clips_if_they_are_wanted(
    long_video: Path, tmp_path: Path
) -> None:
    run = Kept(long_video, tmp_path, web={"address": "127.0.0.1:0"})
    run.wait_shown(2.5)
    clip = run.wait_saved(run.control.save_clip(ClipWanted(before_s=1.0)))
    assert (clip.of, clip.state) == ("film", "saved")
    recording = run.control.record()
    run.wait_taken(recording.number, 0.5)
    run.control.stop_output(recording.number)
    again = run.wait_saved(run.control.save_clip(ClipWanted(before_s=1.0, after_s=1.0)))  # the encode goes on
    assert again.state == "saved"
    assert again.length_s > 1.9


@fault(
    Area.OUTPUTS,
    "the disk of a clip is full, or its folder is gone",
    seen="the clip is listed as failed, with one line; no unfinished file is left under its name",
    lost="that clip",
)
@pytest.mark.parametrize("way", ["full", "gone"])
def test_a_clip_that_cannot_be_written_leaves_no_file_and_the_run_goes_on(
    way: str, short_video: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()

    def ask(clips: FilmClips) -> None:
        clips.save(folder / "clip.mp4", 1.0, 1.0, captured_ns=2 * NS_PER_S)
        if way == "full":
            (folder / "clip.mp4.part").symlink_to("/dev/full")
        else:
            folder.rmdir()

    run, report = play(short_video, ask, outputs=[tmp_path / "film.mp4"])
    clip = by_name(run)["clip"]
    assert clip.state == "failed"
    assert clip.trouble is not None
    assert clip.trouble.isprintable()
    assert ("the disk is full" if way == "full" else "there is no folder") in clip.trouble
    assert not clip.path.exists()
    assert sum("the clip is not saved" in line for line in caplog.messages) == 1
    assert len(videos.frame_times(tmp_path / "film.mp4")) == report.frames_out == 4 * FPS


def test_a_folder_that_cannot_be_made_is_refused_in_one_line(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "clips").touch()
    with pytest.raises(OutputError, match="nothing can be saved there"):
        kept.control.save_clip(ClipWanted())
    assert kept.control.clips() == []


def test_a_clip_that_waits_or_is_saved_can_be_taken_back(kept: Kept) -> None:
    saved = kept.wait_saved(kept.control.save_clip(ClipWanted(before_s=1.0)))
    waiting = kept.control.save_clip(ClipWanted(after_s=100.0))
    for clip in (saved, waiting):
        kept.application.film_clips.cancel(clip)
    wait_until(lambda: kept.control.clips() == [], "the end of the clip that waited")
    assert not saved.path.exists()
    assert not waiting.path.exists()
