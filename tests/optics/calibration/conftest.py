"""One painted pitch, filmed once for all tests here."""

from __future__ import annotations

import pytest

from pipeline.optics.calibration import Footage
from tests.optics.calibration.scene import film, make_rig

OFFSET = 3


@pytest.fixture(scope="session")
def painted() -> list[Footage]:
    return film(make_rig(OFFSET))
