"""Chooses the encoder that this machine uses: hardware first, and only one that can be opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeline.errors import ConfigError, MissingDependencyError
from pipeline.gst.core.elements import find_property, make, set_property, static_pad
from pipeline.gst.core.frame_rate import assume_rate
from pipeline.gst.encode.keyframes import force_keyframes
from pipeline.gst.runtime import Gst
from pipeline.timebase import seconds_to_ns

FEW_CORES = 2
"""Up to this many cores, x264 runs ``ultrafast``: 9 ms for a 1080p frame instead of 21 ms, which lets two
3072x1728 cameras keep up."""

NEEDS_RATE = {"x265enc"}
"""Encoders that cannot be opened for frames whose rate is unknown."""

UNKNOWN_FPS = 120.0
"""Higher than most sources: with an unknown frame rate, keyframes come by time before they come by count."""


@dataclass(frozen=True, slots=True)
class EncoderRequest:
    """The settings of a video encoder. ``low_latency``: every frame is output at once, for live streams."""

    bitrate_kbps: int
    keyframe_interval_frames: int
    low_latency: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """An encoder, whether it can be used here, and the reason in words."""

    name: str
    usable: bool
    reason: str


Properties = dict[str, object]
Configure = Callable[[EncoderRequest], Properties]


def _nvenc(request: EncoderRequest) -> Properties:
    return {
        "bitrate": request.bitrate_kbps,
        "gop-size": request.keyframe_interval_frames,
        "zerolatency": request.low_latency,
    }


def _va(request: EncoderRequest) -> Properties:
    return {"bitrate": request.bitrate_kbps, "key-int-max": request.keyframe_interval_frames}


def _vaapi(request: EncoderRequest) -> Properties:
    return {
        "bitrate": request.bitrate_kbps,
        "keyframe-period": request.keyframe_interval_frames,
        "rate-control": "cbr",
    }


def _v4l2(request: EncoderRequest) -> Properties:
    controls = Gst.Structure.new_empty("controls")
    controls.set_value("video_bitrate", request.bitrate_kbps * 1000)
    controls.set_value("video_gop_size", request.keyframe_interval_frames)
    return {"extra-controls": controls}


def _x264(request: EncoderRequest) -> Properties:
    """Fast presets, because the same cores decode, render and detect; live streams allow no look-ahead."""
    return {
        "bitrate": request.bitrate_kbps,
        "key-int-max": request.keyframe_interval_frames,
        "speed-preset": "ultrafast" if (os.cpu_count() or 1) <= FEW_CORES else "superfast",
        "tune": "zerolatency" if request.low_latency else None,
        "bframes": 0,
    }


def _x265(request: EncoderRequest) -> Properties:
    return {
        "bitrate": request.bitrate_kbps,
        "key-int-max": request.keyframe_interval_frames,
        "speed-preset": "ultrafast",
        "tune": "zerolatency" if request.low_latency else None,
        "option-string": "repeat-headers=1",  # for a recording, a viewer or a push that starts in the middle
    }


def _openh264(request: EncoderRequest) -> Properties:
    return {
        "bitrate": request.bitrate_kbps * 1000,
        "gop-size": request.keyframe_interval_frames,
        "rate-control": "bitrate",
    }


VIDEO_ENCODERS: dict[str, dict[str, Configure]] = {
    "h264": {
        "nvh264enc": _nvenc,
        "vah264enc": _va,
        "vaapih264enc": _vaapi,
        "v4l2h264enc": _v4l2,
        "x264enc": _x264,
        "openh264enc": _openh264,
    },
    "h265": {
        "nvh265enc": _nvenc,
        "vah265enc": _va,
        "vaapih265enc": _vaapi,
        "v4l2h265enc": _v4l2,
        "x265enc": _x265,
    },
}
"""Encoders by codec, best first, each with the function that turns a request into its properties."""

AudioEncoders = Mapping[str, Mapping[str, Mapping[str, Any]]]

AUDIO_ENCODERS: AudioEncoders = {
    "aac": {"fdkaacenc": {}, "avenc_aac": {"aac-pns": False, "aac-ms": False}, "voaacenc": {}},
    "opus": {"opusenc": {}},
}
"""Encoders by codec, best first, each with its properties.

Perceptual noise substitution (PNS) is off: in crowd noise it takes about one click in a hundred, or the thud of a
ball, for noise and replaces it. So is mid/side stereo, which the element would force on every frame: sides with
little in common, as of two microphones far apart, lost half of their power.
"""

_PACKAGES = {
    "h264": "gstreamer1.0-plugins-ugly",
    "h265": "gstreamer1.0-plugins-bad",
    "aac": "gstreamer1.0-libav",
    "opus": "gstreamer1.0-plugins-base",
}


def candidates(codec: str) -> list[Candidate]:
    """Every encoder for `codec`, best first; the first usable one is used. Opens each once."""
    return [_probe(name) for name in (VIDEO_ENCODERS.get(codec) or AUDIO_ENCODERS[codec])]


@cache
def _probe(name: str) -> Candidate:
    """Open the encoder once, because a plugin may be installed without its hardware."""
    if Gst.ElementFactory.find(name) is None:
        return Candidate(name, False, "not installed")
    element = make(name)
    opened = element.set_state(Gst.State.READY) != Gst.StateChangeReturn.FAILURE
    element.set_state(Gst.State.NULL)
    return Candidate(name, opened, "works" if opened else "installed, but its device cannot be opened")


def choose_video_encoder(
    codec: str,
    *,
    bitrate_kbps: int,
    keyframe_interval_s: float,
    framerate: float = 0.0,
    low_latency: bool,
    name: str | None = None,
) -> Gst.Element:
    """A configured encoder for ``h264`` or ``h265``: `name`, or the best one that this machine can open.

    A keyframe follows the last one after `keyframe_interval_s` of video, whatever rate the frames come at;
    `framerate` in frames per second, 0 if it varies.

    Raises ConfigError for an unknown codec or name, MissingDependencyError when no encoder works.
    """
    if codec not in VIDEO_ENCODERS:
        raise ConfigError(f"no encoder for {codec!r}; allowed: {', '.join(VIDEO_ENCODERS)}")
    encoders = VIDEO_ENCODERS[codec]
    if name is None:
        name = _first_usable(codec, encoders)
    elif name not in encoders:
        raise ConfigError(f"unknown {codec} encoder {name}; allowed: {', '.join(encoders)}")
    element = make(name)
    interval_frames = max(round(keyframe_interval_s * (framerate or UNKNOWN_FPS)), 1)
    request = EncoderRequest(bitrate_kbps, interval_frames, low_latency)
    for key, value in encoders[name](request).items():
        if value is not None and find_property(element, key) is not None:
            set_property(element, key, value)
    if name in NEEDS_RATE:
        assume_rate(static_pad(element, "sink"))
    force_keyframes(element, seconds_to_ns(keyframe_interval_s), interval_frames)
    return element


def choose_audio_encoder(
    codec: str, bitrate_kbps: int, encoders: AudioEncoders = AUDIO_ENCODERS
) -> Gst.Element:
    """A configured encoder for ``aac`` or ``opus``, the first of `encoders` that this machine can open.

    Raises ConfigError or MissingDependencyError.
    """
    if codec not in encoders:
        raise ConfigError(f"no encoder for {codec!r}; allowed: {', '.join(encoders)}")
    name = _first_usable(codec, encoders[codec])
    element = make(name, bitrate=bitrate_kbps * 1000)
    for key, value in encoders[codec][name].items():
        if find_property(element, key) is not None:
            set_property(element, key, value)
    return element


def _first_usable(codec: str, names: Iterable[str]) -> str:
    for name in names:
        if _probe(name).usable:
            return name
    raise MissingDependencyError(f"no {codec} encoder works here; install {_PACKAGES[codec]}")
