"""Clips: each stream as it was in the window, in any container; encoded as recordings are; refused in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.buffering.window import Entry
from pipeline.errors import ForesightError, MissingDependencyError, OutputError, StateError
from pipeline.gst.core.elements import make
from pipeline.gst.encode.encoders import choose_audio_encoder, choose_video_encoder
from pipeline.gst.encode.encoding import Encoding
from pipeline.gst.output.clips import write_clip
from pipeline.gst.runtime import Gst
from pipeline.timebase import NS_PER_S
from tests import videos

Maker = Callable[[], Gst.Element]

CHUNK = 960
FPS = 25


def entry(data: bytes, caps: Gst.Caps, begin_ns: int, duration_ns: int) -> Entry:
    segment = Gst.Segment()
    segment.init(Gst.Format.TIME)
    buffer: Any = Gst.Buffer.new_wrapped(data)
    buffer.pts, buffer.duration = begin_ns, duration_ns
    sample = Gst.Sample.new(buffer, caps, segment, None)
    return Entry(begin_ns, begin_ns, begin_ns + duration_ns, buffer.get_size(), True, sample)


def sound(samples: np.ndarray) -> list[Entry]:
    """Raw sound in chunks of 20 ms."""
    caps = Gst.Caps.from_string("audio/x-raw,format=F32LE,rate=48000,channels=1,layout=interleaved")
    step_ns = CHUNK * NS_PER_S // videos.RATE_HZ
    begins = range(0, len(samples), CHUNK)
    return [
        entry(samples[begin : begin + CHUNK].astype(np.float32).tobytes(), caps, number * step_ns, step_ns)
        for number, begin in enumerate(begins)
    ]


def pictures(count: int, form: str = "I420") -> list[Entry]:
    """Raw grey frames, 64x48."""
    caps = Gst.Caps.from_string(f"video/x-raw,format={form},width=64,height=48,framerate={FPS}/1")
    size = 64 * 48 * 3 // (1 if form == "RGB" else 2)
    step_ns = NS_PER_S // FPS
    return [entry(bytes([128]) * size, caps, number * step_ns, step_ns) for number in range(count)]


def click() -> np.ndarray:
    samples = np.zeros(2 * videos.RATE_HZ, np.float32)
    samples[videos.RATE_HZ : videos.RATE_HZ + 20] = 0.9
    return samples


def encoding(
    video: str = "h264",
    audio: str = "aac",
    *,
    of_pictures: Maker | None = None,
    of_sound: Maker | None = None,
) -> Encoding:
    usual = partial(
        choose_video_encoder, video, bitrate_kbps=500, keyframe_interval_s=1, framerate=25, low_latency=False
    )
    return Encoding(video, of_pictures or usual, audio, of_sound or partial(choose_audio_encoder, audio, 128))


@pytest.mark.parametrize("codec", ["aac", "opus"])
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "MP4"])
def test_a_click_keeps_its_time(tmp_path: Path, suffix: str, codec: str) -> None:
    clip = tmp_path / f"clip.{suffix}"
    write_clip(clip, {"audio": sound(click())}, encoding(audio=codec))
    samples = videos.sound(clip)
    # only mkv tells a player to leave out Opus' first 6.5 ms: ts cannot, mp4's header would be wrong (see muxers)
    late_s = 0.0065 if codec == "opus" and suffix != "mkv" else 0.0
    assert np.argmax(np.abs(samples)) / videos.RATE_HZ == pytest.approx(1.0 + late_s, abs=0.003)


@pytest.mark.parametrize(
    ("video", "audio", "suffix"),
    [("h264", "aac", "flv"), ("h265", "opus", "mkv"), ("h265", "opus", "mp4"), ("h264", "opus", "ts")],
)
def test_raw_streams_are_encoded_as_asked(tmp_path: Path, video: str, audio: str, suffix: str) -> None:
    clip = tmp_path / f"a clip! 100%.{suffix}"
    write_clip(clip, {"video": pictures(25), "audio": sound(np.zeros(48_000))}, encoding(video, audio))
    streams = videos.streams(clip)
    codecs = streams["video"]["codec_name"].replace("hevc", "h265"), streams["audio"]["codec_name"]
    assert codecs == (video, audio)
    assert len(videos.frame_times(clip)) == 25
    assert list(tmp_path.iterdir()) == [clip]


def test_any_raw_format_is_converted_to_one_that_every_player_takes(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    write_clip(clip, {"video": pictures(5, "RGB")})
    stream = videos.streams(clip)["video"]
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")


def missing() -> Gst.Element:
    return make("nosuchencoder")


@pytest.mark.parametrize(
    ("name", "parts", "with_encoding", "error", "said"),
    [
        (
            "a.doc",
            {},
            None,
            OutputError,
            r"a\.doc has no known extension; allowed: \.mp4, \.mkv, \.flv or \.ts",
        ),
        ("a.m3u8", {}, None, OutputError, "no known extension"),
        ("none/a.mp4", {}, None, OutputError, "no folder"),
        ("a.mp4", {"video": []}, None, StateError, "holds nothing"),
        (
            "a.mp4",
            {"video": pictures(2)},
            encoding(of_pictures=missing),
            MissingDependencyError,
            "nosuchencoder",
        ),
        (
            "a.mp4",
            {"audio": sound(np.zeros(960))},
            encoding(of_sound=missing),
            MissingDependencyError,
            "nosuch",
        ),
        ("a.flv", {"video": pictures(2)}, encoding("h265"), OutputError, "can hold h264 only, not h265"),
        (
            "a.flv",
            {"video": pictures(2), "camera-1": pictures(2)},
            None,
            OutputError,
            "no room for another stream",
        ),
        ("folder.mp4", {"video": pictures(2)}, None, OutputError, "cannot be written"),
    ],
)
def test_an_impossible_clip_says_why_and_leaves_no_file(
    name: str,
    parts: Mapping[str, list[Entry]],
    with_encoding: Any,
    error: type[ForesightError],
    said: str,
    tmp_path: Path,
) -> None:
    (tmp_path / "folder.mp4" / "within").mkdir(parents=True)
    with pytest.raises(error, match=said) as caught:
        write_clip(tmp_path / name, parts, with_encoding)
    assert str(caught.value).isprintable()
    assert [path.name for path in tmp_path.iterdir()] == ["folder.mp4"]


@pytest.mark.parametrize(
    ("media", "suffix", "said"),
    [
        ("video/x-vp8,width=64,height=48", "mp4", "can hold h264, h265, av1 or vp9 only, not vp8"),
        ("image/jpeg,width=64,height=48", "ts", "can hold h264 or h265 only, not jpeg"),
        ("audio/mpeg,mpegversion=1,layer=3", "mkv", "'it' is audio/mpeg, which a clip cannot hold"),
        ("video/x-theora", "mkv", "'it' is video/x-theora, which a clip cannot hold"),
    ],
)
def test_a_compressed_stream_that_the_file_cannot_hold_is_named(
    media: str, suffix: str, said: str, tmp_path: Path
) -> None:
    entries = [entry(b"x", Gst.Caps.from_string(media), 0, NS_PER_S)]
    with pytest.raises(OutputError, match=said):
        write_clip(tmp_path / f"a.{suffix}", {"it": entries})
