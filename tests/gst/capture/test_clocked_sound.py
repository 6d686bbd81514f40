"""Tests of sound that belongs to a camera whose clock is not the first one's."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.analysis.camera_clocks import CameraClocks
from pipeline.gst.capture.clocked_sound import ClockedSound
from pipeline.gst.core.connections import Connections
from pipeline.gst.core.elements import add, link, make, make_appsink, static_pad
from pipeline.gst.runtime import Gst

RATE_HZ, CHUNK = 8000, 160
CAPS = f"audio/x-raw,format=S16LE,rate={RATE_HZ},channels=1,layout=interleaved"


def passed(clocks: CameraClocks, camera: int, seconds: float = 8.0) -> list[tuple[int, int, bytes]]:
    """Time, duration and bytes of each buffer of a 200 Hz tone that has passed."""
    pipeline, connections = Gst.Pipeline.new(None), Connections()
    source, sink = make("appsrc", None, format="time"), make_appsink("sound")
    source.set_property("caps", Gst.Caps.from_string(CAPS))
    sink.set_property("emit-signals", False)
    sink.set_property("max-buffers", 0)
    add(pipeline, source, sink)
    link(source, sink)
    clocked = ClockedSound(static_pad(sink, "sink"), clocks, connections)
    clocked.camera = camera
    pipeline.set_state(Gst.State.PLAYING)
    for n in range(int(seconds * RATE_HZ / CHUNK)):
        tone = 8000 * np.sin(2 * np.pi * 200 * (np.arange(CHUNK) + n * CHUNK) / RATE_HZ)
        buffer = Gst.Buffer.new_wrapped(tone.astype("<i2").tobytes())
        buffer.duration = CHUNK * Gst.SECOND // RATE_HZ
        buffer.pts = n * buffer.duration
        source.push_buffer(buffer)
    source.end_of_stream()
    found = []
    while (sample := sink.try_pull_sample(5 * Gst.SECOND)) is not None:
        buffer = sample.get_buffer()
        found.append((buffer.pts, buffer.duration, buffer.extract_dup(0, buffer.get_size())))
    pipeline.set_state(Gst.State.NULL)
    connections.release()
    return found


def test_sound_passes_untouched_while_nothing_is_added() -> None:
    assert passed(CameraClocks(2), 1) == passed(CameraClocks(2), 0)
    followed = CameraClocks(2)
    followed.recall(1, [(0, 0.0)], -0.01)
    assert passed(followed, 0) == passed(CameraClocks(2), 0), "the first camera's sound"


@pytest.mark.parametrize("rate", [0.005, -0.005])
def test_sound_stays_with_the_frames_of_its_camera(rate: float) -> None:
    clocks = CameraClocks(2)
    clocks.recall(1, [(0, 0.0)], rate)
    found = passed(clocks, 1)
    ends = [pts + duration for pts, duration, _ in found]
    assert max(abs(end - pts) for end, (pts, _, _) in zip(ends, found[1:], strict=False)) <= 2, "no gap"
    last_pts, last_ns, _ = found[-1]
    assert (last_pts + last_ns) / Gst.SECOND == pytest.approx(8.0 * (1 + rate), abs=0.005)
    sound = np.frombuffer(b"".join(data for _, _, data in found), "<i2").astype(float)[RATE_HZ:]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    heard_hz = float(np.argmax(spectrum)) * RATE_HZ / len(sound)
    assert heard_hz == pytest.approx(200 / (1 + rate), abs=0.2)
