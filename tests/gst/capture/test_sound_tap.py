"""The tap on the captured sound: every buffer with its captured time, and the way into the window as before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.gst.capture.sound_tap import SoundPiece, SoundTap
from pipeline.gst.core.connections import Connections
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_S


def play(format_name: str, channels: int, on_piece: Any) -> int:
    """Half a second of a tone at half of full scale through a tapped appsink; how many buffers reached it."""
    pipeline = Gst.parse_launch(
        "audiotestsrc num-buffers=10 samplesperbuffer=2400 volume=0.5 timestamp-offset=1000000000"
        f" ! audio/x-raw,format={format_name},rate=48000,channels={channels} ! appsink name=sound sync=false"
    )
    appsink, connections = pipeline.get_by_name("sound"), Connections()
    SoundTap(appsink, connections, on_piece, lambda running_ns: running_ns + 7)
    pipeline.set_state(Gst.State.PLAYING)
    count = 0
    while appsink.try_pull_sample(10 * NS_PER_S) is not None:
        count += 1
    pipeline.set_state(Gst.State.NULL)
    connections.release()
    return count


@pytest.mark.parametrize("format_name", ["S16LE", "S24LE", "S32LE", "F32LE", "F64LE", "U8"])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_buffer_is_handed_on_with_its_time_and_scale(format_name: str, channels: int) -> None:
    pieces: list[SoundPiece] = []
    assert play(format_name, channels, pieces.append) == 10
    assert [piece.captured_ns for piece in pieces] == [NS_PER_S + n * 50_000_000 + 7 for n in range(10)]
    for piece in pieces:
        samples = piece.samples()
        assert (samples.shape, samples.dtype, piece.rate_hz) == ((2400, channels), np.float32, 48_000)
        assert abs(np.abs(samples).max() - 0.5) < 0.01


def test_what_its_receiver_raises_does_not_stop_the_sound() -> None:
    def refuse(_piece: SoundPiece) -> None:
        raise ValueError("no")

    assert play("S16LE", 2, refuse) == 10
