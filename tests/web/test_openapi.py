"""The OpenAPI document says what the API does: its answers in a real run, and its refusals."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from pipeline.web.actions import ACTIONS
from pipeline.web.responses import SavedClip, State
from tests.chromium import chromium
from tests.web.live import Live
from tests.web.test_security import TOKEN, client

pytestmark = pytest.mark.xdist_group("openapi")

STATUSES = "401", "403", "409", "413", "415", "422"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    live = Live(clips=str(tmp_path_factory.mktemp("clips")))
    yield live
    live.end()


def post(live: Live, name: str, **body: Any) -> Any:
    request = Request(f"{live.address}api/{name}", json.dumps(body).encode())
    request.add_header("content-type", "application/json")
    with urlopen(request) as answer:
        return json.load(answer)["result"]


def test_a_runs_answers_match_the_document(live: Live) -> None:
    recorded = post(live, "record")
    answers = {
        "save_clip": post(live, "save_clip", before_s=0.5),
        "stop_output": post(live, "stop_output", number=recorded["number"]),
        "record": recorded,
        "set_delay": post(live, "set_delay", seconds=0.8),
        "hold_camera": post(live, "hold_camera"),
    }
    for action in ACTIONS:
        if action.name in answers:
            assert exactly(action.result, answers[action.name]), action.name
    with urlopen(f"{live.address}api/clips") as answer:
        assert exactly(list[SavedClip], json.load(answer))
    with urlopen(f"{live.address}api/events") as events:
        states = (json.loads(line.removeprefix(b"data: ")) for line in events if line.strip())
        state = next(state for state in states if state["outputs"])  # none from before it
    assert exactly(State, state)
    assert state["scene"]["frame"]


def test_take_over_is_not_logged(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "foresight")
    post(live, "take_over", yaw_deg=1, pitch_deg=-5, hfov_deg=40)
    post(live, "hand_back")
    assert [line for line in caplog.messages if "dashboard" in line] == ["dashboard: hand_back"]


def exactly(kind: Any, value: Any) -> bool:
    """Whether `value` is JSON of exactly this type, without extra keys."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    back = adapter.dump_python(adapter.validate_python(value), mode="json")
    return bool(json.loads(json.dumps(back)) == value)


def test_every_action_documents_its_refusals(tmp_path: Path) -> None:
    document = client(tmp_path).get("/openapi.json").json()
    for action in ACTIONS:
        answers = document["paths"][f"/api/{action.name}"]["post"]["responses"]
        assert set(answers) == {"200", *STATUSES}
    for name in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)):
        assert name in document["components"]["schemas"]
    assert document["components"]["securitySchemes"]["cookie"]["name"] == "foresight-8080"


def test_every_refusal_is_a_json_error(tmp_path: Path) -> None:
    own, there = client(tmp_path), client(tmp_path, token=TOKEN)

    def answer(asked: TestClient, content: str = "{}", kind: str = "application/json", **headers: str) -> Any:
        return asked.post("/api/look_at", content=content, headers={"content-type": kind} | headers)

    refusals = (
        answer(there),
        answer(own, origin="http://evil.example"),
        answer(own, '{"x": 0, "y": 0}'),
        answer(own, " " * 70_000),
        answer(own, kind="text/plain"),
        answer(own, '{"x": 2, "y": 0}'),
    )
    assert [str(refusal.status_code) for refusal in refusals] == list(STATUSES)
    assert all(refusal.json()["error"] for refusal in refusals)


@pytest.mark.parametrize(
    ("name", "body", "where"),
    [
        ("set_delay", '{"seconds": true}', "seconds"),
        ("set_delay", '{"seconds": "3"}', "seconds"),
        ("look_at", '{"x": 0.5, "y": true}', "y"),
        ("stop_output", '{"number": true}', "number"),
        ("stop_output", '{"number": 0.5}', "number"),
        ("stop_output", '{"number": 1e999}', "number"),
    ],
)
def test_a_number_must_be_a_number(name: str, body: str, where: str, tmp_path: Path) -> None:
    headers = {"content-type": "application/json"}
    answer = client(tmp_path).post(f"/api/{name}", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"].split(":")[0]) == (422, where)


@pytest.mark.parametrize(
    ("name", "key", "value"), [("set_delay", "seconds", 3), ("stop_output", "number", 3.0)]
)
def test_a_whole_number_is_a_number_however_it_is_written(
    name: str, key: str, value: float, tmp_path: Path
) -> None:
    answer = client(tmp_path).post(f"/api/{name}", json={key: value})
    assert (answer.status_code, "not started yet" in answer.json()["error"]) == (409, True)


def test_the_page_of_the_api_shows_bodies_answers_and_types(live: Live) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"{live.address}docs")
        page.wait_for_selector("h2:text-is('SavedClip')")
        text = page.inner_text("#paths")
    assert "POST /api/set_delay" in text
    assert "seconds: number, 0 to 3600" in text
    assert "409 not possible now; error says why (Error)" in text
    assert "view: View or null" in text
    assert "undefined" not in text
