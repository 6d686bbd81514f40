"""What replaces a camera's video and sound during an outage, sample by sample, with a test clock."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.gst.capture.camera_feed import CHUNK_NS, Feed, SoundFeed, VideoFeed
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_MS, Nanoseconds

FRAME_NS = 40 * NS_PER_MS
PATIENCE_NS = Nanoseconds(200 * NS_PER_MS)
RAW = "video/x-raw,format=I420,width=16,height=16,framerate=25/1"
H264 = "video/x-h264,stream-format=byte-stream,alignment=au,width=16,height=16,framerate=25/1"
SOUND = "audio/x-raw,format=F32LE,layout=interleaved,rate=48000,channels=2"


class _Recorder:
    """Takes the place of the appsrc and keeps what was sent, as (time, bytes)."""

    def __init__(self) -> None:
        self.samples: list[tuple[int, bytes]] = []
        self.events: list[str] = []

    def push_sample(self, sample: Any) -> None:
        buffer = sample.get_buffer()
        running_ns = sample.get_segment().to_running_time(Gst.Format.TIME, buffer.pts)
        self.samples.append((running_ns, buffer.extract_dup(0, buffer.get_size())))

    def send_event(self, event: Any) -> None:
        self.events.append(event.parse_tag().get_string("image-orientation")[1])

    @property
    def times_ms(self) -> list[int]:
        return [time_ns // NS_PER_MS for time_ns, _ in self.samples]


def recorded(feed: Feed) -> _Recorder:
    recorder = _Recorder()
    feed.element = recorder  # type: ignore[assignment]
    return recorder


def sample(caps: str, time_ms: int, content: bytes, key: bool = True) -> Gst.Sample:
    """One sample of a connection whose segment begins an hour into the camera's time."""
    hour_ns = 3600 * Gst.SECOND
    buffer: Any = Gst.Buffer.new_wrapped(content)
    buffer.pts = hour_ns + time_ms * NS_PER_MS
    if not key:
        buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
    segment = Gst.Segment()
    segment.init(Gst.Format.TIME)
    segment.start = hour_ns
    return Gst.Sample.new(buffer, Gst.Caps.from_string(caps), segment, None)


def ns(time_ms: int) -> Nanoseconds:
    return Nanoseconds(time_ms * NS_PER_MS)


@pytest.fixture
def pictures() -> VideoFeed:
    """Two frames have arrived on time, at 0 and 40 ms."""
    caps = Gst.Caps.from_string(RAW)
    assert caps is not None
    return VideoFeed("video", caps, PATIENCE_NS)


def take(feed: Feed, caps: str, time_ms: int, content: bytes = b"picture", key: bool = True) -> bool:
    return feed.take(sample(caps, time_ms, content, key), ns(time_ms))


def test_a_frame_that_is_slightly_late_keeps_its_timestamp(pictures: VideoFeed) -> None:
    sent = recorded(pictures)
    take(pictures, RAW, 0)
    assert pictures.fill(ns(239)) == ns(240)
    assert pictures.take(sample(RAW, 40, b"late"), ns(239))
    assert sent.times_ms == [0, 40]
    assert pictures.outages == ()


def test_the_last_frame_is_repeated_until_the_camera_is_back(pictures: VideoFeed) -> None:
    sent = recorded(pictures)
    take(pictures, RAW, 0, b"last")
    pictures.fill(ns(330))
    assert sent.times_ms == [0, 40, 80, 120]
    assert {content for _, content in sent.samples} == {b"last"}
    assert pictures.outages[0].begin_ns == ns(40)
    assert pictures.outages[0].end_ns is None
    pictures.rejoin()
    assert take(pictures, RAW, 330, b"new")
    assert sent.times_ms == [0, 40, 80, 120, 160, 200, 240, 280, 330]
    assert sent.samples[-1][1] == b"new"
    assert pictures.outages[0].end_ns == ns(330)
    assert pictures.held_ns == ns(280)


def test_a_frame_whose_time_is_already_filled_is_dropped(pictures: VideoFeed) -> None:
    sent = recorded(pictures)
    take(pictures, RAW, 0)
    pictures.fill(ns(330))
    assert not take(pictures, RAW, 80)
    assert not take(pictures, RAW, 120)
    assert take(pictures, RAW, 160)
    assert sent.times_ms == [0, 40, 80, 120, 160]


def test_a_short_gap_in_a_connection_is_not_filled(pictures: VideoFeed) -> None:
    sent = recorded(pictures)
    take(pictures, RAW, 0)
    take(pictures, RAW, 120)
    assert sent.times_ms == [0, 120]


def test_a_frame_without_a_timestamp_gets_the_current_time(pictures: VideoFeed) -> None:
    sent = recorded(pictures)
    untimed = Gst.Sample.new(Gst.Buffer.new_wrapped(b"picture"), Gst.Caps.from_string(RAW), None, None)
    pictures.take(untimed, ns(100))
    pictures.take(untimed, ns(141))
    assert sent.times_ms == [100, 141]


def test_compressed_video_repeats_the_last_keyframe_and_continues_with_the_next() -> None:
    caps = Gst.Caps.from_string(H264)
    assert caps is not None
    feed = VideoFeed("video", caps, PATIENCE_NS)
    sent = recorded(feed)
    assert not take(feed, H264, 0, b"delta", key=False)
    take(feed, H264, 40, b"key")
    take(feed, H264, 80, b"delta", key=False)
    feed.fill(ns(330))
    feed.rejoin()
    assert not take(feed, H264, 200, b"delta", key=False)
    assert take(feed, H264, 240, b"key 2")
    contents = [content for _, content in sent.samples]
    assert contents == [b"key", b"delta", b"key", b"key", b"key", b"key 2"]
    assert sent.times_ms == [40, 80, 120, 160, 200, 240]


def test_silence_meets_the_sound_on_both_sides_exactly() -> None:
    caps = Gst.Caps.from_string(SOUND)
    assert caps is not None
    feed = SoundFeed("audio", caps, PATIENCE_NS)
    sent = recorded(feed)
    chunk = b"\1" * 8 * 480  # 10 ms
    take(feed, SOUND, 0, chunk)
    take(feed, SOUND, 10, chunk)
    feed.fill(ns(265))
    assert sent.times_ms == [0, 10, 20, 40, 60]
    feed.rejoin()
    assert not take(feed, SOUND, 70, chunk)
    assert take(feed, SOUND, 97, chunk)
    frames = [len(content) // 8 for _, content in sent.samples]
    assert frames == [480, 480, *[CHUNK_NS * 48 // NS_PER_MS] * 3, 17 * 48, 480]
    assert sent.times_ms[-2:] == [80, 97]
    assert not any(sent.samples[-2][1])


@pytest.mark.parametrize(
    ("caps", "reason"),
    [
        (RAW, None),
        (RAW.replace("I420", "NV12").replace("25/1", "30/1"), None),
        (RAW.replace("width=16", "width=32"), None),
        (H264, "it sends video/x-h264 now, video/x-raw before"),
    ],
)
def test_a_camera_that_returns_with_another_codec_is_refused(
    pictures: VideoFeed, caps: str, reason: str | None
) -> None:
    form = Gst.Caps.from_string(caps)
    assert form is not None
    misfit = pictures.misfit(form)
    assert misfit is None if reason is None else misfit is not None and misfit.startswith(reason)


def test_an_orientation_is_passed_on_when_it_changes(pictures: VideoFeed) -> None:
    sent = recorded(pictures)
    for orientation in ("rotate-0", "rotate-90", "rotate-90", "rotate-0"):
        pictures.turn(orientation)
    assert sent.events == ["rotate-90", "rotate-0"]
