"""`foresight start` as a process: the page, the match, the page again, and what is left when a process dies."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.gst.capture.inspect_file import inspect
from pipeline.media.source_spec import SourceSpec
from pipeline.setup_page.matches import REPORT
from tests.faults.record import Area, fault
from tests.setup_page.started import PATIENCE_S, Started, act, got, started, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("start"), pytest.mark.timeout(2400)]


def is_setup(state: Any) -> bool:
    return bool(state.get("state") == "setup")


def is_playing(state: Any) -> bool:
    return bool(state.get("state") == "playing" and state.get("position_s", 0) > 1)


def the_match(home: Path) -> Path:
    (folder,) = (path for path in home.iterdir() if path.is_dir() and not path.name.startswith("."))
    return folder


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "start", "--no-browser", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={**os.environ, **environment},
        check=False,
    )


def test_a_match_runs_at_the_pages_address_and_the_page_comes_back(tmp_path: Path) -> None:
    with started(tmp_path) as page:
        before = page.until(is_setup)["run"]
        page.act("start")
        run = page.until(is_playing)["run"]
        assert run != before
        page.act("end_run")
        after = page.until(is_setup)["run"]
        assert after not in (before, run)
        folder = the_match(tmp_path)
        report = json.loads((folder / REPORT).read_text())
        assert report["failures"] == []
        assert report["outputs"] == [str(folder / "film.mp4")]
        (match,) = got(f"{page.address}api/matches")
        assert (match["troubles"], [file["path"] for file in match["films"]]) == ([], ["film.mp4"])
        assert match["films"][0]["length_s"] > 1
        assert got(f"{page.address}api/setup")["problem"] == ""
        assert page.close() == 0


@fault(
    Area.DASHBOARD,
    "the process of `foresight start` is killed during a match, or its terminal is closed",
    seen="the match and its dashboard go on at the same address; the next `foresight start` waits for its end",
)
def test_a_match_loses_nothing_when_the_pages_process_dies(tmp_path: Path) -> None:
    with started(tmp_path) as page:
        page.until(is_setup)
        page.act("start")
        run = page.until(is_playing)["run"]
        page.process.kill()
        page.process.wait(PATIENCE_S)
        later = page.until(lambda state: is_playing(state) and state["position_s"] > 3)
        assert later["run"] == run
        again = Started(tmp_path, address=page.address.removeprefix("http://").strip("/"))
        with again.process:
            assert "a match of an earlier start is running there" in again.first_line
            assert again.address == page.address
            act(page.address, "end_run")
            again.until(is_setup)
            (match,) = got(f"{again.address}api/matches")
            assert match["troubles"] == []
            assert again.close() == 0
    report = json.loads((the_match(tmp_path) / REPORT).read_text())
    film = inspect(SourceSpec.parse(str(the_match(tmp_path) / "film.mp4")))
    assert film is not None
    assert film.length_s > 3
    assert report["failures"] == []


def test_ctrl_c_ends_the_match_and_completes_its_film(tmp_path: Path) -> None:
    with started(tmp_path) as page:
        page.until(is_setup)
        page.act("start")
        page.until(is_playing)
        assert page.close() == 0
    report = json.loads((the_match(tmp_path) / REPORT).read_text())
    assert report["failures"] == []
    assert report["frames_out"] > 0


@fault(
    Area.DASHBOARD,
    "a match of `foresight start` cannot begin, because a camera is offline",
    seen="the set-up page is back and says why",
    lost="that match",
)
def test_a_match_that_cannot_begin_is_told_on_the_page(tmp_path: Path) -> None:
    with started(tmp_path) as page:
        page.until(is_setup)
        camera = page.act("add_camera", address="rtsp://127.0.0.1:9/none")
        page.act("choose_cameras", cameras=[camera])
        page.act("start")
        state = until(lambda: got(f"{page.address}api/setup"), lambda state: bool(state.get("problem")))
        assert "ended with a fault" in state["problem"]
        assert "127.0.0.1:9" in state["problem"]
        assert page.close() == 0


def test_the_settings_are_those_of_foresight_run(tmp_path: Path) -> None:
    with started(tmp_path) as page:
        page.until(is_setup)
        teams = {"home_colour": "#112233", "away_colour": "#ffffff", "sport": "football", "scoreboard": True}
        page.act("set_teams", home="Rovers", away="United", **teams)
        assert page.close() == 0
    config = ["--config", str(tmp_path / "match.toml")]
    ran = subprocess.run(
        [sys.executable, "-m", "pipeline", "run", *config, "--offline", "--duration", "3"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        cwd=tmp_path,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    film = inspect(SourceSpec.parse(str(tmp_path / "film.mp4")))
    assert film is not None
    assert film.length_s == pytest.approx(3.0, abs=0.3)


def test_a_second_start_of_a_folder_shows_the_first(tmp_path: Path) -> None:
    with started(tmp_path) as page:
        page.until(is_setup)
        second = command(str(tmp_path))
        assert second.returncode == 0
        assert page.address in second.stdout
        assert "open already" in second.stdout
        assert page.close() == 0


def test_a_page_is_closed_from_itself(tmp_path: Path) -> None:
    with started(tmp_path) as page:
        page.until(is_setup)
        page.act("close")
        assert page.process.wait(PATIENCE_S) == 0


def test_a_page_in_the_network_wants_its_token(tmp_path: Path) -> None:
    with started(tmp_path, address="0.0.0.0:0") as page:
        port = page.address.rpartition(":")[2].strip("/")
        page.address = f"http://127.0.0.1:{port}/"
        assert page.state() == {}  # 401
        with socket.create_connection(("127.0.0.1", int(port))) as there:
            there.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert b" 401 " in there.makefile("rb").readline()
        assert page.close() == 0


def test_a_page_can_be_opened_to_the_network_while_it_is_shown(tmp_path: Path) -> None:
    with started(tmp_path) as page:
        page.until(is_setup)
        page.act("open_network")
        until(page.state, lambda state: state == {})  # this client has no cookie
        assert page.close() == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["{home}", "--address", "nowhere"], 2, "HOST:PORT"),
        (["{home}", "--address", "127.0.0.1:99999"], 2, "HOST:PORT"),
        (["{home}", "--address", "203.0.113.7:8080"], 1, "cannot listen"),
        (["{home}", "--address", "127.0.0.1:{busy}"], 1, "give another address or port"),
        (["{home}/a file"], 2, "name another folder"),
        (["{home}/a file/below"], 2, "name another folder"),
        (["/proc/foresight"], 2, "name another folder"),
        (["{home}/broken"], 2, "correct the file or delete it"),
        (["{home}", "{home}"], 2, "unexpected extra argument"),
    ],
)
def test_what_cannot_be_started_is_one_line(
    tmp_path: Path, arguments: list[str], status: int, said: str
) -> None:
    (tmp_path / "a file").write_text("")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "match.toml").write_text("sources = [")
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        ended = command(*(one.format(home=tmp_path, busy=port) for one in arguments))
    assert (ended.returncode, ended.stderr.count("\n")) == (status, 1), ended.stderr
    assert ended.stderr.startswith("foresight: ")
    assert said in ended.stderr


def test_the_desktop_entry_starts_this_command(tmp_path: Path) -> None:
    ended = command("--install-desktop-entry", XDG_DATA_HOME=str(tmp_path))
    assert ended.returncode == 0
    text = (tmp_path / "applications" / "foresight.desktop").read_text()
    assert f"Exec={sys.executable} -m pipeline start\n" in text
    icon = next(line for line in text.splitlines() if line.startswith("Icon="))
    assert Path(icon.removeprefix("Icon=")).is_file()
