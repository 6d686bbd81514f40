"""A clip of each tag that holds, and the reel of them: the film's own frames, in order, once, with chapters."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ConfigError, OutputError
from pipeline.gst.output.join_clips import Piece, join_clips
from pipeline.proposals.proposal import Proposal
from pipeline.run.match_entry import MatchEntry
from pipeline.run.tag_book import read_tags
from pipeline.settings import Settings
from pipeline.settings.check import check
from pipeline.timebase import NS_PER_MS, NS_PER_S
from tests import films, videos
from tests.faults.record import Area, fault
from tests.gst.output.peers import wait_until
from tests.gst.output.runs import FPS, settings
from tests.gst.output.test_film_clips import PACKET_S, Kept

SPAN = {"tag_before_s": 1.5, "tag_after_s": 1.0, "of_tags": True}


def play(video: Path, folder: Path, mark: Callable[[MatchEntry], object], **values: Any) -> Any:
    """A run of `video` to its end, offline, with `mark` called once; returns its report."""
    values = {
        "outputs": [folder / "film.mp4"],
        "clips": SPAN,
        "web": {"clips": str(folder / "clips")},
    } | values
    run = PanoramaWithVirtualCamera(settings(video, live=False, **values))
    once = itertools.count()
    return run.run(lambda _progress: mark(run.match) if next(once) == 0 else None)


def tag(match: MatchEntry, at_ms: int, kind: str, team: Any = None, label: str = "") -> int:
    return match.add_tag(at_ms * NS_PER_MS, kind, team, label, "").number


def names(folder: Path) -> list[str]:
    """The names of the files in a folder, without the date and number of a clip's."""
    return sorted(path.name.split("-20")[0] for path in folder.iterdir() if not path.name.startswith("."))


def four_tags(match: MatchEntry) -> None:
    tag(match, 8000, "card")
    tag(match, 3000, "goal", "home", "Meyer")
    match.undo_tag(tag(match, 6000, "corner"), "")
    tag(match, 4600, "Tolle Parade / 1")


def test_each_tag_that_holds_has_a_clip_named_after_it(match_video: Path, tmp_path: Path) -> None:
    report = play(match_video, tmp_path, four_tags)
    assert report.failures == ()
    assert names(tmp_path / "clips") == ["card-00m08s", "goal-home-00m03s", "tolle-parade-1-00m04s"]
    whole = videos.pictures(tmp_path / "film.mp4", 320, 108)
    for stem, first, last in (("goal", 25, 99), ("tolle", 75, 139), ("card", 150, 224)):
        (clip,) = (tmp_path / "clips").glob(f"{stem}*.mp4")
        np.testing.assert_array_equal(videos.pictures(clip, 320, 108), whole[first : last + 1])


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_the_reel_shows_each_moment_once_in_order_with_chapters_and_sound_in_sync(
    match_video: Path, tmp_path: Path, suffix: str
) -> None:
    reel = tmp_path / f"reel.{suffix}"
    report = play(
        match_video, tmp_path, four_tags, export={"reel": str(reel)}, clips=SPAN | {"of_tags": False}
    )
    assert report.failures == ()
    assert report.outputs == (tmp_path / "film.mp4", reel)
    whole = videos.pictures(tmp_path / "film.mp4", 320, 108)
    shown = np.concatenate([whole[25:140], whole[150:225]])  # the first two moments overlap
    np.testing.assert_array_equal(videos.pictures(reel, 320, 108), shown)
    np.testing.assert_allclose(np.diff(videos.frame_times(reel)), 1 / FPS, atol=0.0021)
    begins_s = [0.0, 2.0, 4.6]
    assert [begin_s for begin_s, _end_s, _title in videos.chapters(reel)] == pytest.approx(
        begins_s, abs=0.002
    )
    titles = ["Goal, Home: Meyer", "Tolle Parade / 1", "Card"]
    assert [title for *_span, title in videos.chapters(reel)] == titles
    flashes, skews = videos.sync_marks(reel)
    is_whole = np.array(
        [all(not 0 <= one - begin_s <= 2 * PACKET_S for begin_s in begins_s) for one in flashes]
    )
    assert is_whole.sum() >= 4
    assert np.abs(skews[is_whole]).max() < 20
    assert not list(tmp_path.glob("*.part*"))


def test_moments_that_begin_with_the_same_frame_are_one_chapter(match_video: Path, tmp_path: Path) -> None:
    reel = tmp_path / "reel.mp4"

    def mark(match: MatchEntry) -> None:
        tag(match, 3600, "chance")
        tag(match, 3900, "goal")

    play(match_video, tmp_path, mark, export={"reel": str(reel)})
    assert [title for *_span, title in videos.chapters(reel)] == ["Chance, Goal"]
    assert len(videos.frame_times(reel)) == 73  # from 2.0 to 4.9 s


@pytest.mark.timeout(600)
def test_a_proposal_that_was_taken_is_in_the_reel_and_one_that_was_not_is_not(
    match_video: Path, tmp_path: Path
) -> None:
    reel, tags = tmp_path / "reel.mp4", tmp_path / "tags.jsonl"

    def mark(match: MatchEntry) -> None:
        for number, at_ms in ((100, 3000), (101, 5000), (102, 7000)):
            match.proposals.put(
                Proposal(number, "goal", at_ms * NS_PER_MS, 0.8, ("whistle",), at_ms * NS_PER_MS)
            )
        match.proposals.take(100, "home", "Meyer", "")
        match.proposals.dismiss(101)

    report = play(match_video, tmp_path, mark, export={"reel": str(reel), "tags_out": str(tags)})
    assert report.failures == ()
    assert [title for *_span, title in videos.chapters(reel)] == ["Goal, Home: Meyer"]
    whole = videos.pictures(tmp_path / "film.mp4", 320, 108)
    np.testing.assert_array_equal(videos.pictures(reel, 320, 108), whole[25:100])
    assert [tag.captured_ns for tag in read_tags(tags)] == [3 * NS_PER_S]


def test_without_a_tag_there_is_no_reel_and_one_line_says_so(short_video: Path, tmp_path: Path) -> None:
    reel = tmp_path / "reel.mp4"
    report = play(short_video, tmp_path, lambda _match: None, export={"reel": str(reel)})
    assert report.failures == ()
    assert [note for note in report.notes if "reel" in note] == [
        f"{reel}: not written, because there is no clip of a tag to join"
    ]
    assert not reel.exists()


def test_a_tag_of_film_that_never_came_is_told_in_one_line(short_video: Path, tmp_path: Path) -> None:
    report = play(short_video, tmp_path, lambda match: tag(match, 60_000, "goal"))
    assert report.failures == ()
    assert sum("no clip of the tag 'Goal'" in note for note in report.notes) == 1
    assert names(tmp_path / "clips") == []


@fault(
    Area.OUTPUTS,
    "the disk of the reel is full, or a clip of it is gone",
    seen="one line; the run, its film and the other clips are complete, and no unfinished reel is left",
    lost="the reel, or that clip in it",
)
def test_a_reel_that_cannot_be_written_is_told_and_leaves_no_file(short_video: Path, tmp_path: Path) -> None:
    reel = tmp_path / "reel.mp4"
    (tmp_path / "reel.part.mp4").symlink_to("/dev/full")
    report = play(short_video, tmp_path, lambda match: tag(match, 2000, "goal"), export={"reel": str(reel)})
    assert report.failures == (f"{reel}: the disk is full; free some space, or record to another disk",)
    assert names(tmp_path) == ["clips", "film.mp4"]
    assert names(tmp_path / "clips") == ["goal-00m02s"]


def test_a_piece_that_is_gone_or_encoded_otherwise_is_left_out_and_named(tmp_path: Path) -> None:
    first, other, silent = (tmp_path / f"{name}.mp4" for name in ("first", "other", "silent"))
    films.picture_and_tone(first)
    films.picture_and_tone(other, "-vf", "scale=160:90")
    films.make_film(silent, *films.PICTURE, *films.CODED)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film")
    pieces = [Piece(tmp_path / "gone.mp4"), Piece(first), Piece(other), Piece(silent), Piece(broken)]
    film = tmp_path / "film.mp4"
    joined = join_clips(film, [*pieces, Piece(first, NS_PER_S)])
    length_ns = films.SECONDS * NS_PER_S
    assert joined.begins_ns == [None, 0, None, None, None, length_ns]
    assert joined.length_ns == length_ns + NS_PER_S
    assert [line.split(" is not in the film")[0] for line in joined.refusals] == [
        "gone.mp4", "other.mp4", "silent.mp4", "broken.mp4",
    ]  # fmt: skip
    assert "its video was encoded otherwise" in joined.refusals[1]
    assert "other streams" in joined.refusals[2]
    assert len(videos.frame_times(film)) == (films.SECONDS + 1) * films.FPS
    with pytest.raises(OutputError, match="nothing to join"):
        join_clips(tmp_path / "none.mp4", [pieces[0]])
    assert not (tmp_path / "none.mp4").exists()


def test_a_tag_that_is_taken_back_takes_its_clip_with_it(match_video: Path, tmp_path: Path) -> None:
    web = {"clips": str(tmp_path / "clips")}
    run = Kept(match_video, tmp_path, outputs=[tmp_path / "film.mp4"], clips=SPAN, web=web)
    wait_until(lambda: run.application.buffer_manager.newest_ns is not None, "the first frame")
    match = run.application.match
    wait_until(lambda: run.application.playback is not None, "the playback")
    early = tag(match, 300, "goal")  # not on air yet
    later = tag(match, 600_000, "save")
    clips = run.application.clip_book
    wait_until(lambda: any(clip.state == "saved" for clip in clips.clips()), "the first clip")
    first, waiting = clips.clips()
    assert (first.tag, first.title, first.begin_s) == (early, "Goal", pytest.approx(0, abs=0.05))
    assert (waiting.tag, waiting.state) == (later, "saving")
    for number in (early, later):
        match.undo_tag(number, "")
    wait_until(lambda: clips.clips() == [], "the end of both")
    assert names(tmp_path / "clips") == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"export": {"reel": "reel.ts"}}, "export.reel: reel.ts cannot have chapters"),
        ({"clips": {"of_tags": True, "film_s": 0}}, "clips.film_s"),
        ({"export": {"reel": "match.mp4"}, "outputs": ["match.mp4"]}, "match.mp4 is also written"),
    ],
)
def test_settings_that_cannot_give_clips_of_tags_are_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check(Settings.parse({"sources": ["match"]} | values))


def test_clips_of_tags_need_no_output_of_their_own() -> None:
    assert Settings.parse({"sources": ["match"], "clips": {"of_tags": True}}).film_s == 60
    assert Settings.parse({"sources": ["match"], "export": {"reel": "reel.mp4"}}).film_s == 60
    assert Settings.parse({"sources": ["match"], "outputs": ["match.mp4"]}).film_s == 0
