"""The set-up page's API: what is chosen is kept, what cannot be meant is refused, and no secret is shown."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from pipeline.config_builder import ConfigBuilder
from pipeline.setup_page.desk import SetupDesk
from pipeline.setup_page.matches import MARK
from pipeline.setup_page.server import SetupPage
from pipeline.web.pairing import Pairing

TOKEN, KEY = "a token of this run", "abcd-1234-SECRET"
SOURCE = "match?size=640x214&fps=5"
TEAMS = {
    "sport": "football",
    "home": "Rovers",
    "home_colour": "#112233",
    "away": "United",
    "away_colour": "#ffffff",
    "scoreboard": True,
}


class Own:
    """A page of a folder, and what it has wished."""

    def __init__(self, home: Path, *, is_open: bool = False) -> None:
        self.home = home
        self.wishes: list[str] = []
        self.desk = SetupDesk(home, self.wishes.append)
        self.pairing = Pairing(time.monotonic)
        where: tuple[str, int] = ("0.0.0.0" if is_open else "127.0.0.1", 8080)
        self.desk.is_open = is_open
        page = SetupPage(self.desk, lambda: where, TOKEN, self.pairing, is_guarded=is_open)
        host = "pitch.example" if is_open else "127.0.0.1"
        self.client = TestClient(page.app, base_url=f"http://{host}:8080", follow_redirects=False)

    def setup(self) -> Any:
        return self.client.get("/api/setup").json()

    def act(self, name: str, /, **body: Any) -> Any:
        answer = self.client.post(f"/api/{name}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def refused(self, name: str, status: int = 409, /, **body: Any) -> str:
        answer = self.client.post(f"/api/{name}", json=body)
        assert answer.status_code == status, answer.text
        return str(answer.json()["error"])

    def until(self, holds: Callable[[Any], bool], timeout_s: float = 90.0) -> Any:
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            state = self.setup()
            if holds(state):
                return state
            time.sleep(0.1)
        raise AssertionError(json.dumps(self.setup(), indent=1))

    def choose_match(self) -> Any:
        self.act("choose_cameras", cameras=[self.act("add_camera", address=SOURCE)])
        return self.until(lambda state: state["looking"]["state"] == "done")


@pytest.fixture
def own(tmp_path: Path) -> Own:
    return Own(tmp_path)


def test_what_is_chosen_is_kept_as_settings_that_a_run_takes(own: Own) -> None:
    state = own.choose_match()
    assert state["chosen"][0]["still"]
    assert own.client.get(f"/api/cameras/{state['chosen'][0]['id']}").headers["content-type"] == "image/jpeg"
    own.act("set_teams", **TEAMS)
    own.act("set_destination", title="The final", film="game.mkv")
    own.act("set_stream", service="youtube", key=KEY)
    path = own.home / "match.toml"
    settings = ConfigBuilder().file(path).build()
    assert settings.sources == (SOURCE,)
    assert (settings.teams.home, settings.graphics.scoreboard) == ("Rovers", True)
    assert settings.outputs == (own.home / "game.mkv",)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    state = own.setup()
    assert state["stream"] == {"service": "youtube", "title": "YouTube"}
    assert state["folder_name"] == "The final"
    assert state["missing"] == []
    again = Own(own.home).setup()
    assert [camera["name"] for camera in again["chosen"]] == [SOURCE]
    assert again["teams"]["away"] == "United"
    own.act("remove_stream")
    assert KEY not in path.read_text()


def test_no_answer_holds_a_secret(own: Own) -> None:
    address = f"rtsp://user:{KEY}@127.0.0.1:1/stream"
    own.act("choose_cameras", cameras=[own.act("add_camera", address=address)])
    own.act("set_stream", service="own", key=f"rtmp://127.0.0.1/app/{KEY}")
    own.until(lambda state: state["looking"]["state"] == "done")
    for path in ("/api/setup", "/api/matches", "/api/state"):
        assert KEY not in own.client.get(path).text
    own.act("check")
    state = own.until(lambda state: state["checking"]["state"] == "done")
    assert KEY not in json.dumps(state)
    assert "bad" in [check["grade"] for check in state["checks"] if check["name"] == "Stream"]
    assert KEY in (own.home / "match.toml").read_text()
    assert "could not" not in own.refused("set_stream", service="youtube", key=f"{KEY} x")


@pytest.mark.parametrize(
    ("name", "body", "status", "said"),
    [
        ("add_camera", {"address": "gst:videotestsrc"}, 409, "no camera's address"),
        ("add_camera", {"address": "/etc/passwd"}, 409, "no camera's address"),
        ("add_camera", {}, 422, "address"),
        ("choose_cameras", {"cameras": [999]}, 409, "cannot be chosen"),
        ("choose_cameras", {"cameras": [0, 0]}, 409, "twice"),
        ("choose_cameras", {"cameras": ["0"]}, 422, "cameras"),
        ("choose_cameras", {"cameras": [0] * 9}, 422, "cameras"),
        ("calibrate", {}, 409, "no camera is chosen"),
        ("set_destination", {"title": "../x", "film": "film.mp4"}, 409, "folder's name"),
        ("set_destination", {"title": "", "film": "film.exe"}, 409, "film's name"),
        ("set_stream", {"service": "vimeo", "key": "x"}, 409, "no streaming service"),
        ("set_stream", {"service": "own", "key": "ftp://x"}, 409, "rtmp"),
        ("set_teams", TEAMS | {"home_colour": "red-ish"}, 409, "colour"),
        ("set_teams", TEAMS | {"sport": "chess"}, 409, "sport"),
        ("set_teams", TEAMS | {"home": ""}, 409, "name"),
        ("set_teams", {"home": "x"}, 422, "Field required"),
        ("try_out", {}, 409, "no camera is chosen"),
        ("start", {}, 409, "no camera is chosen"),
        ("delete_match", {"name": ".."}, 409, "no such match"),
        ("delete_match", {"name": "missing"}, 409, "no such match"),
        ("start", {"now": True}, 422, "now"),
        ("pair", {}, 409, "only this machine"),
        ("take_stills", {}, 409, "no camera is chosen"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(
    own: Own, name: str, body: dict[str, Any], status: int, said: str
) -> None:
    error = own.refused(name, status, **body)
    assert said in error
    assert "\n" not in error
    assert own.wishes == []


def test_two_cameras_need_a_rig(own: Own) -> None:
    ids = [own.act("add_camera", address=f"{SOURCE}&seed={seed}") for seed in (1, 2)]
    own.act("choose_cameras", cameras=ids)
    assert "not calibrated" in own.refused("start")
    assert own.setup()["missing"] == ["rig"]
    own.until(lambda state: state["looking"]["state"] == "done")


def test_the_page_wishes_what_its_owner_does(own: Own) -> None:
    own.choose_match()
    for wish in ("start", "open_network", "close"):
        own.act(wish)
    assert own.wishes == ["start", "network", "close"]


def test_opening_to_the_network_keeps_this_browser_in(own: Own) -> None:
    answer = own.client.post("/api/open_network", json={})
    cookie = answer.headers["set-cookie"].partition(";")[0]
    there = Own(own.home, is_open=True).client
    assert there.get("/api/setup").status_code == 401
    assert there.get("/api/setup", headers={"cookie": cookie}).status_code == 200


def test_a_phone_gets_in_by_a_link(tmp_path: Path) -> None:
    there = Own(tmp_path, is_open=True)
    assert there.client.post("/api/pair", json={}).status_code == 401
    asked = there.client.post("/api/pair", json={}, headers={"authorization": f"Bearer {TOKEN}"})
    link = asked.json()["result"]["url"]
    assert TOKEN not in link
    assert there.client.get(link).status_code == 303
    assert there.client.get("/").status_code == 200
    assert there.client.get("/api/setup").json()["is_open"]


def test_a_rig_by_points_can_be_begun_before_a_run(own: Own) -> None:
    own.choose_match()
    (still,) = own.act("take_stills")
    assert (still["width"], still["height"]) == (640, 214)
    assert own.client.get("/api/stills/0").headers["content-type"] == "image/jpeg"
    field = own.act("show_field")
    assert len(field["points"]) > 10
    few = own.act("fit_points", field="football", length_m=105.0, width_m=68.0, cameras=[{}])
    assert few["verdict"] == "refused"


def test_files_are_those_of_matches_alone(own: Own) -> None:
    folder = own.home / "a match"
    folder.mkdir()
    (folder / MARK).write_text("{}")
    (folder / "film.mp4").write_bytes(b"film")
    assert own.client.get("/api/matches/a%20match/film.mp4").content == b"film"
    loaded = own.client.get("/api/matches/a%20match/film.mp4?download")
    assert "attachment" in loaded.headers["content-disposition"]
    for path in (
        f"a%20match/{MARK}",
        "../match.toml",
        "a%20match/..%2Fmatch.toml",
        "x/film.mp4",
        "a%20match/",
    ):
        assert own.client.get(f"/api/matches/{path}").status_code == 404
    for path in (
        "/api/trial.mp4",
        "/api/calibration.jpg",
        "/api/cameras/99",
        "/api/cameras/x",
        "/api/nothing",
    ):
        assert own.client.get(path).status_code == 404
    (match,) = own.client.get("/api/matches").json()
    assert match["name"] == "a match"
    own.act("delete_match", name="a match")
    assert own.client.get("/api/matches").json() == []


def test_a_dashboards_page_learns_that_its_run_is_over(own: Own) -> None:
    state = own.client.get("/api/state").json()
    assert state["state"] == "setup"
    assert state["run"] == own.setup()["run"]
    assert own.client.get("/healthz").status_code == 503


def test_another_sites_page_cannot_act(own: Own) -> None:
    answer = own.client.post("/api/close", json={}, headers={"origin": "http://evil.example"})
    assert answer.status_code == 403
    assert own.client.post("/api/close", content="{}").status_code == 415
    assert own.wishes == []
