"""Settings, rigs, tracks, detections, masks and names with any damage: accepted, or refused in one line."""

from __future__ import annotations

import pytest

from tests.faults.record import Area, fault
from tests.soak.mutations import mutated
from tests.soak.parsers import PARSERS

SEEDS = 200


@fault(
    Area.INPUT,
    "settings, a rig, a track, detections, a mask image or a name that is damaged in any way",
    seen="refused in one line; status 2",
)
@pytest.mark.parametrize("name", PARSERS)
def test_damage_is_refused_in_one_line_or_accepted(name: str) -> None:
    parser = PARSERS[name]
    assert all(map(parser.feed, parser.examples)), "the examples are accepted"
    accepted = [parser.feed(mutated(example, seed)) for example in parser.examples for seed in range(SEEDS)]
    assert set(accepted) <= {True, False}
    assert len(accepted) == SEEDS * len(parser.examples)
