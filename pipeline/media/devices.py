"""Finds out what is at a path: a file, a Video4Linux camera, or neither."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path


class Found(Enum):
    """What is at a path; symbolic links are followed."""

    NOTHING = auto()
    FILE = auto()
    FOLDER = auto()
    CAMERA = auto()
    LOCKED_CAMERA = auto()
    """A Video4Linux device that this user may not open."""
    OTHER_DEVICE = auto()
    """A device that does not capture video."""
    OTHER = auto()
    """A pipe, a socket, a disk, or a path that cannot be inspected."""


LookUp = Callable[[Path], Found]
"""Returns what is at a path; `look_up` asks this machine."""

VIDEO4LINUX_MAJOR = 81
"""The device number of Video4Linux (the kernel's admin-guide/devices.txt)."""

_QUERYCAP = 0x80685600
"""VIDIOC_QUERYCAP: _IOR('V', 0, struct v4l2_capability), 104 bytes (linux/videodev2.h)."""
_CAPABILITY = struct.Struct("16s32s32sIII12x")
_CAPTURES = 0x00000001 | 0x00001000
"""V4L2_CAP_VIDEO_CAPTURE or V4L2_CAP_VIDEO_CAPTURE_MPLANE, which v4l2src supports."""
_HAS_DEVICE_CAPS = 0x80000000


def look_up(path: Path) -> Found:
    """What is at `path`. Opens only Video4Linux devices. Any thread."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return Found.NOTHING
    except (OSError, ValueError):
        return Found.OTHER
    if stat.S_ISREG(found.st_mode):
        return Found.FILE
    if stat.S_ISDIR(found.st_mode):
        return Found.FOLDER
    if not stat.S_ISCHR(found.st_mode):
        return Found.OTHER
    if os.major(found.st_rdev) != VIDEO4LINUX_MAJOR:
        return Found.OTHER_DEVICE
    return _look_at_camera(path)


def _look_at_camera(path: Path) -> Found:
    """Ask a device whether it captures video; a camera may have others, for metadata for example."""
    try:
        device = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.EBUSY:
            return Found.CAMERA
        return Found.LOCKED_CAMERA if error.errno in (errno.EACCES, errno.EPERM) else Found.OTHER_DEVICE
    try:
        answer = fcntl.ioctl(device, _QUERYCAP, bytes(_CAPABILITY.size))
    except OSError:
        return Found.OTHER_DEVICE
    finally:
        os.close(device)
    return Found.CAMERA if captures(answer) else Found.OTHER_DEVICE


def captures(capability: bytes) -> bool:
    """Whether a device that answered VIDIOC_QUERYCAP with `capability` captures video."""
    _driver, _card, _bus, _version, of_all, of_this = _CAPABILITY.unpack(capability)
    return bool((of_this if of_all & _HAS_DEVICE_CAPS else of_all) & _CAPTURES)


def cameras(folder: Path = Path("/dev"), looked_up: LookUp = look_up) -> tuple[Path, ...]:
    """The cameras of this machine, by their shortest names."""
    wanted = (Found.CAMERA, Found.LOCKED_CAMERA)
    return tuple(path for path in sorted(folder.glob("video*")) if looked_up(path) in wanted)
