"""The drawn pitch, recorded once for all calibration tests."""

from __future__ import annotations

import pytest

from pipeline.optics.calibration import Footage
from tests.optics.calibration.scene import footage, make_rig

OFFSET = 3


@pytest.fixture(scope="session")
def painted() -> list[Footage]:
    return footage(make_rig(OFFSET))
