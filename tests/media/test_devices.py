"""What is at a path: Video4Linux's answer decides whether it is a camera, not its name."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from pipeline.media.devices import Found, cameras, captures, look_up

CAPTURE, PLANES, OUTPUT, METADATA, STREAMING, DEVICE_CAPS = (
    0x1,
    0x1000,
    0x2,
    0x00800000,
    0x04000000,
    0x80000000,
)


def answer(of_all: int, of_this: int) -> bytes:
    """A device's answer to VIDIOC_QUERYCAP (struct v4l2_capability)."""
    return struct.pack("16s32s32sIII12x", b"uvcvideo", b"Camera", b"usb-1", 0x060100, of_all, of_this)


@pytest.mark.parametrize(
    ("of_all", "of_this", "is_camera"),
    [
        (CAPTURE | STREAMING | DEVICE_CAPS, CAPTURE | STREAMING, True),
        (PLANES | STREAMING | DEVICE_CAPS, PLANES | STREAMING, True),
        (CAPTURE | METADATA | DEVICE_CAPS, METADATA, False),  # the second device of every USB camera
        (OUTPUT | DEVICE_CAPS, OUTPUT, False),
        (CAPTURE | STREAMING, 0, True),  # a driver that does not tell the capabilities of the single device
        (DEVICE_CAPS, 0, False),
    ],
)
def test_a_camera_is_a_device_that_captures_video(of_all: int, of_this: int, is_camera: bool) -> None:
    assert captures(answer(of_all, of_this)) == is_camera


def test_files_and_other_devices_are_told_from_cameras(tmp_path: Path) -> None:
    video, pipe, link = tmp_path / "video.mp4", tmp_path / "pipe", tmp_path / "camera"
    video.touch()
    os.mkfifo(pipe)
    link.symlink_to("/dev/null")
    assert look_up(video) is Found.FILE
    assert look_up(tmp_path) is Found.FOLDER
    assert look_up(pipe) is Found.OTHER
    assert look_up(link) is Found.OTHER_DEVICE
    assert look_up(Path("/dev/zero")) is Found.OTHER_DEVICE
    assert look_up(tmp_path / "none") is Found.NOTHING
    assert look_up(video / "none") is Found.NOTHING
    assert look_up(Path("x" * 300)) is Found.OTHER
    assert look_up(Path("a\0b")) is Found.OTHER


def test_only_devices_that_give_video_are_listed(tmp_path: Path) -> None:
    for name in ("video0", "video1", "video2", "tty"):
        (tmp_path / name).touch()
    found = {"video0": Found.CAMERA, "video1": Found.OTHER_DEVICE, "video2": Found.LOCKED_CAMERA}
    assert cameras(tmp_path, lambda path: found[path.name]) == (tmp_path / "video0", tmp_path / "video2")
