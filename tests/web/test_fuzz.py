"""Requests made from the API's own document: every answer is one that the document names, before and in a run."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from pipeline.web.connection_bounds import WebLimits
from pipeline.web.openapi import openapi
from tests.web.live import Live
from tests.web.test_bounds import served

pytestmark = pytest.mark.xdist_group("openapi")

WAIT_S = 20.0
ENDLESS = ["/api/events", "/preview.mp4"]
ENDS_THE_RUN = ["/api/end_run"]
SCHEMA = schemathesis.openapi.from_dict(openapi("0", "foresight")).exclude(path=[*ENDLESS, *ENDS_THE_RUN])
FEW = settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    live = Live(size="160x90", clips=str(tmp_path_factory.mktemp("clips")))
    yield live
    live.end()


@pytest.fixture(scope="module")
def idle() -> Iterator[str]:
    """The address of a dashboard whose run has not begun."""
    with served(WebLimits()) as (address, _port):
        yield address.rstrip("/")


@pytest.fixture(autouse=True)
def no_error_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def check(case: schemathesis.Case, address: str) -> None:
    """Send the request and compare the answer with the document, which names each 503 and has no other 5xx."""
    case.call_and_validate(address, timeout=WAIT_S, excluded_checks=[schemathesis.checks.not_a_server_error])


@SCHEMA.parametrize()
@FEW
def test_every_answer_before_a_run_is_documented(case: schemathesis.Case, idle: str) -> None:
    check(case, idle)


@SCHEMA.parametrize()
@FEW
def test_every_answer_in_a_run_is_documented(case: schemathesis.Case, live: Live) -> None:
    check(case, live.address.rstrip("/"))
