"""The search for cameras: films, addresses, and ONVIF cameras that answer by WS-Discovery."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.setup_page import camera_search
from pipeline.setup_page.camera_search import (
    cameras_of,
    local_cameras,
    network_cameras,
    typed_camera,
)
from pipeline.setup_page.matches import MARK
from tests.setup_page.onvif_camera import OnvifCamera


class Answer:
    def __init__(self, addresses: list[str], scopes: list[str]) -> None:
        self._addresses, self._scopes = addresses, scopes

    def getXAddrs(self) -> list[str]:  # noqa: N802
        return self._addresses

    def getScopes(self) -> list[object]:  # noqa: N802
        return list(self._scopes)


SCOPES = [
    "onvif://www.onvif.org/type/video_encoder",
    "onvif://www.onvif.org/name/Left%20mast",
    "onvif://www.onvif.org/hardware/IPC-1234",
]


def test_a_camera_that_answers_has_a_name_and_the_begin_of_its_address() -> None:
    found = cameras_of([Answer(["http://192.168.1.20/onvif/device_service"], SCOPES)])
    assert [camera.name for camera in found] == ["Left mast IPC-1234 at 192.168.1.20"]
    assert found[0].hint == "rtsp://USER:PASSWORD@192.168.1.20/"
    assert found[0].source is None


@pytest.mark.parametrize(
    "answer",
    [
        Answer([], []),
        Answer(["not an address"], ["x"]),
        Answer(["http://[bad/"], ["onvif://[bad/name/x"]),
        Answer(["http://"], SCOPES),
    ],
)
def test_an_answer_that_names_no_host_is_passed_over(answer: Answer) -> None:
    assert cameras_of([answer]) == []


def test_a_camera_that_answers_twice_is_there_once() -> None:
    one = Answer(["http://10.0.0.5/onvif"], [])
    six = Answer(["http://[fd00::5]:80/onvif"], ["onvif://www.onvif.org/name/"])
    assert [camera.name for camera in cameras_of([one, six, one])] == [
        "camera at 10.0.0.5",
        "camera at fd00::5",
    ]


def test_no_answer_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_search, "_answers", lambda _listen_s: [])
    found, why = network_cameras()
    assert found == []
    assert why is not None
    assert "ONVIF" in why

    def no_network(_listen_s: float) -> list[object]:
        raise OSError("no such device")

    monkeypatch.setattr(camera_search, "_answers", no_network)
    found, why = network_cameras()
    assert found == []
    assert why is not None
    assert "type the camera's address" in why


def test_a_camera_in_the_network_is_found() -> None:
    try:
        camera = OnvifCamera("http://192.0.2.7/onvif/device_service", SCOPES)
    except OSError as error:
        pytest.skip(f"this machine has no network that carries multicast ({error.strerror})")
    try:
        found, _why = network_cameras()
    finally:
        camera.close()
    if not camera.was_asked.is_set():
        pytest.skip("this machine's network carries no multicast to itself")
    assert "Left mast IPC-1234 at 192.0.2.7" in [one.name for one in found]


def test_films_lie_in_the_folder_and_below_but_those_of_matches_do_not(tmp_path: Path) -> None:
    for path in ("left.mp4", "card/right.MP4", "a match/film.mp4", ".hidden/x.mp4", "notes.txt"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    (tmp_path / "a match" / MARK).write_text("{}")
    films = [camera.name for camera in local_cameras(tmp_path) if camera.kind == "film"]
    assert films == ["left.mp4", "card/right.MP4"]
    assert local_cameras(tmp_path)[-1].kind == "match"


def test_an_address_is_shown_without_its_password() -> None:
    camera = typed_camera(" rtsp://user:SECRET@192.168.1.20/stream ")
    assert camera.source == "rtsp://user:SECRET@192.168.1.20/stream"
    assert "SECRET" not in camera.name
    assert "SECRET" not in camera.name


@pytest.mark.parametrize(
    "text",
    [
        "gst:videotestsrc",
        "/etc/passwd",
        "film.mp4",
        "file:///etc/passwd",
        "/dev/video999",
        "rtsp://",
        "ftp://camera/1",
        "rtsp:/camera",
        "",
        "   ",
        "rtsp://us@er:SECRET@camera/",
    ],
)
def test_a_page_can_name_no_file_and_run_no_fragment(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        typed_camera(text)
    assert "SECRET" not in str(refused.value)
