"""Launch fragments with demuxers and decoders inside, whole and broken."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import films, videos
from tests.faults.record import Area, fault
from tests.faults.test_announced_streams import RUN


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fragments")
    film = films.picture_and_tone(folder / "a.mp4")
    films.make_film(folder / "a.ts", "-i", str(film), "-c", "copy")
    (folder / "b.mp4").write_bytes(film.read_bytes())
    return folder


@fault(
    Area.CAMERAS,
    "a launch fragment whose demuxer or decoder finds its streams late, or that is broken",
    seen="its video and sound, whatever it leaves unlinked; one line if it is broken",
)
@pytest.mark.parametrize(
    ("fragment", "frames", "said"),
    [
        ("filesrc location=a.mp4 ! qtdemux", 100, ""),
        ("filesrc location=a.ts ! tsdemux ! h264parse", 100, ""),
        ("filesrc location=a.mp4 ! decodebin name=d ! videoconvert d. ! audioconvert", 100, ""),
        ("uridecodebin3 uri=file://{folder}/a.mp4", 100, ""),
        ("splitmuxsrc location=?.mp4", 200, ""),
        ("filesrc location=none.mp4 ! decodebin", 0, "not found"),
        ("filesrc location=a.mp4 ! decodebin ! fakesink", 0, "video"),
        ("filesrc location=a.mp4 ! nosuchelement", 0, "nosuchelement"),
    ],
)
def test_a_fragment_is_played_or_refused_in_one_line(
    fragment: str, frames: int, said: str, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mkv"
    done = subprocess.run(
        [*RUN, "--offline", "gst:" + fragment.format(folder=folder), "-o", str(out)],
        cwd=folder, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    if frames:
        assert done.returncode == 0, done.stderr
        assert len(videos.frame_times(out)) == frames
    else:
        assert done.returncode in (1, 2)
        assert said in done.stderr.splitlines()[-1]
