"""SourceSpec: what a text means, what is refused and with which message, and that no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.media.devices import Found
from pipeline.media.formats import SOURCE_SCHEMES
from pipeline.media.source_spec import SourceSpec

SECRET = "hunter2"


def nothing(_path: Path) -> Found:
    return Found.NOTHING


def a_file(_path: Path) -> Found:
    return Found.FILE


def a_camera(_path: Path) -> Found:
    return Found.CAMERA


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("match", "match"),
        ("match?seed=3", "match"),
        ("./match", "file"),
        ("matches.mp4", "file"),
        ("a.mp4", "file"),
        ("a video! 100%.MP4", "file"),
        ("file:///videos/a%20b.mp4", "file"),
        ("FILE://localhost/videos/a.mp4", "file"),
        ("rtsp://cam/1", "uri"),
        ("RTSP://[::1]:8554/1", "uri"),
        ("rtp://239.1.2.3:5004?encoding-name=H264", "uri"),
        ("udp://:5000", "uri"),
        ("srt://:9000?mode=listener", "uri"),
        ("http://cam/page", "uri"),
        ("/dev/video0", "device"),
        ("/dev/v4l/by-id/usb-Camera-video-index0", "device"),
        ("/dev/../dev/video9", "device"),
        ("/dev/../videos/a.mp4", "file"),
        ("/devices/a.mp4", "file"),
        ("gst:videotestsrc", "fragment"),
        ("gst:rtspsrc location=rtsp://cam/1 ! rtph264depay", "fragment"),
    ],
)
def test_each_text_has_its_kind(text: str, kind: str) -> None:
    assert SourceSpec.parse(text, nothing).kind == kind


@pytest.mark.parametrize(
    "text",
    ["/dev/video0", "/dev/v4l/by-id/x", "/dev/front-door", "my-camera", "./cams/left", "file:///cams/left"],
)
def test_a_camera_is_a_live_device_by_any_name(text: str) -> None:
    spec = SourceSpec.parse(text, a_camera)
    assert (spec.kind, spec.is_live, spec.can_reconnect) == ("device", True, True)
    assert spec.refusal(a_camera) is None
    assert "there is no device" in str(spec.refusal(nothing))


@pytest.mark.parametrize("text", ["/dev/shm/video.mp4", "video.mp4", "/dev/stdin"])
def test_a_file_is_a_file_in_any_folder(text: str) -> None:
    spec = SourceSpec.parse(text, a_file)
    assert (spec.kind, spec.path, spec.is_live, spec.refusal(a_file)) == ("file", Path(text), False, None)


@pytest.mark.parametrize("kind", list(Found))
def test_only_files_and_cameras_are_accepted(kind: Found) -> None:
    spec = SourceSpec.parse("/dev/thing", lambda _path: kind)
    refused = spec.refusal(lambda _path: kind)
    assert (refused is None) == (kind in (Found.FILE, Found.CAMERA))
    assert refused is None or ("/dev/thing" in refused and "\n" not in refused)


@pytest.mark.parametrize("name", SOURCE_SCHEMES)
def test_a_scheme_determines_whether_a_source_is_live_and_paced(name: str) -> None:
    spec = SourceSpec.parse(f"{name.upper()}://host:1/a.mp4".replace("FILE://host:1", "FILE://"), a_file)
    wanted = SOURCE_SCHEMES[name]
    assert (spec.is_live, spec.is_paced) == (wanted.is_live, wanted.is_paced)
    assert spec.address is None or spec.address.text.startswith(f"{name}://")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "an empty value is not allowed, allowed: a file, the chapters of one recording"),
        (" ", "an empty value is not allowed"),
        ("gst:", "no launch fragment behind it"),
        ("gst:  ", "no launch fragment behind it"),
        (f"foo://joe:{SECRET}@x", "foo://***@x is not allowed, allowed: a file"),
        ("foo://", "foo:// is not allowed"),
        ("rtsp://", "the rtsp address names no host; write rtsp://HOST/..."),
        ("rtsp:///live", "names no host"),
        (f"rtsp://joe:{SECRET}@/live", "names no host"),
        ("rtsp://:8554/live", "names no host"),
        ("rtp://", "names no host"),
        ("srt://", "names no host"),
        ("srt://:9000", "names no host"),
        (f"rtsp://joe:{SECRET}@cam:port/1", "the rtsp address cannot be read"),
        (f"rtsp://joe:p@{SECRET}@cam:554/1", "has a plain @; write it as %40"),
        (f"rtsp://joe@home:{SECRET}@cam/1", "has a plain @; write it as %40"),
        (f"rtsp://joe:p#{SECRET}@cam:554/1", "has a plain #; write it as %23"),
        (f"srt://joe:p?{SECRET}@cam:554", "has a plain ?; write it as %3F"),
        (f"https://joe:p/{SECRET}@cam/1", "has a plain /; write it as %2F"),
        ("rtsp://cam:99999/1", "must be a number up to 65535"),
        ("http://[::1/x", "the http address cannot be read"),
        (f"rtsp:/joe:{SECRET}@cam/1", "rtsp... without rtsp:// at its beginning"),
        ("file://video.mp4", "file://video.mp4 is not allowed: it names no file of this machine"),
        ("file://", "names no file of this machine"),
        ("file://server/video.mp4", "names no file of this machine"),
        ("foo://a\nb\x1b[31m" + "x" * 300, "foo://a%20b"),
    ],
)
def test_an_unusable_source_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SourceSpec.parse(text, nothing)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"rtsp://joe:{SECRET}@cam/1", "rtsp://***@cam/1"),
        (f"srt://cam:9000?passphrase={SECRET} two", "srt://cam:9000?passphrase=***"),
        (f"gst:rtspsrc user-pw={SECRET} ! x", "gst:rtspsrc user-pw=*** ! x"),
        ("a video.mp4", "a video.mp4"),
    ],
)
def test_secrets_are_in_neither_name_nor_repr(text: str, name: str) -> None:
    spec = SourceSpec.parse(text, a_file)
    assert spec.name == name
    assert SECRET not in repr(spec) + str(spec)
    assert spec.text == text


@given(st.text(max_size=40), st.sampled_from(["", "/dev/", "rtsp://", "file://", "gst:", "match?", "srt:"]))
def test_every_text_is_a_source_or_an_error_in_one_printable_line(text: str, before: str) -> None:
    spec = line = None
    try:
        spec = SourceSpec.parse(before + text, nothing)
    except ConfigError as error:
        line = str(error)
    if spec is None:
        assert line
        assert line.isprintable()
        return
    assert spec.text == before + text
    assert (spec.path is None) == (spec.kind in ("match", "fragment", "uri"))
    assert (spec.address is not None) == (spec.kind == "uri")


@pytest.mark.parametrize(
    ("text", "files", "chapters"),
    [
        ("a.mp4+b.mp4", ["a.mp4", "b.mp4"], ["a.mp4", "b.mp4"]),
        ("a.mp4+a.mp4", ["a.mp4"], ["a.mp4", "a.mp4"]),
        ("d/a.mp4+b.mp4", ["d/a.mp4", "d/b.mp4"], ["d/a.mp4", "d/b.mp4"]),
        ("d/a.mp4+b.mp4", ["d/a.mp4", "d/b.mp4", "b.mp4"], ["d/a.mp4", "b.mp4"]),
        ("x+y.mp4+z.mp4", ["x+y.mp4", "z.mp4"], ["x+y.mp4", "z.mp4"]),
        ("z.mp4+x+y.mp4", ["x+y.mp4", "z.mp4"], ["z.mp4", "x+y.mp4"]),
        ("file:///d/a%20b.mp4+file:///d/c.mp4", ["/d/a b.mp4", "/d/c.mp4"], ["/d/a b.mp4", "/d/c.mp4"]),
        ("a.mp4+b.mp4", ["a.mp4", "b.mp4", "a.mp4+b.mp4"], []),
        ("a+b.mp4", ["b.mp4"], []),
        ("a.mp4+", ["a.mp4"], []),
        ("+", [], []),
        ("a.mp4+nope.mp4", ["a.mp4"], ["a.mp4", "nope.mp4"]),
    ],
)
def test_a_plus_joins_the_chapters_of_one_recording(text: str, files: list[str], chapters: list[str]) -> None:
    spec = SourceSpec.parse(text, lambda path: Found.FILE if str(path) in files else Found.NOTHING)
    assert [str(chapter.path) for chapter in spec.chapters] == chapters
    assert spec.kind == ("chapters" if chapters else "file")
    assert not spec.is_live
    assert not spec.can_reconnect
    missing = [name for name in chapters if name not in files]
    refused = spec.refusal(lambda path: Found.FILE if str(path) in files else Found.NOTHING)
    assert refused is None or not chapters or missing[0] in refused
