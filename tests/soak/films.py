"""The small films that the media fuzz damages, made once a test run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.films import make_film
from tests.once import made_once
from tests.soak.media_fuzz import FILMS

SECONDS = 1.2


def film(factory: pytest.TempPathFactory, container: str) -> Path:
    """The whole film of a container."""
    return made_once(
        factory,
        f"fuzzed.{container}",
        lambda path: make_film(path, codec=FILMS[container], seconds=SECONDS),
    )
