"""Who may use the dashboard, and what it answers before playback."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import ConfigError, OutputError
from pipeline.settings import Settings
from pipeline.web.metrics import CAMERA_METRICS, FURTHER_METRICS, METRICS, OUTPUT_METRICS
from pipeline.web.server import Dashboard

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a long secret"


def dashboard(tmp_path: Path, *, clock: Callable[[], float] = time.monotonic, **web: Any) -> Dashboard:
    settings = Settings.parse(
        {
            "sources": ["match"],
            "outputs": [str(tmp_path / "video.mp4")],
            "web": {"address": "127.0.0.1:0"} | web,
        }
    )
    return Dashboard(PanoramaWithVirtualCamera(settings), settings.web, "0", clock)


def client(tmp_path: Path, **web: Any) -> TestClient:
    base = "http://pitch.example:8080" if "token" in web else "http://127.0.0.1:8080"
    return TestClient(dashboard(tmp_path, **web).app, base_url=base, follow_redirects=False)


def test_without_a_token_only_names_of_this_machine_are_answered(tmp_path: Path) -> None:
    own = client(tmp_path)
    assert own.get("/api/state").status_code == 200
    for host in ("evil.example", "127.0.0.1.evil.example:8080", "", "["):
        assert own.get("/api/state", headers={"host": host}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://[bad"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_sites_page_is_refused(tmp_path: Path, headers: dict[str, str]) -> None:
    own = client(tmp_path)
    assert own.post("/api/hold_camera", json={}, headers=headers).status_code == 403
    assert own.get("/preview.jpg", headers=headers).status_code == 403


def test_an_html_form_cannot_act(tmp_path: Path) -> None:
    answer = client(tmp_path).post("/api/pause", content="{}", headers={"content-type": "text/plain"})
    assert answer.status_code == 415


def test_a_token_is_required_everywhere_except_for_the_health_check(tmp_path: Path) -> None:
    there = client(tmp_path, token=TOKEN)
    for path in ("/", "/metrics", "/api/state", "/static/main.js", "/?token=wrong"):
        assert there.get(path).status_code == 401
    assert there.get("/healthz").status_code == 503  # not playing yet
    assert there.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    entered = there.get("/", params={"token": TOKEN})
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert "httponly" in entered.headers["set-cookie"].lower()
    assert "samesite=lax" in entered.headers["set-cookie"].lower()
    assert there.get("/").status_code == 200
    assert there.get("/", headers={"host": "pitch.example:8081"}).status_code == 401  # another run's port
    refused = client(tmp_path, token=TOKEN).get("/api/state")
    assert "--web-token" in refused.json()["error"]


def test_two_runs_on_one_host_have_separate_cookies(tmp_path: Path) -> None:
    names = set()
    for port in ("", ":8080", ":8081"):
        there = client(tmp_path, token=TOKEN)
        entered = there.get("/", params={"token": TOKEN}, headers={"host": f"pitch.example{port}"})
        names.add(entered.headers["set-cookie"].partition("=")[0])
    assert len(names) == 3


def test_every_loopback_address_belongs_to_this_machine(tmp_path: Path) -> None:
    own = client(tmp_path, address="127.0.0.2:8080")
    for host in ("127.0.0.2:8080", "[::1]:8080", "LOCALHOST:8080"):
        assert own.get("/api/state", headers={"host": host}).status_code == 200
    for host in ("128.0.0.1", "[2001:db8::1]:8080"):
        assert own.get("/api/state", headers={"host": host}).status_code == 403


def test_a_body_larger_than_an_action_needs_is_refused(tmp_path: Path) -> None:
    own = client(tmp_path)
    headers = {"content-type": "application/json"}
    for content in (b" " * 64_001, iter([b" " * 10_000] * 7)):
        answer = own.post("/api/hold_camera", content=content, headers=headers)
        assert answer.status_code == 413
        assert "at most 64,000 bytes" in answer.json()["error"]
    assert own.get("/api/state", headers={"content-length": "1000000"}).status_code == 413
    assert own.post("/api/hold_camera", content=b"{}" + b" " * 63_000, headers=headers).status_code == 409
    assert own.post("/api/hold_camera", content=iter([b"{", b"}"]), headers=headers).status_code == 409


def test_an_address_reachable_from_outside_needs_a_token(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"web\.token"):
        dashboard(tmp_path, address="0.0.0.0:8080")
    assert TOKEN not in repr(Settings.parse({"web": {"token": TOKEN}}))


def test_an_address_in_use_is_one_clear_error(tmp_path: Path) -> None:
    first = dashboard(tmp_path)
    port = first.start().split(":")[-1].strip("/")
    try:
        with pytest.raises(OutputError, match="cannot listen"):
            dashboard(tmp_path, address=f"127.0.0.1:{port}").start()
    finally:
        first.stop()
        first.stop()


def test_clips_are_named_by_number_only(tmp_path: Path) -> None:
    own = client(tmp_path)
    for name in ("1", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "video.mp4"):
        assert own.get(f"/api/clips/{name}").status_code == 404
        assert own.get(f"/api/outputs/{name}").status_code == 404
    assert own.post("/api/save_clip", json={"path": "/tmp/x.mp4"}).status_code == 422


def test_actions_before_playback_say_why_not(tmp_path: Path) -> None:
    own = client(tmp_path)
    assert own.post("/api/hold_camera", json={}).status_code == 409
    answer = own.post("/api/jump_back", json={"seconds": 3})
    assert (answer.status_code, "playback has not started yet" in answer.json()["error"]) == (409, True)
    assert own.post("/api/jump_back", json={"seconds": -3}).status_code == 422
    assert (
        own.post("/api/take_over", content="{", headers={"content-type": "application/json"}).status_code
        == 422
    )


def test_monitoring_files_name_only_existing_metrics() -> None:
    known = {name for name, *_ in (*METRICS, *FURTHER_METRICS, *OUTPUT_METRICS, *CAMERA_METRICS)}
    for name in ("grafana.json", "alerts.yml"):
        named = set(re.findall(r"foresight_\w+", (ROOT / "docs/monitoring" / name).read_text()))
        assert named
        assert named <= known
    json.loads((ROOT / "docs/monitoring/grafana.json").read_text())


def test_the_page_loads_nothing_from_other_sites() -> None:
    for path in (ROOT / "pipeline/web/static").glob("*.*"):
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"(?<!rtsp:)//\w", re.sub(r"// .*", "", text)), path  # an example


def test_before_playback_there_is_no_preview(tmp_path: Path) -> None:
    for path in ("/preview.mp4", "/preview.jpg", "/panorama.jpg"):
        assert client(tmp_path).get(path).status_code == 204
