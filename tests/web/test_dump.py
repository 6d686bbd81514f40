"""The dump button over HTTP in a live run with two outputs: not one uncovered frame and no click in either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.match.sync import find_clicks
from tests import videos
from tests.gst.output.peers import wait_until
from tests.web.live import Live

FPS = 25
PITCH = np.s_[:, 60:, :]
"""What a scoreboard does not reach."""


def post(live: Live, name: str, /, **body: Any) -> tuple[int, Any]:
    """The status and the result, or the error."""
    request = Request(f"{live.address}api/{name}", json.dumps(body).encode())
    request.add_header("content-type", "application/json")
    try:
        with urlopen(request) as answer:
            return answer.status, json.load(answer)["result"]
    except HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)["error"]


def detail(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How much each picture changes from one pixel to the next: far less where it is blurred."""
    return np.abs(np.diff(pictures[PITCH].astype(int), axis=2)).mean(axis=(1, 2))


def image(live: Live, name: str) -> NDArray[np.uint8]:
    with urlopen(f"{live.address}{name}") as answer:
        data = np.frombuffer(answer.read(), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))[None]


def expect_dumped(film: Path, begin_s: float, first_s: float, last_s: float) -> None:
    """The film, which begins at a captured time, hides all from one captured time to another, and no more."""
    times_s = videos.frame_times(film) + begin_s
    sharp = detail(videos.pictures(film, 320, 180))
    inside = (times_s > first_s - 1 / FPS + 0.001) & (times_s < last_s - 0.001)
    assert inside.any()
    assert sharp[inside].max() < 0.7 * sharp[~inside].min()
    clicks_s = np.asarray(find_clicks(videos.sound(film), videos.RATE_HZ)) + begin_s
    marks_s = np.arange(clicks_s[0], times_s[-1] - 0.3)  # one each second
    heard = np.array([np.abs(clicks_s - mark_s).min() < 0.05 for mark_s in marks_s])
    assert not heard[(marks_s >= first_s) & (marks_s < last_s)].any()
    assert heard[marks_s < first_s].any()
    assert heard[marks_s >= last_s].any()
    sound, places_s = videos.sound(film), begin_s + np.arange(len(videos.sound(film))) / videos.RATE_HZ
    assert np.abs(sound[(places_s > first_s + 0.03) & (places_s < last_s - 0.03)]).max() < 0.01


def test_nothing_of_the_span_is_in_any_output_preview_or_image(tmp_path: Path) -> None:
    match, clean = tmp_path / "match.mkv", tmp_path / "clean.mp4"
    outputs = [str(match), f"{clean}?graphics=off"]
    live = Live(delay_s=4.0, scoreboard=True, outputs=outputs, clips=str(tmp_path / "clips"))
    try:
        now_s = (live.run.buffer_manager.newest_ns or 0) / 1e9
        first_s, last_s = round(now_s) - 0.5, round(now_s) + 2.5
        # as from a phone: three seconds after it began, and released by hand
        assert post(live, "cover", captured_s=first_s)[0] == 200
        assert post(live, "mute", captured_s=first_s)[1]["shown_s"] == 0
        wait_until(lambda: (live.run.buffer_manager.newest_ns or 0) > last_s * 1e9, "the end of it")
        for what in ("cover", "mute"):
            assert post(live, "release", what=what, captured_s=last_s)[0] == 200
        wait_until(lambda: live.run.progress().position_s > first_s + 1, "it to come")
        with urlopen(f"{live.address}api/state") as answer:
            state = json.load(answer)
        assert state["cover"]["spans"] == [{"captured_s": first_s, "until_s": last_s, "how": "blur"}]
        covered = [detail(image(live, name)) for name in ("preview.jpg", "panorama.jpg")]
        status, error = post(live, "take_stills")
        assert (status, "covered" in error) == (409, True)
        status, error = post(live, "cover", captured_s=0, seconds=0.5)
        assert (status, "s too late" in error) == (409, True)
        wait_until(lambda: live.run.progress().position_s > last_s + 2, "what comes after it")
        open_ones = [detail(image(live, name)) for name in ("preview.jpg", "panorama.jpg")]
        assert all(one < 0.6 * other for one, other in zip(covered, open_ones, strict=True))
        live.run.stop()
        wait_until(lambda: live.run.progress().state == "done", "the end")
    finally:
        live.end()
    assert live.run.playback is not None
    films = live.run.playback.outputs.films
    assert [film.path for film in films] == [match, clean]
    for film in films:
        assert film.begin_ns is not None
        expect_dumped(film.path, film.begin_ns / 1e9, first_s, last_s)


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("cover", {}, 409),
        ("cover", {"seconds_ago": 1, "captured_s": 1}, 409),
        ("cover", {"captured_s": 5, "until_s": 4}, 409),
        ("cover", {"captured_s": 5, "until_s": 6, "seconds": 1}, 409),
        ("cover", {"captured_s": 5, "seconds": 0}, 422),
        ("cover", {"captured_s": 5, "with": "pixels"}, 422),
        ("cover", {"captured_s": 5, "how": "card"}, 422),
        ("cover", {"captured_s": 5, "with": "card", "text": "a\nb"}, 409),
        ("mute", {"captured_s": 5, "with": "card"}, 422),
        ("release", {}, 422),
        ("release", {"what": "sound"}, 422),
    ],
)
def test_a_bad_value_is_refused_and_covers_nothing(
    quiet: Live, name: str, body: dict[str, Any], status: int
) -> None:
    answered, error = post(quiet, name, **body)
    assert (answered, "\n" in error) == (status, False)
    assert quiet.run.dump.covers() == quiet.run.dump.mutes() == ((), False)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Any:
    live = Live(clips=str(tmp_path_factory.mktemp("clips")))
    yield live
    live.end()
