"""A recording that is damaged in several places, from outside."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.settings import Settings
from tests import films
from tests.faults.record import Area, fault

RUN = [sys.executable, "-m", "pipeline", "run", "--offline", "--detector", "none", "--size", "320x108"]

DAMAGED = fault(
    Area.CAMERAS,
    "a damaged recording as the source",
    seen="a note with the number of missing frames",
    lost="those frames",
)
PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=2.4")
CODED = ("-vsync", "vfr", "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-pix_fmt", "yuv420p")


def notes_of(film: Path) -> tuple[str, ...]:
    """The notes of a run of the film."""
    settings = {
        "sources": [str(film)],
        "outputs": [str(film.with_name("out.mkv"))],
        "size": "160x90",
        "live": False,
    }
    settings |= {"delay_s": 0.4, "detector": {"kind": "none"}, "stabilise": False}
    return PanoramaWithVirtualCamera(Settings.parse(settings)).run().notes


@DAMAGED
def test_frames_that_a_damaged_recording_lacks_are_told(tmp_path: Path) -> None:
    source, damaged = tmp_path / "whole.ts", tmp_path / "damaged.ts"
    make = [*RUN, "match?size=320x108&fps=25", "--duration", "6", "-o", str(source)]
    subprocess.run(make, check=True, capture_output=True, timeout=60)
    content = bytearray(source.read_bytes())
    length = len(content) // 12
    for share in (0.2, 0.5, 0.8):
        begin = round(len(content) * share)
        content[begin : begin + length] = bytes(length)
    damaged.write_bytes(content)
    run = subprocess.run(
        [*RUN, str(damaged), "--delay", "1", "-o", str(tmp_path / "out.mkv"), "--json"],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    notes = " ".join(report["notes"])
    said = re.search(r"(\d+) of (\d+) frames are missing", notes)
    assert said is not None, report
    missing, expected = int(said[1]), int(said[2])
    assert report["frames_in"] == expected - missing
    refused = sum(int(count) for count in re.findall(r"(\d+) with (?:the|a) time", notes))
    unshown = sum(int(count) for count in re.findall(r"(\d+) captured frames were not shown", notes))
    assert report["frames_in"] == report["frames_out"] + report["dropped"] + refused + unshown, notes


@fault(
    Area.CAMERAS,
    "a film whose frame rate varies (a phone's, a screen's, one with frames left out)",
    seen="nothing; each frame at its time",
)
@pytest.mark.parametrize(("name", "left_out"), [("a.mp4", 4), ("a.mp4", 15), ("a.mov", 15), ("a.mkv", 4)])
def test_nothing_is_missing_between_the_frames_of_a_film_whose_rate_varies(
    tmp_path: Path, name: str, left_out: int
) -> None:
    film = films.make_film(tmp_path / name, *PICTURE, "-vf", rf"select=mod(n\,{left_out})", *CODED)
    assert not any("missing" in note for note in notes_of(film))


@DAMAGED
def test_frames_of_an_mp4_that_cannot_be_decoded_are_told(tmp_path: Path) -> None:
    film = films.make_film(tmp_path / "a.mp4", *PICTURE, "-vf", r"select=mod(n\,4)", *CODED)
    content = bytearray(film.read_bytes())
    begin = content.index(b"mdat") + 4
    for share in (0.4, 0.6):
        place = begin + round((content.index(b"moov") - begin) * share)
        content[place : place + 2000] = bytes(2000)
    film.write_bytes(content)
    (told,) = [note for note in notes_of(film) if "missing" in note]
    assert re.search(r": \d+ of 45 frames are missing; they are damaged", told)
