"""Tests of the frame account: what a report says about frames that are neither shown nor dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.buffer_manager import BufferManager
from pipeline.buffering.stats import StreamStatistics
from pipeline.run.frame_account import account_notes, missing_note, shorter_note, sound_note


def video(**counts: int) -> StreamStatistics:
    return replace(BufferManager().statistics().streams["video"], **counts)


def notes(shown: int, *, is_aborted: bool = False, **counts: int) -> list[str]:
    return list(account_notes(video(**counts), shown, is_aborted=is_aborted))


def test_a_run_that_shows_or_drops_every_frame_has_nothing_to_say() -> None:
    assert notes(90, received=100, sent=90, dropped=10) == []
    assert notes(110, received=100, sent=110, repeated=10) == []


def test_refused_and_skipped_frames_are_named() -> None:
    assert notes(80, received=100, sent=80, duplicate=5, backward=1, skipped=14) == [
        "frames refused: 5 with the time of the frame before, 1 with a time before that of the frame before",
        "14 frames were skipped by a seek or a shorter delay",
    ]


def test_counts_that_do_not_add_up_are_not_hidden() -> None:
    assert notes(90, received=100, sent=90) == [
        "the counts of the video do not add up: 10 frames are missing"
    ]
    assert notes(90, received=80, sent=90) == [
        "the counts of the video do not add up: 10 frames are too many"
    ]


def test_frames_that_were_never_shown_are_told() -> None:
    (note,) = notes(60, is_aborted=True, received=100, sent=70, waiting=30)
    assert note == "40 captured frames were not shown, because the run was ended at once"
    (note,) = notes(99, received=100, sent=100)
    assert note == "1 captured frames were not shown, because playback ended before them"


def test_frames_that_a_file_lacks_are_told_by_its_length() -> None:
    assert missing_note("a.ts", 144, 10.16, 25) == (
        "a.ts: 110 of 254 frames are missing (10.16 s at 25 fps); they are damaged, or were never recorded"
    )
    assert missing_note("a.ts", 254, 10.16, 25) is None
    assert missing_note("a.ts", 299, 10.0, 29.97) is None, "the rounding of a rate"
    assert missing_note("a.mkv", 100, 10.0, 0) is None, "no frame rate is known"


@pytest.mark.parametrize(
    ("name", "received", "silent_s", "said"),
    [
        (None, 0, 0.0, None),
        ("a.mp4", 100, 0.0, None),
        ("a.mp4", 100, 0.4, None),
        ("a.mp4", 100, 3.0, "its sound lacks 3.0 s of 4.0 s"),
        ("a.mp4", 0, 4.0, "none came"),
        ("a.mp4", 0, 0.0, "none came"),
    ],
)
def test_sound_that_did_not_come_is_told(
    name: str | None, received: int, silent_s: float, said: str | None
) -> None:
    note = sound_note(name, received, silent_s, 4.0)
    assert (note is None) == (said is None)
    assert said is None or (note is not None and said in note and note.startswith("a.mp4: "))


@pytest.mark.parametrize(
    ("promised_s", "came_s", "named"),
    [
        ({}, 4.0, ""),
        ({"a": 4.2}, 4.0, ""),
        ({"a": 8.0}, 4.8, "a"),
        ({"a": 8.0, "b": 4.0}, 4.0, "a"),
        ({"a": 3.0}, 4.0, ""),
    ],
)
def test_a_recording_that_promises_more_is_told(
    promised_s: dict[str, float], came_s: float, named: str
) -> None:
    note = shorter_note(promised_s, came_s)
    assert (note is None) == (not named)
    assert note is None or (note.startswith(f"{named} promises 8.00 s") and f"{came_s:.2f} s came" in note)
