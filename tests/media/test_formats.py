"""The tables of formats agree with each other, with what can be encoded, and with GStreamer's elements."""

from __future__ import annotations

from typing import get_args

import pytest

from pipeline.cli.run import OUTPUT_HELP
from pipeline.gst.core.elements import make
from pipeline.gst.core.parsers import PARSERS
from pipeline.gst.encode.encoders import AUDIO_ENCODERS, VIDEO_ENCODERS
from pipeline.gst.encode.muxers import FILE_MUXERS, STREAM_MUXERS
from pipeline.gst.runtime import Gst
from pipeline.media.formats import (
    CODECS,
    CONTAINERS,
    ENCODED,
    SEGMENTS,
    SOURCE_SCHEMES,
    STREAM_SCHEMES,
    AudioCodec,
    HlsSegments,
    VideoCodec,
    container_of,
    held,
    listed,
    output_suffixes,
)
from pipeline.settings import Settings


def test_every_codec_that_can_be_chosen_can_be_encoded() -> None:
    assert set(get_args(VideoCodec)) == set(VIDEO_ENCODERS)
    assert set(get_args(AudioCodec)) == set(AUDIO_ENCODERS)
    assert set(get_args(HlsSegments)) == set(SEGMENTS)
    assert set(CODECS) >= ENCODED


def test_each_codec_has_a_parser_that_accepts_it() -> None:
    assert set(PARSERS) == set(CODECS)
    for name, parser in PARSERS.items():
        if parser is not None:
            sink = make(parser).get_static_pad("sink")
            assert sink is not None
            assert sink.query_caps(None).can_intersect(Gst.Caps.from_string(CODECS[name].caps)), name


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_muxer_accepts_every_codec_of_its_container(name: str) -> None:
    muxer = FILE_MUXERS[name]
    assert muxer.container is CONTAINERS[name]
    factory = muxer.make().get_factory()
    assert factory is not None
    templates = {one.name_template: one.get_caps() for one in factory.get_static_pad_templates()}
    for codec in muxer.container.codecs:
        pad = muxer.video_pad if CODECS[codec].kind == "video" else muxer.audio_pad
        assert templates[pad].can_intersect(Gst.Caps.from_string(CODECS[codec].caps)), codec


def test_each_container_has_its_muxers_for_files_and_for_streams() -> None:
    assert set(FILE_MUXERS) == set(CONTAINERS)
    assert set(STREAM_MUXERS) == {scheme.container for scheme in STREAM_SCHEMES.values()} - {None}
    for scheme in STREAM_SCHEMES.values():
        assert scheme.codecs <= ENCODED
        assert scheme.container is None or scheme.codecs <= CONTAINERS[scheme.container].codecs
    for segments in SEGMENTS.values():
        assert segments.codecs <= CONTAINERS[segments.container].codecs


@pytest.mark.parametrize("name", [name for name in SOURCE_SCHEMES if name not in ("file", "rtsps", "rtmps")])
def test_gstreamer_opens_every_scheme_of_a_source(name: str) -> None:
    assert Gst.Element.make_from_uri(Gst.URIType.SRC, f"{name}://127.0.0.1:9/a/b", None) is not None


@pytest.mark.parametrize(
    ("suffix", "name"),
    [
        (".mp4", "mp4"),
        (".MP4", "mp4"),
        (".Ts", "ts"),
        (".m3u8", None),
        (".avi", None),
        ("mp4", None),
        ("", None),
    ],
)
def test_the_extension_names_the_container(suffix: str, name: str | None) -> None:
    container = container_of(suffix)
    assert (None if container is None else container.name) == name


def test_help_and_settings_name_every_extension() -> None:
    said = Settings.model_fields["outputs"].description or ""
    for suffix in output_suffixes():
        assert suffix.removeprefix(".") in said
        assert suffix.removeprefix(".") in OUTPUT_HELP


def test_lists_of_names_read_as_sentences() -> None:
    assert listed("a") == "a"
    assert listed("abc") == "a, b or c"
    assert held({"opus", "h265", "h264"}, "video") == ("h264", "h265")
