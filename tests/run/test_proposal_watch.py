"""The watch over sound and detections: it never holds up a live stream, and offline it loses nothing."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.match.match import match_rig
from pipeline.match.settings import MatchSettings
from pipeline.proposals.proposal import Proposal
from pipeline.run.proposal_watch import MOST_WAITING, ProposalWatch, goal_mouth
from pipeline.settings import Settings
from pipeline.timebase import NS_PER_S
from tests.proposals import sounds

PIECE_NS = NS_PER_S // 10


class Piece:
    """A tenth of a second of sound; `gate` holds up whoever reads it."""

    rate_hz = sounds.RATE_HZ

    def __init__(
        self, number: int, samples: NDArray[np.float64], gate: threading.Event | None = None
    ) -> None:
        self.captured_ns = number * PIECE_NS
        self._samples, self._gate = samples, gate

    def samples(self) -> NDArray[np.float32]:
        if self._gate is not None:
            assert self._gate.wait(60)
        return self._samples.astype(np.float32)[:, None]


def pieces(sound: NDArray[np.float64], gate: threading.Event | None = None) -> list[Piece]:
    return [Piece(number, part, gate) for number, part in enumerate(np.split(sound, len(sound) // 4800))]


def with_whistle() -> NDArray[np.float64]:
    sound = 0.01 * sounds.noise(8.0)
    blown = 0.05 * sounds.whistle(0.6, 3300.0)
    sound[3 * sounds.RATE_HZ : 3 * sounds.RATE_HZ + len(blown)] += blown
    return sound


@pytest.mark.parametrize("live", [True, False])
def test_a_whistle_in_the_sound_is_proposed_and_the_end_waits_for_it(live: bool) -> None:
    found: list[Proposal] = []
    watch = ProposalWatch(None, ["stop"], found.append, live=live)
    for piece in pieces(with_whistle()):
        watch.hear(piece)  # type: ignore[arg-type]
    watch.close(60)
    watch.close(60)
    assert [(one.kind, round(one.captured_ns / NS_PER_S)) for one in found] == [("stop", 3)]
    assert watch.dropped == 0


def test_kinds_that_are_not_wanted_are_not_proposed() -> None:
    found: list[Proposal] = []
    watch = ProposalWatch(None, ["goal"], found.append, live=False)
    for piece in pieces(with_whistle()):
        watch.hear(piece)  # type: ignore[arg-type]
    watch.close(60)
    assert found == []


def test_live_nobody_waits_and_what_finds_no_room_is_counted() -> None:
    gate = threading.Event()
    watch = ProposalWatch(None, ["stop"], lambda _proposal: None, live=True)
    silence = np.zeros(4800)
    many = MOST_WAITING + 200
    for number in range(many):
        watch.hear(Piece(number, silence, gate))  # type: ignore[arg-type]
    assert watch.dropped >= many - MOST_WAITING - 64  # what the thread holds already has room beside them
    gate.set()
    watch.close(60)


def test_what_goes_wrong_ends_the_proposals_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_proposal: Proposal) -> None:
        raise ValueError("no")

    watch = ProposalWatch(None, ["stop"], refuse, live=False)
    for _ in range(MOST_WAITING // 80 + 3):
        for piece in pieces(with_whistle()):
            watch.hear(piece)  # type: ignore[arg-type]
    watch.close(60)
    assert "no more tags are proposed: ValueError: no" in caplog.text


def test_goals_are_known_where_the_rig_has_a_pitch_whose_sport_has_some() -> None:
    rig = match_rig(MatchSettings())
    mouth = goal_mouth(rig)
    assert mouth is not None
    assert (mouth.length_m, mouth.width_m, mouth.half_width_m, mouth.height_m) == (105.0, 68.0, 3.66, 2.44)
    assert goal_mouth(None) is None


def test_a_run_proposes_only_if_somebody_can_see_it_and_writes_what_it_proposes(tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert not Settings.parse({}).proposes
    assert Settings.parse({"web": {"address": "127.0.0.1:8080"}}).proposes
    out = tmp_path / "proposals.jsonl"
    settings = {
        "sources": ["match?seed=11&size=640x214&fps=5"],
        "outputs": [str(tmp_path / "film.mkv")],
        "size": "160x90",
        "delay_s": 1.0,
        "duration_s": 7.0,
        "live": False,
        "detector": {"kind": "none"},
        "export": {"proposals_out": str(out), "tags_out": str(tmp_path / "tags.jsonl")},
    }
    assert Settings.parse(settings).proposes
    assert not Settings.parse(settings | {"proposals": {"on": False}}).proposes
    run = PanoramaWithVirtualCamera(Settings.parse(settings))
    assert run.run().failures == ()
    (line,) = out.read_text(encoding="utf-8").splitlines()
    assert '"kind": "stop"' in line
    assert [(one.kind, round(one.time_s, 1), one.state) for one in run.match.proposed()] == [
        ("stop", 2.9, "open")
    ]
    assert (tmp_path / "tags.jsonl").read_text(encoding="utf-8") == ""
