"""Proposals and what people make of them."""

from __future__ import annotations

import pytest

from pipeline.errors import ConfigError, StateError
from pipeline.proposals.proposal import Proposal
from pipeline.run.proposal_book import MOST_PROPOSALS, ProposalBook
from pipeline.scoring.tags import Tag, TagLog
from pipeline.scoring.values import Side
from pipeline.timebase import NS_PER_S


class Tags:
    """The tags of a match."""

    def __init__(self) -> None:
        self.log = TagLog()
        self.book = ProposalBook(self.add)

    def add(self, captured_ns: int, kind: str, team: Side | None, label: str, who: str) -> Tag:
        return self.log.add(captured_ns, kind, team, label, who)[0]

    def undo(self, number: int) -> None:
        self.book.undone(self.log.undo(number)[0])

    def states(self) -> list[tuple[int, str, str]]:
        return [(one.id, one.kind, one.state) for one in self.book.views(tuple(self.log.tags()))]


def goal(number: int = 1, at_s: int = 30, confidence: float = 0.7, kind: str = "goal") -> Proposal:
    cues = ("crowd 12 dB louder", "whistle")
    return Proposal(number, kind, at_s * NS_PER_S, confidence, cues, 36 * NS_PER_S)  # type: ignore[arg-type]


def test_a_proposal_is_no_tag_before_it_is_taken_and_then_a_real_one() -> None:
    match = Tags()
    match.book.put(goal())
    (view,) = match.book.views(())
    assert (view.time_s, view.known_s, view.confidence) == (30.0, 36.0, 0.7)
    assert view.why == "crowd 12 dB louder, whistle"
    assert match.log.tags() == []
    tag = match.book.take(1, "home", "Meyer", "phone")
    assert match.log.tags() == [Tag(1, 30 * NS_PER_S, "goal", "home", "Meyer", "phone")]
    assert match.states() == [(1, "goal", "taken")]
    assert match.book.views(())[0].tag == tag.number


def test_what_is_taken_or_dismissed_stays_so_whatever_is_learned_later() -> None:
    match = Tags()
    match.book.put(goal(1))
    match.book.put(goal(2, 60))
    match.book.take(1, None, "", "")
    match.book.dismiss(2)
    for number, at_s in ((1, 30), (2, 60)):
        match.book.put(goal(number, at_s, 0.99, "chance"))
        match.book.put(goal(number, at_s, 0.0))
        for act in (lambda n: match.book.take(n, None, "", ""), match.book.dismiss):
            with pytest.raises(StateError, match="taken or dismissed already"):
                act(number)
    assert match.states() == [(1, "goal", "taken"), (2, "goal", "dismissed")]
    with pytest.raises(StateError, match="there is no proposal 3"):
        match.book.dismiss(3)


def test_an_open_one_becomes_what_is_known_last_or_goes() -> None:
    match = Tags()
    match.book.put(goal(1, 30, 0.6, "chance"))
    match.book.put(goal(1, 31, 0.9))
    match.book.put(goal(2, 40, 0.9, "stop"))
    match.book.put(goal(2, 40, 0.0, "stop"))
    assert match.states() == [(1, "goal", "open")]
    assert match.book.views(())[0].time_s == 31.0


def test_taking_a_tag_back_opens_its_proposal_again() -> None:
    match = Tags()
    match.book.put(goal())
    tag = match.book.take(1, "away", "", "")
    match.undo(tag.number)
    assert match.states() == [(1, "goal", "open")]
    match.book.take(1, "home", "", "")
    assert [tag.team for tag in match.log.tags()] == ["home"]


def test_what_somebody_has_tagged_himself_is_not_asked_again() -> None:
    match = Tags()
    match.book.put(goal())
    match.add(33 * NS_PER_S, "goal", "home", "", "")
    match.add(30 * NS_PER_S, "chance", "home", "", "")
    assert match.states() == [(1, "goal", "tagged")]
    match.log.undo(1)
    assert match.states() == [(1, "goal", "open")]


def test_a_tag_that_is_refused_leaves_the_proposal_open() -> None:
    match = Tags()
    match.book.put(goal())
    with pytest.raises(ConfigError):
        match.book.take(1, None, "x" * 1000, "")
    assert match.states() == [(1, "goal", "open")]


def test_the_oldest_go_when_there_are_too_many() -> None:
    match = Tags()
    for number in range(1, MOST_PROPOSALS + 3):
        match.book.put(goal(number, number))
    assert [match.states()[0][0], len(match.states())] == [3, MOST_PROPOSALS]
