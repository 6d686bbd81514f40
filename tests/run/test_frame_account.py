"""Tests of the frame account: what a report says about frames that are neither shown nor dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.buffer_manager import BufferManager
from pipeline.buffering.stats import StreamStatistics
from pipeline.run.frame_account import (
    Ending,
    account,
    account_faults,
    account_notes,
    missing_note,
    shorter_note,
    sound_note,
)


def video(**counts: int) -> StreamStatistics:
    return replace(BufferManager().statistics().streams["video"], **counts)


def notes(shown: int, ending: Ending = "played", **counts: int) -> list[str]:
    frames = account(video(**counts), shown, ending)
    assert list(account_faults(frames, {"video": video(**counts)})) == []
    return list(account_notes(frames, ending))


def test_a_run_that_shows_or_drops_every_frame_has_nothing_to_say() -> None:
    assert notes(90, received=100, sent=90, dropped=10) == []
    assert notes(110, received=100, sent=110, repeated=10) == []


def test_refused_and_skipped_frames_are_named() -> None:
    assert notes(80, received=100, sent=80, duplicate=5, backward=1, skipped=14) == [
        "frames refused: 5 with the time of the frame before, 1 with a time before that of the frame before",
        "14 frames were skipped by a seek, a shorter delay, or because they came too early",
    ]


def test_frames_that_were_never_shown_are_told() -> None:
    (note,) = notes(60, "aborted", received=100, sent=70, waiting=30)
    assert note == "40 captured frames were not shown, because the run was ended at once"
    (note,) = notes(99, "failed", received=100, sent=100)
    assert note == "1 captured frames were not shown, because playback ended before them"


COUNTS = ("sent", "dropped", "skipped", "unplayed", "duplicate", "backward", "waiting")


@given(
    st.fixed_dictionaries({name: st.integers(0, 50) for name in COUNTS}),
    st.integers(0, 20),
    st.sampled_from(["played", "aborted", "failed"]),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(0, 3),
)
def test_every_frame_is_accounted_for_or_the_report_says_how_many_are_not(
    counts: dict[str, int], repeated: int, ending: Ending, is_decoded: bool, error: int, lost: int
) -> None:
    """`error`: by how much the window counts wrong; `lost`: frames that vanish in playback."""
    received = sum(counts.values()) + error - min(repeated, counts["sent"])
    stream = video(**counts, received=received, repeated=min(repeated, counts["sent"]))
    lost = min(lost, counts["sent"])
    at_source = {"dropped_at_source": 3, "refused_at_source": {"before a keyframe": 2}}
    frames = account(
        stream,
        counts["sent"] - lost,
        ending,
        lost_inside="that could not be decoded" if is_decoded else None,
        **at_source,
    )  # type: ignore[arg-type]
    vanished = lost if ending == "played" and not is_decoded else 0
    assert frames.missing == error + vanished
    faults = list(account_faults(frames, {"video": stream}))
    assert len(faults) == bool(error + vanished) + bool(error)
    assert all("fault in Foresight" in fault for fault in faults)
    assert frames.came_in == received + 5


def test_frames_that_a_file_lacks_are_told_by_its_length() -> None:
    assert missing_note("a.ts", 144, 10.16, 25) == (
        "a.ts: 110 of 254 frames are missing (10.16 s at 25 fps); they are damaged, or were never recorded"
    )
    assert missing_note("a.ts", 254, 10.16, 25) is None
    assert missing_note("a.ts", 299, 10.0, 29.97) is None, "the rounding of a rate"
    assert missing_note("a.mkv", 100, 10.0, 0) is None, "no frame rate is known"
    assert missing_note("a.mp4", 99, 10.0, 25, listed=100) is None, "at a rate that varies"
    assert (
        missing_note("a.mp4", 85, 4.0, 25, listed=100)
        == "a.mp4: 15 of 100 frames are missing; they are damaged"
    )


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
