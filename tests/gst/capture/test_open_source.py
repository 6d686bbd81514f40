"""The check and the opener accept and refuse the same sources: files, devices, fragments."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.application import PanoramaWithVirtualCamera
from pipeline.errors import SourceError
from pipeline.gst.capture.open_source import open_source
from pipeline.gst.capture.plain_source import PlainSource
from pipeline.gst.core.elements import make
from pipeline.gst.runtime import Gst
from pipeline.media.devices import Found, LookUp, look_up
from pipeline.media.source_spec import SourceSpec
from pipeline.settings import Settings
from pipeline.settings.check import source_problems
from tests import videos
from tests.gst.output.peers import free_port


def opened(text: str, looked_up: LookUp = look_up) -> PlainSource:
    spec = SourceSpec.parse(text, looked_up)
    return open_source(spec, decode=True, live=True, duration_s=None, looked_up=looked_up)


@pytest.mark.parametrize(
    "text",
    [
        "/dev/null",
        "/dev/zero",
        "/dev/../dev/null",
        "/dev/video99",
        "/dev/v4l/by-id/x",
        "/dev/",
        "pipe",
        "link",
        "none",
    ],
)
def test_check_and_opener_refuse_the_same(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("link").symlink_to("/dev/null")
    (problem,) = source_problems([SourceSpec.parse(text)])
    with pytest.raises(SourceError) as caught:
        opened(text)
    assert str(problem).isprintable()
    assert str(caught.value)[:21] == problem.message[:21]


@pytest.mark.parametrize("text", ["/dev/v4l/by-id/usb-A_Camera!-video-index0", "my camera", "/dev/video0"])
def test_a_camera_is_opened_by_any_of_its_names(text: str) -> None:
    source = opened(text, lambda _path: Found.CAMERA)
    (camera,) = (
        element
        for element in source.element.children  # type: ignore[attr-defined]
        if element.get_factory().get_name() == "v4l2src"
    )
    assert camera.get_property("device") == text
    assert source.is_live


@pytest.mark.parametrize("name", ["a video! 100%.MP4", "a#b?c.mkv"])
@pytest.mark.parametrize("by_uri", [False, True])
def test_a_file_is_opened_by_its_path_and_by_its_uri(name: str, by_uri: bool, tmp_path: Path) -> None:
    video = tmp_path / name
    video.touch()
    source = opened(video.as_uri() if by_uri else str(video))
    (opener,) = source.element.children  # type: ignore[attr-defined]
    assert opener.get_property("uri") == video.as_uri()


@pytest.mark.parametrize(
    ("fragment", "is_live"),
    [
        ("videotestsrc", False),
        ("videotestsrc is-live=true ! videoconvert", True),
        ("v4l2src ! videoconvert", True),
        ("audiotestsrc ! queue", False),
    ],
)
def test_a_fragments_elements_tell_whether_it_is_live(fragment: str, is_live: bool) -> None:
    assert opened(f"gst:{fragment}").is_live == is_live


def test_rtp_is_received_although_it_does_not_announce_its_streams(tmp_path: Path) -> None:
    port, video = free_port(), tmp_path / "video.mkv"
    sender = Gst.parse_launch(
        "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1 "
        "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! rtph264pay config-interval=-1 "
        f"! udpsink host=127.0.0.1 port={port}"
    )
    values = {
        "sources": [f"RTP://127.0.0.1:{port}?encoding-name=H264"],
        "outputs": [video],
        "delay_s": 1.0,
        "duration_s": 2.0,
        "size": "320x180",
        "detector": {"kind": "none"},
    }
    sender.set_state(Gst.State.PLAYING)
    try:
        report = PanoramaWithVirtualCamera(Settings.parse(values)).run()
    finally:
        sender.set_state(Gst.State.NULL)
    assert report.frames_out == len(videos.frame_times(video)) > 5  # a busy sender makes fewer than 50


def test_inspecting_a_fragments_elements_leaves_other_elements_unchanged() -> None:
    fragment = "gst:videotestsrc ! x264enc ! mpegtsmux"
    for _ in range(3):
        opened(fragment)
    # not by its pad templates: asking PyGObject for the one of "src" frees it for all elements of the kind
    assert make("mpegtsmux").get_static_pad("src") is not None
