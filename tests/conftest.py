"""What the tests share: where the real footage lies, and the marks of what a test needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# machines that share their cores are slow at times; that is no failure
settings.register_profile("foresight", deadline=None, max_examples=60)
settings.load_profile("foresight")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the real footage. Skips the test, with a message, if it is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real footage (../shared/data beside the checkout) is not here")
    return SHARED_DATA


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that the test run's processes end together."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
