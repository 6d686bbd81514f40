"""A clip's sound is where it was in the window, in whatever file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.buffering.window import Entry
from pipeline.gst.output.clips import write_clip
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_S
from tests import films

CHUNK = 960


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_click_stays_in_its_place(tmp_path: Path, suffix: str) -> None:
    sound = np.zeros(2 * films.RATE_HZ, np.float32)
    sound[films.RATE_HZ : films.RATE_HZ + 20] = 0.9
    caps = Gst.Caps.from_string("audio/x-raw,format=F32LE,rate=48000,channels=1,layout=interleaved")
    segment = Gst.Segment()
    segment.init(Gst.Format.TIME)
    entries = []
    for begin in range(0, len(sound), CHUNK):
        buffer: Any = Gst.Buffer.new_wrapped(sound[begin : begin + CHUNK].tobytes())
        buffer.pts, buffer.duration = begin * NS_PER_S // films.RATE_HZ, CHUNK * NS_PER_S // films.RATE_HZ
        sample = Gst.Sample.new(buffer, caps, segment, None)
        end_ns = buffer.pts + buffer.duration
        entries.append(Entry(buffer.pts, buffer.pts, end_ns, buffer.get_size(), True, sample))
    clip = tmp_path / f"clip.{suffix}"
    write_clip(clip, {"audio": entries})
    heard = films.sound(clip)
    assert np.argmax(np.abs(heard)) / films.RATE_HZ == pytest.approx(1.0, abs=0.003)
