"""The parsers of what users give a run, each fed with any bytes: a ForesightError is an answer, nothing else is."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pipeline.analysis.field import make_field
from pipeline.analysis.jsonl import read_detections
from pipeline.config_builder import ConfigBuilder, check_file, commented_toml
from pipeline.direction.paths import frame_times_ns
from pipeline.direction.tracks import read_track
from pipeline.errors import ForesightError
from pipeline.match.settings import parse_match
from pipeline.media.output_spec import FileSpec, StreamSpec
from pipeline.media.source_spec import SourceSpec
from pipeline.optics.limits import limits, panorama_view
from pipeline.optics.rig import Rig
from pipeline.optics.view import View

LONGEST_LINE = 2000


@dataclass(frozen=True)
class Parser:
    """One parser: `read` takes a file's path, and `examples` are contents that it accepts."""

    read: Callable[[Path], object]
    examples: tuple[bytes, ...]

    def feed(self, content: bytes) -> bool:
        """Whether the content is accepted. Raises AssertionError if a refusal is no single short line."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            try:
                self.read(Path(file.name))
            except ForesightError as error:
                line = str(error)
                assert line, "a refusal says why"
                assert "\n" not in line, line
                assert len(line) < LONGEST_LINE, line
                return False
        return True


def _settings(path: Path) -> None:
    for finding in check_file(path):
        assert "\n" not in finding, finding
    ConfigBuilder().file(path).build()


def _rig(path: Path) -> None:
    rig = Rig.load(path)
    rig.coverage()
    panorama_view(rig)
    limits(rig, 16 / 9).limit(View(170.0, -80.0, 1.0))


def _track(path: Path) -> None:
    frame_times_ns([one.time_ns for one in read_track(path).sets])


def _mask(path: Path) -> None:
    make_field(Rig.assume(640, 360), path)


def _names(path: Path) -> None:
    """What a user may name on the command line: sources and outputs."""
    text = path.read_bytes().decode("utf-8", "replace").replace("\0", "")
    readers: tuple[Callable[[], object], ...] = (
        lambda: SourceSpec.parse(text),
        lambda: parse_match(text),
        lambda: FileSpec.parse(Path(text)),
        lambda: StreamSpec.parse(text),
    )
    for read in readers:
        with suppress(ForesightError):
            read()


def _rig_text() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rig.toml"
        Rig.assume(640, 360).save(path)
        return path.read_bytes()


def _mask_image() -> bytes:
    mask = np.zeros((360, 640), np.uint8)
    mask[200:300, 100:500] = 255
    return bytes(cv2.imencode(".png", mask)[1])


BALL = {"label": "ball", "score": 0.9, "yaw_deg": 1.0, "pitch_deg": -9.0, "width_deg": 0.3, "height_deg": 0.3}
PARSERS = {
    "settings": Parser(
        _settings,
        (
            commented_toml().encode(),
            b'sources = ["match"]\noutputs = ["a.mkv"]\ndelay_s = 3\n[encoder]\nbitrate_kbps = 900\n',
        ),
    ),
    "rig": Parser(_rig, (_rig_text(),)),
    "track": Parser(
        _track,
        (b"time_s,yaw_deg,pitch_deg,confidence,label\n0.0,1.5,-9.0,0.9,ball\n0.04,1.6,-9.0,0.5,player\n",),
    ),
    "detections": Parser(
        read_detections, (f"{json.dumps({'time_s': 0.04, 'detections': [BALL]})}\n".encode() * 2,)
    ),
    "mask": Parser(_mask, (_mask_image(),)),
    "names": Parser(
        _names,
        (
            b"rtsp://user:pass@camera:554/live?a=%20",
            b"match?size=640x360&fps=25",
            b"srt://:9000?mode=listener",
            b"gst:videotestsrc ! x264enc",
            b"a b.m3u8",
        ),
    ),
}
