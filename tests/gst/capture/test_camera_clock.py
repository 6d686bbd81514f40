"""A camera whose clock is not ours: what its connection passes on."""

from __future__ import annotations

import pytest

from pipeline.gst.capture.camera_connection import CameraConnection
from pipeline.gst.capture.limits import CameraLimits
from pipeline.gst.capture.plain_source import PlainSource
from pipeline.gst.core.elements import make
from pipeline.gst.runtime import Gst
from pipeline.timebase import Nanoseconds

S = 1_000_000_000
STEP_NS = S // 25
FRAME = "video/x-raw,format=GRAY8,width=4,height=4,framerate=25/1"
SOUND = "audio/x-raw,format=F32LE,rate=8000,channels=1,layout=interleaved"


def connection_to_nothing(*, paced: bool) -> CameraConnection:
    return CameraConnection(
        lambda: PlainSource("camera", make("videotestsrc"), True, lambda _source: None),
        0,
        paced=paced,
        sound_form=None,
        feed_for=lambda _kind, _caps, _latency_ns: None,
        on_known=lambda: None,
        on_video=lambda: None,
        limits=CameraLimits(),
    )


def passed_on(connection: CameraConnection, rate: float) -> dict[str, list[tuple[int, int]]]:
    """The begin and end of each sample that is passed on, of a minute by a clock that runs at 1 + `rate`."""
    segment = Gst.Segment()
    segment.init(Gst.Format.TIME)
    spans: dict[str, list[tuple[int, int]]] = {"video": [], "audio": []}
    for number in range(60 * 25):
        for kind, caps, size in (("video", FRAME, 16), ("audio", SOUND, 4 * 320)):
            buffer = Gst.Buffer.new_wrapped(bytes(size))
            buffer.pts, buffer.duration = round(number * STEP_NS * (1 + rate)), STEP_NS
            sample = Gst.Sample.new(buffer, Gst.Caps.from_string(caps), segment, None)
            found = connection._corrected(sample, kind, Nanoseconds(number * STEP_NS))
            if found is not None:
                begin_ns = found.get_buffer().pts
                spans[kind].append((begin_ns, begin_ns + found.get_buffer().duration))
    return spans


@pytest.mark.parametrize("rate", [1e-3, -1e-3])
def test_picture_and_sound_of_a_camera_keep_to_our_clock(rate: float) -> None:
    connection = connection_to_nothing(paced=False)
    spans = passed_on(connection, rate)
    for kind, found in spans.items():
        off_ns = [begin_ns - number * STEP_NS for number, (begin_ns, _) in enumerate(found)]
        assert max(off_ns) - min(off_ns) < 20_000_000, kind
    joints = zip(spans["audio"], spans["audio"][1:], strict=False)
    assert all(abs(later[0] - earlier[1]) <= abs(rate) * STEP_NS + 1 for earlier, later in joints)
    assert connection.drift.rate * 1e6 == pytest.approx(rate * 1e6, rel=0.1)
    assert connection.drift.total_ns == pytest.approx(-rate * 60 * S, abs=15_000_000)


@pytest.mark.parametrize(("rate", "paced"), [(0.0, False), (1e-3, True), (0.3, False)])
def test_without_a_drift_samples_are_passed_on_as_they_come(rate: float, paced: bool) -> None:
    """A stream that comes in bursts is played by its own timestamps, so it has no clock to compare."""
    spans = passed_on(connection_to_nothing(paced=paced), rate)
    for found in spans.values():
        assert [begin_ns for begin_ns, _ in found] == [
            round(number * STEP_NS * (1 + rate)) for number in range(60 * 25)
        ]
