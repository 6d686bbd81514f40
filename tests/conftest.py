"""What the tests share: the folder of the real footage, and marks for what a test needs."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import settings

# Under nohup, or as a job in the background, a run ignores these signals, as it should; tests send them on purpose.
for number, usual in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

# A machine that shares its cores is sometimes slow; that is no failure. A gate that draws its examples anew would
# fail by chance, on somebody else's change: `make soak` searches for new ones.
settings.register_profile("search", deadline=None, max_examples=600)
settings.register_profile("foresight", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("foresight")

REAL_TIME = ("tests/web/", "tests/gst/", "tests/test_application.py")
"""Where most tests run pipelines against the clock: some seconds each."""

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the real footage. Skips the test, with a message, if it is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real footage (../shared/data beside the checkout) is not here")
    return SHARED_DATA


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest tests first, so that the parallel processes end together."""

    def place(item: pytest.Item) -> tuple[bool, bool]:
        return item.get_closest_marker("slow") is None, not item.nodeid.startswith(REAL_TIME)

    items.sort(key=place)
