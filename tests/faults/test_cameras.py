"""Cameras that pause, send garbage, damaged video, another rate or other times: the run goes on, from outside."""

from __future__ import annotations

import json
import random
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests import videos
from tests.faults.films import FPS, SECONDS, UdpCamera, flipped, make_film
from tests.faults.record import Area, fault
from tests.faults.runs import foresight
from tests.once import made_once

LIVE = ("--live", "--delay", "1", "--size", "160x90", "--detector", "none", "--json")
OFFLINE = ("--offline", "--delay", "1", "--size", "160x90", "--detector", "none", "--json")
Parts = list[tuple[bytes, float]]


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A transport stream of SECONDS seconds."""
    return made_once(tmp_path_factory, "film.ts", make_film).read_bytes()


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Transport streams that continue the film at its end at another rate, or at another time at the same rate."""

    def made(name: str, **given: float) -> bytes:
        return made_once(tmp_path_factory, name, lambda path: make_film(path, **given)).read_bytes()  # type: ignore[arg-type]

    return {
        "50 fps": made("fps50.ts", fps=50, begins_s=SECONDS),
        "10 fps": made("fps10.ts", fps=10, begins_s=SECONDS),
        "an hour later": made("later.ts", begins_s=3600.0),
    }


def with_garbage(content: bytes, seed: int) -> bytes:
    """Datagrams of random bytes, of any length, between those of the content."""
    noise = random.Random(seed)
    size = 7 * 188 * 10
    parts = (content[at : at + size] for at in range(0, len(content), size))
    return b"".join(part + noise.randbytes(noise.choice([1, 7, 188, 1316, 5000])) for part in parts)


def middle(film: bytes, others: dict[str, bytes], kind: str, seed: int) -> Parts:
    """What the camera sends between two times of the film."""
    return {
        "pause": [(b"", 4.5)],
        "garbage": [(with_garbage(film, seed), SECONDS)],
        "damage": [(flipped(film, seed), SECONDS)],
        "50 fps": [(others["50 fps"], SECONDS)],
        "10 fps": [(others["10 fps"], SECONDS)],
        "an hour later": [(others["an hour later"], SECONDS)],
    }[kind]


@fault(
    Area.CAMERAS,
    "a camera stalls, then returns",
    seen="its last frame with a notice, and silence; reconnected after 3 s; a note with the time",
    lost="what it would have sent",
)
@fault(
    Area.CAMERAS,
    "garbage arrives between a camera's packets",
    seen="at most a damaged frame, or a note of an outage",
    lost="the frames that were hit",
)
@fault(
    Area.CAMERAS,
    "a camera's video is damaged on its way (bit errors)",
    seen="damaged or repeated frames; the decoder goes on",
    lost="the frames that were hit",
)
@fault(Area.CAMERAS, "a camera turns to another frame rate", seen="nothing; each frame at its time")
@fault(
    Area.CAMERAS,
    "a camera's time jumps by an hour, forward or backward",
    seen="nothing; its frames are taken as they come, at the same delay",
    lost="at most the frames of that moment",
)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "seed", "storage"),
    [
        ("pause", 0, "raw"),
        *(("garbage", seed, "raw") for seed in (1, 2)),
        *(
            ("damage", seed, storage)
            for seed, storage in ((1, "raw"), (2, "raw"), (1, "source"), (3, "source"))
        ),
        ("50 fps", 0, "raw"),
        ("10 fps", 0, "source"),
        ("an hour later", 0, "raw"),
    ],
)
def test_the_run_goes_on(
    tmp_path: Path, film: bytes, others: dict[str, bytes], kind: str, seed: int, storage: str
) -> None:
    video = tmp_path / "video.mkv"
    parts = [(film, SECONDS), *middle(film, others, kind, seed), (film, SECONDS), (film, SECONDS)]
    with UdpCamera(parts) as camera:
        ended = foresight("run", camera.url, *LIVE, "--storage", storage, "--duration", "11", "-o", video)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    report = json.loads(ended.stdout)
    times_s = videos.frame_times(video)
    assert len(times_s) == report["frames_out"] >= 5 * FPS, report
    assert times_s[-1] > 5.0, "it goes on"
    assert times_s.tolist() == sorted(set(times_s.tolist()))
    if kind != "damage":  # frames of which nothing could be decoded are not counted as captured
        assert report["frames_out"] + report["dropped"] == report["frames_in"], report


@fault(
    Area.CAMERAS,
    "recordings put together with `cat`: other frame rates, times that jump",
    seen="all of them, one after the other",
)
@pytest.mark.parametrize(
    "order", [("film", "50 fps"), ("10 fps", "film"), ("an hour later", "film", "50 fps")]
)
def test_recordings_put_together_are_played_to_the_end(
    tmp_path: Path, film: bytes, others: dict[str, bytes], order: tuple[str, ...]
) -> None:
    source, frames = tmp_path / "both.ts", {"film": FPS, "50 fps": 50, "10 fps": 10, "an hour later": FPS}
    source.write_bytes(b"".join(({"film": film} | others)[name] for name in order))
    outputs = [tmp_path / name for name in ("a.mkv", "a.mp4", "a.ts")]
    ended = foresight("run", source, *OFFLINE, *(part for path in outputs for part in ("-o", path)))
    assert ended.returncode == 0, ended.stderr
    expected = round(sum(frames[name] for name in order) * SECONDS)
    for path in outputs:
        assert len(videos.frame_times(path)) == pytest.approx(expected, abs=2)


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server whose connections `answer`; yields its port."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=attempt, args=(connection,), daemon=True).start()

    def attempt(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(30)
            answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def noise(connection: socket.socket) -> None:
    connection.sendall(random.Random(5).randbytes(200_000))


def noise_for_ever(connection: socket.socket) -> None:
    while True:
        connection.sendall(random.Random(5).randbytes(50_000))


def noise_as_video(connection: socket.socket) -> None:
    connection.recv(4096)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 200000\r\n\r\n"
    connection.sendall(head + random.Random(6).randbytes(200_000))


def half_an_answer(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Le")
    connection.recv(4096)


@fault(
    Area.CAMERAS,
    "what answers at a camera's address is no camera: random bytes, half an answer",
    seen="one line within 25 s, status 1",
)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheme", "answer"),
    [
        ("http", noise),
        ("http", noise_as_video),
        ("rtsp", noise),
        ("rtsp", noise_for_ever),
        ("rtsp", half_an_answer),
        ("rtmp", noise),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_an_address_that_sends_no_video_is_one_line(
    tmp_path: Path, scheme: str, answer: Callable[[socket.socket], None]
) -> None:
    with server(answer) as port:
        ended = foresight("run", f"{scheme}://127.0.0.1:{port}/live/camera", *LIVE, "-o", tmp_path / "a.mkv")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert re.match(rf"foresight: {scheme}://127\.0\.0\.1:{port}/", last), ended.stderr
    assert not (tmp_path / "a.mkv").exists()


@fault(Area.CAMERAS, "a file of random bytes as the source", seen="one line, status 1")
@pytest.mark.parametrize("suffix", ["ts", "mp4", "mkv"])
def test_a_file_of_random_bytes_is_one_line(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / f"noise.{suffix}"
    source.write_bytes(random.Random(7).randbytes(100_000))
    ended = foresight("run", source, *OFFLINE, "-o", tmp_path / "a.mkv")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(f"foresight: {source}: ")
    assert "Traceback" not in ended.stderr
